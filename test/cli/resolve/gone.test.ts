import { describe, expect, it } from "vitest";
import type { Problem } from "../../../cli/errors.ts";
import { asGone } from "../../../cli/resolve/gone.ts";
import { commitOf, entryOf, sourceOf } from "../../support/documents.ts";

const entry = entryOf(sourceOf("s"), []);
const missing: Problem = {
  code: "REPO_NOT_FOUND",
  message: "no o/s",
  lasting: "missing",
  hint: "check the name",
};

describe("asGone()", () => {
  it("says of a repository that was open to all that the pin is gone, and keeps what the Hub said", () => {
    expect(asGone(missing, entry)).toMatchObject({
      code: "PIN_GONE",
      source: "s",
      message: expect.stringContaining(
        `commit ${commitOf("1")} is gone upstream with its repository: dataset "o/s"`,
      ),
      details: ["no o/s"],
      hint: expect.stringContaining("run tritter rescue s"),
    });
  });

  it("tells how to go on from a commit that is gone, and from a repository that is disabled", () => {
    const gone: Problem = { code: "PIN_GONE", message: "gone" };
    expect(asGone(gone, entry)).toMatchObject({
      message: "gone",
      hint: expect.stringContaining("tritter update s"),
    });
    const disabled: Problem = { code: "ACCESS_DISABLED", message: "no", lasting: "disabled" };
    const told = asGone(disabled, entry);
    expect(told).toMatchObject({
      code: "ACCESS_DISABLED",
      hint: expect.stringContaining("tritter rescue s"),
    });
    expect(told.hint).not.toContain("tritter update");
  });

  it.each<[string, Problem, Partial<typeof entry>]>([
    ["a private repository, which may be hidden", missing, { private: true }],
    ["a gate", { code: "ACCESS_TERMS", message: "no", lasting: "gated" }, {}],
    ["what may pass", { code: "NETWORK", message: "no" }, {}],
    ["a bare 404", { code: "REPO_NOT_FOUND", message: "no" }, {}],
    ["what names its source already", { code: "PIN_GONE", message: "no", source: "s", hint: "h" }, {}],
  ])("leaves %s as it is", (_, problem, parts) => {
    expect(asGone(problem, { ...entry, ...parts })).toBe(problem);
  });
});
