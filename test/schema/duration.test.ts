import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DURATION_SHAPE, parseDuration } from "../../schema/duration.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe("parseDuration()", () => {
  const READ: readonly (readonly [text: string, ms: number])[] = [
    ["0d", 0],
    ["45s", 45_000],
    ["90m", 90 * MINUTE],
    ["36h", 1.5 * DAY],
    ["30d", 30 * DAY],
    ["030d", 30 * DAY],
    ["2w", 14 * DAY],
    ["36525d", 36_525 * DAY],
  ];
  it.each(READ)("reads %s as %i ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  const REFUSED = [
    "",
    "30",
    "d",
    "30 d",
    " 30d",
    "30d\n",
    "+30d",
    "-1d",
    "1.5d",
    "1e3s",
    "30D",
    "30days",
    "1d12h",
    "1y",
    "P30D",
    "٣d",
    "36526d",
    "99999999999s",
  ];
  it.each(REFUSED)("refuses %j", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it("reads each example that messages give", () => {
    const examples = DURATION_SHAPE.match(/\d+\w/g) ?? [];
    expect(examples).toHaveLength(3);
    expect(examples.map(parseDuration)).not.toContain(undefined);
  });

  it("says the same of one length in any unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), (weeks) => {
        const days = parseDuration(`${weeks * 7}d`);
        expect(parseDuration(`${weeks}w`)).toBe(days);
        expect(parseDuration(`${weeks * 7 * 24}h`)).toBe(days);
      }),
    );
  });
});
