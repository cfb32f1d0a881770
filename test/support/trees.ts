import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";

export interface TemporaryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), "tritter-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Every regular file below a folder, by its path with `/` between segments, as the disk spells it. */
export async function readTree(folder: string): Promise<Record<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = async (file: string): Promise<[string, Buffer]> => {
    return [relative(folder, file).split(sep).join("/"), await readFile(file)];
  };
  return Object.fromEntries(await Promise.all(files.map(read)));
}
