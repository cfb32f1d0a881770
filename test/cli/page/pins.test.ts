import { describe, expect, it } from "vitest";
import { pinsIn } from "../../../cli/lock/pins.ts";
import { type LockVersion, timelineOf } from "../../../cli/page/pins.ts";

type Pins = Readonly<Record<string, string>>;

/** `o/n@1`, by source. */
function pins(all: Pins) {
  return new Map(
    Object.entries(all).map(([source, text]) => {
      const [repo = "", commit = ""] = text.split("@");
      return [source, { repo, commit }];
    }),
  );
}

function version(date: string, all: Pins | undefined): LockVersion {
  return { commit: `c${date}`, date, subject: `of ${date}`, pins: all && pins(all) };
}

function told(versions: readonly LockVersion[], now: Pins, more = false) {
  const timeline = timelineOf({ kind: "known", versions, more }, pins(now));
  if (timeline.kind === "none") throw new Error(timeline.why);
  return timeline.events.map(({ date, source, kind, pin }) =>
    `${date ?? "now"} ${source} ${kind} ${pin?.commit ?? ""}`.trim(),
  );
}

describe("timelineOf()", () => {
  it("tells what each version changed, and what is in no commit yet", () => {
    const versions = [
      version("1", { a: "o/n@1" }),
      version("2", { a: "o/n@2", b: "o/m@1" }),
      version("3", { a: "o/n@2", b: "o/k@9" }),
      version("4", { b: "o/k@9" }),
    ];
    expect(told(versions, { b: "o/k@9", c: "o/l@5" })).toEqual([
      "1 a pinned 1",
      "2 a moved 2",
      "2 b pinned 1",
      "3 b replaced 9",
      "4 a dropped",
      "now c pinned 5",
    ]);
  });

  it("does not tell as new what the oldest version read already held", () => {
    expect(told([version("5", { a: "o/n@1" }), version("6", { a: "o/n@2" })], { a: "o/n@2" }, true)).toEqual([
      "6 a moved 2",
    ]);
  });

  it("steps over what is no lock, and counts it", () => {
    const history = {
      kind: "known",
      more: false,
      versions: [version("1", { a: "o/n@1" }), version("2", undefined)],
    } as const;
    expect(timelineOf(history, pins({ a: "o/n@1" }))).toMatchObject({
      unreadable: 1,
      events: [{ kind: "pinned" }],
    });
  });

  it("passes on why there is none", () => {
    expect(timelineOf({ kind: "none", why: "untracked" }, new Map())).toEqual({
      kind: "none",
      why: "untracked",
    });
  });
});

describe("pinsIn()", () => {
  it("finds repository and commit of each source, and believes no other text", () => {
    const text =
      '{"version":1,"sources":{"a":{"repo":"o/n","commit":"1","files":[]},"__proto__":{"repo":"o/m","commit":"2"}}}';
    expect(pinsIn(text)).toEqual(pins({ a: "o/n@1", ["__proto__"]: "o/m@2" }));
    // As the lock is laid out, and as it is not.
    const laid =
      '{\n"version": 1,\n"sources": {\n"a": {\n"repo": "o/n",\n"commit": "1",\n"files": [\n{"path":"x","size":1},\n{"path":"y","size":1}\n]}\n}}\n';
    expect(pinsIn(laid)).toEqual(pins({ a: "o/n@1" }));
    expect(pinsIn(laid.replace('1},\n{"path":"y"', '1}\n,{"path":"y"'))).toEqual(pins({ a: "o/n@1" }));
    for (const other of [
      "",
      "<<<<<<<",
      "[]",
      "null",
      '{"sources":[]}',
      '{"sources":{"a":{"repo":1,"commit":"x"}}}',
      '{"sources":{"a":null}}',
    ])
      expect(pinsIn(other)).toBeUndefined();
  });
});
