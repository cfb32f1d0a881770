import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Dechunker, Malformed, parseHead } from "../../../cli/hub/head.ts";

const head = (...lines: string[]) => parseHead(["HTTP/1.1 200 OK", ...lines].join("\r\n"));

describe("parseHead()", () => {
  it("reads status and fields, names in lower case, several of one name as a list", () => {
    expect(head("Content-Length: 12", 'ETag:\t"x" ', "Link: <a>", "link: <b>", "X-Empty:")).toEqual({
      status: 200,
      headers: { "content-length": "12", etag: '"x"', link: ["<a>", "<b>"], "x-empty": "" },
      body: { kind: "length", bytes: 12 },
      persists: true,
    });
  });

  it.each([
    ["HTTP/1.1 200 OK", ["content-length: 5"], { kind: "length", bytes: 5 }, true],
    ["HTTP/1.1 206", ["content-length: 5, 5"], { kind: "length", bytes: 5 }, true],
    ["HTTP/1.1 200 OK", ["Content-Length: 0", "Connection: Close"], { kind: "length", bytes: 0 }, false],
    ["HTTP/1.1 200 OK", ["Transfer-Encoding: Chunked"], { kind: "chunked" }, true],
    ["HTTP/1.1 200 OK", [], { kind: "close" }, true],
    ["HTTP/1.0 200 OK", ["content-length: 5"], { kind: "length", bytes: 5 }, false],
    ["HTTP/1.0 200 OK", ["content-length: 5", "connection: keep-alive"], { kind: "length", bytes: 5 }, true],
    ["HTTP/1.1 204 No Content", [], { kind: "length", bytes: 0 }, true],
    ["HTTP/1.1 304 Not Modified", ["content-length: 5"], { kind: "length", bytes: 0 }, true],
    ["HTTP/1.1 103 Early Hints", ["link: </a>"], { kind: "length", bytes: 0 }, true],
  ])("knows where the body ends: %s %j", (first, lines, body, persists) => {
    expect(parseHead([first, ...lines].join("\r\n"))).toMatchObject({ body, persists });
  });

  it("says a length once that is said several times", () => {
    expect(head("content-length: 5, 5", "content-length: 5").headers).toEqual({ "content-length": "5" });
  });

  it("takes no longer by much for many blanks or many fields of one name", () => {
    const blanks = "\t".repeat(60_000);
    expect(head(`a: x${blanks}b`, `c:${blanks}`).headers).toEqual({ a: `x${blanks}b`, c: "" });
    expect(head(...Array.from({ length: 12_000 }, () => "a:b")).headers.a).toHaveLength(12_000);
  });

  it.each([
    ["no HTTP", "220 smtp.example ESMTP"],
    ["another version", "HTTP/2 200"],
    ["no status", "HTTP/1.1 OK"],
    ["a status of four digits", "HTTP/1.1 2000 OK"],
    ["nothing", ""],
    ["a field without a colon", "HTTP/1.1 200 OK\r\nnonsense"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\ncontent-length : 5"],
    ["a folded field", "HTTP/1.1 200 OK\r\nx: a\r\n b"],
    ["a bare line feed", "HTTP/1.1 200 OK\r\nx: a\ncontent-length: 5"],
    ["a zero byte", "HTTP/1.1 200 OK\r\nx: a\0b"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6"],
    ["a negative length", "HTTP/1.1 200 OK\r\ncontent-length: -5"],
    ["a length in words", "HTTP/1.1 200 OK\r\ncontent-length: 0x5"],
    ["a length beyond all counting", "HTTP/1.1 200 OK\r\ncontent-length: 9999999999999999"],
    ["an empty length", "HTTP/1.1 200 OK\r\ncontent-length:"],
    ["an empty coding beside a length", "HTTP/1.1 200 OK\r\ntransfer-encoding:\r\ncontent-length: 5"],
    ["a length beside chunks", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked"],
    ["chunks that are encoded", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked"],
  ])("refuses %s", (_, text) => {
    expect(() => parseHead(text)).toThrow(Malformed);
  });

  it("says nothing but what it is, or that it is malformed, of any text", () => {
    const line = fc.oneof(fc.string({ unit: "binary-ascii" }), fc.constantFrom("content-length: 1", "a: b"));
    fc.assert(
      fc.property(fc.constantFrom("HTTP/1.1 200 OK", "HTTP/1.0 404", ""), fc.array(line), (first, lines) => {
        try {
          expect(parseHead([first, ...lines].join("\r\n")).status).toBeGreaterThan(99);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});

/** What comes out of a body that came in these pieces, and how many bytes of them were taken. */
function dechunked(pieces: readonly Uint8Array[]) {
  const chunks = new Dechunker();
  const contents: Buffer[] = [];
  let taken = 0;
  for (const piece of pieces) taken += chunks.push(piece, (content) => contents.push(Buffer.from(content)));
  return { text: Buffer.concat(contents).toString("latin1"), taken, isDone: chunks.isDone };
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("Dechunker", () => {
  it("hands on the contents of all chunks, wherever their bytes are cut, and nothing after them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 })),
        fc.array(fc.nat()),
        fc.string(),
        (texts, cuts, rest) => {
          const contents = texts.map((text) => Buffer.from(text));
          const bytes = Buffer.concat([
            ...contents.flatMap((content) => [
              Buffer.from(`${content.length.toString(16)};ext=1\r\n`),
              content,
              Buffer.from("\r\n"),
            ]),
            Buffer.from("0\r\nx-trailer: 1\r\n\r\n"),
          ]);
          const all = Buffer.concat([bytes, Buffer.from(rest)]);
          const { text, taken, isDone } = dechunked(cutAt(all, cuts));
          expect([text, isDone]).toEqual([Buffer.concat(contents).toString("latin1"), true]);
          expect(taken).toBe(bytes.length);
        },
      ),
    );
  });

  it.each([
    ["no size", "\r\nabc"],
    ["a size that is none", "xyz\r\n"],
    ["a negative size", "-1\r\n"],
    ["a size beyond all counting", "fffffffffffff\r\n"],
    ["more than announced", "1\r\nab\r\n"],
    ["a line that ends in a line feed alone", "1\na"],
    ["a size without an end", "0".repeat(5_000)],
    ["trailers without an end", `0\r\n${"a: b\r\n".repeat(1_000)}`],
  ])("refuses %s", (_, text) => {
    expect(() => dechunked([Buffer.from(text)])).toThrow(Malformed);
  });

  it("says nothing but contents, or that they are malformed, of any bytes", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary-ascii" }),
      fc.constantFrom("5\r\n", "hello\r\n", "0\r\n\r\n"),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const bytes = pieces.map((text) => Buffer.from(text, "latin1"));
        try {
          expect(dechunked(bytes).text.length).toBeLessThanOrEqual(Buffer.concat(bytes).length);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
