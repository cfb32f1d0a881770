import { describe, expect, it } from "vitest";
import { paintFor, wantsColour } from "../../../cli/report/paint.ts";

describe("wantsColour()", () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ TERM: "dumb" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
  ])("with %o and TTY %s is %s", (env, isTTY, colours) => {
    expect(wantsColour(env, isTTY)).toBe(colours);
  });
});

describe("paintFor()", () => {
  it("leaves text alone where colours are off", () => {
    expect(paintFor(false).bad("x")).toBe("x");
    expect(paintFor(true).bad("x")).toBe("\u001b[31mx\u001b[39m");
  });
});
