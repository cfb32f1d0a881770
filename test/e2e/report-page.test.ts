import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pageOf } from "../../cli/page/html.ts";
import { browserFile, openBrowser } from "../support/browser.ts";
import { faults, focused, measured, openTables, plotsWithoutTable, printed } from "../support/in-page.mjs";
import { madeReport, shards } from "../support/reports.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/trees.ts";

// The page in a browser, as a reader has it. Without one on this machine these tests are skipped.

const EXAMPLE = fileURLToPath(new URL("../../docs/examples/balanced-report.html", import.meta.url));

/** Names as nobody would choose them: long, wide, hostile, many. */
const NASTY = madeReport(
  {
    [`a${"-very".repeat(30)}-long-name`]: {
      files: shards(300, (index) => 1_000 + index * 997),
      licenses: ["apache-2.0".repeat(9)],
    },
    '<img src=x onerror="alert(1)">': {
      files: shards(40, (index) => 90_000 + (index === 7 ? 900_000 : index)),
      repo: "o/</title><script>alert(1)</script>",
    },
    "数据集-汉字-名称-很长-的-名称": { files: [{ path: `${"文件夹/".repeat(9)}Rust.jsonl`, size: 77_777 }] },
    "\u202egnirts\u0000": {
      files: [
        { path: "a b&c;d'e\"f.bin", size: 1 },
        { path: "zero", size: 0 },
      ],
    },
    ...Object.fromEntries(
      Array.from({ length: 24 }, (_, index) => [
        `s${index}`,
        {
          files: [
            {
              path: `lang-${index}/x`,
              size: 1_000 * index,
              values: { language: { [`Language ${index}`]: 5 + index, "<b>": 2 } },
            },
          ],
        },
      ]),
    ),
  },
  {
    note: `<script>alert(1)</script> ${"word ".repeat(60)}${"unbroken".repeat(40)}`,
    history: {
      kind: "known",
      more: true,
      versions: Array.from({ length: 40 }, (_, index) => ({
        commit: String(index).padStart(40, "c"),
        date: new Date(Date.UTC(2026, index % 12, 1 + index, index)).toISOString(),
        subject: "<i>subject</i>",
        pins: new Map([
          [`a${"-very".repeat(30)}-long-name`, { repo: "o/n", commit: String(index).padStart(40, "d") }],
        ]),
      })).sort((a, b) => (a.date < b.date ? -1 : 1)),
    },
    flight: {
      kind: "read",
      record: {
        file: "/x",
        tritter: "0",
        began: 0,
        end: undefined,
        requests: [],
        retries: Array.from({ length: 300 }, (_, index) => ({
          at: index * 100,
          why: "<u>why</u>",
          path: null,
          waitMs: 5,
        })),
        stalls: [],
        waits: [{ at: 40_000, host: "h".repeat(200), ms: 900 }],
        widths: [],
        samples: Array.from({ length: 400 }, (_, index) => ({
          at: index * 120,
          ms: 120,
          bytes: index * 7_919,
        })),
        hosts: [],
        verified: [],
        placed: [],
        leftOut: [],
        unread: 3,
      },
    },
  },
);

const WIDTHS = [360, 800, 1600];
const PAGES = ["the example", "nasty names", "nothing in the lock"];

describe.skipIf(browserFile === undefined)("the page of tritter report, in a browser", () => {
  let browser: Browser;
  let folder: TemporaryFolder;
  const files = new Map<string, string>([["the example", EXAMPLE]]);

  beforeAll(async () => {
    folder = await temporaryFolder();
    const nasty = join(folder.path, "nasty.html");
    await writeFile(nasty, pageOf(NASTY));
    const empty = join(folder.path, "empty.html");
    await writeFile(empty, pageOf(madeReport({})));
    files.set("nasty names", nasty).set("nothing in the lock", empty);
    browser = await openBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await folder?.remove();
  });

  /** `said`: by the page, and what it asked for besides itself. */
  async function open(
    name: string,
    colorScheme: "light" | "dark" = "light",
  ): Promise<{ page: Page; said: string[] }> {
    const page = await browser.newPage({ viewport: { width: 800, height: 900 }, colorScheme });
    const said: string[] = [];
    const address = pathToFileURL(files.get(name) ?? "").href;
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    page.on("dialog", (dialog) => said.push(dialog.message()));
    page.on("request", (request) => {
      if (request.url() !== address) said.push(request.url());
    });
    await page.goto(address);
    return { page, said };
  }

  it.each(PAGES)(
    "%s: has no error, asks for nothing, overlaps nowhere and fits, at every width",
    async (name) => {
      const { page, said } = await open(name);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        const found = await page.evaluate(measured);
        expect({ name, width, ...found }).toEqual({ name, width, overlaps: [], outside: [], wide: 0 });
      }
      expect(said).toEqual([]);
      await page.close();
    },
  );

  it("would be found out where texts lay upon each other, or it were too wide", async () => {
    const { page } = await open("nothing in the lock");
    await page.locator("h1").evaluate((heading) => heading.setAttribute("style", "margin-top: -30px"));
    // No style of any other hand is let in.
    expect((await page.evaluate(measured)).overlaps).toEqual([]);
    await page.locator("body").evaluate((body) => {
      body.insertAdjacentHTML(
        "afterbegin",
        '<svg width="9" height="99" overflow="visible"><text y="40">one two</text><text x="20" y="44">three</text><text x="900" y="90">beyond</text></svg>',
      );
    });
    const { overlaps, outside } = await page.evaluate(measured);
    expect([overlaps, outside]).toEqual([["one two | three"], ["beyond"]]);
    await page.close();
  });

  it.each([
    ["the example", "light"],
    ["the example", "dark"],
    ["nasty names", "dark"],
    ["nothing in the lock", "light"],
  ] as const)("%s: has no fault that axe finds with every table open, %s", async (name, scheme) => {
    const { page } = await open(name, scheme);
    await page.evaluate(openTables);
    await page.evaluate(axe.source);
    expect(await page.evaluate(faults)).toEqual([]);
    await page.close();
  });

  it("draws every plot, with words for whoever does not see it and a table behind it", async () => {
    const { page } = await open("the example");
    const plots = await page.locator("svg[role=img]:visible").all();
    expect(plots).toHaveLength(8);
    for (const plot of plots) {
      expect((await plot.getAttribute("aria-label"))?.length).toBeGreaterThan(30);
      expect((await plot.boundingBox())?.height).toBeGreaterThan(50);
      expect(await plot.locator("rect, path, circle").count()).toBeGreaterThan(1);
    }
    expect(await page.evaluate(plotsWithoutTable)).toEqual([]);
    await page.close();
  });

  it("can be walked with the keyboard alone", async () => {
    const { page } = await open("the example");
    await page.keyboard.press("Tab");
    expect((await page.evaluate(focused)).text).toBe("To the report");
    const summaries = await page.locator("summary").allTextContents();
    expect(summaries.length).toBeGreaterThan(8);
    const reached: string[] = [];
    for (let step = 0; step < summaries.length + 6; step++) {
      await page.keyboard.press("Tab");
      reached.push((await page.evaluate(focused)).text);
    }
    expect(summaries.filter((text) => !reached.includes(text))).toEqual([]);
    await page.locator("summary").first().focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect((await page.evaluate(focused)).tag).toBe("SECTION");
    await page.close();
  });

  it("prints: on white, without what is only for a screen, and with the tables", async () => {
    const { page } = await open("the example", "dark");
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate(printed)).toEqual({
      ground: "rgb(255, 255, 255)",
      nav: "none",
      table: true,
      wide: 0,
    });
    const pdf = await page.pdf({ format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    await page.close();
  });
});
