import { printable } from "../../schema/names.ts";
import { notABundle } from "./contents.ts";
import { BLOCK } from "./tar-write.ts";

/** Bytes in order, from a file or from a pipe. */
export interface ByteSource {
  /** At least one byte and at most `most`, for the taker to keep; undefined at the end. */
  read(most: number): Promise<Uint8Array | undefined>;
  /** False where the end comes first. */
  skip(bytes: number): Promise<boolean>;
}

export interface TarEntry {
  readonly kind: "file" | "link" | "folder";
  readonly path: string;
  /** bytes */
  readonly size: number;
}

export interface TarReader {
  /** The next entry, past what was not read of the one before; undefined at the end. Throws BUNDLE_INVALID, and `Cut`. */
  next(): Promise<TarEntry | undefined>;
  /** Further bytes of the entry, for the taker to keep; undefined at its end. Throws `Cut`. */
  read(): Promise<Uint8Array | undefined>;
}

/** The bytes end in the middle. */
export class Cut extends Error {}

/** bytes of an extended header: a path of the longest that a lock admits, with room for what other programs add */
const LARGEST_EXTENSION = 64 * 1024;
const CHUNK = 256 * 1024;

/** Reads what `tar-write.ts` writes. Whatever else a tar can hold is refused; a name is only a name here, and leads nowhere. */
export function readTar(source: ByteSource, from: string): TarReader {
  let left = 0;
  let pad = 0;
  return { next, read };

  async function next(): Promise<TarEntry | undefined> {
    if (!(await source.skip(left + pad))) throw new Cut();
    left = 0;
    pad = 0;
    let extended: Extended = {};
    for (;;) {
      const block = await exactly(BLOCK);
      if (block.every((byte) => byte === 0)) return undefined;
      const { type, size, path, isExtension } = headOf(block, from);
      if (isExtension) {
        if (size > LARGEST_EXTENSION) throw notABundle(from, "an extended header in it is too large");
        const bytes = await exactly(size);
        await exactly(paddingOf(size));
        if (type === "x") extended = extendedOf(bytes, from);
        continue;
      }
      const kind = KINDS[type];
      const entry = { path: extended.path ?? path, size: extended.size ?? size };
      if (kind === undefined) throw refused(from, entry.path, type);
      if (kind !== "file" && entry.size !== 0) throw refused(from, entry.path, type);
      left = entry.size;
      pad = paddingOf(left);
      return { kind, ...entry };
    }
  }

  async function read(): Promise<Uint8Array | undefined> {
    if (left === 0) return undefined;
    const bytes = await source.read(Math.min(left, CHUNK));
    if (bytes === undefined) throw new Cut();
    left -= bytes.length;
    return bytes;
  }

  async function exactly(count: number): Promise<Buffer> {
    const bytes = Buffer.alloc(count);
    for (let filled = 0; filled < count; ) {
      const some = await source.read(count - filled);
      if (some === undefined) throw new Cut();
      bytes.set(some, filled);
      filled += some.length;
    }
    return bytes;
  }
}

const KINDS: Readonly<Record<string, TarEntry["kind"]>> = {
  "0": "file",
  "\0": "file",
  "1": "link",
  "5": "folder",
};
const WHAT: Readonly<Record<string, string>> = {
  "1": "a link with bytes of its own",
  "2": "a symlink",
  "3": "a device",
  "4": "a device",
  "5": "a folder with bytes of its own",
  "6": "a pipe",
};

function refused(from: string, path: string, type: string): Error {
  return notABundle(from, `"${printable(path)}" in it is ${WHAT[type] ?? "of a kind that no bundle has"}`);
}

function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function headOf(block: Buffer, from: string) {
  const stated = numberAt(block, 148, 8);
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (stated !== sum || block.toString("latin1", 257, 262) !== "ustar")
    throw notABundle(from, "it is no tar, or was damaged: the header of an entry is not one");
  const size = numberAt(block, 124, 12);
  if (size === undefined) throw notABundle(from, "an entry in it has no size");
  const type = block.toString("latin1", 156, 157);
  const prefix = textAt(block, 345, 155);
  const name = textAt(block, 0, 100);
  return {
    type,
    size,
    path: prefix === "" ? name : `${prefix}/${name}`,
    isExtension: type === "x" || type === "g",
  };
}

function textAt(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString("utf8", at, end < 0 ? at + length : Math.min(end, at + length));
}

/** Octal digits, ended by a blank or a NUL. */
function numberAt(block: Buffer, at: number, length: number): number | undefined {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(block.toString("latin1", at, at + length))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

interface Extended {
  readonly path?: string;
  readonly size?: number;
}

/** Records `27 path=…\n`; keys that no bundle needs are passed over. */
function extendedOf(bytes: Buffer, from: string): Extended {
  const found: { path?: string; size?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const length = Number(/^(\d{1,6}) /.exec(bytes.toString("latin1", at, at + 7))?.[1] ?? 0);
    const text = bytes.toString("utf8", at, at + length);
    const match = /^\d+ ([^=]+)=(.*)\n$/s.exec(text);
    if (length === 0 || at + length > bytes.length || match === null)
      throw notABundle(from, "an extended header in it cannot be read");
    const [, key, value = ""] = match;
    if (key === "path") found.path = value;
    if (key === "size") {
      const size = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
      if (!Number.isSafeInteger(size)) throw notABundle(from, "an entry in it has a size that cannot be");
      found.size = size;
    }
    at += length;
  }
  return found;
}
