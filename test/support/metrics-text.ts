/** One line of /metrics. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly MetricSample[];
}

const LINE = /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/**
 * Reads the text format of Prometheus (version 0.0.4), strictly: each family has its HELP and TYPE before its
 * samples, every sample belongs to the family before it, no series comes twice. Throws with the line.
 */
export function parseMetrics(text: string): ReadonlyMap<string, MetricFamily> {
  const families = new Map<string, MetricFamily & { samples: MetricSample[] }>();
  const seen = new Set<string>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let current: (MetricFamily & { samples: MetricSample[] }) | undefined;
  if (!text.endsWith("\n")) throw new Error("the text does not end with a line feed");
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, comment, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (comment === "HELP") {
      help = { name, text: rest };
    } else if (comment === "TYPE") {
      if (help?.name !== name) throw new Error(`no help before: ${line}`);
      if (families.has(name)) throw new Error(`a family comes twice: ${line}`);
      if (!["counter", "gauge", "histogram", "summary"].includes(rest)) throw new Error(`no type: ${line}`);
      current = { name, help: help.text, type: rest, samples: [] };
      families.set(name, current);
    } else {
      const sample = parseSample(line);
      if (current === undefined || familyOf(sample.name, current.type) !== current.name) {
        throw new Error(`a sample outside of its family: ${line}`);
      }
      const series = line.slice(0, line.lastIndexOf(" "));
      if (seen.has(series)) throw new Error(`a series comes twice: ${line}`);
      seen.add(series);
      current.samples.push(sample);
    }
  }
  return families;
}

function parseSample(line: string): MetricSample {
  const { name = "", labels: labelText = "", value = "" } = LINE.exec(line)?.groups ?? {};
  const number = value === "+Inf" ? Number.POSITIVE_INFINITY : value === "Nan" ? Number.NaN : Number(value);
  if (name === "" || (Number.isNaN(number) && value !== "Nan")) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  let at = 0;
  while (at < labelText.length) {
    LABEL.lastIndex = at;
    const match = LABEL.exec(labelText)?.groups;
    if (match?.name === undefined) throw new Error(`labels cannot be read: ${line}`);
    labels[match.name] = match.value ?? "";
    at = LABEL.lastIndex;
  }
  return { name, labels, value: number };
}

function familyOf(name: string, type: string): string {
  return type === "histogram" || type === "summary" ? name.replace(/_(bucket|sum|count)$/, "") : name;
}

/** The value of the one series with these labels. Throws when there is none. */
export function metricValue(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  for (const { samples } of families.values()) {
    const found = samples.find(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    if (found !== undefined) return found.value;
  }
  throw new Error(`there is no ${name}${JSON.stringify(labels)}`);
}
