import { readFileSync } from "node:fs";
import { isMap, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml";

/** A value that a source gives to a key, and where: "portico.yaml:12". */
export interface FileValue {
  readonly section: string;
  /** undefined when the whole section is something else than a group of keys. */
  readonly name: string | undefined;
  readonly value: unknown;
  readonly where: string;
}

export interface FileProblem {
  readonly where: string;
  readonly message: string;
}

export interface ConfigFile {
  readonly values: readonly FileValue[];
  readonly problems: readonly FileProblem[];
}

/**
 * Reads a configuration file as pairs of section and key with their lines. What the keys mean is not
 * looked at here. undefined when there is no such file; any other failure to read it is a problem.
 */
export function readConfigFile(file: string): ConfigFile | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    return { values: [], problems: [{ where: file, message: `cannot be read: ${reason}` }] };
  }
  return parseConfigText(text, file);
}

/** The same for text that is there already; `file` is for messages. */
export function parseConfigText(text: string, file: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const whereAt = (at: number | undefined): string =>
    at === undefined ? file : `${file}:${lines.linePos(at).line}`;
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => ({
      where: whereAt(pos[0]),
      message: `not valid YAML: ${message}`,
    }));
    return { values: [], problems };
  }
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { values: [], problems: [] };
  if (!isMap(root)) {
    return { values: [], problems: [{ where: whereAt(0), message: "the file is no group of sections" }] };
  }
  const values: FileValue[] = [];
  const problems: FileProblem[] = [];
  const add = (section: string, name: string | undefined, node: Node | undefined, where: string): void => {
    try {
      values.push({ section, name, value: node?.toJS(document) ?? null, where });
    } catch (error) {
      // An alias without its anchor, or too many of them.
      const reason = error instanceof Error ? error.message : String(error);
      problems.push({ where, message: `not valid YAML: ${reason}` });
    }
  };
  for (const [section, sectionNode, at] of entriesOf(root)) {
    if (isMap(sectionNode)) {
      for (const [name, node, nameAt] of entriesOf(sectionNode)) add(section, name, node, whereAt(nameAt));
    } else {
      add(section, undefined, sectionNode, whereAt(at));
    }
  }
  return { values, problems };
}

/** Key, value and the key's place in the text. */
function entriesOf(map: YAMLMap): [string, Node | undefined, number | undefined][] {
  return map.items.map(({ key, value }) => {
    const at = isScalar(key) ? key.range?.[0] : undefined;
    return [isScalar(key) ? String(key.value) : String(key), isNodeLike(value) ? value : undefined, at];
  });
}

function isNodeLike(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "toJS" in value;
}
