import type { Corpus } from "./corpus.ts";
import { plainText } from "./text.ts";

/**
 * `artifacts.lock.yaml` of Hermeto's generic fetcher (https://hermetoproject.github.io/hermeto/generic/), version 1.0. Texts are
 * quoted as in JSON, which YAML 1.2 reads the same.
 */
export function* hermeto({ sources, links }: Corpus): Iterable<string> {
  const seen = new Set<string>();
  yield `---\nmetadata:\n  version: "1.0"\nartifacts:${sources.every(({ files }) => files.length === 0) ? " []" : ""}\n`;
  for (const { files } of sources) {
    for (const { path, sha256, remote } of files) {
      const url = distinct(links.file(remote), path, seen);
      yield `  - download_url: ${plainText(url)}\n    checksum: "sha256:${sha256}"\n    filename: ${plainText(path)}\n`;
    }
  }
}

/** It refuses an address that stands there twice, as that of a file of two sources would: a fragment, which is never sent, tells them apart. */
function distinct(url: string, path: string, seen: Set<string>): string {
  const told = seen.has(url) ? `${url}#${encodeURIComponent(path)}` : url;
  seen.add(url);
  return told;
}
