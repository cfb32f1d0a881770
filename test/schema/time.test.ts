import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AS_OF_SHAPE, endOfAsOf, parseAsOf, parseMinAge, timeText } from "../../schema/time.ts";

describe("parseAsOf()", () => {
  it.each([
    ["2026-03-01", "2026-03-01", "2026-03-01T23:59:59.999Z"],
    ["2024-02-29", "2024-02-29", "2024-02-29T23:59:59.999Z"],
    ["2026-03-01T12:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"],
    ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"],
    ["2026-03-01T00:30:00+02:00", "2026-02-28T22:30:00Z", "2026-02-28T22:30:00.000Z"],
    ["2026-03-01T12:00:00.25Z", "2026-03-01T12:00:00.250Z", "2026-03-01T12:00:00.250Z"],
  ])("reads %s as %s, which is meant until %s", (text, one, end) => {
    expect(parseAsOf(text)).toBe(one);
    expect(endOfAsOf(one)).toBe(Date.parse(end));
    expect(parseAsOf(one)).toBe(one);
  });

  it.each([
    "",
    "yesterday",
    "2026",
    "2026-03",
    "2026-3-1",
    "20260301",
    "2026-02-29",
    "2026-02-30",
    "2026-13-01",
    "2026-00-10",
    "2026-03-01Z",
    "2026-03-01T",
    "2026-03-01T12",
    "2026-03-01T12:00:00",
    "2026-03-01 12:00:00Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01T12:60:00Z",
    "2026-03-01T12:00:60Z",
    "2026-03-01T12:00:00+0200",
    "2026-03-01T12:00:00+25:00",
    "9999-12-31T23:59:59-01:00",
    "2026-03-01\n",
    "+002026-03-01",
  ])("refuses %j", (text) => {
    expect(parseAsOf(text)).toBeUndefined();
  });

  it("reads each example that messages give", () => {
    const examples = AS_OF_SHAPE.match(/\d{4}-[\w:-]+/g) ?? [];
    expect(examples).toHaveLength(2);
    expect(examples.map(parseAsOf)).not.toContain(undefined);
  });
});

describe("parseMinAge()", () => {
  it.each([
    ["3d", "3d"],
    ["72h", "3d"],
    ["14d", "2w"],
    ["90m", "90m"],
    ["120m", "2h"],
    ["90s", "90s"],
    ["60s", "1m"],
    ["0d", undefined],
    ["3", undefined],
    ["3 days", undefined],
    ["-3d", undefined],
  ])("writes %s as %s", (text, one) => {
    expect(parseMinAge(text)).toBe(one);
  });

  it("has one text for one length", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300_000 }), fc.constantFrom("m", "h", "d"), (count, unit) => {
        const perUnit = { m: 60, h: 60, d: 24 }[unit] ?? 1;
        const finer = { m: "s", h: "m", d: "h" }[unit];
        const coarse = parseMinAge(`${count}${unit}`);
        // More than a century is refused in any unit.
        expect(coarse).toBe(parseMinAge(`${count * perUnit}${finer}`));
        if (coarse !== undefined) expect(parseMinAge(coarse)).toBe(coarse);
      }),
    );
  });
});

describe("timeText()", () => {
  it.each([
    [undefined, undefined, ""],
    ["2026-03-01", undefined, " as of 2026-03-01"],
    [undefined, "3d", " at least 3d old"],
    ["2026-03-01", "3d", " as of 2026-03-01, at least 3d old"],
  ])("of %s and %s stands behind a revision", (asOf, minAge, text) => {
    expect(timeText({ asOf, minAge })).toBe(text);
  });
});
