import { hash } from "node:crypto";

/**
 * The git blob id of the canonical LFS pointer to a file. A Hub lists it as the `oid` of every LFS file, so it
 * cross-checks `lfs.oid` and the size.
 */
export function pointerOid(sha256: string, size: number): string {
  const text = pointerText(sha256, size);
  return hash("sha1", `blob ${text.length}\0${text}`);
}

/** What git holds in place of an LFS file: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
export function pointerText(sha256: string, size: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
}
