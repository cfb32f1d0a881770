import { compileFnmatch } from "../../schema/fnmatch.ts";
import type { TextEdit } from "./words.ts";

/** Each length is tried. */
const LONGEST = 1_000;

// ${NAME##*/} of a/b/c is c. undefined for a text too long to be a name.
export function editText(text: string, { operator, pattern, by }: TextEdit): string | undefined {
  if (text.length > LONGEST) return undefined;
  if (operator === "/") return text.replace(pattern, () => by);
  if (operator === "//") return text.replaceAll(pattern, () => by);
  const matches = compileFnmatch(pattern);
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => length);
  if (operator.length === 2) lengths.reverse();
  const isPrefix = operator.startsWith("#");
  const found = lengths.find((length) =>
    matches(isPrefix ? text.slice(0, length) : text.slice(text.length - length)),
  );
  if (found === undefined) return text;
  return isPrefix ? text.slice(found) : text.slice(0, text.length - found);
}
