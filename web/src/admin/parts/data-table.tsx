import type { ReactElement, ReactNode } from "react";
import { classNames } from "../../ui/class-names.ts";
import { useAdmin } from "../admin-context.ts";

export interface Column<Row> {
  readonly id: string;
  readonly label: string;
  /** Numbers stand at the right, their digits under each other. */
  readonly isNumber?: boolean;
  /** On a phone it takes the whole width, above the other cells. */
  readonly isHeading?: boolean;
  /** The label is only read out. */
  readonly isLabelHidden?: boolean;
  cell(row: Row): ReactNode;
}

interface DataTableProps<Row> {
  /** Read out for the table. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** undefined: not known yet. */
  readonly rows: readonly Row[] | undefined;
  readonly keyOf: (row: Row) => string | number;
  /** Said instead of rows. */
  readonly empty: string;
  readonly rowClass?: (row: Row) => string | undefined;
}

/** A table that becomes a list of cards where it is narrow. */
export function DataTable<Row>({
  label,
  columns,
  rows,
  keyOf,
  empty,
  rowClass,
}: DataTableProps<Row>): ReactElement {
  const { texts } = useAdmin();
  if (rows === undefined) return <p className="admin-note">{texts.loading}</p>;
  if (rows.length === 0) return <p className="admin-note">{empty}</p>;
  return (
    <div className="table-frame" role="region" aria-label={label} tabIndex={0}>
      {/* Roles spelled out: `display: block`, for phones, takes them away in some browsers. */}
      <table className="data-table" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                role="columnheader"
                className={column.isNumber === true ? "is-number" : undefined}
              >
                {column.isLabelHidden === true ? (
                  <span className="visually-hidden">{column.label}</span>
                ) : (
                  column.label
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row" className={rowClass?.(row)}>
              {columns.map((column) => {
                const content = column.cell(row);
                return (
                  <td
                    key={column.id}
                    role="cell"
                    // Left out of a card: there is nothing to say.
                    className={classNames(cellClass(column), content === texts.none && "is-none")}
                    data-label={column.isLabelHidden === true ? undefined : column.label}
                  >
                    {content}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cellClass({ isNumber, isHeading }: Column<never>): string | undefined {
  if (isHeading === true) return "is-heading";
  return isNumber === true ? "is-number" : undefined;
}
