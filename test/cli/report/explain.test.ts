import { describe, expect, it } from "vitest";
import { CODES, TritterErrors } from "../../../cli/errors.ts";
import { ADVICE } from "../../../cli/report/advice.mjs";
import { explained, explainLines } from "../../../cli/report/explain.ts";
import { CAUSES } from "../../../cli/report/meanings.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import { fakeTerminal, runFake } from "../../support/world.ts";

const ALL = Object.keys(CODES) as (keyof typeof CODES)[];

describe("what is said of errors", () => {
  it("is complete, in whole sentences, and of each its own", () => {
    expect(Object.keys(CAUSES).sort()).toEqual([...ALL].sort());
    expect(Object.keys(ADVICE)).toEqual(ALL);
    for (const cause of Object.values(CAUSES)) expect(cause).toMatch(/^(?:[A-Z]|--).{15,}\.$/);
    expect(new Set(Object.values(CAUSES)).size).toBe(ALL.length);
  });

  it("has no marks of Markdown on a terminal", () => {
    for (const code of ALL) expect(JSON.stringify(explained(code))).not.toMatch(/`|\]\(|\*\*/);
  });
});

describe("explainLines()", () => {
  it("keeps to the terminal's width", () => {
    for (const width of [60, 100]) {
      const layout = { paint: paintFor(false), width, verbose: false };
      for (const code of ALL)
        for (const line of explainLines({ codes: [explained(code)], one: true }, layout))
          expect(line.length, line).toBeLessThanOrEqual(width);
      const list = explainLines({ codes: ALL.map(explained), one: false }, layout);
      expect(list).toHaveLength(ALL.length + 2);
      for (const line of list) expect(line.length, line).toBeLessThanOrEqual(width);
    }
  });
});

describe("tritter explain", () => {
  it.each(["LOCK_STALE", "lock_stale", "lock-stale", "error[LOCK_STALE]:"])("knows %s", async (word) => {
    const { exit, stdout, stderr } = await runFake(["explain", word]);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("LOCK_STALE: exit status 3\n  lock missing or stale\n");
    expect(stdout).toContain(CAUSES.LOCK_STALE);
    expect(stdout).toContain('Run "tritter lock"');
  });

  it("lists all, or those of an exit status", async () => {
    const all = await runFake(["explain", "--json"]);
    expect(JSON.parse(all.stdout).codes.map(({ code }: { code: string }) => code)).toEqual(ALL);
    const some = await runFake(["explain", "12", "--json"]);
    expect(JSON.parse(some.stdout).codes).toMatchObject([{ code: "DISK_REFUSED" }, { code: "ROOT_HELD" }]);
    for (const status of ["130", "143", "129"])
      expect((await runFake(["explain", status])).stdout).toContain("INTERRUPTED: exit status 130\n");
  });

  it("says what may have been meant", async () => {
    const near = await runFake(["explain", "LOCKSTALE"]);
    expect(near).toMatchObject({ exit: 2, stdout: "" });
    expect(near.stderr).toContain("did you mean LOCK_STALE?");
    expect((await runFake(["explain", "\u001b[2J"])).stderr).not.toContain("\u001b");
  });
});

describe("an error on a terminal", () => {
  const problems = (hint?: string) => [
    { code: "NAME_REFUSED" as const, message: "no", ...(hint && { hint }) },
  ];
  const told = async (columns: number | undefined, hint?: string) => {
    const stderr = fakeTerminal(columns);
    await runFake(
      ["list"],
      { listProject: () => Promise.reject(new TritterErrors(problems(hint))) },
      { stderr },
    );
    return stderr.text();
  };

  it("leads to its explanation where it has no next step of its own", async () => {
    expect(await told(80)).toContain("tritter explain NAME_REFUSED");
    expect(await told(80, "rename it")).not.toContain("explain");
    expect(await told(undefined)).toBe("error[NAME_REFUSED]: no\n");
  });
});
