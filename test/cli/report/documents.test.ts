import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CODES, type ErrorCode, type Problem } from "../../../cli/errors.ts";
import type { CheckResult } from "../../../cli/project/check.ts";
import type { DiffResult } from "../../../cli/project/diff.ts";
import { changesBetween } from "../../../cli/resolve/changes.ts";
import type { Commit } from "../../../schema/ids.ts";
import { lockOf } from "../../support/documents.ts";
import { noXmlParser, readJUnit } from "../../support/junit.ts";
import { conflictOf, lockedOf, planOf, pruneOf, writeOf } from "../../support/plans.ts";
import { lockResultOf } from "../../support/results.ts";
import { readSarif } from "../../support/sarif.ts";
import { readWorkflowLog } from "../../support/workflow-commands.ts";
import { type Ran, runFake } from "../../support/world.ts";

const FILE = "/project/tritter.yaml";

function checkOf(parts: Partial<CheckResult> = {}): CheckResult {
  const problems = parts.problems ?? [];
  return {
    root: "/data",
    sources: ["code"],
    pinned: { files: 0, bytes: 0 },
    stale: [],
    plan: planOf(),
    drift: new Map(),
    hashed: { files: 0, bytes: 0, reasons: {} },
    carried: [],
    obligations: [],
    answers: { lock: [], policy: problems, disk: [], upstream: undefined },
    problems,
    ...parts,
  };
}

function told(format: string, parts: Partial<CheckResult>, over: Parameters<typeof runFake>[2] = {}) {
  return runFake(["check", "--format", format], { checkProject: () => checkOf(parts) }, over);
}

/** Texts that mean something to one format or another, and characters that none can hold. */
const NASTY = [
  "::error file=x::injected",
  "  ::set-output name=a::b",
  "##[add-mask]all",
  "100 %0A 50%25, a:b",
  "</failure><failure>]]>&amp;\"'",
  "| a | <b>bold</b> `code` **x** [l](http://x) @team #12 owner/repo#1",
  "```\n# head\n```",
  "bell \u0007 escape \u001b[31m null \u0000 half \ud800 \ufffe",
  "\r\n\t",
];

const text = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...":,%\r\n#[]<>&|`@'\"\\"), maxLength: 20 }),
);

const problem: fc.Arbitrary<Problem> = fc.record({
  code: fc.constantFrom(...(Object.keys(CODES) as ErrorCode[])),
  message: text,
  hint: fc.option(text, { nil: undefined }),
  details: fc.array(text, { maxLength: 2 }),
  source: fc.constantFrom("code", undefined),
  places: fc.array(
    fc.record({
      file: fc.constant(FILE),
      line: fc.integer({ min: 1, max: 9 }),
      column: fc.constant(2),
      message: text,
    }),
    { maxLength: 2 },
  ),
});

const problems = fc.array(problem, { minLength: 1, maxLength: 4 });

/** One for each place, or one. */
function countOf(list: readonly Problem[]): number {
  return list.reduce((sum, { places = [] }) => sum + Math.max(1, places.length), 0);
}

/** The same problem told twice is told once. */
const distinctProblems = problems.map((list) => list.map((one, index) => ({ ...one, path: `p${index}` })));

describe("--format github", () => {
  it("writes one command for each finding and one plain line, whatever the texts hold", async () => {
    await fc.assert(
      fc.asyncProperty(distinctProblems, async (list) => {
        const { stdout, stderr } = await told("github", { problems: list });
        expect(stderr).toBe("");
        const { commands, plain } = readWorkflowLog(stdout);
        expect(plain).toHaveLength(1);
        expect(commands.map(({ name }) => name)).toEqual(
          Array.from({ length: countOf(list) }, () => "error"),
        );
        for (const { properties, data } of commands) {
          expect(Object.keys(properties).sort().join()).toMatch(/^(?:col,file,line,)?title$/);
          expect(data).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        }
      }),
    );
  });

  it("carries commas, colons, percent signs and line breaks through", async () => {
    const message = "50% of a:b,c, %0A and %25\nsecond line";
    const place = { file: "/project/a,b:c%2C/tritter.yaml", line: 3, column: 4 };
    const { stdout } = await told("github", { problems: [{ code: "DRIFT", message, places: [place] }] });
    expect(readWorkflowLog(stdout).commands).toEqual([
      {
        name: "error",
        properties: { file: "a,b:c%2C/tritter.yaml", line: "3", col: "4", title: "DRIFT" },
        data: message,
      },
    ]);
  });

  it("tells warnings as such, and lets no talk pass for a command", async () => {
    const { stdout, stderr } = await runFake(["check", "--format", "github", "-v"], {
      checkProject: ({ emit }) => {
        emit({ kind: "warning", message: "::warning, odd" });
        for (const message of NASTY) emit({ kind: "note", message });
        for (const path of NASTY) emit({ kind: "hashing", path, size: 1, why: "deep" });
        return checkOf({
          carried: [{ source: "code", repo: "o/b", fallback: 1, why: "gated", instead: "dataset o/a main" }],
        });
      },
    });
    const { commands, plain } = readWorkflowLog(stdout);
    expect(commands.map(({ name, data }) => [name, data])).toEqual([
      ["warning", "::warning, odd"],
      ["warning", 'source "code": from its fallback 1, instead of dataset o/a main, which was gated'],
    ]);
    expect(plain).toEqual(["tritter check: in sync: 0 files, 0 B, in 0.0s"]);
    expect(readWorkflowLog(stderr).commands).toEqual([]);
    expect(stderr).toContain("note: 100 %0A");
    expect(stderr).not.toContain("odd");
  });
});

describe("--format sarif", () => {
  it("is SARIF, whatever the texts hold", async () => {
    await fc.assert(
      fc.asyncProperty(distinctProblems, async (list) => {
        const run = readSarif((await told("sarif", { problems: list })).stdout);
        expect(run.results).toHaveLength(countOf(list));
      }),
    );
  });

  it("gives a result without a place to the manifest, and files outside the project as such", async () => {
    const problems: Problem[] = [
      { code: "NETWORK", message: "no network" },
      {
        code: "LOCK_EDITED",
        message: "edited",
        places: [{ file: "/else where/ü.lock", line: 7, column: 1 }],
      },
    ];
    const { results } = readSarif((await told("sarif", { problems })).stdout);
    const places = results.map(({ locations: [{ physicalLocation }] }) => physicalLocation);
    expect(places).toEqual([
      {
        artifactLocation: { uri: "file:///else%20where/%C3%BC.lock" },
        region: { startLine: 7, startColumn: 1 },
      },
      {
        artifactLocation: { uri: "tritter.yaml", uriBaseId: "%SRCROOT%" },
        region: { startLine: 1, startColumn: 1 },
      },
    ]);
  });

  it("keeps a fingerprint while lines and counts change, and none for two", async () => {
    const keysOf = async (line: number, count: number) => {
      const places = ["a", "b"].map((name) => ({ file: FILE, line, column: 1, message: `mistake ${name}` }));
      const problems: Problem[] = [
        { code: "MANIFEST_INVALID", message: "it has 2 mistakes", places },
        { code: "LICENSE_REFUSED", source: "code", message: `${count} licences` },
        { code: "LICENSE_REFUSED", source: "code", message: `${count + 1} licences` },
      ];
      const { results } = readSarif((await told("sarif", { problems })).stdout);
      return results.map((result) => result.partialFingerprints["tritter/v1"]);
    };
    expect(await keysOf(1, 1)).toEqual([
      "MANIFEST_INVALID:mistake a",
      "MANIFEST_INVALID:mistake b",
      "LICENSE_REFUSED:code",
      "LICENSE_REFUSED:code:2",
    ]);
    expect(await keysOf(5, 8)).toEqual(await keysOf(1, 1));
  });

  it("makes no link of what only looks like one, and tells warnings as notifications", async () => {
    const { stdout } = await runFake(["check", "--format", "sarif"], {
      checkProject: ({ emit }) => {
        emit({ kind: "warning", message: "odd" });
        return checkOf({ problems: [{ code: "DRIFT", message: "see [here](https://example.org) [1]" }] });
      },
    });
    const run = readSarif(stdout);
    expect(run.results[0]?.message.text).toBe("see \\[here](https://example.org) [1]");
    expect(run.invocations[0].toolExecutionNotifications).toMatchObject([{ message: { text: "odd" } }]);
  });
});

describe.skipIf(noXmlParser !== undefined)("--format junit", () => {
  it("is XML that others read, whatever the texts hold", async () => {
    await fc.assert(
      fc.asyncProperty(distinctProblems, async (list) => {
        const cases = await readJUnit((await told("junit", { problems: list })).stdout);
        expect(cases.some(({ outcome }) => outcome === "failure" || outcome === "error")).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it("shows what XML cannot write, and keeps the rest", async () => {
    const problems: Problem[] = [
      { code: "DRIFT", message: "a \u0007 \ud800 \ufffe <b> 💾 ]]>", source: "code" },
    ];
    const cases = await readJUnit((await told("junit", { problems })).stdout);
    expect(cases.find(({ outcome }) => outcome === "failure")?.message).toMatch(
      /^a \S+ \S+ \S+ <b> 💾 \]\]>$/,
    );
  });

  it("leaves open what nobody could answer", async () => {
    const lock: Problem[] = [{ code: "LOCK_MISSING", message: "there is no lock yet" }];
    const answers = { lock, policy: undefined, disk: undefined, upstream: undefined };
    const cases = await readJUnit((await told("junit", { problems: lock, answers })).stdout);
    expect(cases.map(({ suite, outcome, message }) => `${suite} ${outcome} ${message}`)).toEqual([
      "project passed undefined",
      "project failure there is no lock yet",
      "code skipped no answer: LOCK_MISSING",
      "code skipped there is no lock",
      "code skipped there is no lock",
      "code skipped there is no lock",
    ]);
  });

  it("has a test though there is no source", async () => {
    expect(await readJUnit((await told("junit", { sources: [] })).stdout)).toMatchObject([
      { outcome: "passed" },
    ]);
  });
});

describe("--format markdown", () => {
  const markdown = async (parts: Partial<CheckResult>) => (await told("markdown", parts)).stdout;

  it("says in one line that all is well", async () => {
    expect(await markdown({})).toBe("### tritter check: in sync: 0 files, 0 B, in 0.0s\n");
  });

  it("lets no text out of its place", async () => {
    await fc.assert(
      fc.asyncProperty(distinctProblems, async (list) => {
        const outside = withoutFences(await markdown({ problems: list }));
        expect(outside.match(/^- /gm)).toHaveLength(countOf(list));
        const tags = outside.match(/<[^>]*>/g) ?? [];
        expect(tags.filter((tag) => !/^<\/?(?:details|summary)>$/.test(tag))).toEqual([]);
        expect(outside).not.toMatch(/[@#][\w-]/);
      }),
    );
  });

  it("escapes what would be a cell, a link, a tag, code or a name", async () => {
    const [, , , , , nasty = ""] = NASTY;
    const stdout = await markdown({ problems: [{ code: "DRIFT", message: nasty }] });
    expect(stdout).toContain(
      "\\| a \\| &lt;b&gt;bold&lt;/b&gt; \\`code\\` \\*\\*x\\*\\* \\[l\\](http://x) @\u200bteam #\u200b12 owner/repo#\u200b1",
    );
  });

  it("lists the files that drifted, source by source", async () => {
    const drift = new Map([
      ["a", { writes: [writeOf("a/x", 320)], prunes: [], conflicts: [] }],
      ["b", { writes: [], prunes: [pruneOf("b/`y`", 5)], conflicts: [conflictOf("b/z")] }],
    ]);
    const places = ["a", "b"].map((source) => ({
      file: FILE,
      line: 2,
      column: 1,
      message: `of ${source}`,
      source,
    }));
    const stdout = await markdown({ drift, problems: [{ code: "DRIFT", message: "drift", places }] });
    expect(stdout).toContain(
      "- `DRIFT` (tritter.yaml:2) of a\n  ```text\n    + a/x  320 B  missing\n  ```\n",
    );
    expect(stdout).toContain("    - b/`y`  5 B  no longer wanted\n");
  });
});

function withoutFences(text: string): string {
  return text.replace(/^( *)(`{3,})text\n[\s\S]*?\n\1\2$/gm, "");
}

describe("--format markdown of changes", () => {
  const before = lockedOf("code", { "a.txt": [100, "a"], "b.txt": [200, "b"] });
  const later = "def5678000000000000000000000000000000000" as Commit;
  const after = lockedOf("code", { "a.txt": [100, "a"], "b.txt": [300, "c"] }, { commit: later });

  function diffOf(parts: Partial<DiffResult>): DiffResult {
    return {
      project: {} as DiffResult["project"],
      stale: [],
      changes: [],
      locks: undefined,
      plan: planOf(),
      ...parts,
    };
  }

  const diff = async (parts: Partial<DiffResult>): Promise<Ran> =>
    runFake(["diff", "--format", "markdown"], { diffProject: () => diffOf(parts) });

  it("is a table of sources, with their files folded away", async () => {
    const locks = { before: lockOf(before), after: lockOf(after) };
    const { stdout } = await diff({
      locks,
      changes: changesBetween(locks.before, locks.after),
      plan: undefined,
    });
    expect(stdout).toBe(
      `### tritter diff: 1 source changes

| source | change |
| --- | --- |
| code | pin moved 9fc30b5..def5678, files +0 -0 \\~1, 400 B (+100 B) |

<details><summary>files</summary>

\`\`\`diff
--- code 9fc30b578cedaec69e47302df72cf00feed7c8c4 owner/code
+++ code def5678000000000000000000000000000000000 owner/code
@@ -1,2 +1,2 @@
 a.txt 100 sha256:aaaaaaaaaaaa
-b.txt 200 sha256:bbbbbbbbbbbb
+b.txt 300 sha256:cccccccccccc
\`\`\`

</details>
`.replace("+0 -0 ", ""),
    );
  });

  it("tells the commits between, with titles that nobody is called by", async () => {
    const commits = [
      { commit: later, title: "Thanks @team, fixes #12 ```", date: "2026-03-01T12:00:00.000Z" },
    ];
    const dates = { from: undefined, to: undefined };
    const result = lockResultOf([before], [after]);
    const [change] = result.locked.resolution.changes;
    const changes = [{ ...change, history: { kind: "forward", count: 1, commits, dates } }];
    const resolution = { ...result.locked.resolution, changes };
    const updateProject = () => ({ ...result, locked: { ...result.locked, resolution } });
    const { stdout } = await runFake(["update", "--format", "markdown"], { updateProject });
    expect(stdout).toContain("### tritter update: 1 source changes\n");
    expect(stdout).toContain("<details><summary>commits and files</summary>\n\n````text\ncode\n");
    expect(stdout).toContain("\n  2026-03-01  def5678  Thanks @team, fixes #12 ```\n");
    expect(stdout).toContain("\n````\n\n</details>\n");
  });

  it("tells of update as of diff, and of a lock that stays", async () => {
    const update = (result: object) =>
      runFake(["update", "--dry-run", "--format", "markdown"], { updateProject: () => result });
    expect((await update(lockResultOf([before], [after]))).stdout).toContain("| code | pin moved ");
    expect((await update(lockResultOf([before], [before], false))).stdout).toBe(
      "### tritter update: nothing changes\n",
    );
  });

  it("tells how manifest, lock and disk differ", async () => {
    expect((await diff({})).stdout).toBe("### tritter diff: no differences\n");
    const stale = [{ source: "new", why: "missing" }] as const;
    const { stdout } = await diff({ stale, plan: planOf({ writes: [writeOf("a", 320)] }) });
    expect(stdout).toContain("### tritter diff: differences\n\n- new: not in the lock yet\n");
    expect(stdout).toContain("```text\n  + a  320 B  missing\n```");
  });
});

describe("--format and --json", () => {
  it("are one where they say the same, and a mistake where they do not", async () => {
    const checkProject = () => checkOf();
    const [a, b, c] = await Promise.all(
      [["--json"], ["--format", "json"], ["--json", "--format=json"]].map((flags) =>
        runFake(["check", ...flags], { checkProject }),
      ),
    );
    expect([b?.stdout, c?.stdout]).toEqual([a?.stdout, a?.stdout]);
    for (const format of ["text", "sarif", "markdown"]) {
      const ran = await runFake(["check", "--json", "--format", format], { checkProject });
      expect(JSON.parse(ran.stdout)).toMatchObject({ exit: 2, problems: [{ code: "USAGE" }] });
    }
  });

  it.each([
    ["check --format xml", /Allowed choices are text, json, github, sarif, junit, markdown$/m],
    ["check --format", /argument missing$/m],
    ["diff --format github", /Allowed choices are text, json, markdown/],
    ["sync --format json", /unknown option/],
  ])("%s is a mistake", async (line, message) => {
    const { exit, stdout, stderr } = await runFake(line.split(" "));
    expect(exit).toBe(2);
    expect(stdout + stderr).toMatch(message);
  });

  it("a line that cannot be read is told in the format that it names last", async () => {
    const line = ["check", "--format", "json", "--format=sarif", "--bogus"];
    const { results } = readSarif((await runFake(line)).stdout);
    expect(results).toMatchObject([{ ruleId: "USAGE" }]);
    expect((await runFake([...line, "--", "--json"])).stdout).toContain('"version": "2.1.0"');
  });

  it("--quiet leaves the document and the errors", async () => {
    const list: Problem[] = [{ code: "DRIFT", message: "drift" }];
    const { stdout, stderr } = await runFake(["check", "-q", "--format", "markdown"], {
      checkProject: ({ emit }) => {
        emit({ kind: "note", message: "talk" });
        return checkOf({ problems: list });
      },
    });
    expect(stdout).toContain("`DRIFT`");
    expect(stderr).toBe("error[DRIFT]: drift\n");
  });
});
