/**
 * Is this one struct in Thrift's compact protocol, ended within the bytes? A reader that trusts its lengths may be kept busy
 * for hours by a number without an end, so they are looked at first. https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export function isThriftStruct(bytes: Uint8Array): boolean {
  try {
    skipStruct({ bytes, at: 0 }, 0);
    return true;
  } catch (error) {
    if (error === BROKEN) return false;
    throw error;
  }
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

const BROKEN = new Error("not a Thrift struct");

/** Structs within structs; footers nest about six deep. */
const DEEPEST = 32;
/** bytes of a 64-bit number, seven bits each */
const LONGEST_VARINT = 10;

const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
const I32 = 5;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

function skipStruct(cursor: Cursor, depth: number): void {
  if (depth > DEEPEST) throw BROKEN;
  for (;;) {
    const head = next(cursor);
    const type = head & 0x0f;
    if (type === 0) return;
    if (head >> 4 === 0) varint(cursor);
    skipValue(cursor, type, depth);
  }
}

function skipValue(cursor: Cursor, type: number, depth: number): void {
  switch (type) {
    case TRUE:
    case FALSE:
      return;
    case BYTE:
      skip(cursor, 1);
      return;
    case I16:
    case I32:
    case I64:
      varint(cursor);
      return;
    case DOUBLE:
      skip(cursor, 8);
      return;
    case BINARY:
      skip(cursor, varint(cursor));
      return;
    case LIST:
      skipList(cursor, depth);
      return;
    case STRUCT:
      skipStruct(cursor, depth + 1);
      return;
    default:
      throw BROKEN;
  }
}

function skipList(cursor: Cursor, depth: number): void {
  const head = next(cursor);
  const type = head & 0x0f;
  const short = head >> 4;
  const count = short === 15 ? varint(cursor) : short;
  if (count > cursor.bytes.length - cursor.at) throw BROKEN;
  // Truth values are bytes in a list.
  const element = type === TRUE || type === FALSE ? BYTE : type;
  for (let index = 0; index < count; index++) skipValue(cursor, element, depth + 1);
}

function next(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at];
  if (byte === undefined) throw BROKEN;
  cursor.at += 1;
  return byte;
}

function skip(cursor: Cursor, count: number): void {
  if (count > cursor.bytes.length - cursor.at) throw BROKEN;
  cursor.at += count;
}

/** Its value where that is used as a length; too great a one is greater than any file. */
function varint(cursor: Cursor): number {
  let value = 0;
  for (let place = 0; place < LONGEST_VARINT; place++) {
    const byte = next(cursor);
    value += (byte & 0x7f) * 2 ** (7 * place);
    if (byte < 0x80) return value;
  }
  throw BROKEN;
}
