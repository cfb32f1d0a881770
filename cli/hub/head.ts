import type { Headers } from "./headers.ts";

/** The head of an answer (RFC 9112), and how its body is delimited. */
export interface Head {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Framing;
  /** The connection may carry another request afterwards. */
  readonly persists: boolean;
}

export type Framing =
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** All until the connection ends. */
  | { readonly kind: "close" };

/** bytes, with the heads that only announce it; Node's own limit is 16 KiB, and signed redirects are long */
export const LARGEST_HEAD = 64 * 1024;

/** What a server said that is no HTTP, or not told apart from an attack. */
export class Malformed extends Error {
  readonly code = "UND_ERR_SOCKET";
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [^\r\n\0]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)$/;

/**
 * Reads the lines before the empty one, as latin1, of the answer to a GET. Throws `Malformed` for what servers must not send:
 * folded fields, two different lengths, a length beside chunks (RFC 9112, sections 5.2 and 6.3).
 */
export function parseHead(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const [, minor, code] = STATUS_LINE.exec(first) ?? [];
  if (code === undefined) throw new Malformed("the answer is no HTTP");
  const headers = withOneLength(fieldsOf(lines));
  const connection = listOf(headers.connection);
  const persists = minor === "1" ? !connection.includes("close") : connection.includes("keep-alive");
  const status = Number(code);
  return { status, headers, persists, body: framingOf(status, headers) };
}

function fieldsOf(lines: readonly string[]): Headers {
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Malformed("a header field is malformed");
    const key = name.toLowerCase();
    const values = fields.get(key);
    if (values === undefined) fields.set(key, [trimmed(value)]);
    else values.push(trimmed(value));
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, only(values) ?? values]));
}

/** Without the blanks around it. No expression does that in one pass where they are many, and a server may send as many as it likes. */
function trimmed(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value.charCodeAt(start))) start += 1;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function only<Item>([first, ...others]: readonly Item[]): Item | undefined {
  return others.length === 0 ? first : undefined;
}

/** Said several times, it is said once (RFC 9112, section 6.3), so that nobody else has to know. */
function withOneLength(headers: Headers): Headers {
  const length = only([...new Set(listOf(headers["content-length"]))]);
  return length === undefined ? headers : { ...headers, "content-length": length };
}

function framingOf(status: number, headers: Headers): Framing {
  if (status < 200 || status === 204 || status === 304) return { kind: "length", bytes: 0 };
  const { "content-length": length, "transfer-encoding": coding } = headers;
  if (coding !== undefined) {
    if (length !== undefined || listOf(coding).join() !== "chunked")
      throw new Malformed("the body has no clear end");
    return { kind: "chunked" };
  }
  if (length === undefined) return { kind: "close" };
  if (typeof length !== "string" || !/^\d{1,15}$/.test(length))
    throw new Malformed("the body has no clear length");
  return { kind: "length", bytes: Number(length) };
}

/** The members of a field that is a list, in lower case. */
function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return [value]
    .flat()
    .flatMap((one) => one.split(","))
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== "");
}

/** bytes of a line with a chunk's size, and of all trailer fields */
const LONGEST_LINE = 4 * 1024;

/** Takes the chunks of a body apart (RFC 9112, section 7.1). */
export class Dechunker {
  /** bytes of the chunk that are still to come; undefined: its size is */
  #left: number | undefined;
  #line = "";
  #afterChunk = false;
  #inTrailer = false;
  #trailer = 0;
  isDone = false;

  /** Hands on what is content. Returns how many bytes were taken: fewer than all once it is done. Throws `Malformed`. */
  push(bytes: Uint8Array, take: (content: Uint8Array) => void): number {
    let at = 0;
    while (at < bytes.length && !this.isDone) {
      if (this.#left !== undefined) {
        const end = Math.min(bytes.length, at + this.#left);
        take(bytes.subarray(at, end));
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) {
          this.#left = undefined;
          this.#afterChunk = true;
        }
      } else {
        const end = bytes.indexOf(LF, at);
        const upTo = end === -1 ? bytes.length : end + 1;
        this.#line += Buffer.from(bytes.buffer, bytes.byteOffset + at, upTo - at).toString("latin1");
        at = upTo;
        if (this.#line.length > LONGEST_LINE) throw new Malformed("a chunk has too long a head");
        if (end !== -1) this.#take(this.#line);
      }
    }
    return at;
  }

  #take(line: string): void {
    this.#line = "";
    if (!line.endsWith("\r\n")) throw new Malformed("a chunk is malformed");
    const text = line.slice(0, -2);
    if (this.#afterChunk) {
      if (text !== "") throw new Malformed("a chunk is longer than announced");
      this.#afterChunk = false;
    } else if (this.#inTrailer) {
      this.#trailer += line.length;
      if (this.#trailer > LONGEST_LINE) throw new Malformed("the trailer is too long");
      this.isDone = text === "";
    } else {
      const size = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(text)?.[1];
      if (size === undefined) throw new Malformed("a chunk has no size");
      const bytes = Number.parseInt(size, 16);
      if (bytes === 0) this.#inTrailer = true;
      else this.#left = bytes;
    }
  }
}

const LF = 10;
