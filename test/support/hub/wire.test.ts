import { describe, expect, it } from "vitest";
import { answer, type Said, XET_PROBE } from "./wire.ts";

const COMMIT = "c".repeat(40);
const SHA256 = "a".repeat(64);
const HASH = "b".repeat(64);

const linked: Said & { kind: "linked-file" } = {
  kind: "linked-file",
  size: 691_784,
  sha256: SHA256,
  commit: COMMIT,
  location: "http://cdn/x?signed",
  xet: { hash: HASH, tokenUrl: "http://hub/token", reconstructionUrl: "http://hub/rec", probe: true },
};

describe("answer()", () => {
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
});
