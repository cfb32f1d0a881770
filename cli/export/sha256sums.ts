import type { Corpus } from "./corpus.ts";

/**
 * What `sha256sum -c` reads, run in the root. A name with a backslash or a line break is escaped, and its line begins with a
 * backslash: https://www.gnu.org/software/coreutils/manual/html_node/md5sum-invocation.html
 */
export function* sha256sums({ sources }: Corpus): Iterable<string> {
  for (const { files } of sources) for (const { sha256, path } of files) yield sumLine(sha256, path);
}

export function sumLine(sha256: string, path: string): string {
  const escaped = path.replace(/[\\\n\r]/g, (character) => ESCAPES[character] as string);
  return `${escaped === path ? "" : "\\"}${sha256}  ${escaped}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r" };
