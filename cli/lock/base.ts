import type { Lock } from "../../schema/lock.ts";
import { TritterError } from "../errors.ts";
import { parseLock } from "./read.ts";
import { choiceText, chooseSide } from "./salvage.ts";

const EMPTY: Lock = { version: 1, sources: [], extra: {} };

/**
 * What two sides came from, as far as its text says: where branches crossed, git merges their bases first, and hands on
 * what was in conflict there. A source that is not whole there counts as not there, so that sides which differ conflict.
 */
export function readBase(text: string | undefined): Lock {
  if (text === undefined) return EMPTY;
  return read(text) ?? read(wholeParts(text)) ?? EMPTY;
}

function read(text: string): Lock | undefined {
  try {
    return parseLock(text, "base").lock;
  } catch (error) {
    if (error instanceof TritterError) return undefined;
    throw error;
  }
}

function wholeParts(text: string): string {
  const choice = chooseSide(text, "ours");
  if (choice === undefined) return "";
  const extra = Object.entries(choice.extra).filter(([member]) => !choice.disputed.includes(member));
  const entries = choice.entries.filter(({ why }) => why === undefined);
  return choiceText({ ...choice, extra: Object.fromEntries(extra), entries });
}
