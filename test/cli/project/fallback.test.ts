import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { type Problem, problemsOf } from "../../../cli/errors.ts";
import { lockProject, updateProject } from "../../../cli/project/lock.ts";
import { type Fault, type LoopbackHub, startHub } from "../../support/hub/index.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";
import { fakeClock } from "../hub/support.ts";

let hub: LoopbackHub;
let folder: TemporaryFolder;

const MANIFEST = [
  "version: 1",
  "sources:",
  "  code:",
  "    repo: o/own",
  "    fallbacks: [{ repo: o/first }, { repo: o/second }]",
  "",
].join("\n");

beforeEach(async () => {
  hub = await startHub();
  for (const name of ["own", "first", "second"]) hub.repo(`o/${name}`).commit({ "a.txt": `${name}\n` });
  folder = await temporaryFolder();
  await writeFile(join(folder.path, "tritter.yaml"), MANIFEST);
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
  await folder.remove();
});

const context = () => ({
  env: { HF_ENDPOINT: hub.url, HOME: folder.path },
  cwd: folder.path,
  signal: new AbortController().signal,
  // Retries wait at once.
  clock: fakeClock(Date.now()),
  disk: nodeDisk(),
  emit: () => {},
  version: "1.2.3",
  pid: 1,
});
const lock = () => lockProject(context(), { names: [], fallback: true });
const update = () => updateProject(context(), { names: [], dryRun: false, allowFallback: true });
const lockBytes = () => readFile(join(folder.path, "tritter.lock"), "utf8");

async function refusal(work: Promise<unknown>): Promise<readonly Problem[]> {
  return problemsOf(
    await work.then(
      () => new Error("it was locked"),
      (error: unknown) => error,
    ),
  );
}

const PASSING: readonly (readonly [title: string, fault: Fault, code: string])[] = [
  ["a reset connection", { kind: "reset" }, "NETWORK"],
  ["a redirect to nowhere", { kind: "redirect", to: "http://127.0.0.1:1/x" }, "NETWORK"],
  ["status 500", { kind: "status", status: 500 }, "HUB"],
  ["status 503", { kind: "status", status: 503 }, "HUB"],
  ["a rate limit", { kind: "too-many", wait: 5 }, "RATE_LIMITED"],
  ["a bare 403, as a proxy says it", { kind: "status", status: 403, body: "<html>no" }, "ACCESS_NO_TOKEN"],
  ["a bare 404, as a mirror says it", { kind: "status", status: 404 }, "REPO_NOT_FOUND"],
  ["a login page", { kind: "rewrite", body: () => "<html>Welcome" }, "HUB"],
];

describe.each(PASSING)("%s", (_, fault, code) => {
  it("leads to no fallback, in a first lock as in an update that allows them", async () => {
    const armed = hub.faults.add({ match: /o\/own/, fault });
    expect(await refusal(lock())).toMatchObject([{ code }]);
    await expect(lockBytes()).rejects.toThrow("ENOENT");
    armed.remove();
    await lock();
    const before = await lockBytes();
    hub.faults.add({ match: /o\/own/, fault });
    expect(await refusal(update())).toMatchObject([{ code }]);
    expect(await lockBytes()).toBe(before);
    expect(hub.log.some(({ path }) => /o\/(?:first|second)/.test(path))).toBe(false);
  });

  it("at the first fallback does not lead to the second", async () => {
    hub.repo("o/own").remove();
    hub.faults.add({ match: /o\/first/, fault });
    expect(await refusal(lock())).toMatchObject([{ code }]);
    expect(hub.log.some(({ path }) => path.includes("o/second"))).toBe(false);
    await expect(lockBytes()).rejects.toThrow("ENOENT");
  });
});
