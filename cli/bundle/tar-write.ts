import type { BundledFile } from "./contents.ts";

// The tar of POSIX.1-2001 (pax): https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13
// Nothing in it but names, sizes and bytes, so that the same bundle is the same bytes on every machine.

export const BLOCK = 512;

/** What stands before the bytes of a file. */
export function fileHead({ path, size }: Pick<BundledFile, "path" | "size">): Buffer {
  return head({ path, size, type: "0", link: "" });
}

/** The whole of an entry with the bytes of an earlier one. */
export function linkHead(path: string, to: string): Buffer {
  return head({ path, size: 0, type: "1", link: to });
}

/** What stands behind the bytes of a file. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

export const END = Buffer.alloc(2 * BLOCK);

interface Head {
  readonly path: string;
  /** bytes */
  readonly size: number;
  readonly type: "0" | "1" | "x";
  readonly link: string;
}

/** The largest size that eleven octal digits hold. */
const LARGEST = 8 ** 11 - 1;
const LONGEST = 100;

function head({ path, size, type, link }: Head): Buffer {
  const records = [
    ...(fits(path) ? [] : [record("path", path)]),
    ...(fits(link) ? [] : [record("linkpath", link)]),
    ...(size > LARGEST ? [record("size", String(size))] : []),
  ];
  const short = {
    path: fits(path) ? path : SUBSTITUTE,
    link: fits(link) ? link : SUBSTITUTE,
    size: size > LARGEST ? 0 : size,
    type,
  };
  if (records.length === 0) return block(short);
  const extended = Buffer.concat(records);
  const before = block({ path: SUBSTITUTE, size: extended.length, type: "x", link: "" });
  return Buffer.concat([before, extended, padding(extended.length), block(short)]);
}

/** Where the name itself stands in an extended header. */
const SUBSTITUTE = "long-name";

function fits(text: string): boolean {
  return text.length <= LONGEST && /^[\x20-\x7e]*$/.test(text);
}

/** `27 path=…\n`, where 27 counts the bytes of all of it. */
function record(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function block({ path, size, type, link }: Head): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  bytes.write(path, 0, "latin1");
  bytes.write(octal(0o644, 7), 100);
  bytes.write(octal(0, 7), 108);
  bytes.write(octal(0, 7), 116);
  bytes.write(octal(size, 11), 124);
  bytes.write(octal(0, 11), 136);
  bytes.write("        ", 148);
  bytes.write(type, 156);
  bytes.write(link, 157, "latin1");
  bytes.write("ustar\0" + "00", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${octal(sum, 6)}\0 `, 148);
  return bytes;
}
