import type { Facts } from "../schema/facts.ts";
import type { Digest, TreePath } from "../schema/ids.ts";
import { type Lock, WHOLE } from "../schema/lock.ts";
import type { Manifest } from "../schema/manifest.ts";
import { indexText } from "./describe/index-page.ts";
import { metadataText } from "./describe/metadata.ts";
import { readmeText } from "./describe/readme.ts";
import { subjectOf } from "./describe/subject.ts";
import { bytesDigest } from "./lock/digests.ts";
import { besidePaths, type GeneratedWant, indexPath } from "./lock/wants.ts";

export interface Describing {
  readonly manifest: Manifest;
  readonly lock: Lock;
  readonly facts: Facts;
}

/**
 * What stands beside the data and says what it is, where the manifest asks for it: two files a source, and an index. Pure, and a function of
 * these documents alone: no clock, no locale and no version, so equal documents have equal bytes everywhere.
 */
export function describe({ manifest, lock, facts }: Describing): readonly GeneratedWant[] {
  if (manifest.reports === undefined) return [];
  const index = indexPath(manifest.owner);
  const subjects = lock.sources.map((locked) => subjectOf(manifest, { locked, facts }));
  const beside = subjects.flatMap((subject) => {
    const { name } = subject.locked;
    const { readme, metadata } = besidePaths(subject.locked);
    return [wantOf(metadata, name, metadataText(subject)), wantOf(readme, name, readmeText(subject, index))];
  });
  return [...beside, wantOf(index, WHOLE, indexText(subjects))];
}

function wantOf(path: TreePath, source: string, text: string): GeneratedWant {
  const generated = Buffer.from(text);
  return { path, source, digest: bytesDigest(generated) as Digest, size: generated.length, generated };
}
