import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GitWorld, gitWorld, hasGit } from "./support/git.ts";
import { type LoopbackHub, startHub } from "./support/hub/index.ts";
import { isShownAs, readPage, stepsOf } from "./support/pages.ts";
import { makeProject, type Project, type Ran } from "./support/project.ts";
import { execute } from "./support/shell.ts";
import { tellStory } from "./support/story.ts";

const STEPS = stepsOf(await readPage("docs/story.md"));

describe.skipIf(!hasGit)("docs/story.md", () => {
  let hub: LoopbackHub;
  let world: GitWorld;
  let project: Project;
  let env: Record<string, string>;

  beforeEach(async () => {
    hub = await startHub();
    world = await gitWorld();
    project = await makeProject(hub, world.env);
    env = { ...project.env, HF_ENDPOINT: hub.url, NODE_OPTIONS: `--import=${pathToFileURL(clockFile())}` };
  });

  afterEach(async () => {
    const { violations } = hub;
    await hub.close();
    await project.remove();
    await world.remove();
    expect(violations).toEqual([]);
  });

  const clockFile = () => join(world.env.HOME ?? "", "clock.mjs");

  /** Noon of that day, for every program that begins from now on. */
  async function setClock(day: string): Promise<void> {
    const moved = `const now = Date.now;\nconst ahead = Date.parse("${day}T12:00:00Z") - now();\n`;
    await writeFile(clockFile(), `${moved}Date.now = () => now() + ahead;\n`);
  }

  /** As on a terminal that shows both outputs as they come. */
  async function type(line: string): Promise<Ran> {
    const [, name, value] = /^export (\w+)=(\w+)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) env[name] = value;
    return execute("/bin/sh", ["-c", `{ ${line}\n} 2>&1`], { cwd: project.folder, env });
  }

  it("every line does what the page says and prints what it shows, in the order of the page", async () => {
    const { begins, events } = tellStory(hub);
    await setClock(begins);
    for (const step of STEPS) {
      if (step.kind === "write") await project.write(step.file, step.text);
      if (step.kind === "event") {
        const [day, act] = events[step.name] ?? [];
        if (day === undefined || act === undefined) throw new Error(`nobody knows how "${step.name}"`);
        await setClock(day);
        act();
      }
      if (step.kind !== "run") continue;
      const { line, status, output } = step;
      const ran = await type(line);
      expect({ line, printed: ran.stdout, status: ran.status }).toMatchObject({ status });
      if (output !== undefined && !isShownAs(ran.stdout, output)) expect(ran.stdout, line).toBe(output);
    }
    const told = STEPS.flatMap((step) => (step.kind === "event" ? [step.name] : []));
    expect(told).toEqual(Object.keys(events));
    await expectSettled();
  }, 300_000);

  /** Nothing is left to do, and nobody needs to be asked for that. */
  async function expectSettled(): Promise<void> {
    hub.clearLog();
    expect((await type("tritter check")).status).toBe(0);
    expect((await type("tritter sync")).stdout).toContain("nothing to do");
    expect((await type("git status --short")).stdout).toBe("");
    expect(hub.log).toEqual([]);
  }
});

describe("what a page shows", () => {
  it.each([
    ["a\nb\n", "a\nb\n", true],
    ["a\nb\n", "a\n", false],
    ["a\nb\nc\nd\n", "a\n…\nd\n", true],
    ["a\n", "a\n…\n", true],
    ["a\n", "…\nb\n", false],
    ["took 3 s\n", "took … s\n", true],
    ["took 3 s\nand more\n", "took …\n", false],
    ["a.b\n", "a.b\n", true],
    ["axb\n", "a.b\n", false],
    ["\n", "", false],
    ["", "", true],
  ])("%j, shown as %j: %j", (text, shown, expected) => {
    expect(isShownAs(text, shown)).toBe(expected);
  });

  it("is typed, written, or happens, in the order of the page", () => {
    const text = [
      "```yaml a.yaml\na: 1\n```",
      "```yaml\nb: 2\n```",
      "<!-- upstream: it moves -->",
      "<!-- a remark -->",
      "```sh\none\ntwo\n```",
      "```console exit 9\n$ three\nanswer\n$ four\n```",
    ].join("\n\n");
    expect(stepsOf({ name: "", text, fences: [], prose: "" })).toEqual([
      { kind: "write", file: "a.yaml", text: "a: 1\n" },
      { kind: "event", name: "it moves" },
      { kind: "run", line: "one", status: 0, output: undefined },
      { kind: "run", line: "two", status: 0, output: undefined },
      { kind: "run", line: "three", status: 0, output: "answer\n" },
      { kind: "run", line: "four", status: 9, output: "" },
    ]);
  });
});
