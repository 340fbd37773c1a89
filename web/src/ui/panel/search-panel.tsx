import { type ReactElement, useEffect, useRef, useState } from "react";
import { useI18n } from "../../i18n/i18n-context.ts";
import type { SearchHit, SearchSnapshot } from "../../state/contract.ts";
import { FailureNote } from "../failure-note.tsx";
import { Icon } from "../icons.tsx";
import { Avatar } from "../primitives/avatar.tsx";
import { Button } from "../primitives/button.tsx";
import { Choice } from "../primitives/choice.tsx";
import { Spinner } from "../primitives/spinner.tsx";
import { excerptAround, highlight } from "../text/highlight.ts";
import { PanelFrame } from "./panel-frame.tsx";

/** After the last key; Enter asks at once. */
const PAUSE_MS = 350;
const EXCERPT_CHARACTERS = 220;

export interface SearchPanelActions {
  readonly search: (query: string, scope: SearchSnapshot["scope"]) => void;
  readonly searchMore: () => void;
  readonly clearSearch: () => void;
  readonly jump: (hit: SearchHit) => void;
}

interface SearchPanelProps {
  readonly search: SearchSnapshot;
  /** A place is open, so that one can search in it alone. */
  readonly hasPlace: boolean;
  readonly now: () => number;
  readonly actions: SearchPanelActions;
  readonly onClose: () => void;
}

/** Finds messages and goes to them. */
export function SearchPanel({ search, hasPlace, now, actions, onClose }: SearchPanelProps): ReactElement {
  const { t } = useI18n();
  const [query, setQuery] = useState(search.query);
  const [scope, setScope] = useState<SearchSnapshot["scope"]>(hasPlace ? search.scope : "everywhere");
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    field.current?.focus();
    field.current?.select();
    return () => clearTimeout(timer.current);
  }, []);

  function ask(wanted: string, where: SearchSnapshot["scope"], pauseMs: number): void {
    clearTimeout(timer.current);
    if (wanted.trim() === "") {
      actions.clearSearch();
      return;
    }
    timer.current = setTimeout(() => actions.search(wanted.trim(), where), pauseMs);
  }

  const { state, hits, hasMore } = search;
  return (
    <PanelFrame title={t.search.title} onClose={onClose}>
      <form
        role="search"
        className="panel-tools field-search"
        onSubmit={(event) => {
          event.preventDefault();
          ask(query, scope, 0);
        }}
      >
        <div className="field-box">
          <Icon name="search" size={16} />
          <input
            ref={field}
            type="search"
            aria-label={t.search.field}
            placeholder={t.search.placeholder}
            value={query}
            maxLength={100}
            onChange={(event) => {
              setQuery(event.target.value);
              ask(event.target.value, scope, PAUSE_MS);
            }}
          />
        </div>
        {hasPlace && (
          <Choice
            label={t.search.scope}
            value={scope}
            isInline
            onChange={(where) => {
              setScope(where);
              ask(query, where, 0);
            }}
            options={[
              { value: "everywhere", label: t.search.everywhere },
              { value: "here", label: t.search.here },
            ]}
          />
        )}
      </form>
      <div className="panel-scroller scrolls">
        <FailureNote failure={search.failure} />
        <p className="panel-group" role="status">
          {state === "idle" && t.search.idle}
          {state === "searching" && hits.length === 0 && <Spinner label={t.search.searching} />}
          {state === "done" &&
            (hits.length === 0 ? t.search.none(search.query) : t.search.found(hits.length, hasMore))}
        </p>
        <ul className="hits">
          {hits.map((hit) => (
            <Hit key={hit.key} hit={hit} query={search.query} now={now} onJump={actions.jump} />
          ))}
        </ul>
        {hasMore && (
          <Button kind="quiet" isWide isBusy={state === "searching"} onClick={actions.searchMore}>
            {t.app.loadMore}
          </Button>
        )}
      </div>
    </PanelFrame>
  );
}

function Hit({
  hit,
  query,
  now,
  onJump,
}: {
  readonly hit: SearchHit;
  readonly query: string;
  readonly now: () => number;
  readonly onJump: (hit: SearchHit) => void;
}): ReactElement {
  const { t, format } = useI18n();
  const excerpt = excerptAround(hit.text, query, EXCERPT_CHARACTERS);
  return (
    <li>
      <button type="button" className="hit" title={t.search.jump} onClick={() => onJump(hit)}>
        <span className="hit-place">
          {hit.isDirect ? t.search.whisperWith(hit.placeTitle) : t.search.inPlace(hit.placeTitle)}
        </span>
        <span className="hit-head">
          <Avatar name={hit.sender} size="small" />
          <b>{hit.sender}</b>
          <time dateTime={new Date(hit.timeMs).toISOString()}>{format.moment(hit.timeMs, now())}</time>
        </span>
        <span className="hit-text">
          {highlight(excerpt, query).map((piece, index) =>
            piece.isHit ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
          )}
        </span>
      </button>
    </li>
  );
}
