import { describe, expect, it } from "vitest";
import { askedRange } from "./range.ts";
import { answer, type GitFile, type Said, XET_PROBE } from "./wire.ts";

const COMMIT = "c".repeat(40);
const SHA256 = "a".repeat(64);
const HASH = "b".repeat(64);

const gitFile: GitFile = {
  kind: "git-file",
  path: "data/ä b.txt",
  size: 100,
  oid: "d".repeat(40),
  commit: COMMIT,
  text: true,
};

const linked: Said & { kind: "linked-file" } = {
  kind: "linked-file",
  size: 691_784,
  sha256: SHA256,
  commit: COMMIT,
  location: "http://cdn/x?signed",
  xet: { hash: HASH, tokenUrl: "http://hub/token", reconstructionUrl: "http://hub/rec", probe: true },
};

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
    ["lines=0-1", 10, "whole"],
  ])("reads %s of %i bytes", (header, size, expected) => {
    expect(askedRange(header, size)).toEqual(expected);
  });
});

describe("answer()", () => {
  it("gives a git file with its git id as ETag and its name in both spellings", () => {
    const { status, headers, body } = answer(gitFile, { method: "GET", headers: {} });
    expect(status).toBe(200);
    expect(headers).toEqual({
      "x-repo-commit": COMMIT,
      etag: `"${gitFile.oid}"`,
      "accept-ranges": "bytes",
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `inline; filename*=UTF-8''%C3%A4%20b.txt; filename="_ b.txt";`,
      "content-length": "100",
    });
    expect(body).toEqual({ kind: "range", start: 0, end: 100 });
  });

  it("gives a range with 206 and says which", () => {
    const { status, headers, body } = answer(gitFile, { method: "GET", headers: { range: "bytes=10-19" } });
    expect(status).toBe(206);
    expect(headers).toMatchObject({ "content-range": "bytes 10-19/100", "content-length": "10" });
    expect(body).toEqual({ kind: "range", start: 10, end: 20 });
  });

  it("refuses a range beyond the end with 416 and the size", () => {
    const { status, headers } = answer(gitFile, { method: "GET", headers: { range: "bytes=100-" } });
    expect(status).toBe(416);
    expect(headers["content-range"]).toBe("bytes */100");
  });

  it("says 304 for the same ETag", () => {
    const asked = { method: "GET", headers: { "if-none-match": `"${gitFile.oid}"` } };
    expect(answer(gitFile, asked)).toMatchObject({ status: 304, body: { kind: "text", text: "" } });
  });

  it("redirects for a linked file, its facts in the headers and the length that of the redirect's own body", () => {
    const { status, headers, body } = answer(linked, { method: "HEAD", headers: {} });
    expect(status).toBe(302);
    expect(headers).toMatchObject({
      location: linked.location,
      "x-repo-commit": COMMIT,
      "x-linked-size": "691784",
      "x-linked-etag": `"${SHA256}"`,
      "x-xet-hash": HASH,
      link: `<http://hub/token>; rel="xet-auth", <http://hub/rec>; rel="xet-reconstruction-info"`,
    });
    expect(body.kind === "text" && String(body.text.length)).toBe(headers["content-length"]);
  });

  it("answers a probe for Xet facts without a redirect", () => {
    const { status, headers } = answer(linked, { method: "GET", headers: { accept: `${XET_PROBE}, */*` } });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "content-type": XET_PROBE, "x-linked-size": "691784" });
  });

  it("keeps headers to ASCII where a message is not", () => {
    const said: Said = { kind: "refusal", form: "json", status: 404, message: "Invalid rev id: é\n" };
    const { headers, body } = answer(said, { method: "GET", headers: {} });
    expect(headers["x-error-message"]).toBe("Invalid rev id: %C3%A9%0A");
    expect(body).toEqual({ kind: "text", text: JSON.stringify({ error: said.message }) });
  });
});
