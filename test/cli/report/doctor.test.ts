import { describe, expect, it } from "vitest";
import { type Finding, said } from "../../../cli/project/doctor/finding.ts";
import { doctorLines } from "../../../cli/report/doctor.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import { runFake } from "../../support/world.ts";

function lines(findings: readonly Finding[], verbose = false): readonly string[] {
  return doctorLines({ findings, problems: [] }, { paint: paintFor(false), width: 80, verbose });
}

const granted = (source: string, gated: unknown) =>
  said("access", "ok", `o/${source}: granted`, { source, facts: { gated } });

const refused = said("access", "fail", "cannot fetch it", {
  source: "shut",
  code: "ACCESS_TERMS",
  hint: "accept the terms",
});

describe("doctorLines()", () => {
  it("says what is wrong with its code, and the next step below it", () => {
    expect(lines([said("node", "ok", "22.12.0 on linux"), refused])).toEqual([
      "ok    node      22.12.0 on linux",
      "FAIL  access    shut: cannot fetch it [ACCESS_TERMS]",
      "                next: accept the terms",
      "tritter sync would fail: 1 reason",
    ]);
  });

  it("tells sources that may be had in one line, unless asked for all", () => {
    const all = [granted("a", false), granted("b", "auto"), refused];
    expect(lines(all)[0]).toBe("ok    access    2 sources granted, 1 of them gated");
    expect(lines(all, true).slice(0, 2)).toEqual([
      "ok    access    a: o/a: granted",
      "ok    access    b: o/b: granted",
    ]);
  });

  it("counts warnings, and takes what was not looked at for none", () => {
    const warning = said("clock", "warn", "wrong", { hint: "set it" });
    expect(lines([warning, said("access", "skipped", "left out")]).at(-1)).toBe(
      "nothing in the way, 1 warning",
    );
  });

  it("lets no text from outside move the cursor", () => {
    expect(lines([said("token", "ok", 'account "\u001b[2Jada"')]).join()).not.toContain("\u001b");
  });
});

describe("tritter doctor", () => {
  const problem = { code: "ACCESS_TERMS", message: "cannot fetch it", hint: "accept the terms" } as const;
  const doctorProject = () => ({ findings: [refused], problems: [problem] });

  it("tells a problem once: on the page, or where that is not wanted as an error", async () => {
    const ran = await runFake(["doctor", "it"], { doctorProject });
    expect(ran).toMatchObject({ exit: 6, stderr: "" });
    expect(ran.stdout).toContain("cannot fetch it [ACCESS_TERMS]");
    const quiet = await runFake(["doctor", "--quiet"], { doctorProject });
    expect(quiet).toMatchObject({ exit: 6, stdout: "" });
    expect(quiet.stderr).toContain("error[ACCESS_TERMS]: cannot fetch it");
  });

  it("judges a stale lock as a sync would, so strictly where CI is set", async () => {
    const { calls } = await runFake(["doctor", "it", "--offline"], { doctorProject });
    expect(calls).toMatchObject([["doctorProject", { names: ["it"], offline: true, locked: false }]]);
    const strict = await runFake(["doctor"], { doctorProject }, { env: { CI: "true" } });
    expect(strict.calls).toMatchObject([["doctorProject", { locked: true }]]);
  });

  it("prints one object with --json, findings and problems in it", async () => {
    const { stdout } = await runFake(["doctor", "--json"], { doctorProject });
    expect(JSON.parse(stdout)).toMatchObject({
      command: "doctor",
      exit: 6,
      problems: [problem],
      findings: [{ topic: "access", state: "fail", code: "ACCESS_TERMS", source: "shut", details: [] }],
    });
  });
});
