import { describe, expect, it } from "vitest";
import { judge } from "../../../cli/resolve/judge.ts";
import { refusedNames } from "../../../cli/resolve/names.ts";
import { findIn } from "../../../cli/resolve/shelter.ts";
import type { LicenseRules } from "../../../schema/manifest.ts";
import {
  carrierOf,
  commitOf,
  digestOf,
  entryOf,
  fileOf,
  lockOf,
  manifestOf,
  sourceOf,
} from "../../support/documents.ts";

describe("refusedNames()", () => {
  const refused = (paths: readonly string[], names: "portable" | "posix" = "portable") =>
    refusedNames("s", carrierOf("o/n", { names }), paths);

  it("says what is wrong with each name, and never lets a hostile one pass for an unportable one", () => {
    const unportable = { path: "ab:c", line: '"ab:c" holds :, which Windows does not allow' };
    const hostile = { path: "../x", line: '"../x" has a "." or ".." segment' };
    expect(refused([unportable.path])).toEqual([
      {
        code: "NAME_REFUSED",
        source: "s",
        message: 'source "s" selects names that not every platform can hold',
        details: [unportable.line],
        hint: "exclude them, or set names: posix on the source",
      },
    ]);
    expect(refused([unportable.path, "fine", hostile.path])).toEqual([
      {
        code: "NAME_REFUSED",
        source: "s",
        message:
          'source "s" selects names that could write outside their folder or into another tool\'s files',
        details: [unportable.line, hostile.line],
        hint: "exclude them, and tell the repository's owner",
      },
    ]);
    expect(refused([unportable.path], "posix")).toEqual([]);
    expect(refused([unportable.path, hostile.path], "posix")[0]?.details).toEqual([hostile.line]);
  });

  it("shows twenty, and says how many more there are", () => {
    const many = (count: number) => refused(Array.from({ length: count }, () => "../x"))[0]?.details;
    expect(many(20)).toHaveLength(20);
    expect(many(20)?.at(-1)).toBe(many(1)?.[0]);
    expect([many(21)?.length, many(21)?.at(-1)]).toEqual([21, "and 1 more"]);
  });
});

describe("judge() tells of licences", () => {
  const told = (rules: LicenseRules, licenses: readonly string[]) =>
    judge(
      { ...manifestOf(sourceOf("s")), licenses: rules },
      lockOf(entryOf(sourceOf("s"), [fileOf("a")], { licenses })),
      undefined,
    ).map(({ message }) => message);

  it("by name, and of none", () => {
    expect(told({ allow: ["mit"] }, ["gpl"])).toEqual([
      'source "s": o/s has the licence "gpl", which policy.licenses does not allow',
    ]);
    expect(told({ allow: ["mit"] }, [])).toEqual([
      'source "s": o/s names no licence, which policy.licenses does not allow',
    ]);
  });

  it("denied by any of several rules", () => {
    expect(told({ deny: ["x", "gpl"] }, ["gpl"])).toHaveLength(1);
    expect(told({ deny: ["x", "gpl"] }, ["mit"])).toEqual([]);
  });
});

describe("findIn()", () => {
  const refuge = { repo: "o/mirror", type: "dataset", commit: commitOf("e") } as const;
  const wanted = fileOf("a");
  const found = (...paths: string[]) =>
    findIn(
      refuge,
      paths.map((path) => ({ path, size: 1, digest: digestOf("a") })),
      { files: [wanted], digestFor: () => undefined },
    ).pathOf(wanted);

  it("takes no bytes from behind a hostile name", () => {
    expect(found("../a")).toBeUndefined();
    expect(found("../a", "b/../../c", "fine")).toBe("fine");
  });

  it("prefers the file's own path, then the first, whatever the order of the listing", () => {
    expect(found("0", "a", "b")).toBe("a");
    expect(found("c", "b", "d")).toBe("b");
    expect(found("d", "c", "b")).toBe("b");
  });
});
