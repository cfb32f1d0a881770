// Strings of SSH: their length in four bytes, then so many bytes. https://www.rfc-editor.org/rfc/rfc4251#section-5

/** The first strings of some bytes, and what follows them; undefined where there are not so many. */
export function takeStrings(
  bytes: Uint8Array,
  count: number,
): { readonly strings: readonly Buffer[]; readonly rest: Buffer } | undefined {
  let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: Buffer[] = [];
  for (let taken = 0; taken < count; taken++) {
    if (rest.length < 4) return undefined;
    const end = 4 + rest.readUInt32BE(0);
    if (rest.length < end) return undefined;
    strings.push(rest.subarray(4, end));
    rest = rest.subarray(end);
  }
  return { strings, rest };
}

/** The same where they are all there is. */
export function onlyStrings(bytes: Uint8Array, count: number): readonly Buffer[] | undefined {
  const taken = takeStrings(bytes, count);
  return taken?.rest.length === 0 ? taken.strings : undefined;
}

export function stringsOf(...values: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    values.flatMap((value) => {
      const bytes = Buffer.from(value);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** A whole number of at least 1, without the zero that keeps it from being negative; undefined where it is none, or longer than `most` bytes. */
export function unsigned(mpint: Buffer, most: number): Buffer | undefined {
  const [first = 0x80] = mpint;
  if ((first & 0x80) !== 0) return undefined;
  const bytes = first === 0 ? mpint.subarray(1) : mpint;
  return bytes.length === 0 || bytes.length > most || bytes[0] === 0 ? undefined : bytes;
}

/** The bytes between two lines of a PEM-like text; undefined where it is no such text, or more than one. */
export function unarmoured(text: string, label: string): Buffer | undefined {
  const found = new RegExp(
    `^-----BEGIN ${label}-----\\r?\\n([A-Za-z0-9+/=\\r\\n]*)-----END ${label}-----\\s*$`,
  ).exec(text);
  const base64 = found?.[1]?.replace(/\s/g, "");
  return base64 === undefined ? undefined : fromBase64(base64);
}

/** undefined where it is not written in the one way in which these bytes are. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return text !== "" && bytes.toString("base64") === text ? bytes : undefined;
}
