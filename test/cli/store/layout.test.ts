import { describe, expect, it } from "vitest";
import {
  bootFolder,
  parsePartialName,
  parseReadyName,
  partialName,
  readyName,
  storeLayout,
} from "../../../cli/store/layout.ts";
import { gitOf, sha256Of } from "../../support/engine.ts";

const [SHA, GIT] = [sha256Of("a"), gitOf("a")];

describe("storeLayout()", () => {
  it("has one store an owner, whatever the owner's name is", () => {
    const [mine, yours] = [storeLayout("/r/.tritter", "../../me"), storeLayout("/r/.tritter", "you")];
    expect(mine.ready).toMatch(/^\/r\/\.tritter\/store\/[0-9a-f]{8}\/ready$/);
    expect(mine.partial).not.toBe(yours.partial);
  });
});

describe("readyName()", () => {
  it.each([[[SHA]], [[SHA, GIT]]])("is read back: %j", (digests) => {
    expect(parseReadyName(readyName(digests))).toEqual(digests);
  });

  it("refuses a blob whose sha256 nobody knows", () => {
    expect(() => readyName([GIT])).toThrow("a ready blob has a sha256");
  });

  it.each([
    "",
    "a",
    "copy.w.new",
    `${SHA.slice(7)}.w.new`,
    `${SHA.slice(7)}.${GIT.slice(4)}.w-1.new`,
    GIT.slice(4),
    `${SHA.slice(7)}.${GIT.slice(5)}`,
    `${SHA.slice(7)}.`,
  ])("is not %j", (name) => {
    expect(parseReadyName(name)).toBeUndefined();
  });
});

describe("partialName()", () => {
  it.each([SHA, GIT])("is read back: %s", (digest) => {
    expect(parsePartialName(partialName(digest, "3f9c-1"))).toEqual({ digest, writerId: "3f9c-1" });
  });

  it.each([
    "",
    "sha256-00.w",
    `md5-${"0".repeat(32)}.w`,
    SHA.replace(":", "-"),
    `x${SHA.replace(":", "-")}.w`,
  ])("is not %j", (name) => {
    expect(parsePartialName(name)).toBeUndefined();
  });
});

describe("bootFolder()", () => {
  it("is one name a boot, and one where nobody knows", () => {
    expect(bootFolder("1f0c63a2-9c53-4d6e-8f7a-0123456789ab")).toBe("1f0c63a29c534d6e");
    expect(bootFolder(undefined)).toBe("unknown");
  });
});
