import { posix } from "node:path";

// What words stand for once variables are replaced: texts, with gaps where only a running shell would know.

export type Value = readonly (string | Gap)[];

export interface Gap {
  /** As the script has it: `$1`, `$(date)`. */
  readonly source: string;
  /** Set for a variable that the environment may hold. */
  readonly name: string | undefined;
  /** What the script takes where that one is not set. */
  readonly fallback: string | undefined;
}

/** The folder that a script is started in. */
const START: Gap = { source: "$PWD", name: undefined, fallback: undefined };

/** A path that stays the same wherever the script goes. */
export function absoluteFromStart(path: Value): Value {
  const [first] = path;
  if (first !== undefined && (typeof first !== "string" || first.startsWith("/"))) return path;
  return valueFrom(START, "/", ...path);
}

/** The path seen from where the script is started, plain if it can be. */
export function seenFromStart(path: Value): Value {
  const relative = path[0] === START ? valueFrom(".", ...path.slice(1)) : path;
  const text = textOf(relative);
  if (text === undefined || text === "") return relative;
  return [posix.normalize(text).replace(/(.)\/$/, "$1")];
}

export function valueFrom(...parts: Value): Value {
  const joined: (string | Gap)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === "string" && typeof last === "string") joined[joined.length - 1] = last + part;
    else if (part !== "") joined.push(part);
  }
  return joined;
}

/** undefined where part of it is not known. */
export function textOf(value: Value): string | undefined {
  return value.every((part) => typeof part === "string") ? value.join("") : undefined;
}

/** With the script's own defaults in the gaps that have one. */
export function usualText(value: Value): string | undefined {
  return textOf(value.map((part) => (typeof part === "string" ? part : (part.fallback ?? part))));
}

export function gapsOf(value: Value): readonly Gap[] {
  return value.filter((part) => typeof part !== "string");
}

/** As written, for messages: `data/$1`. */
export function sourceOf(value: Value): string {
  return value.map((part) => (typeof part === "string" ? part : part.source)).join("");
}
