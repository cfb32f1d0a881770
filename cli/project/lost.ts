import { printable } from "../../schema/names.ts";
import type { Problem } from "../errors.ts";
import type { HeldFile, RescuedSource } from "./rescue.ts";

const MOST_SHOWN = 10;

/** PIN_GONE for what is in no repository that was asked, saying what this disk still has. `root`: where that is. */
export function lostProblems(sources: readonly RescuedSource[], root: string): readonly Problem[] {
  return sources
    .filter(({ here, lost }) => here.length + lost.length > 0)
    .map((source) => (source.lost.length > 0 ? nowhere(source, root) : onlyHere(source, root)));
}

function nowhere({ source, pin, here, lost, looked }: RescuedSource, root: string): Problem {
  const found =
    here.length === 0 ? "" : `; ${filesText(here.length)} more ${areText(here.length)} on this disk only`;
  return {
    code: "PIN_GONE",
    source,
    message: `cannot rescue source "${source}": commit ${pin.commit} of ${printable(pin.repo)} is gone, and ${filesText(lost.length)} of it ${areText(lost.length)} nowhere that was looked${found}`,
    details: [
      ...shown(lost, (path) => `nowhere: ${printable(path)}`),
      ...shown(here, (file) => heldText(file, root)),
      ...lookedText(looked),
    ],
    hint: `name a repository that may have them: tritter rescue ${source} --from owner/name; or give up these bytes for what is there now: tritter update ${source}`,
  };
}

/** Nothing needs to be fetched here, and nobody else can fetch it. */
function onlyHere({ source, pin, refuges, here, looked }: RescuedSource, root: string): Problem {
  const rest = refuges.length === 0 ? "" : "the other files are rescued, but ";
  return {
    code: "PIN_GONE",
    source,
    message: `source "${source}": commit ${pin.commit} of ${printable(pin.repo)} is gone; ${rest}${filesText(here.length)} of it ${areText(here.length)} on this disk only`,
    details: [...shown(here, (file) => heldText(file, root)), ...lookedText(looked)],
    hint: `keep them: upload them to a repository, then run tritter rescue ${source} --from owner/name`,
  };
}

function heldText({ path, at }: HeldFile, root: string): string {
  return `only here: ${printable(path)}, ${at === undefined ? `in the store of "${printable(root)}"` : `as "${printable(at)}" below "${printable(root)}"`}`;
}

function lookedText(looked: readonly string[]): readonly string[] {
  return looked.map((line) => `looked in ${line}`);
}

function shown<T>(list: readonly T[], text: (one: T) => string): readonly string[] {
  const more = list.length > MOST_SHOWN ? [`and ${list.length - MOST_SHOWN} more`] : [];
  return [...list.slice(0, MOST_SHOWN).map(text), ...more];
}

function areText(count: number): string {
  return count === 1 ? "is" : "are";
}

function filesText(count: number): string {
  return count === 1 ? "1 file" : `${count} files`;
}
