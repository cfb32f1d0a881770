import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitted, LETTER, spansOf, WIDTHS } from "../../../cli/page/fit.ts";
import { pageOf } from "../../../cli/page/html.ts";
import { html } from "../../../cli/page/markup.ts";
import { STYLE } from "../../../cli/page/style.ts";
import { widthOf } from "../../../schema/width.ts";
import { madeReport, shards } from "../../support/reports.ts";

const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'onmouseover='x",
  "</title></style></svg><b>",
  "&lt;b&gt;",
  "<!--",
  "]]>",
  "\u202eabc\u0000\u001b[31m",
];

/** A report in which every text from outside is this one. */
function sayingOnly(text: string) {
  return madeReport(
    {
      [text]: {
        repo: text,
        revision: text,
        asOf: text,
        commit: text,
        type: text,
        groups: [text],
        licenses: [text],
        accepted: text,
        insteadOf: text,
        gated: "auto",
        problems: [text],
        disk: { kind: "drift", what: text },
        upstream: { kind: "outdated", what: text },
        files: [
          { path: text, size: 50, values: { language: { [text]: 2 }, license: { [text]: 2 } } },
          ...shards(9, (index) => (index === 3 ? 99_000 : 1_000), text),
        ],
      },
    },
    {
      name: text,
      manifest: text,
      lock: text,
      lockDigest: text,
      note: text,
      leftovers: [{ source: text, what: text }],
      history: {
        kind: "known",
        more: false,
        versions: [
          {
            commit: text,
            date: "2026-01-01T00:00:00Z",
            subject: text,
            pins: new Map([[text, { repo: text, commit: text }]]),
          },
        ],
      },
      flight: {
        kind: "read",
        record: {
          file: text,
          tritter: text,
          began: 0,
          end: { tookMs: 5, exit: 0, problems: [text], totals: undefined as never },
          requests: [],
          retries: [{ at: 1, why: text, path: text, waitMs: 1 }],
          stalls: [],
          waits: [{ at: 1, host: text, ms: 1 }],
          widths: [],
          samples: [{ at: 0, ms: 5, bytes: 5 }],
          hosts: [
            {
              host: text,
              requests: 1,
              failed: 0,
              bytes: 5,
              firstMs: { sum: 0, most: 0 },
              tookMs: { sum: 0, most: 0 },
              statuses: {},
            },
          ],
          verified: [],
          placed: [],
          leftOut: [],
          unread: 0,
        },
      },
    },
  );
}

/** Names of tags, and of their attributes, in order. */
function tagsOf(page: string): string[] {
  const tags = page
    .replace(STYLE, "")
    .matchAll(/<(\/?[a-z!][^\s>]*)((?:\s+[\w-]+="[^"<>]*"|\s+tabindex="0"|\s*\/|\s+html)*)\s*>/g);
  return [...tags].map(([, name = "", attributes = ""]) =>
    `${name} ${[...attributes.matchAll(/([\w-]+)="[^"]*"/g)].map(([, one]) => one).join(" ")}`.trim(),
  );
}

describe("pageOf()", () => {
  it.each(HOSTILE)("lets a name mean nothing but itself: %j", (text) => {
    const page = pageOf(sayingOnly(text));
    const known = new Set(tagsOf(pageOf(sayingOnly("plain"))).map((tag) => tag));
    expect(tagsOf(page).filter((tag) => !known.has(tag))).toEqual([]);
    // Each < begins a tag that was counted, and each attribute is one of ours.
    expect((page.replace(STYLE, "").match(/</g) ?? []).length).toBe(tagsOf(page).length);
    expect(page).not.toMatch(/<script|<img|javascript:|[\u0000\u001b\u202e]/);
  });

  it("names nothing that would have to be fetched, and forbids it", () => {
    const page = pageOf(sayingOnly("plain"));
    expect(page).not.toMatch(/\b(?:src|srcset|poster|action|data|xlink:href)=|url\(|@import|https?:/);
    expect(
      [...page.matchAll(/\bhref="([^"]*)"/g)].map(([, to = ""]) => to).filter((to) => !to.startsWith("#")),
    ).toEqual([]);
    const [, style = ""] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
    const digest = createHash("sha256").update(style).digest("base64");
    const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(page) ?? [];
    expect(policy?.replaceAll("&#39;", "'")).toBe(
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/\sstyle=/);
  });

  it("gives equal pages for equal reports", () => {
    expect(pageOf(sayingOnly("a"))).toBe(pageOf(sayingOnly("a")));
  });

  it("has one heading of the first level, none that skips one, and every link to a place leads there", () => {
    const page = pageOf(sayingOnly("a"));
    const levels = [...page.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
    for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) expect(page).toContain(`id="${id}"`);
  });

  it("stays below 2 MB with 100,000 files, thousands of folders and hundreds of sources", () => {
    const few = madeReport({ big: { files: shards(70_000, (index) => 1 + ((index * 7_919) % 1_000)) } });
    const many = madeReport(
      Object.fromEntries(
        Array.from({ length: 300 }, (_, source) => [
          `source-${"long-".repeat(20)}${source}`,
          {
            problems: ["x".repeat(300)],
            files: Array.from({ length: 100 }, (_, index) => ({
              path: `${"folder/".repeat(3)}${index % 50}/language-${index}-${"name".repeat(9)}.parquet`,
              size: 1 + index * source,
              values: { language: { [`L${source}-${index}`]: 1 + index } },
            })),
          },
        ]),
      ),
    );
    for (const report of [few, many]) expect(Buffer.byteLength(pageOf(report))).toBeLessThan(2_000_000);
  });
});

describe("html``", () => {
  it("escapes texts, keeps markup, and leaves out nothing but undefined", () => {
    expect(html`<p title="${'"'}">${"<&>'"}${undefined}${0}${[html`<b>${"x"}</b>`, "&"]}</p>`.markup).toBe(
      '<p title="&quot;">&lt;&amp;&gt;&#39;0<b>x</b>&amp;</p>',
    );
  });

  it("lets no text out of where it stands", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(html`${text}`.markup).not.toMatch(/[<>"'\u0000-\u001f]/);
      }),
    );
  });
});

describe("fitted()", () => {
  it("shows one form at each width, never wider than its room", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (text, share) => {
        const drawn: (readonly [string, string])[] = [];
        const room = (width: number) => width * share;
        fitted({
          text,
          short: [text.slice(0, 5)],
          room,
          cut: "middle",
          draw: (shown, name) => {
            drawn.push([shown, name]);
            return html``;
          },
        });
        for (const [index, width] of WIDTHS.entries()) {
          const here = drawn.filter(([, name]) => {
            const [, first, last] = /^w(\d)(\d)$/.exec(name) ?? ["", "0", String(WIDTHS.length - 1)];
            return index >= Number(first) && index <= Number(last);
          });
          expect(here.length).toBeLessThanOrEqual(1);
          for (const [shown] of here) expect(widthOf(shown) * LETTER).toBeLessThanOrEqual(room(width) + 1e-9);
        }
      }),
    );
  });

  it("joins neighbours of equal value", () => {
    expect(spansOf((width) => width > 400)).toEqual([
      [false, [0, 1]],
      [true, [2, 5]],
    ]);
  });
});

describe("colours", () => {
  const themes = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(
    ([, body = ""]) =>
      new Map([...body.matchAll(/--(\w+): (#\w{6})/g)].map(([, name = "", value = ""]) => [name, value])),
  );
  const fills = [...STYLE.matchAll(/^\.c\d \{ fill: (#\w{6}); \}/gm)].map(([, fill = ""]) => fill);

  it("of texts stand out by 4.5:1, and of marks by 3:1, light and dark", () => {
    expect([themes.length, fills.length]).toEqual([2, 8]);
    for (const theme of themes) {
      const at = (name: string) => theme.get(name) ?? "";
      for (const ground of [at("ground"), at("raised")]) {
        for (const ink of ["ink", "quiet", "link", "good", "warn", "bad"])
          expect([ink, contrast(at(ink), ground)]).toEqual([
            ink,
            expect.toSatisfy((value: number) => value >= 4.5),
          ]);
        for (const fill of [...fills, at("unknown"), at("mark"), at("odd")])
          expect(contrast(fill, ground)).toBeGreaterThanOrEqual(3);
      }
    }
    for (const fill of fills) expect(contrast(fill, "#ffffff")).toBeGreaterThanOrEqual(4.5);
  });

  /** WCAG 2.2, contrast ratio. */
  function contrast(a: string, b: string): number {
    const [light = 0, dark = 0] = [a, b].map(luminance).sort((x, y) => y - x);
    return (light + 0.05) / (dark + 0.05);
  }

  function luminance(colour: string): number {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
});
