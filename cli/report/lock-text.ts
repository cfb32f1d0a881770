import type { Lock, LockedFile, LockedSource } from "../../schema/lock.ts";
import type { ReadForGit } from "../project/git-textconv.ts";
import { bytesOf } from "./changes.ts";
import { formatCount } from "./format.ts";
import { safe } from "./safe.ts";

/**
 * A lock for `git diff`: a line changes only if something of the lock does, and git shows the source's own line above
 * each hunk, since all others are indented.
 *
 *   rust: dataset bigcode/starcoderdata at main
 *     commit 9fc30b578cedaec69e47302df72cf00feed7c8c4
 *     9 files, 2900000000 bytes
 *     path starcoder/rust
 *     strip rust
 *     rust/train-00000-of-00009.parquet 320000000 sha256:aaaaaaaaaaaa
 */
function lockTextLines({ version, sources, extra }: Lock): readonly string[] {
  return [
    `version ${version}`,
    ...memberLines(extra),
    ...sources.flatMap((source) => ["", ...sourceLines(source)]),
  ];
}

/** What git compares; a lock that is not whole as it is. */
export function gitTextLines(read: ReadForGit): readonly string[] {
  if (read.kind === "lock") return lockTextLines(read.lock);
  return read.text.replace(/\n$/, "").split("\n").map(safe);
}

function sourceLines(source: LockedSource): readonly string[] {
  const { name, type, repo, revision, commit, files, extra, ...rest } = source;
  const known = Object.entries(rest).filter(([, value]) => value !== undefined && String(value) !== "");
  return [
    `${safe(name)}: ${type} ${safe(repo)} at ${safe(revision)}`,
    `  commit ${commit}`,
    `  ${formatCount(files.length, "file")}, ${bytesOf(source)} bytes`,
    ...known.map(
      ([member, value]) => `  ${member} ${safe(typeof value === "string" ? value : JSON.stringify(value))}`,
    ),
    ...memberLines(extra).map((line) => `  ${line}`),
    ...files.map((file) => `  ${fileText(file)}`),
  ];
}

/** `rust/a.parquet 320000000 sha256:aaaaaaaaaaaa` */
export function fileText({ path, size, digest, from, extra }: LockedFile): string {
  const place = from === undefined ? [] : [`from ${safe(JSON.stringify(from))}`];
  const short = digest.slice(0, digest.indexOf(":") + 13);
  return [safe(path), size, short, ...place, ...memberLines(extra)].join(" ");
}

function memberLines(extra: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(extra)
    .sort()
    .map((member) => safe(`${JSON.stringify(member)}: ${JSON.stringify(extra[member])}`));
}
