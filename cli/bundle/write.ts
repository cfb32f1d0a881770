import { dirname, join } from "node:path";
import { makeOwnFolder } from "../disk/own.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { replaceFile } from "../disk/replace.ts";
import { passing } from "../disk/trouble.ts";
import { systemCode } from "../errors.ts";
import type { BundledFile } from "./contents.ts";
import { END, fileHead, linkHead, padding } from "./tar-write.ts";

/** Takes the parts of a bundle in their order, and no byte that is not proved on its way. */
export interface BundleWriter {
  /** A text of ours. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** Whether the blob is there from an earlier run, every byte of it. */
  has(file: BundledFile): Promise<boolean>;
  /** The bytes of a file on disk, if they are those of `file`. */
  copy(file: BundledFile, from: string): Promise<boolean>;
  /** A further path for the bytes of an earlier one. */
  again(file: BundledFile, first: BundledFile): Promise<void>;
  /** `whole`: everything it is to hold was taken. */
  end(whole: boolean): Promise<void>;
}

export interface Writing {
  readonly disk: Disk;
  readonly signal: AbortSignal;
  /** Begins to prove bytes that come in order. */
  readonly prove: (file: BundledFile) => Proof;
}

export interface Proof {
  update(bytes: Uint8Array): void;
  /** Whether those were all, and the right ones. Once. */
  holds(): boolean;
}

const CHUNK = 1024 * 1024;

/** A folder that is written beside what is there already: an earlier run's files count once they are proved. */
export function folderWriter(folder: string, writing: Writing): BundleWriter {
  const { disk } = writing;
  const at = (path: string) => join(folder, ...path.split("/"));
  const room = async (path: string) => {
    await makeOwnFolder(disk, folder, dirname(at(path)));
    return at(path);
  };
  return {
    put: async (path, bytes) => replaceFile(disk, await room(path), bytes),
    has: async (file) => {
      const path = at(file.path);
      const stat = disk.lstat(path);
      if (stat === undefined) return false;
      if (stat.kind === "file" && stat.size === file.size && (await isProved(writing, file, path)))
        return true;
      await disk.unlink(path);
      return false;
    },
    copy: async (file, from) => {
      const path = await room(file.path);
      const beside = `${path}.new`;
      await passing(["ENOENT"], () => disk.unlink(beside));
      let good = false;
      try {
        good = (await disk.reflink(from, beside))
          ? await isProved(writing, file, beside)
          : await copyProved(writing, { file, from, to: beside });
        if (good) await flushed(disk, beside);
      } finally {
        if (!good) await passing(["ENOENT"], () => disk.unlink(beside));
      }
      if (good) await disk.rename(beside, path);
      return good;
    },
    again: async (file, first) => {
      const path = await room(file.path);
      await passing(["ENOENT"], () => disk.unlink(path));
      try {
        await disk.link(at(first.path), path);
      } catch (error) {
        // Sticks and cards mostly know no links.
        if (!NO_LINKS.has(systemCode(error) ?? "")) throw error;
        await copyProved(writing, { file, from: at(first.path), to: path });
      }
    },
    end: async () => disk.syncFolder(folder),
  };
}

const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EINVAL"]);

async function flushed(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, "r+");
  await file.sync().finally(() => file.close());
}

async function isProved(writing: Writing, file: BundledFile, path: string): Promise<boolean> {
  const proof = writing.prove(file);
  await readAll(writing, path, async (bytes) => proof.update(bytes));
  return proof.holds();
}

async function copyProved(
  writing: Writing,
  { file, from, to }: { file: BundledFile; from: string; to: string },
): Promise<boolean> {
  const proof = writing.prove(file);
  const target = await writing.disk.open(to, "wx");
  try {
    let position = 0;
    await readAll(writing, from, async (bytes) => {
      proof.update(bytes);
      await target.writeAt(bytes, position);
      position += bytes.length;
    });
  } finally {
    await target.close();
  }
  return proof.holds();
}

async function readAll(
  { disk, signal }: Writing,
  path: string,
  take: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const file = await disk.open(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (let position = 0; ; ) {
      signal.throwIfAborted();
      const count = await file.readAt(buffer, position);
      if (count === 0) return;
      await take(buffer.subarray(0, count));
      position += count;
    }
  } finally {
    await file.close();
  }
}

/** Where a tar goes: a file, or a pipe. */
export interface ByteSink {
  /** Once it resolves, `bytes` may be used for others. */
  write(bytes: Uint8Array): Promise<void>;
  end(whole: boolean): Promise<void>;
}

/**
 * One stream. A blob that turns out to be another one while it is written cannot be taken back: from there on nothing is
 * written, so that the tar ends in the middle, and what is left is only proved.
 */
export function tarWriter(sink: ByteSink, writing: Writing): BundleWriter {
  let spoiled = false;
  const put: BundleWriter["put"] = async (path, bytes) => {
    if (spoiled) return;
    await sink.write(fileHead({ path, size: bytes.length }));
    await sink.write(bytes);
    await sink.write(padding(bytes.length));
  };
  return {
    put,
    has: async () => false,
    copy: async (file, from) => {
      const proof = writing.prove(file);
      let left = file.size;
      if (!spoiled) await sink.write(fileHead(file));
      await readAll(writing, from, async (bytes) => {
        proof.update(bytes);
        if (!spoiled) await sink.write(bytes.subarray(0, left));
        left -= Math.min(left, bytes.length);
      });
      const good = proof.holds();
      if (good && !spoiled) await sink.write(padding(file.size));
      spoiled ||= !good;
      return good;
    },
    again: async ({ path }, first) => {
      if (!spoiled) await sink.write(linkHead(path, first.path));
    },
    end: async (whole) => {
      if (whole && !spoiled) await sink.write(END);
      await sink.end(whole && !spoiled);
    },
  };
}

/** A tar takes its name once it is whole. */
export async function fileSink(disk: Disk, path: string): Promise<ByteSink> {
  const beside = `${path}.new`;
  await passing(["ENOENT"], () => disk.unlink(beside));
  const file: DiskFile = await disk.open(beside, "wx");
  let position = 0;
  return {
    write: async (bytes) => {
      await file.writeAt(bytes, position);
      position += bytes.length;
    },
    end: async (whole) => {
      if (whole) await file.sync();
      await file.close();
      if (!whole) return disk.unlink(beside);
      await disk.rename(beside, path);
      await disk.syncFolder(dirname(path));
    },
  };
}
