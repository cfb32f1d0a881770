import { CODES, type ErrorCode, EXIT } from "../errors.ts";

const STATUSES = Object.entries(EXIT) as [keyof typeof EXIT, number][];

/** What the exit status of an error says, in the words of README.md. */
export function meaningOf(code: ErrorCode): string {
  const [name] = STATUSES.find(([, status]) => status === CODES[code]) ?? ["internal"];
  return MEANINGS[name];
}

export const MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "in sync, or done",
  internal: "internal error: a bug",
  usage: "usage, or an invalid document",
  stale: "lock missing or stale",
  drift: "drift, or files in the way",
  digest: "digest mismatch",
  access: "access: login, terms, missing repository",
  network: "network or Hub trouble; trying again may help",
  space: "out of space, or of what --max-bytes and --deadline allow; resumable",
  policy: "policy, expectation or prune brake refused",
  outdated: "outdated upstream",
  gone: "pinned commit gone upstream",
  disk: "the file system refused, or another sync holds the root",
  hup: "stopped by SIGHUP; run again to go on",
  int: "stopped by SIGINT; run again to go on",
  term: "stopped by SIGTERM; run again to go on",
};
