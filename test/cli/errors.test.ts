import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CODES,
  type ErrorCode,
  exitStatusOf,
  type Problem,
  problemsOf,
  systemCode,
  TritterError,
  TritterErrors,
} from "../../cli/errors.ts";

function problem(code: ErrorCode): Problem {
  return { code, message: `cannot: ${code}` };
}

describe("exitStatusOf()", () => {
  it("is 0 without a problem", () => {
    expect(exitStatusOf([])).toBe(0);
  });

  it("is the code's own status where there is one problem", () => {
    for (const code of Object.keys(CODES) as ErrorCode[]) {
      expect([code, exitStatusOf([problem(code)])]).toEqual([code, CODES[code]]);
    }
  });

  // The documented order, worst first, each by one of its codes.
  const worstFirst: readonly ErrorCode[] = [
    "INTERNAL",
    "USAGE",
    "DIGEST_MISMATCH",
    "LICENSE_REFUSED",
    "REPO_NOT_FOUND",
    "PIN_GONE",
    "DISK_REFUSED",
    "NO_SPACE",
    "DRIFT",
    "LOCK_STALE",
    "NETWORK",
    "OUTDATED",
  ];

  it("is the first of the documented order where there are several, in whatever order they came", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...worstFirst], { minLength: 1 }), (codes) => {
        const worst = worstFirst.find((code) => codes.includes(code)) as ErrorCode;
        expect(exitStatusOf(codes.map(problem))).toBe(CODES[worst]);
      }),
    );
  });

  it("says of an interrupted run that it was interrupted, whatever else went wrong", () => {
    expect(exitStatusOf([problem("DIGEST_MISMATCH"), problem("INTERRUPTED")])).toBe(130);
  });
});

describe("problemsOf()", () => {
  it("keeps all that an error says, and every one of several", () => {
    const one: Problem = {
      ...problem("CONFLICT"),
      hint: "move it",
      source: "s",
      path: "a/b",
      details: ["d"],
    };
    expect(problemsOf(new TritterError(one))).toEqual([one]);
    expect(problemsOf(new TritterErrors([one, problem("DRIFT")]))).toEqual([one, problem("DRIFT")]);
  });

  it.each([[new Error("boom")], ["boom"], [undefined]])("calls %s a bug, and asks to report it", (thrown) => {
    const [found] = problemsOf(thrown);
    expect(found).toMatchObject({ code: "INTERNAL", hint: expect.stringContaining("report") });
    expect(found?.message).toContain(thrown === undefined ? "undefined" : "boom");
  });
});

describe("systemCode()", () => {
  it("is the system's code, of errors only", () => {
    expect(systemCode(Object.assign(new Error("x"), { code: "ENOENT" }))).toBe("ENOENT");
    for (const other of [
      new Error("x"),
      { code: "ENOENT" },
      undefined,
      Object.assign(new Error("x"), { code: 7 }),
      Object.assign(new Error("x"), { code: "ERR_INVALID_ARG_TYPE" }),
      Object.assign(new Error("x"), { code: "UND_ERR_INVALID_ARG" }),
    ])
      expect(systemCode(other)).toBeUndefined();
  });
});
