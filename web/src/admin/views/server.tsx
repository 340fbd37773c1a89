import { type FormEvent, type ReactElement, type ReactNode, useId, useState } from "react";
import { Button } from "../../ui/primitives/button.tsx";
import { Choice } from "../../ui/primitives/choice.tsx";
import { SelectField, TextField } from "../../ui/primitives/text-field.tsx";
import { useAdmin } from "../admin-context.ts";
import type { Invitation, LockdownLevel, LogLevel, Overview } from "../admin-types.ts";
import { parseDuration } from "../format.ts";
import { DurationField } from "../parts/duration-field.tsx";
import { useAction } from "../use-action.ts";
import { DrainDialog } from "./drain-dialog.tsx";

interface ServerViewProps {
  readonly overview: Overview | undefined;
  readonly refresh: () => void;
}

const lockdownLevels: readonly LockdownLevel[] = [0, 1, 2, 3];
const logLevels: readonly LogLevel[] = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/** What the server is, and what can be done to it as a whole. */
export function ServerView({ overview, refresh }: ServerViewProps): ReactElement {
  const { texts } = useAdmin();
  const [isDraining, setDraining] = useState(false);
  if (overview === undefined) return <p className="admin-note">{texts.loading}</p>;
  const words = texts.server;
  return (
    <div className="cards">
      <About overview={overview} />
      <Lockdown level={overview.lockdown} refresh={refresh} />
      <Logging level={overview.logLevel} refresh={refresh} />
      <Invite />
      <Card title={words.drain}>
        <p className="admin-note">{words.drainHint}</p>
        <Button kind="danger" disabled={overview.readiness === "draining"} onClick={() => setDraining(true)}>
          {words.drainOpen}
        </Button>
      </Card>
      {isDraining && (
        <DrainDialog
          connections={overview.sessions.tcp + overview.sessions.websocket}
          onClose={() => setDraining(false)}
          onDone={refresh}
        />
      )}
    </div>
  );
}

function Card({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactElement {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

function About({ overview }: { readonly overview: Overview }): ReactElement {
  const { texts, formats } = useAdmin();
  const words = texts.server;
  const { server, addresses } = overview;
  const facts: readonly (readonly [string, string])[] = [
    [words.version, server.version],
    [words.runtime, `Node.js ${server.node}, ${server.platform}`],
    [words.backend, `${server.backend}: ${server.why}`],
    [words.process, String(server.pid)],
    [words.started, formats.moment(server.startedMs)],
    [words.packets, addresses.packets],
    [words.http, addresses.http],
    [words.admin, addresses.admin],
  ];
  return (
    <Card title={words.about}>
      <dl className="facts">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

/** What was chosen, until the server tells what is: a choice does not jump back while it is on its way. */
function useWanted<Value>(actual: Value): [Value, (wanted: Value | undefined) => void] {
  const [wanted, setWanted] = useState<Value>();
  const [known, setKnown] = useState(actual);
  if (known !== actual) {
    setKnown(actual);
    setWanted(undefined);
  }
  return [wanted ?? actual, setWanted];
}

function Failure({ words }: { readonly words: string | undefined }): ReactElement {
  return (
    <p role="alert" className="admin-failure" hidden={words === undefined}>
      {words}
    </p>
  );
}

function Lockdown({
  level,
  refresh,
}: {
  readonly level: LockdownLevel;
  readonly refresh: () => void;
}): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.server;
  const [shown, setWanted] = useWanted(level);
  const action = useAction();

  async function choose(value: string): Promise<void> {
    const chosen = lockdownLevels.find((candidate) => String(candidate) === value);
    if (chosen === undefined) return;
    setWanted(chosen);
    const isDone = await action.start(async () => {
      await api.lockdown(chosen);
      return words.lockdownSet(words.levels[chosen] ?? "");
    });
    if (!isDone) setWanted(undefined);
    refresh();
  }

  return (
    <Card title={words.lockdown}>
      <p className="admin-note">{words.lockdownHint}</p>
      <Choice
        label={words.lockdown}
        value={String(shown)}
        disabled={action.isBusy}
        onChange={(value) => void choose(value)}
        options={lockdownLevels.map((value) => ({ value: String(value), label: words.levels[value] ?? "" }))}
      />
      <Failure words={action.failure} />
    </Card>
  );
}

function Logging({
  level,
  refresh,
}: {
  readonly level: LogLevel;
  readonly refresh: () => void;
}): ReactElement {
  const { api, texts } = useAdmin();
  const words = texts.server;
  const [shown, setWanted] = useWanted(level);
  const action = useAction();

  async function choose(chosen: LogLevel): Promise<void> {
    setWanted(chosen);
    const isDone = await action.start(async () => {
      await api.logLevel(chosen);
      return words.logLevelSet(chosen);
    });
    if (!isDone) setWanted(undefined);
    refresh();
  }

  return (
    <Card title={words.logLevel}>
      <SelectField
        label={words.logLevel}
        isLabelHidden
        hint={words.logLevelHint}
        value={shown}
        disabled={action.isBusy}
        onChange={(chosen) => void choose(chosen)}
        options={logLevels.map((value) => ({ value, label: value }))}
      />
      <Failure words={action.failure} />
    </Card>
  );
}

function Invite(): ReactElement {
  const { api, texts, formats, tell } = useAdmin();
  const words = texts.server;
  const [uses, setUses] = useState("1");
  const [validFor, setValidFor] = useState("");
  const [made, setMade] = useState<Invitation>();
  const action = useAction();
  const durationMs = parseDuration(validFor);
  const count = /^\d{1,4}$/.test(uses.trim()) ? Number(uses) : 0;
  const isCountWrong = count < 1 || count > 1000;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (durationMs === undefined || isCountWrong) return;
    await action.start(async () => {
      setMade(await api.invite({ uses: count, durationMs }));
      return texts.actions.done;
    });
  }

  async function copy(code: string): Promise<void> {
    await navigator.clipboard.writeText(code);
    tell(texts.actions.copied, "success");
  }

  return (
    <Card title={words.invite}>
      <p className="admin-note">{words.inviteHint}</p>
      <form className="admin-form" noValidate onSubmit={(event) => void submit(event)}>
        <TextField
          label={words.uses}
          error={isCountWrong ? words.usesBad : undefined}
          inputMode="numeric"
          value={uses}
          onChange={setUses}
          maxLength={4}
        />
        <DurationField
          label={words.validFor}
          hint={words.validForHint}
          error={durationMs === undefined ? texts.fields.badDuration : undefined}
          value={validFor}
          onChange={setValidFor}
        />
        <Button type="submit" isBusy={action.isBusy}>
          {words.makeInvite}
        </Button>
      </form>
      <Failure words={action.failure} />
      <div role="status">
        {made !== undefined && (
          <>
            <p className="invite-code">
              <code aria-label={words.code}>{made.code}</code>
              {isSecureContext && (
                <Button size="small" icon="copy" onClick={() => void copy(made.code).catch(() => undefined)}>
                  {texts.actions.copy}
                </Button>
              )}
            </p>
            <p className="admin-note">{words.codeOnce(formats.moment(made.expiresMs))}</p>
          </>
        )}
      </div>
    </Card>
  );
}
