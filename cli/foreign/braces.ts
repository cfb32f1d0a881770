import type { Part, Word } from "./words.ts";

/** What no brace is opened or closed by. */
type Atom = Part | string;

/** More would be no list that a person wrote. */
const MOST_WORDS = 1_000;
/** What is longer, or has more braces, is taken as it stands. */
const LONGEST = 2_000;
const MOST_BRACES = 100;

/** `a{b,c}d` → `abd`, `acd`; `{1..3}` → `1`, `2`, `3`. Quoted braces are text. */
export function expandBraces({ parts, line }: Word): readonly Word[] {
  const bare = parts.map((part) => (part.kind === "text" && !part.quoted ? part.text : "")).join("");
  const braces = bare.split("{").length - 1;
  if (braces === 0 || braces > MOST_BRACES || bare.length > LONGEST) return [{ parts, line }];
  const atoms = parts.flatMap((part): readonly Atom[] =>
    part.kind === "text" && !part.quoted ? [...part.text] : [part],
  );
  return expand(atoms)
    .slice(0, MOST_WORDS)
    .map((each) => ({ parts: joined(each), line }));
}

function expand(atoms: readonly Atom[]): readonly (readonly Atom[])[] {
  for (let at = 0; at < atoms.length; at++) {
    if (atoms[at] !== "{") continue;
    const group = groupAt(atoms, at);
    const choices = group && choicesOf(group.items);
    if (group === undefined || choices === undefined) continue;
    const rest = expand(atoms.slice(group.end + 1));
    const before = atoms.slice(0, at);
    return choices
      .flatMap((choice) => rest.map((after) => [...before, ...choice, ...after]))
      .slice(0, MOST_WORDS);
  }
  return [atoms];
}

/** The items between commas of the brace that opens at `start`. */
function groupAt(
  atoms: readonly Atom[],
  start: number,
): { items: readonly (readonly Atom[])[]; end: number } | undefined {
  const items: Atom[][] = [[]];
  let depth = 0;
  for (let at = start; at < atoms.length; at++) {
    const atom = atoms[at] as Atom;
    if (atom === "{") depth += 1;
    if (atom === "}") depth -= 1;
    if (depth === 0) return { items, end: at };
    if (atom === "," && depth === 1) items.push([]);
    else if (at > start) items.at(-1)?.push(atom);
  }
  return undefined;
}

function choicesOf(items: readonly (readonly Atom[])[]): readonly (readonly Atom[])[] | undefined {
  if (items.length > 1) return items.flatMap(expand);
  const text = items[0]?.every((atom) => typeof atom === "string") ? items[0].join("") : "";
  const [, from, to, step = "1"] = /^(-?\d+)\.\.(-?\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return numbers(Number(from), Number(to), Number(step) || 1).map((value) => [...padded(value, from, to)]);
}

function numbers(from: number, to: number, step: number): readonly number[] {
  const count = Math.min(MOST_WORDS, Math.floor(Math.abs(to - from) / step) + 1);
  return Array.from({ length: count }, (_, index) => from + Math.sign(to - from) * index * step);
}

/** With zeros, where one of the ends is written with zeros. */
function padded(value: number, ...ends: readonly string[]): string {
  const width = ends.some((end) => /^-?0\d/.test(end)) ? Math.max(...ends.map((end) => end.length)) : 0;
  return String(value).padStart(width, "0");
}

function joined(atoms: readonly Atom[]): readonly Part[] {
  const parts: Part[] = [];
  for (const atom of atoms) {
    const last = parts.at(-1);
    if (typeof atom !== "string") parts.push(atom);
    else if (last?.kind === "text" && !last.quoted)
      parts[parts.length - 1] = { ...last, text: last.text + atom };
    else parts.push({ kind: "text", text: atom, quoted: false });
  }
  return parts;
}
