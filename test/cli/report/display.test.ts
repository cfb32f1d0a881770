import { describe, expect, it } from "vitest";
import { heartbeat, liveDisplay, type Spinner } from "../../../cli/report/display.ts";
import { mayAnimate, type Terminal, widthFor } from "../../../cli/report/terminal.ts";
import { fakeClock, fakeTerminal } from "../../support/world.ts";

const stream = {} as NodeJS.WritableStream;

function tty(columns: number | undefined): Terminal {
  return { ...fakeTerminal(columns), isTTY: true, columns, stream };
}

function fakeSpinner() {
  const shown: string[] = [];
  const calls: string[] = [];
  const spinner: Spinner = {
    set text(text: string) {
      shown.push(text);
    },
    start: () => calls.push("start"),
    stop: () => calls.push("stop"),
  };
  return { shown, calls, load: async () => spinner };
}

describe("mayAnimate()", () => {
  it.each<[string, Terminal, Record<string, string>, boolean]>([
    ["a terminal", tty(80), {}, true],
    ["a pipe", fakeTerminal(), {}, false],
    ["no columns", tty(0), {}, false],
    ["unknown columns", tty(undefined), {}, false],
    ["CI", tty(80), { CI: "true" }, false],
    ["CI=0", tty(80), { CI: "0" }, true],
    ["CI=false", tty(80), { CI: "false" }, true],
    ["CI empty", tty(80), { CI: "" }, true],
    ["a dumb terminal", tty(80), { TERM: "dumb" }, false],
    ["progress bars off", tty(80), { HF_HUB_DISABLE_PROGRESS_BARS: "1" }, false],
    ["progress bars not off", tty(80), { HF_HUB_DISABLE_PROGRESS_BARS: "0" }, true],
  ])("with %s", (_, terminal, env, animated) => {
    expect(mayAnimate(terminal, env)).toBe(animated);
  });
});

describe("widthFor()", () => {
  it("is that of the terminal within reason, and endless in a pipe", () => {
    expect([tty(20), tty(100), tty(500), tty(0), fakeTerminal()].map(widthFor)).toEqual([
      40,
      100,
      200,
      80,
      Number.POSITIVE_INFINITY,
    ]);
  });
});

describe("heartbeat()", () => {
  it("prints one plain line every ten seconds, and none after the end", async () => {
    const clock = fakeClock();
    const terminal = fakeTerminal();
    const display = heartbeat(terminal, clock);
    display.see({ kind: "fetching", files: 57, bytes: 18_900_000_000 });
    await clock.advance(9_999);
    expect(terminal.text()).toBe("");
    display.see({ kind: "file-started", key: "a", path: "a", size: 18_900_000_000, have: 3_200_000_000 });
    await clock.advance(20_001);
    display.stop();
    await clock.advance(60_000);
    const line = "fetching: 0/57 files, 3.2/18.9 GB";
    expect(terminal.text()).toBe(`${line}\n${line}, 0 B/s\n${line}, 0 B/s\n`);
  });

  it("is silent while there is nothing to tell", async () => {
    const clock = fakeClock();
    const terminal = fakeTerminal();
    const display = heartbeat(terminal, clock);
    display.see({ kind: "note", message: "x" });
    await clock.advance(60_000);
    display.stop();
    expect(terminal.text()).toBe("");
  });
});

describe("liveDisplay()", () => {
  it("draws at most ten times a second, and stops", async () => {
    const clock = fakeClock();
    const { shown, calls, load } = fakeSpinner();
    const display = liveDisplay(tty(60), clock, load);
    display.see({ kind: "scanning", files: 1 });
    await clock.advance(200);
    for (let files = 2; files < 1000; files += 1) display.see({ kind: "scanning", files });
    await clock.advance(1000);
    display.stop();
    await clock.advance(5000);
    expect(calls).toEqual(["start", "stop"]);
    expect(shown).toHaveLength(11);
    expect(shown.at(-1)).toBe("scanning: 999 files");
  });

  it("loads nothing for work that is over at once", async () => {
    const clock = fakeClock();
    const { shown, calls, load } = fakeSpinner();
    const display = liveDisplay(tty(60), clock, load);
    display.see({ kind: "scanning", files: 10 });
    await clock.advance(150);
    display.stop();
    await clock.advance(1000);
    expect([shown, calls]).toEqual([[], []]);
  });

  it("keeps every line inside the terminal", async () => {
    const clock = fakeClock();
    const { shown, load } = fakeSpinner();
    const display = liveDisplay(tty(40), clock, load);
    display.see({ kind: "fetching", files: 57, bytes: 18_900_000_000 });
    display.see({ kind: "file-started", key: "a", path: `${"long/".repeat(20)}a.bin`, size: 5e9, have: 0 });
    await clock.advance(500);
    display.stop();
    expect(
      Math.max(...shown.flatMap((text) => text.split("\n")).map((line) => line.length)),
    ).toBeLessThanOrEqual(37);
    expect(shown.at(-1)).toContain("0%");
  });
});
