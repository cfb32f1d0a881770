import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub, type Tree } from "../support/hub/index.ts";
import { wantsOfFile, wrongFiles } from "../support/locked-tree.ts";
import { makeProject, type Project } from "../support/project.ts";
import { seeded, seedOfRun } from "../support/random.ts";

// Several syncs of one root at once, each a process of the program as it is shipped.

const SEED = seedOfRun();
const MIB = 1024 * 1024;

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/r");
  project = await makeProject(hub);
});

afterEach(async () => {
  await hub.close();
  await project.remove();
  expect(hub.violations).toEqual([]);
});

/** Files that come, change, move, become folders and go between one release and the next. */
function release(number: number): Tree {
  const odd = number % 2 === 1;
  return {
    "a.md": `note ${number}\n`,
    "same.parquet": { size: 2_000, seed: 1 },
    [odd ? "here/moves.parquet" : "there/moves.parquet"]: { size: 5 * MIB, seed: 2 },
    [odd ? "turns" : "turns/into.bin"]: { size: 3_000, seed: 3 },
    "changes.parquet": { size: 5 * MIB + number, seed: 10 + number },
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [`many/${number}-${n}.txt`, `${number} ${n}\n`]),
    ),
  };
}

interface Ended {
  readonly pid: number;
  /** null: it was killed. */
  readonly status: number | null;
  /** As --json tells them. */
  readonly problems: readonly { readonly code: string; readonly message: string; readonly hint?: string }[];
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function start(...args: string[]): { child: ChildProcess; pid: number; ended: Promise<Ended> } {
  const child = project.start(...args, "--json");
  const pid = child.pid ?? 0;
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (status) => {
      resolve({ pid, status, problems: status === null ? [] : JSON.parse(text).problems });
    }),
  );
  return { child, pid, ended };
}

/** Either it did its work, or it says who was at it, and what to do. */
function expectPolite(ended: readonly Ended[], others: readonly number[] = []): void {
  const pids = [...ended.map(({ pid }) => pid), ...others];
  for (const { pid, status, problems } of ended) {
    if (status === 0 || status === null) {
      expect(problems).toEqual([]);
      continue;
    }
    expect({ status, problems }).toMatchObject({ status: 12, problems: [{ code: "ROOT_HELD" }] });
    const [{ message, hint } = { message: "" }] = problems;
    const holder = Number(/process (\d+) on "/.exec(message)?.[1] ?? 0);
    if (!message.includes("just taking it")) expect(pids.filter((one) => one !== pid)).toContain(holder);
    expect(hint).toContain("run the same command again");
  }
}

const LEFT = /^(?:\.gitignore$|last-sync\.ndjson$|receipt\/|trash\/)/;

/** Every tree at its lock, by our own reading and by the program's; nothing left over; and nothing more to do. */
async function expectSettled(manifests: readonly string[] = ["tritter"]): Promise<void> {
  for (const name of manifests) {
    const wants = await wantsOfFile(join(project.folder, `${name}.lock`));
    expect([name, await wrongFiles(project.root, wants)]).toEqual([name, []]);
    const manifest = ["--manifest", `${name}.yaml`];
    expect(await project.run("check", "--deep", ...manifest)).toMatchObject({ status: 0 });
    hub.clearLog();
    expect((await project.run("sync", ...manifest)).stdout).toContain("nothing to do");
    expect(hub.log).toEqual([]);
  }
  expect((await project.state()).filter((path) => !LEFT.test(path))).toEqual([]);
}

/** Of everything that the locks do not name. */
async function strangers(manifests: readonly string[] = ["tritter"]): Promise<string[]> {
  const wanted = new Set<string>();
  for (const name of manifests)
    for (const { path } of await wantsOfFile(join(project.folder, `${name}.lock`))) wanted.add(path);
  return Object.keys(await project.tree()).filter((path) => !wanted.has(path));
}

/** The locks of two releases, by turns what is to be synced. */
async function twoLocks(head = ""): Promise<readonly [string, string]> {
  await project.manifest(`${head}\nsources:\n  all: { repo: o/r, path: . }`);
  repo.commit(release(1));
  expect(await project.run("lock")).toMatchObject({ status: 0 });
  const first = await project.lock();
  repo.commit(release(2));
  expect(await project.run("update")).toMatchObject({ status: 0 });
  return [first, await project.lock()];
}

describe("syncs of one manifest", () => {
  it("that start at once: some do it, the others say who does, and each round ends at its lock", async () => {
    const locks = await twoLocks();
    for (let round = 0; round < 4; round++) {
      await project.write("tritter.lock", locks[round % 2] ?? "");
      const ended = await Promise.all(Array.from({ length: 4 }, () => start("sync", "--prune").ended));
      expectPolite(ended);
      expect(ended.map(({ status }) => status)).toContain(0);
      await expectSettled();
      expect(await strangers()).toEqual([]);
    }
    expect(await project.trash()).toEqual([]);
  }, 60_000);
});

describe("syncs of one manifest that describe the data", () => {
  it("end with what a sync alone ends with, and keep nothing of their own in the trash", async () => {
    const locks = await twoLocks("reports: beside");
    const alone: Record<string, string>[] = [];
    for (const lock of locks) {
      await project.write("tritter.lock", lock);
      expect(await start("sync", "--prune").ended).toMatchObject({ status: 0 });
      alone.push(await project.tree());
    }
    for (let round = 0; round < 2; round++) {
      await project.write("tritter.lock", locks[round] ?? "");
      const ended = await Promise.all(Array.from({ length: 3 }, () => start("sync", "--prune").ended));
      expectPolite(ended);
      expect(ended.map(({ status }) => status)).toContain(0);
      await expectSettled();
      expect(await project.tree()).toEqual(alone[round]);
    }
    expect(await project.trash()).toEqual([]);
  }, 60_000);
});

describe("syncs of several manifests", () => {
  const NAMES = ["one", "two", "three"];

  async function manifest(name: string, lines: readonly string[]): Promise<void> {
    const head = ["version: 1", `name: ${name}`, "root: data", `endpoint: ${hub.url}`, "sources:"];
    await project.write(`${name}.yaml`, [...head, ...lines.map((line) => `  ${line}`), ""].join("\n"));
  }
  const OWN = (name: string) => `own: { repo: o/r, include: ["many/*"], strip: many, path: ${name} }`;
  const SHARED = `shared: { repo: o/r, include: ["*.parquet"], path: shared }`;

  /** All at once, and who finds another at work once more, until each had its turn. */
  async function syncAll(names: readonly string[] = NAMES): Promise<ReadonlyMap<string, Ended>> {
    const last = new Map<string, Ended>();
    while (last.size < names.length) {
      const waiting = names.filter((name) => !last.has(name));
      const ended = await Promise.all(
        waiting.map((name) => start("sync", "--prune", "--manifest", `${name}.yaml`).ended),
      );
      const held = ended.filter(({ problems }) => problems.some(({ code }) => code === "ROOT_HELD"));
      expectPolite(
        held,
        ended.map(({ pid }) => pid),
      );
      expect(held.length).toBeLessThan(waiting.length);
      for (const [index, one] of ended.entries())
        if (!held.includes(one)) last.set(waiting[index] ?? "", one);
    }
    return last;
  }

  it("share what both want, prune only their own, and remove what is shared with the last of them", async () => {
    repo.commit(release(1));
    for (const name of NAMES) await manifest(name, [OWN(name), SHARED]);
    for (const { status } of (await syncAll()).values()) expect(status).toBe(0);
    await expectSettled(NAMES);
    const before = await project.tree();
    expect(Object.keys(before).filter((path) => path.startsWith("shared/"))).toHaveLength(3);
    // Each drops a source, each another one, at once.
    await manifest("one", [OWN("one")]);
    await manifest("two", [SHARED]);
    await manifest("three", [OWN("three")]);
    for (const { status } of (await syncAll()).values()) expect(status).toBe(0);
    await expectSettled(NAMES);
    const after = Object.entries(before).filter(([path]) => !path.startsWith("two/"));
    expect(await project.tree()).toEqual(Object.fromEntries(after));
    await manifest("two", [OWN("two")]);
    for (const { status } of (await syncAll()).values()) expect(status).toBe(0);
    await expectSettled(NAMES);
    const rest = Object.entries(before).filter(([path]) => !path.startsWith("shared/"));
    expect(await project.tree()).toEqual(Object.fromEntries(rest));
    expect(await project.trash()).toEqual([]);
  }, 60_000);

  it("of which two want other bytes at one path: one gets it, and the other says whose it is", async () => {
    repo.commit({ "x.md": "of one\n", "y.md": "y of one\n" });
    hub.repo("o/s").commit({ "x.md": "of two\n", "z.md": "z of two\n" });
    await manifest("one", ["all: { repo: o/r, path: here }"]);
    await manifest("two", ["all: { repo: o/s, path: here }"]);
    const ended = await syncAll(["one", "two"]);
    const first = ended.get("one")?.status === 0 ? "one" : "two";
    const second = first === "one" ? "two" : "one";
    expect(ended.get(first)).toMatchObject({ status: 0, problems: [] });
    expect(ended.get(second)).toMatchObject({
      status: 4,
      problems: [{ code: "CONFLICT", message: expect.stringContaining(`the manifest "${first}" wants`) }],
    });
    const tree = { "here/x.md": `of ${first}\n`, "here/y.md": "y of one\n", "here/z.md": "z of two\n" };
    expect(await project.tree()).toEqual(tree);
    expect(await project.trash()).toEqual([]);
  }, 60_000);
});

describe("a sync that is killed while it holds the root", () => {
  it(`stops none that starts then, and needs nobody to clear up (TRITTER_SEED=${SEED})`, async () => {
    const locks = await twoLocks();
    const random = seeded(SEED);
    const slow = hub.faults.add({
      match: /./,
      kind: "cdn",
      fault: { kind: "drip", bytes: 2 ** 17, everyMs: 1 },
    });
    for (let round = 0; round < 8; round++) {
      await project.write("tritter.lock", locks[round % 2] ?? "");
      const first = start("sync", "--prune");
      while (!existsSync(join(project.root, ".tritter/holder")) && first.child.exitCode === null)
        await pause(1);
      await pause(random.below(60));
      const others = [start("sync", "--prune")];
      await pause(random.below(120));
      first.child.kill("SIGKILL");
      others.push(start("sync", "--prune"));
      const ended = await Promise.all([first, ...others].map((one) => one.ended));
      expectPolite(ended);
      // The one that came after its death may have found the other at work; one of the two did it all.
      if (ended[0]?.status === null) expect(ended.map(({ status }) => status)).toContain(0);
      slow.remove();
      await expectSettled();
      expect(await strangers()).toEqual([]);
    }
    expect(await project.trash()).toEqual([]);
  }, 60_000);
});

describe("a root that all can take at once", () => {
  const holder = () => join(project.root, ".tritter/holder");
  const LIES: Readonly<Record<string, () => void>> = {
    "the holder is lost again and again": () => rmSync(holder(), { force: true }),
    "the holder always seems dead": () => {
      const dead = (_: string, start: string) => `"start":"${"1".repeat(start.length)}"`;
      const text = readFileSync(holder(), "utf8").replace(/"start":"(\d+)"/, dead);
      writeFileSync(holder(), text, { flag: "r+" });
    },
  };

  it.each(Object.entries(LIES))(
    "ends at the lock all the same: %s",
    async (_, lie) => {
      const locks = await twoLocks();
      const known = new Set<string>();
      let lying = true;
      const liar = (async () => {
        for (; lying; await pause(1)) {
          try {
            lie();
          } catch {
            // There is none to lie about.
          }
        }
      })();
      for (let round = 0; round < 2; round++) {
        await project.write("tritter.lock", locks[round % 2] ?? "");
        const ended = await Promise.all(Array.from({ length: 4 }, () => start("sync", "--prune").ended));
        for (const { status, problems } of ended) {
          // Without a holder to name, each says what went away under its hands.
          expect([0, 4, 12]).toContain(status);
          for (const { hint } of problems) expect(hint).toContain("run the same command again");
        }
        expect((await start("sync", "--prune").ended).problems).toEqual([]);
        expect(await wrongFiles(project.root, await wantsOfFile(project.lockFile))).toEqual([]);
        for (const bytes of Object.values(await project.tree())) known.add(bytes);
      }
      lying = false;
      await liar;
      await expectSettled();
      expect(await strangers()).toEqual([]);
      expect((await project.trash()).filter((bytes) => !known.has(bytes))).toEqual([]);
    },
    60_000,
  );
});
