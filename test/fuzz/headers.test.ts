import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGate, parseRateLimit } from "../../cli/hub/gate.ts";
import { nextLink, parseContentRange } from "../../cli/hub/headers.ts";
import { ontoEndpoint } from "../../cli/hub/urls.ts";
import { fakeClock } from "../cli/hub/support.ts";
import { bounded, CASES, LONG, nearly, orProblems } from "../support/fuzz.ts";

const NUMBERS = ["0", "-1", "00", "1e3", "+5", "9".repeat(16), "9".repeat(400), "*", "NaN", " "];

describe("parseContentRange() of anything", () => {
  it("is a range of safe integers, or nothing", { timeout: LONG }, async () => {
    const text = nearly(
      ["bytes 0-99/1000", "bytes 5-5/*", "BYTES  1-2/3"],
      [...NUMBERS, "bytes", "-", "/", "items"],
    );
    await fc.assert(
      fc.asyncProperty(text, async (header) => {
        const range = await bounded(() => parseContentRange(header));
        if (range === undefined) return;
        for (const value of [range.start, range.end, range.total ?? 0])
          expect(value).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: CASES },
    );
  });
});

describe("nextLink() of anything", () => {
  it("leads to a page of the Hub that was asked, or nowhere", { timeout: LONG }, async () => {
    const text = nearly(
      [
        '<https://hub.example/api/datasets/o/n/tree/x?cursor=1>; rel="next"',
        '</api/datasets/o/n/tree/x>; rel=prev, <https://hub.example/b>; rel="next"; title="x"',
      ],
      [
        "<",
        ">",
        ",",
        ";",
        "rel=next",
        'rel="next"',
        "https://evil.example/",
        "//evil.example",
        "@evil.example",
        "javascript:",
        "\\",
      ],
    );
    await fc.assert(
      fc.asyncProperty(text, async (link) => {
        const next = await bounded(() => nextLink({ link }));
        if (next === undefined) return;
        const url = ontoEndpoint(next, "https://hub.example", "dataset");
        if (url !== undefined) expect(new URL(url).origin).toBe("https://hub.example");
      }),
      { numRuns: CASES },
    );
  });
});

describe("the rate gate under any headers", () => {
  it("lets the next request go, after at most the longest wait, or says why not", {
    timeout: LONG,
  }, async () => {
    const limit = nearly(
      ['"api";r=0;t=251', '"resolvers";r=2;t=9'],
      [...NUMBERS, '"', ";", "r=", "t=", "api"],
    );
    const policy = nearly(['"fixed window";"api";q=500;w=300'], [...NUMBERS, "q=0", ";"]);
    const retryAfter = nearly(["120", "Wed, 21 Oct 2026 07:28:00 GMT"], NUMBERS);
    const url = new URL("https://hub.example/api/datasets/o/n");
    await fc.assert(
      fc.asyncProperty(
        limit,
        policy,
        retryAfter,
        fc.constantFrom(200, 429),
        async (ratelimit, quota, after, status) => {
          const clock = fakeClock();
          const gate = createGate({ clock, emit: () => {} });
          const signal = new AbortController().signal;
          const got = await orProblems(async () => {
            const headers = { ratelimit, "ratelimit-policy": quota, "retry-after": after };
            for (let request = 0; request < 4; request++)
              (await gate.enter(url, signal)).leave({ status, headers });
          });
          for (const ms of clock.slept) expect(ms).toBeLessThanOrEqual(600_000);
          if ("problems" in got) expect(got.problems.map(({ code }) => code)).toEqual(["RATE_LIMITED"]);
        },
      ),
      { numRuns: CASES },
    );
  });

  it("reads a limit as small whole numbers, or not at all", { timeout: LONG }, async () => {
    await fc.assert(
      fc.asyncProperty(nearly(['"api";r=499;t=251'], [...NUMBERS, '"', ";"]), async (text) => {
        const limit = await bounded(() => parseRateLimit(text));
        if (limit === undefined) return;
        expect(Number.isSafeInteger(limit.remaining) && Number.isSafeInteger(limit.seconds)).toBe(true);
      }),
      { numRuns: CASES },
    );
  });
});
