import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkProject, syncProject } from "../../../cli/index.ts";
import { checkWhole } from "../../../cli/project/check.ts";
import { syncWhole } from "../../../cli/project/sync.ts";
import { isIdle } from "../../../cli/report/plan-lines.ts";
import { quickLook } from "../../../cli/status/quick.ts";
import { journalText, placedEntry, writerOf } from "../../support/engine.ts";
import { type Files, HOME, type MemoryProject, memoryProject, ROOT } from "../../support/memory-project.ts";

const SOURCES =
  '  code: { repo: o/n, include: ["code/*"], groups: [all] }\n  text: { repo: o/n, include: ["text/**"], groups: [all, words] }';
const FILES: Files = { "code/a.rs": "fn a", "code/b.rs": "fn b!", "text/c.txt": "words", "text/d/e.txt": "" };
const LOCK = `${HOME}/tritter.lock`;
const MANIFEST = `${HOME}/tritter.yaml`;
const OPTIONS = {
  names: [],
  locked: false,
  fallback: true,
  dryRun: false,
  force: false,
  prune: false,
  jobs: 1,
};

async function synced(files: Files = FILES, sources = SOURCES): Promise<MemoryProject> {
  const project = memoryProject(sources);
  project.publish(files);
  expect((await project.sync()).problems).toEqual([]);
  return project;
}

function look(project: MemoryProject, names: readonly string[] = [], env: Record<string, string> = {}) {
  const context = { ...project.context(), env };
  return quickLook(context, { manifestFile: MANIFEST, lockFile: LOCK, names });
}

async function edit(project: MemoryProject, file: string, change: (text: string) => string): Promise<void> {
  project.disk.put(file, change(`${await project.disk.read(file)}`));
}

function packedFile(project: MemoryProject): string {
  const name = Object.keys(project.state()).find((path) => path.endsWith(".packed"));
  return `${ROOT}/.tritter/${name}`;
}

describe("after a sync, a quick look", () => {
  it("tells that all is in sync, how much that is, and reads neither a journal nor a file of the tree", async () => {
    const project = await synced();
    const read: string[] = [];
    project.disk.before = (operation, path) => {
      if (operation === "read" || operation === "readAt") read.push(path);
    };
    expect(await look(project)).toEqual({
      root: ROOT,
      sources: ["code", "text"],
      wanted: { files: 4, bytes: 14 },
    });
    const facts = LOCK.replace(/\.lock$/, ".facts.json");
    expect([...read].sort()).toEqual([MANIFEST, LOCK, packedFile(project), facts].sort());
  });

  it("looks at what describes the data too, and by name at that of those sources alone", async () => {
    const project = await synced(FILES, `${SOURCES}\nreports: beside`);
    expect((await look(project))?.wanted.files).toBe(4 + 2 * 2 + 1);
    expect((await look(project, ["code"]))?.wanted.files).toBe(2 + 2);
    expect((await look(project, ["all"]))?.wanted.files).toBe(4 + 2 * 2);
    expect(await look(project, [""])).toBeUndefined();
    project.disk.put(`${ROOT}/README.me.md`, "edited");
    expect([await look(project), (await look(project, ["all"]))?.sources]).toEqual([
      undefined,
      ["code", "text"],
    ]);
    project.disk.put(`${ROOT}/text.metadata.json`, "edited");
    expect([await look(project, ["text"]), (await look(project, ["code"]))?.sources]).toEqual([
      undefined,
      ["code"],
    ]);
    expect((await project.check()).drift).toEqual(
      new Map([
        ["", expect.objectContaining({ writes: [expect.objectContaining({ why: "modified" })] })],
        ["text", expect.objectContaining({ writes: [expect.objectContaining({ why: "modified" })] })],
      ]),
    );
  });

  it("takes sources and groups by name, and leaves names it does not know to others", async () => {
    const project = await synced();
    expect(await look(project, ["code"])).toMatchObject({ wanted: { files: 2, bytes: 9 } });
    expect(await look(project, ["words"])).toMatchObject({ wanted: { files: 2, bytes: 5 } });
    expect(await look(project, ["code", "all"])).toMatchObject({ wanted: { files: 4 } });
    expect(await look(project, ["code", "none"])).toBeUndefined();
  });

  it("looks only at the sources named", async () => {
    const project = await synced();
    await edit(project, `${ROOT}/text/text/c.txt`, () => "WORDS");
    expect(await look(project, ["code"])).toBeDefined();
    expect(await look(project, ["text"])).toBeUndefined();
  });

  it("follows the root where a variable leads, and only there", async () => {
    const project = memoryProject();
    await edit(project, MANIFEST, (text) => text.replace("root: data", `root: \${WHERE:-data}`));
    project.publish(FILES);
    await project.sync();
    expect(await look(project)).toBeDefined();
    expect(await look(project, [], { WHERE: "data" })).toBeDefined();
    expect(await look(project, [], { WHERE: "elsewhere" })).toBeUndefined();
  });

  it("answers sync, dry or not, and check as they answer when they read everything", async () => {
    const project = await synced();
    for (const names of [[], ["code"], ["all"]]) {
      for (const dryRun of [true, false]) {
        const options = { ...OPTIONS, names, dryRun };
        const whole = told(await syncWhole(project.context(), options));
        expect(told(await syncProject(project.context(), options))).toEqual(whole);
      }
      const options = { names, disk: true, deep: false, upstream: false };
      const whole = told(await checkWhole(project.context(), options));
      expect(told(await checkProject(project.context(), options))).toEqual(whole);
    }
  });
});

/** What reports can show of it. */
function told({
  plan,
  ...rest
}: Awaited<ReturnType<typeof syncWhole>> | Awaited<ReturnType<typeof checkWhole>>) {
  const { keeps: _, blobs: __, ...drift } = { keeps: [], blobs: [], ...plan };
  return { ...rest, drift };
}

const CHANGES: [what: string, change: (project: MemoryProject) => unknown][] = [
  ["a file has other bytes of the same size", (p) => edit(p, `${ROOT}/code/code/a.rs`, () => "fn x")],
  ["a file was touched", (p) => p.disk.touch(`${ROOT}/code/code/a.rs`)],
  ["a file is gone", (p) => p.disk.unlink(`${ROOT}/text/text/d/e.txt`)],
  [
    "a file is a link to what it was",
    async ({ disk }) => {
      await disk.rename(`${ROOT}/code/code/a.rs`, "/home/a.rs");
      disk.symlink(`${ROOT}/code/code/a.rs`, "/home/a.rs");
    },
  ],
  [
    "a folder is a link to what it was",
    async ({ disk }) => {
      await disk.rename(`${ROOT}/code`, "/home/code");
      disk.symlink(`${ROOT}/code`, "/home/code");
    },
  ],
  ["the lock is not the one that was satisfied", (p) => edit(p, LOCK, (text) => `${text} `)],
  ["the manifest changed", (p) => edit(p, MANIFEST, (text) => `${text}# edited\n`)],
  ["the lock is gone", (p) => p.disk.unlink(LOCK)],
  ["the manifest is gone", (p) => p.disk.unlink(MANIFEST)],
  [
    "another owner wrote a journal",
    (p) => p.disk.put(`${ROOT}/.tritter/receipt/x.ndjson`, journalText(writerOf("x"), [placedEntry("z")])),
  ],
  ["a journal is gone", (p) => p.disk.unlink(journalOf(p))],
  ["the packed receipt is gone", (p) => p.disk.unlink(packedFile(p))],
  ["the packed receipt is torn", (p) => edit(p, packedFile(p), (text) => text.slice(0, -1))],
  ["somebody holds the root", (p) => p.disk.put(`${ROOT}/.tritter/holder`, "{}")],
  ["the ignore file is gone", (p) => p.disk.unlink(`${ROOT}/.tritter/.gitignore`)],
  [
    "an interrupted sync left something",
    (p) => p.disk.put(`${ROOT}/.tritter/store/2744ccd1/ready/b/c`, "of this owner"),
  ],
  [
    "the state folder is a link",
    async ({ disk }) => {
      await disk.rename(`${ROOT}/.tritter`, "/home/state");
      disk.symlink(`${ROOT}/.tritter`, "/home/state");
    },
  ],
];

function journalOf(project: MemoryProject): string {
  const name = Object.keys(project.state()).find((path) => /^receipt\/.*\.ndjson$/.test(path));
  return `${ROOT}/.tritter/${name}`;
}

describe("a quick look leaves it to a survey where", () => {
  it.each(CHANGES)("%s", async (_, change) => {
    const project = await synced();
    expect(await look(project)).toBeDefined();
    await change(project);
    expect(await look(project)).toBeUndefined();
  });

  it("the clock was set back before a file was edited", async () => {
    const project = await synced();
    project.disk.now -= 400 * 24 * 3_600_000;
    await edit(project, `${ROOT}/code/code/a.rs`, () => "fn x");
    expect(await look(project)).toBeUndefined();
    expect((await project.sync()).problems).toEqual([]);
    expect(project.tree()["code/code/a.rs"]).toBe("fn a");
  });

  it("another version of the program judges", async () => {
    const project = await synced();
    const context = { ...project.context(), version: "0.0.1" };
    const documents = { manifestFile: MANIFEST, lockFile: LOCK, names: [] };
    expect(await quickLook(context, documents)).toBeUndefined();
  });

  it("the disk does not answer", async () => {
    const project = await synced();
    project.disk.before = (operation, path) => {
      if (operation === "lstat" && path.endsWith("a.rs"))
        throw Object.assign(new Error("EIO"), { code: "EIO" });
    };
    expect(await look(project)).toBeUndefined();
  });

  it("a store or a trash of others is no reason", async () => {
    const project = await synced();
    project.disk.put(`${ROOT}/.tritter/store/00000000/ready/b/c`, "of another owner");
    project.disk.put(`${ROOT}/.tritter/trash/w/1`, "trashed");
    expect(await look(project)).toBeDefined();
  });
});

describe("a receipt is packed", () => {
  it("again by a sync that finds nothing to do and no copy that counts", async () => {
    for (const change of [
      (p: MemoryProject) => p.disk.unlink(packedFile(p)),
      (p: MemoryProject) => edit(p, packedFile(p), (text) => text.slice(9)),
      (p: MemoryProject) => edit(p, MANIFEST, (text) => `${text}# edited\n`),
      (p: MemoryProject) => p.disk.put(`${ROOT}/.tritter/receipt/x.ndjson`, journalText(writerOf("x"), [])),
    ]) {
      const project = await synced();
      await change(project);
      expect(await look(project)).toBeUndefined();
      expect(isIdle((await project.sync()).plan!)).toBe(true);
      expect(await look(project)).toBeDefined();
    }
  });

  it("by the very sync that locked, changed, moved and pruned", async () => {
    const project = await synced();
    project.publish({ "code/a.rs": "fn a2", "code/moved.rs": "fn b!", "text/c.txt": "words" });
    await project.update();
    await project.sync();
    expect(await look(project)).toMatchObject({ wanted: { files: 3, bytes: 15 } });
  });

  it("for each owner of a shared root", async () => {
    const project = await synced();
    const other = `${HOME}/other.yaml`;
    await edit(project, MANIFEST, (text) => text);
    project.disk.put(other, `${await project.disk.read(MANIFEST)}`.replace("name: me", "name: you"));
    await project.sync({ manifest: "other.yaml" });
    expect(await look(project)).toBeUndefined();
    await project.sync();
    const documents = { manifestFile: other, lockFile: `${HOME}/other.lock`, names: [] };
    expect(await quickLook(project.context(), documents)).toBeDefined();
    expect(await look(project)).toBeDefined();
  });

  it("and counts over a reboot, once all was flushed", async () => {
    const project = await synced();
    project.disk.losePower("zeros");
    await project.sync();
    project.disk.losePower("zeros");
    expect(await look(project)).toBeUndefined();
    await project.sync();
    expect(await look(project)).toBeDefined();
  });

  const never: [what: string, run: () => Promise<MemoryProject>][] = [
    [
      "by check",
      async () => {
        const project = await synced();
        await project.disk.unlink(packedFile(project));
        await project.check();
        return project;
      },
    ],
    [
      "by a dry run",
      async () => {
        const project = await synced();
        await project.disk.unlink(packedFile(project));
        await project.sync({ dryRun: true });
        return project;
      },
    ],
    [
      "by a sync of some sources",
      async () => {
        const project = await synced();
        await project.disk.unlink(packedFile(project));
        await project.sync({ names: ["code"] });
        return project;
      },
    ],
    [
      "where the next sync has the same to warn of",
      async () => {
        const project = await synced();
        await project.disk.unlink(packedFile(project));
        await edit(project, LOCK, (text) => text.replace('"version": 1,', '"version": 1,\n"unknown": 1,'));
        await project.sync();
        return project;
      },
    ],
    [
      "while a stamp is too young to be believed",
      async () => {
        const project = memoryProject(SOURCES);
        project.publish(FILES);
        const context = project.context();
        const clock = { now: () => project.disk.now - 1_000, sleep: context.clock.sleep };
        await syncProject({ ...context, clock }, OPTIONS);
        return project;
      },
    ],
    [
      "where something is in the way",
      async () => {
        const project = memoryProject(SOURCES);
        project.publish(FILES);
        project.disk.put(`${ROOT}/code/code/a.rs`, "mine");
        await project.sync();
        return project;
      },
    ],
    [
      "of a manifest that needs a parser",
      async () => {
        const project = memoryProject(SOURCES);
        await edit(project, MANIFEST, (text) => text.replace("root:", '"root":'));
        project.publish(FILES);
        await project.sync();
        return project;
      },
    ],
  ];
  it.each(never)("never %s", async (_, run) => {
    const project = await run();
    expect(Object.keys(project.state()).filter((path) => path.endsWith(".packed"))).toEqual([]);
  });
});

describe("whatever happened to a project", () => {
  type Act = (project: MemoryProject) => unknown;
  const path = fc.constantFrom("code/code/a.rs", "code/code/b.rs", "text/text/c.txt", "text/new.txt", "code");
  const act: fc.Arbitrary<Act> = fc.oneof(
    fc.constant<Act>((p) => p.sync()),
    fc.constant<Act>((p) => p.sync({ names: ["code"] })),
    fc.constant<Act>((p) => p.update()),
    fc.constant<Act>((p) => p.check()),
    fc.constant<Act>((p) => p.disk.losePower("zeros")),
    fc.nat({ max: 9 }).map(
      (days): Act =>
        (p) => {
          p.disk.now -= days * 24 * 3_600_000;
        },
    ),
    path.map(
      (at): Act =>
        (p) =>
          p.disk.touch(`${ROOT}/${at}`),
    ),
    path.map(
      (at): Act =>
        (p) =>
          p.disk.unlink(`${ROOT}/${at}`),
    ),
    fc.tuple(path, fc.constantFrom("fn a", "fn x", "words")).map(
      ([at, text]): Act =>
        (p) =>
          p.disk.put(`${ROOT}/${at}`, text),
    ),
    fc.tuple(path, path).map(
      ([from, to]): Act =>
        (p) =>
          p.disk.rename(`${ROOT}/${from}`, `${ROOT}/${to}`),
    ),
    fc
      .dictionary(fc.constantFrom("code/a.rs", "code/b.rs", "text/c.txt"), fc.constantFrom("fn a", "words"))
      .map(
        (files): Act =>
          (p) =>
            p.publish({ "code/z": "z", "text/z": "z", ...files }),
      ),
    fc.constantFrom("# edited\n", "policy: { deny: ['*.txt'] }\n", "").map(
      (line): Act =>
        (p) =>
          edit(p, MANIFEST, (text) => `${text.replace(/^(?:#|policy).*\n/m, "")}${line}`),
    ),
    fc.nat().map(
      (at): Act =>
        (p) => {
          const file = packedFile(p);
          return edit(p, file, (text) => text.slice(0, at % text.length));
        },
    ),
  );

  it("a quick look that finds nothing to do is right: a survey finds the same", async () => {
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const project = await synced();
        // What cannot be done to what is there is not done.
        for (const one of acts) await (async () => one(project))().catch(() => undefined);
        for (const names of [[], ["code"]]) {
          const seen = await look(project, names);
          if (seen === undefined) continue;
          answered += 1;
          const whole = await syncWhole(project.context(), { ...OPTIONS, names, dryRun: true });
          expect(isIdle(whole.plan!)).toBe(true);
          expect([whole.plan?.forgets, whole.locked, whole.problems]).toEqual([[], undefined, []]);
          expect(whole.plan?.totals).toMatchObject({ wanted: seen.wanted, keep: seen.wanted });
        }
      }),
      { numRuns: 300 },
    );
    expect(answered).toBeGreaterThan(50);
  }, 120_000);
});
