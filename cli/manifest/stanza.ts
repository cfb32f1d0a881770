import type { RepoType } from "../../schema/ids.ts";

/** A source as it will be written: what has its default is left out. */
export interface Stanza {
  readonly repo: string;
  readonly type?: RepoType;
  readonly revision?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly path?: string;
  readonly strip?: string;
  readonly groups?: readonly string[];
}

/** How the rest of a manifest is written. */
export interface Style {
  readonly eol: string;
  /** Spaces that a level is indented by. */
  readonly step: number;
  readonly quote: '"' | "'";
  /** Every key and text is quoted, as in JSON. */
  readonly json: boolean;
  /** `{ a: b }`, else `{a: b}` */
  readonly paddedMaps: boolean;
  /** `[ a ]`, else `[a]` */
  readonly paddedLists: boolean;
  readonly lists: "flow" | "block";
  /** Spaces before the dash of a list in block style, below its key. */
  readonly dash: number;
}

/** Lines of `name` and its stanza in block style, without their indent. */
export function blockLines(name: string, stanza: Stanza, style: Style): readonly string[] {
  const step = " ".repeat(style.step);
  return [
    `${key(name, style)}:`,
    ...fieldsOf(stanza)
      .flatMap((field) => fieldLines(field, style))
      .map((line) => step + line),
  ];
}

/** `name: { repo: o/n, include: ["*.txt"] }` */
export function flowPair(name: string, stanza: Stanza, style: Style): string {
  return `${key(name, style)}: ${flowMap(stanza, style)}`;
}

function flowMap(stanza: Stanza, style: Style): string {
  const members = fieldsOf(stanza).map((field) => `${key(field[0], style)}: ${flowValue(field, style)}`);
  return braced(members.join(", "), style);
}

export function braced(inside: string, { paddedMaps }: Style): string {
  return paddedMaps ? `{ ${inside} }` : `{${inside}}`;
}

type Field = readonly [name: string, value: string | readonly string[]];

/** In the order of the README. */
function fieldsOf({ repo, type, revision, include, exclude, path, strip, groups }: Stanza): readonly Field[] {
  const fields: readonly (readonly [string, Field[1] | undefined])[] = [
    ["repo", repo],
    ["type", type],
    ["revision", revision],
    ["include", include],
    ["exclude", exclude],
    ["path", path],
    ["strip", strip],
    ["groups", groups],
  ];
  return fields.filter((field): field is Field => field[1] !== undefined);
}

const WIDEST = 100;

function fieldLines([name, value]: Field, style: Style): readonly string[] {
  const line = `${key(name, style)}: ${flowValue([name, value], style)}`;
  if (typeof value === "string" || (style.lists === "flow" && line.length <= WIDEST)) return [line];
  const dash = " ".repeat(style.dash);
  return [`${key(name, style)}:`, ...value.map((one) => `${dash}- ${textOf(name, one, style)}`)];
}

function flowValue([name, value]: Field, style: Style): string {
  if (typeof value === "string") return textOf(name, value, style);
  const list = value.map((one) => textOf(name, one, style)).join(", ");
  return style.paddedLists && list !== "" ? `[ ${list} ]` : `[${list}]`;
}

/** Patterns are quoted whether they need it or not, since most do. */
function textOf(field: string, text: string, style: Style): string {
  const isPattern = field === "include" || field === "exclude";
  return !isPattern && isPlain(text) && !style.json ? text : quoted(text, style);
}

function key(name: string, style: Style): string {
  return isPlain(name) && !style.json ? name : quoted(name, style);
}

/** A text as it would stand alone: quoted only where it must be. */
export function scalarText(text: string): string {
  return isPlain(text) ? text : JSON.stringify(text);
}

/** What YAML, of this version or an older one, takes for a number, a date, a switch or nothing must be quoted. */
function isPlain(text: string): boolean {
  if (!/^[\w./][\w./-]*$/.test(text)) return false;
  if (/^(?:true|false|yes|no|on|off|y|n|null|\.inf|\.nan)$/i.test(text)) return false;
  return text.includes("/") ? !/^\/*$/.test(text) : !/^\.?\d|^[0-9a-f]{40}$/.test(text);
}

function quoted(text: string, { quote, json }: Style): string {
  const single = quote === "'" && !json && !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
  return single ? `'${text.replaceAll("'", "''")}'` : JSON.stringify(text);
}
