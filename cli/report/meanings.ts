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
  digest: "digest mismatch, or a signature that does not hold",
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

/** What leads to an error; what to do about it is told in README.md, and from there in `advice.mjs`. */
export const CAUSES: Readonly<Record<ErrorCode, string>> = {
  INTERNAL: "Something happened that tritter was not written for.",
  USAGE: "The command line, a variable or an endpoint is not as it should be.",
  MANIFEST_MISSING: "There is no tritter.yaml here, nor the file that --manifest names.",
  MANIFEST_INVALID: "The manifest is no YAML, or has a key or value that means nothing there.",
  LOCK_INVALID: "The lock is no JSON of a lock, as when a merge left its marks in it.",
  LOCK_EDITED:
    "The files of a source are not the ones its digest was made of: edited by hand, or merged by lines.",
  LOCK_VERSION: "The lock has a version that this tritter does not know.",
  FACTS_INVALID:
    "The facts beside the lock are no valid facts: torn, edited by hand, or badly merged. Nothing rests on them that cannot be read again.",
  PATTERN_NO_MATCH:
    "An include pattern matches no file of the repository, or exclude and deny take all it matches.",
  STRIP_OUTSIDE: "A selected file is not below the folder that strip drops.",
  PATH_COLLISION:
    "Two files would have the same path below the root, or paths that one disk holds and another does not.",
  REVISION_NOT_FOUND: "The repository can be read and has no such branch, tag or commit.",
  NOT_IMPORTED:
    "A line of the script downloads something that cannot be said in a manifest, or that only a run would tell.",
  BUNDLE_INVALID: "What is to be applied is no bundle, was damaged, or holds what no bundle does.",
  LOCK_MISSING: "The command needs a lock, and may not write one.",
  LOCK_STALE: "The manifest was edited after the lock was written, and the command may not write it.",
  DRIFT: "Files below the root are missing, changed or left over.",
  CONFLICT: "Where a file is to be, something is that tritter did not place.",
  DIGEST_MISMATCH: "Bytes came that do not hash to what the lock says, twice.",
  FACTS_MISMATCH:
    "A file's verified bytes say something else of its rows or columns than the facts do. They were read by a range, which is not verified, or edited since.",
  SIGNATURE_REFUSED:
    "The lock has no signature, one of other bytes or for another purpose, or one by a key that is not trusted, or not now.",
  ACCESS_NO_TOKEN: "The repository is gated or private, and no token was sent.",
  ACCESS_TERMS: "The account of the token has not accepted the terms of a gated repository.",
  ACCESS_PENDING: "The account asked for access, and the owners have not answered yet.",
  ACCESS_BAD_TOKEN: "The token is mistyped, expired or revoked.",
  ACCESS_SCOPE: "The account has access, and the token was not given the right to use it.",
  ACCESS_DISABLED: "The Hub took the repository down, for law or moderation.",
  REPO_NOT_FOUND: "There is no repository of that name and type, or it is hidden from this token.",
  NETWORK: "No connection, a connection that broke off, a proxy or a certificate in between.",
  HUB: "What answers is in trouble, or is no Hub.",
  RATE_LIMITED: "More was asked than the Hub allows in five minutes, by this account or this address.",
  OFFLINE: "Something has to be fetched, and --offline or HF_HUB_OFFLINE forbids it.",
  LISTING_INCOMPLETE:
    "A list of files or commits ended early, so that what is missing cannot be told from what is not there.",
  BUNDLE_INCOMPLETE: "A bundle was cut on its way, or goes on from a lock whose bytes are not here.",
  NO_SPACE: "The plan needs more bytes, or more files, than the disk or a quota has left.",
  BUDGET: "--max-bytes or --deadline was reached.",
  NAME_REFUSED: "A file has a name that would lead out of the root, or that not every system can hold.",
  LICENSE_REFUSED: "The repository names a licence that policy does not allow, or none.",
  TERMS_CHANGED:
    "Since it was locked, the repository got another licence, another gate or other words at it.",
  OBLIGATION: "A newer release is there, and follow says that it binds.",
  EXPECTATION: "The files selected are not as many, or not as large, as expect says.",
  FALLBACK_REFUSED: "A fallback stands in for a source, and --no-fallback forbids it.",
  PRUNE_BRAKE: "A sync would remove all of a source, or more than a tenth of what is placed.",
  OUTDATED: "The revision names a newer commit than the one that is locked.",
  PIN_GONE: "The locked commit, or its repository, is no longer upstream.",
  DISK_REFUSED: "The file system said no: permissions, a read-only or lost mount, a device in trouble.",
  ROOT_HELD: "Another sync is at work below the same root.",
  INTERRUPTED: "Ctrl-C, or a signal that stops jobs.",
};
