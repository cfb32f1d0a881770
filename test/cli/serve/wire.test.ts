import { describe, expect, it } from "vitest";
import { askedRange } from "../../../cli/serve/range.ts";
import { answer, type HeldFile, type Said } from "../../../cli/serve/wire.ts";

const COMMIT = "c".repeat(40);
const SHA256 = "a".repeat(64);

const file: HeldFile = {
  kind: "file",
  path: "data/ä b.txt",
  size: 100,
  etag: "d".repeat(40),
  lfs: false,
  commit: COMMIT,
  text: true,
};

const got = (headers: Record<string, string>, said: Said = file, method = "GET") =>
  answer(said, { method, headers });

describe("askedRange()", () => {
  it.each([
    [undefined, 10, "whole"],
    ["bytes=0-0", 10, { start: 0, end: 1 }],
    ["bytes=3-", 10, { start: 3, end: 10 }],
    ["bytes=3-5", 10, { start: 3, end: 6 }],
    ["bytes=3-99", 10, { start: 3, end: 10 }],
    ["bytes=-4", 10, { start: 6, end: 10 }],
    ["bytes=-99", 10, { start: 0, end: 10 }],
    ["bytes=-0", 10, "outside"],
    ["bytes=10-", 10, "outside"],
    ["bytes=0-0", 0, "outside"],
    ["bytes=-1", 0, "outside"],
    ["bytes=5-3", 10, "whole"],
    ["bytes=0-1,3-4", 10, "whole"],
    ["bytes=99999999999999999999-", 10, "outside"],
    ["bytes=0-99999999999999999999", 10, { start: 0, end: 10 }],
    ["bytes=-99999999999999999999", 10, { start: 0, end: 10 }],
    ["bytes=-", 10, "whole"],
    ["bytes=a-b", 10, "whole"],
    ["lines=0-1", 10, "whole"],
  ])("reads %s of %i bytes", (header, size, expected) => {
    expect(askedRange(header, size)).toEqual(expected);
  });
});

describe("answer()", () => {
  it("gives a git file with its git id as ETag and its name in both spellings", () => {
    const { status, headers, body } = got({});
    expect(status).toBe(200);
    expect(headers).toEqual({
      "x-repo-commit": COMMIT,
      etag: `"${file.etag}"`,
      "accept-ranges": "bytes",
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `inline; filename*=UTF-8''%C3%A4%20b.txt; filename="_ b.txt";`,
      "content-length": "100",
    });
    expect(body).toEqual({ kind: "range", start: 0, end: 100 });
  });

  it("gives a file of large-file storage with what the Hub says of it before a redirect", () => {
    const { status, headers } = got({}, { ...file, etag: SHA256, lfs: true, text: false });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      etag: `"${SHA256}"`,
      "x-linked-etag": `"${SHA256}"`,
      "x-linked-size": "100",
      "content-type": "application/octet-stream",
    });
  });

  it("gives a range with 206 and says which", () => {
    const { status, headers, body } = got({ range: "bytes=10-19" });
    expect(status).toBe(206);
    expect(headers).toMatchObject({ "content-range": "bytes 10-19/100", "content-length": "10" });
    expect(body).toEqual({ kind: "range", start: 10, end: 20 });
  });

  it("refuses a range beyond the end with 416 and the size", () => {
    const { status, headers } = got({ range: "bytes=100-" });
    expect(status).toBe(416);
    expect(headers["content-range"]).toBe("bytes */100");
  });

  it("tells of the whole file to a HEAD, whatever range it names", () => {
    expect(got({ range: "bytes=10-19" }, file, "HEAD")).toEqual(got({}, file, "HEAD"));
    expect(got({}, file, "HEAD")).toMatchObject({ status: 200, headers: { "content-length": "100" } });
  });

  it.each([
    [`"${"d".repeat(40)}"`, 206],
    [`"${"e".repeat(40)}"`, 200],
    [`W/"${"d".repeat(40)}"`, 200],
    ["Wed, 21 Oct 2026 07:28:00 GMT", 200],
  ])("minds the range only if %s is what it has", (condition, status) => {
    expect(got({ range: "bytes=10-19", "if-range": condition }).status).toBe(status);
  });

  it.each([`"${file.etag}"`, `W/"${file.etag}"`, `"other", "${file.etag}"`, "*"])(
    "says 304 to one who has %s",
    (condition) => {
      const { status, headers, body } = got({ "if-none-match": condition });
      expect([status, body]).toEqual([304, { kind: "text", text: "" }]);
      expect(headers).toEqual({ "x-repo-commit": COMMIT, etag: `"${file.etag}"` });
    },
  );

  it("answers in full to one who has another", () => {
    expect(got({ "if-none-match": `"${SHA256}"` }).status).toBe(200);
  });

  it("keeps headers to ASCII where a message is not", () => {
    const said: Said = { kind: "refusal", form: "json", status: 404, message: "Invalid rev id: é\n" };
    const { headers, body } = answer(said, { method: "GET", headers: {} });
    expect(headers["x-error-message"]).toBe("Invalid rev id: %C3%A9%0A");
    expect(body).toEqual({ kind: "text", text: JSON.stringify({ error: said.message }) });
  });
});
