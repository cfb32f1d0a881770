import { describe, expect, it } from "vitest";
import { algorithmOf, digestOf, hexOf, parseCommit, parseDigest } from "../../schema/ids.ts";

const SHA1 = "9fc30b578cedaec69e47302df72cf00feed7c8c4";
const SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

describe("parseCommit()", () => {
  it("takes 40 lower-case hex digits", () => {
    expect(parseCommit(SHA1)).toBe(SHA1);
  });

  it.each([
    "",
    "main",
    SHA1.toUpperCase(),
    SHA1.slice(1),
    `${SHA1}0`,
    `${SHA1}\n`,
    ` ${SHA1}`,
    "g".repeat(40),
    SHA256,
  ])("refuses %j", (text) => {
    expect(parseCommit(text)).toBeUndefined();
  });
});

describe("parseDigest()", () => {
  it.each([`sha256:${SHA256}`, `git:${SHA1}`])("takes %s", (text) => {
    expect(parseDigest(text)).toBe(text);
  });

  it.each([
    "",
    SHA256,
    `sha256:${SHA1}`,
    `git:${SHA256}`,
    `sha1:${SHA1}`,
    `sha256:${SHA256.toUpperCase()}`,
    `sha256:${"*".repeat(64)}`,
    `git:${SHA1}\n`,
    ` sha256:${SHA256}`,
    ` git:${SHA1}`,
    `SHA256:${SHA256}`,
  ])("refuses %j", (text) => {
    expect(parseDigest(text)).toBeUndefined();
  });
});

describe("digestOf()", () => {
  it("tags hex digits with their algorithm, and algorithmOf() and hexOf() take them apart again", () => {
    for (const [algorithm, hex] of [
      ["sha256", SHA256],
      ["git", SHA1],
    ] as const) {
      const digest = digestOf(algorithm, hex);
      expect(digest).toBe(`${algorithm}:${hex}`);
      if (digest === undefined) continue;
      expect(parseDigest(digest)).toBe(digest);
      expect([algorithmOf(digest), hexOf(digest)]).toEqual([algorithm, hex]);
    }
  });

  it.each([
    ["sha256", SHA1],
    ["git", SHA256],
    ["sha256", "*".repeat(64)],
    ["git", "*".repeat(40)],
    ["git", ""],
    ["sha256", `${SHA256}\n`],
    ["sha256", `0${SHA256}`],
    ["git", `0${SHA1}`],
  ] as const)("knows no %s in %j", (algorithm, hex) => {
    expect(digestOf(algorithm, hex)).toBeUndefined();
  });
});
