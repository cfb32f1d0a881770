import { CODES, type ErrorCode, EXIT, TritterError } from "../errors.ts";
import { suggest } from "../manifest/suggest.ts";
import { explained } from "../report/explain.ts";
import { safe } from "../report/safe.ts";
import type { Answer, Call } from "./command.ts";

/** What an error means; of a number, the errors that end with it. Throws USAGE for what is neither. */
export async function explain({ names: [asked] }: Call): Promise<Answer> {
  const codes = asked === undefined ? ALL : codesOf(asked);
  const one = asked !== undefined && codes.length === 1;
  return { result: { command: "explain", codes: codes.map(explained), one }, problems: [] };
}

/** A stop has the status of its signal. */
function statusesOf(code: ErrorCode): readonly string[] {
  const all = code === "INTERRUPTED" ? [EXIT.int, EXIT.term, EXIT.hup] : [CODES[code]];
  return all.map(String);
}

const ALL = Object.keys(CODES) as readonly ErrorCode[];

function codesOf(asked: string): readonly ErrorCode[] {
  // As it is printed, too: error[LOCK_STALE]:
  const word = asked
    .replace(/^error\[|\]:?$/g, "")
    .toUpperCase()
    .replaceAll("-", "_");
  const found = ALL.filter((code) => code === word || statusesOf(code).includes(word));
  if (found.length > 0) return found;
  const near = suggest(word, ALL);
  throw new TritterError({
    code: "USAGE",
    message: `explain "${safe(asked)}": it is no error code, and no exit status of one`,
    hint:
      near === undefined
        ? "tritter explain lists them all"
        : `did you mean ${near}? tritter explain lists them all`,
  });
}
