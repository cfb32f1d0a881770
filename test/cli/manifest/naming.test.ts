import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freeName, isSourceName, nameFor, takenNames } from "../../../cli/manifest/naming.ts";
import { judgeName } from "../../../schema/names.ts";
import { sourceOf } from "../../support/documents.ts";

describe("nameFor()", () => {
  it.each([
    ["ammarnasr/the-stack-rust-clean", "the-stack-rust-clean"],
    ["openai-community/GPT2", "gpt2"],
    ["squad", "squad"],
    ["o/v1.2_x", "v1.2_x"],
    ["01-ai/34B", "b"],
    ["o/2024", "o-2024"],
    ["1/2", "source"],
    // A name that Windows cannot hold is no folder.
    ["o/aux", "o-aux"],
  ])("%s → %s", (repo, name) => {
    expect(nameFor(repo)).toBe(name);
  });

  it("is always a name, and a folder", () => {
    const unit = fc.constantFrom("a", "Z", "9", "_", "-", ".", "é", "con");
    const part = fc.string({ unit, minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(part, part, (owner, name) => {
        const made = nameFor(`${owner}/${name}`);
        expect([isSourceName(made), judgeName(made).kind]).toEqual([true, "ok"]);
      }),
    );
  });
});

describe("freeName()", () => {
  it("counts up until nobody has it", () => {
    expect(freeName("a", new Set())).toBe("a");
    expect(freeName("a", new Set(["a", "a-2"]))).toBe("a-3");
    expect(freeName("Rust", new Set(["rust"]))).toBe("Rust-2");
    const long = "x".repeat(100);
    expect(isSourceName(freeName(long, new Set([long])))).toBe(true);
  });
});

describe("takenNames()", () => {
  it("are those of sources and groups", () => {
    const sources = [sourceOf("a", { groups: ["g"] }), sourceOf("b", { groups: ["g", "h"] })];
    expect([...takenNames({ sources })].sort()).toEqual(["a", "b", "g", "h"]);
  });
});
