import { join } from "node:path";
import { algorithmOf, type Digest, digestOf } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Disk, DiskFile } from "../disk/port.ts";
import { onDisk } from "../disk/trouble.ts";
import { TritterError } from "../errors.ts";
import { type BundledFile, CONTENTS, type Contents, notABundle, parseContents } from "./contents.ts";
import { fileSource, pipeSource } from "./source.ts";
import { Cut, readTar, type TarReader } from "./tar-read.ts";

/** A bundle that was looked into as far as its documents, which are as it says they are. */
export interface OpenBundle {
  /** For messages. */
  readonly from: string;
  readonly contents: Contents;
  readonly manifest: string;
  readonly lock: string;
  /** undefined: it has none. */
  readonly facts: string | undefined;
  readonly signature: string | undefined;
  /** Absolute: where its blobs are. undefined: they are still to come, in a stream. */
  readonly folder: string | undefined;
  /** The files behind the documents, in the order in which they come; of a folder none. Throws BUNDLE_INVALID, and `Cut`. */
  files(): AsyncIterable<Incoming>;
  close(): Promise<void>;
}

export interface Incoming extends BundledFile {
  /** As `TarReader.read`; what is not read is stepped over. */
  read(): Promise<Uint8Array | undefined>;
}

export interface Opening {
  readonly disk: Disk;
  /** `sha256:…` and so on, of bytes at hand. */
  readonly digestOf: (algorithm: "sha256" | "git", bytes: Uint8Array) => string;
}

/** bytes: as much as one text holds, which is a lock of millions of files. */
const LARGEST = 400 * 1024 * 1024;

/** Throws BUNDLE_INVALID, BUNDLE_INCOMPLETE, DIGEST_MISMATCH where the documents are others than it says, DISK_REFUSED. */
export async function openBundle(
  from: string | AsyncIterable<Uint8Array>,
  opening: Opening,
): Promise<OpenBundle> {
  if (typeof from !== "string")
    return openTar("-", readTar(pipeSource(from), "-"), { opening, close: async () => {} });
  return onDisk(`read the bundle "${printable(from)}"`, async () => {
    const { disk } = opening;
    const stat = disk.lstat(from) === undefined ? undefined : disk.lstat(await disk.realpath(from));
    if (stat?.kind === "folder") return openFolder(from, opening);
    if (stat?.kind !== "file")
      throw notABundle(from, stat === undefined ? "there is no such file" : "it is no file");
    const file: DiskFile = await disk.open(await disk.realpath(from), "r");
    try {
      const tar = readTar(fileSource(file, stat.size), from);
      return await openTar(from, tar, { opening, close: () => file.close() });
    } catch (error) {
      await file.close();
      throw error;
    }
  });
}

async function openFolder(from: string, { disk, ...opening }: Opening): Promise<OpenBundle> {
  const read = async (path: string) => {
    const stat = disk.lstat(join(from, path));
    if (stat !== undefined && (stat.kind !== "file" || stat.size > LARGEST))
      throw notABundle(from, `"${printable(path)}" in it is no file of a bundle`);
    return disk.read(join(from, path));
  };
  const text = await read(CONTENTS);
  if (text === undefined) throw notABundle(from, `it has no "${CONTENTS}"`, UNFINISHED);
  const contents = parseContents(text.toString("utf8"), from);
  const document = async (file: BundledFile) => {
    const bytes = await read(file.path);
    if (bytes === undefined) throw notABundle(from, `it has no "${file.path}"`);
    return checked(bytes, { file, from, opening });
  };
  const manifest = await document(contents.manifest);
  const lock = await document(contents.lock);
  const facts = contents.facts && (await document(contents.facts));
  const signature = contents.signature && (await document(contents.signature));
  const documents = { manifest, lock, facts, signature };
  return { from, contents, ...documents, folder: from, files: none, close: async () => {} };
}

const UNFINISHED = `it is written last: run tritter bundle create again where the folder was made, or copy all of it`;

async function* none(): AsyncGenerator<Incoming> {}

interface Streaming {
  readonly opening: Omit<Opening, "disk">;
  readonly close: () => Promise<void>;
}

async function openTar(from: string, tar: TarReader, { opening, close }: Streaming): Promise<OpenBundle> {
  try {
    const contents = parseContents((await textOf(tar, { path: CONTENTS, from })).toString("utf8"), from);
    const document = async (file: BundledFile) =>
      checked(await textOf(tar, { path: file.path, from }), { file, from, opening });
    const manifest = await document(contents.manifest);
    const lock = await document(contents.lock);
    const facts = contents.facts && (await document(contents.facts));
    const signature = contents.signature && (await document(contents.signature));
    return {
      from,
      contents,
      manifest,
      lock,
      facts,
      signature,
      folder: undefined,
      files: () => filesIn(tar, { contents, from }),
      close,
    };
  } catch (error) {
    if (error instanceof Cut) throw cutShort(from);
    throw error;
  }
}

/** What is told of a stream that ends where more should come. */
export function cutShort(from: string, details: readonly string[] = []): TritterError {
  return new TritterError({
    code: "BUNDLE_INCOMPLETE",
    message: `cannot read the bundle "${printable(from)}" to its end: it is cut short`,
    hint: "fetch the rest of it (curl -C - goes on where it stopped), then apply it again: what came is kept",
    details,
  });
}

/** The next entry whole, which has to be the one at `path`. */
async function textOf(tar: TarReader, { path, from }: { path: string; from: string }): Promise<Buffer> {
  const entry = await tar.next();
  if (entry?.kind !== "file" || entry.path !== path)
    throw notABundle(from, `it has no "${printable(path)}" where one should be`);
  if (entry.size > LARGEST) throw notABundle(from, `"${printable(path)}" in it is too large`);
  const chunks: Uint8Array[] = [];
  for (let bytes = await tar.read(); bytes !== undefined; bytes = await tar.read()) chunks.push(bytes);
  return Buffer.concat(chunks);
}

function checked(
  bytes: Buffer,
  { file, from, opening }: { file: BundledFile; from: string; opening: Omit<Opening, "disk"> },
): string {
  const algorithm = algorithmOf(file.digest);
  const found: Digest | undefined = digestOf(algorithm, opening.digestOf(algorithm, bytes));
  if (found === file.digest && bytes.length === file.size) return bytes.toString("utf8");
  throw new TritterError({
    code: "DIGEST_MISMATCH",
    message: `cannot use "${file.path}" of the bundle "${printable(from)}": its bytes hash to ${found}, the bundle says ${file.digest}`,
    hint: "fetch the bundle again",
  });
}

/** Each of the files that it says it holds, at most once, and no other. Links stand for bytes that came before. */
async function* filesIn(
  tar: TarReader,
  { contents, from }: { contents: Contents; from: string },
): AsyncGenerator<Incoming> {
  const left = new Map([...contents.layout, ...contents.blobs].map((file) => [file.path, file]));
  for (let entry = await tar.next(); entry !== undefined; entry = await tar.next()) {
    if (entry.kind === "folder") continue;
    const file = left.get(entry.path);
    if (file === undefined)
      throw notABundle(from, `it holds "${printable(entry.path)}", which it does not say, or twice`);
    left.delete(entry.path);
    if (entry.kind === "file") yield { ...file, size: entry.size, read: tar.read };
  }
}
