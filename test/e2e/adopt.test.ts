import { mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TritterEvent } from "../../cli/events.ts";
import {
  census,
  makeDvcCache,
  makeHubCache,
  makeLfsStore,
  put,
  sha256Hex,
} from "../support/foreign-folders.ts";
import { generatedContent, gitBlobOid } from "../support/hub/content.ts";
import { type LoopbackHub, startHub } from "../support/hub/index.ts";
import { type InProcess, inProcess } from "../support/in-process.ts";
import { makeProject, type Project } from "../support/project.ts";

const bytes = (size: number, seed: number) => generatedContent(size, seed).read(0, size);

/** What the Hub serves, and other programs may have fetched already. */
const FILES: Readonly<Record<string, Buffer>> = {
  "rust/large.parquet": bytes(5_000_001, 1),
  "rust/a.parquet": bytes(300_000, 2),
  "rust/b.parquet": bytes(300_000, 3),
  "rust/small.parquet": bytes(4_096, 4),
  "rust/notes.md": Buffer.from("plain git file\n"),
  "rust/empty.txt": Buffer.alloc(0),
};
const LFS = Object.keys(FILES).filter((path) => path.endsWith(".parquet"));
const COMMIT = "a".repeat(40);
const TOTAL = Object.values(FILES).reduce((sum, { length }) => sum + length, 0);

let hub: LoopbackHub;
let project: Project;
let cache: string;
let elsewhere: string;
let events: TritterEvent[];
let running: InProcess;

beforeEach(async () => {
  hub = await startHub();
  hub.repo("o/code").commit({
    "rust/large.parquet": { size: 5_000_001, seed: 1 },
    "rust/a.parquet": { size: 300_000, seed: 2 },
    "rust/b.parquet": { size: 300_000, seed: 3 },
    "rust/small.parquet": { size: 4_096, seed: 4 },
    "rust/notes.md": "plain git file\n",
    "rust/empty.txt": "",
  });
  project = await makeProject(hub);
  await project.manifest("sources:\n  code: { repo: o/code, path: wanted, strip: rust }");
  cache = join(project.folder, "hf", "hub");
  elsewhere = join(project.folder, "elsewhere");
  await mkdir(elsewhere);
  events = [];
  running = inProcess(project, { onEvent: (event) => events.push(event) });
  expect((await running.lock()).exit).toBe(0);
  hub.clearLog();
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
  await project.remove();
});

const warnings = () => events.flatMap((event) => (event.kind === "warning" ? [event.message] : []));
/** bytes that came from the Hub */
const served = () => hub.log.reduce((sum, request) => sum + (request.bytes ?? 0), 0);

async function expectWanted(): Promise<void> {
  const tree = await project.tree();
  for (const [path, content] of Object.entries(FILES))
    expect(tree[path.replace("rust/", "wanted/")] === content.toString("latin1"), path).toBe(true);
  hub.clearLog();
  const again = await running.sync();
  expect([again.exit, again.result?.plan?.writes, hub.log]).toEqual([0, [], []]);
  expect((await running.check(true)).exit).toBe(0);
}

async function expectAllGiven(place: string, options: Parameters<InProcess["sync"]>[0] = {}) {
  const done = await running.sync(options);
  expect([done.exit, done.problems]).toEqual([0, []]);
  expect(hub.log).toEqual([]);
  expect(done.result?.outcome).toMatchObject({
    fetched: { files: 0 },
    received: 0,
    given: [{ place, files: 6, bytes: TOTAL, blame: undefined }],
  });
  const told = events.flatMap((event) => (event.kind === "file-bytes" ? [event.bytes] : []));
  expect(told.reduce((sum, one) => sum + one, 0)).toBe(TOTAL);
  expect(events.filter((event) => event.kind === "file-done" && event.ok)).toHaveLength(6);
  await expectWanted();
}

describe("sync, of what this machine's Hub cache holds,", () => {
  it.each([
    ["of one repository's blobs", {}],
    ["with the blobs of all repositories, two links away", { shared: true }],
    ["with files where links would stand", { plain: true }],
  ])("fetches nothing, and changes nothing there, %s", async (_, layout) => {
    await makeHubCache({ folder: cache, repo: "o/code", commit: COMMIT, files: FILES, lfs: LFS, ...layout });
    const before = await census(cache);
    await expectAllGiven(cache);
    expect(await census(cache)).toEqual(before);
    expect(warnings()).toEqual([]);
  });

  it("needs no network for it, and neither commit nor repository need be the same", async () => {
    const files = Object.fromEntries(
      Object.entries(FILES).map(([path, content]) => [`other/${path}`, content]),
    );
    const lfs = LFS.map((path) => `other/${path}`);
    await makeHubCache({ folder: cache, repo: "someone/else", commit: COMMIT, files, lfs });
    await expectAllGiven(cache, { offline: true });
  });

  it("says in a dry run what may be there, and writes nothing", async () => {
    await makeHubCache({ folder: cache, repo: "o/code", commit: COMMIT, files: FILES, lfs: LFS });
    const before = await census(project.folder);
    const { result } = await running.sync({ dryRun: true });
    expect(result?.offers).toEqual([{ place: cache, files: 6, bytes: TOTAL }]);
    expect(await census(project.folder)).toEqual(before);
    expect(hub.log).toEqual([]);
  });

  it("looks there only where something would be fetched, and not where told", async () => {
    await makeHubCache({ folder: cache, repo: "o/code", commit: COMMIT, files: FILES, lfs: LFS });
    const done = await running.sync({ adopt: false });
    expect([done.exit, done.result?.outcome?.given]).toEqual([0, []]);
    expect(served()).toBeGreaterThanOrEqual(TOTAL);
    await expectWanted();
  });

  it("uses nothing that is damaged, tells of it once, and fetches that alone", async () => {
    await makeHubCache({ folder: cache, repo: "o/code", commit: COMMIT, files: FILES, lfs: LFS });
    const blob = (path: string) =>
      join(cache, "datasets--o--code", "blobs", sha256Hex(FILES[path] as Buffer));
    const flipped = Buffer.from(FILES["rust/a.parquet"] as Buffer);
    flipped[1000] = (flipped[1000] as number) ^ 1;
    await writeFile(blob("rust/a.parquet"), flipped);
    await writeFile(blob("rust/small.parquet"), bytes(4_096, 99));
    await truncate(blob("rust/large.parquet"), 4_000_000);
    const before = await census(cache);
    const done = await running.sync();
    expect([done.exit, done.problems]).toEqual([0, []]);
    const outcome = done.result?.outcome;
    expect(outcome).toMatchObject({ fetched: { files: 3 }, given: [{ place: cache, files: 3 }] });
    expect(outcome?.given[0]?.blame).toMatchObject({ dropped: false });
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain("is damaged");
    expect(await census(cache)).toEqual(before);
    await expectWanted();
  });

  it("tells of what was cut short too, and of nothing else", async () => {
    await makeHubCache({ folder: cache, repo: "o/code", commit: COMMIT, files: FILES, lfs: LFS });
    const large = sha256Hex(FILES["rust/large.parquet"] as Buffer);
    const blob = join(cache, "datasets--o--code", "blobs", large);
    await truncate(blob, 4_000_000);
    const done = await running.sync();
    expect(done.result?.outcome).toMatchObject({ fetched: { files: 1 }, given: [{ files: 5 }] });
    expect(done.result?.outcome?.given[0]?.blame).toEqual({
      what: blob,
      expected: `sha256:${large}`,
      found: undefined,
      dropped: false,
    });
    expect(warnings()).toHaveLength(1);
    await expectWanted();
    await rm(join(project.root, "wanted", "large.parquet"));
    await running.sync();
    expect(warnings()).toHaveLength(2);
    await expectWanted();
  });

  it("follows no link out of it", async () => {
    await makeHubCache({ folder: cache, repo: "o/code", commit: COMMIT, files: {}, lfs: [] });
    const blobs = join(cache, "datasets--o--code", "blobs");
    await mkdir(blobs, { recursive: true });
    const a = FILES["rust/a.parquet"] as Buffer;
    await put(join(elsewhere, "a"), a);
    await symlink(join(elsewhere, "a"), join(blobs, sha256Hex(a)));
    await symlink(elsewhere, join(blobs, "folder"));
    const done = await running.sync();
    expect([done.exit, done.result?.outcome?.given]).toEqual([0, []]);
  });
});

describe("sync, of what lies in the root,", () => {
  it("takes a copy of what has other names there, and leaves it where it is", async () => {
    // As `hf download --local-dir` leaves it, which strips nothing.
    for (const [path, content] of Object.entries(FILES)) await put(join(project.root, path), content);
    await expectAllGiven(project.root);
    expect((await project.tree())["rust/notes.md"]).toBe("plain git file\n");
  });

  it("keeps in place what has its name already, as the user's", async () => {
    for (const [path, content] of Object.entries(FILES))
      await put(join(project.root, path.replace("rust", "wanted")), content);
    const done = await running.sync();
    expect(done.result?.outcome).toMatchObject({ adopted: 6, given: [], placed: { files: 0 } });
    expect(hub.log).toEqual([]);
    await expectWanted();
  });

  it("follows no link there", async () => {
    const a = FILES["rust/a.parquet"] as Buffer;
    await put(join(elsewhere, "a"), a);
    await mkdir(project.root);
    await symlink(join(elsewhere, "a"), join(project.root, sha256Hex(a)));
    await symlink(elsewhere, join(project.root, "folder"));
    const done = await running.sync();
    expect([done.exit, done.result?.outcome?.given]).toEqual([0, []]);
  });
});

describe("sync --from", () => {
  it.each<[string, (folder: string, contents: readonly Buffer[]) => Promise<void>]>([
    ["a git-lfs store", makeLfsStore],
    ["a DVC cache", makeDvcCache],
    [
      "files of other names",
      async (folder, contents) => {
        for (const [index, content] of contents.entries()) await put(join(folder, "x", `${index}`), content);
      },
    ],
  ])("takes what has the right bytes from %s, and changes nothing there", async (_, make) => {
    await make(elsewhere, Object.values(FILES));
    const before = await census(elsewhere);
    await expectAllGiven(elsewhere, { from: ["elsewhere"] });
    expect(await census(elsewhere)).toEqual(before);
  });

  it("asks one folder after the other, then the Hub, and tells who gave what", async () => {
    await put(join(elsewhere, "one", "x"), FILES["rust/a.parquet"] as Buffer);
    await put(join(elsewhere, "two", "x"), FILES["rust/a.parquet"] as Buffer);
    await put(join(elsewhere, "two", "y"), FILES["rust/b.parquet"] as Buffer);
    await mkdir(join(elsewhere, "three"));
    const from = ["one", "two", "three"].map((name) => join(elsewhere, name));
    const done = await running.sync({ from });
    expect(done.exit).toBe(0);
    expect(done.result?.outcome).toMatchObject({
      fetched: { files: 4 },
      given: [
        { place: from[0], files: 1, bytes: 300_000, by: { copy: { files: 1 } } },
        { place: from[1], files: 1, bytes: 300_000 },
        { place: from[2], files: 0, bytes: 0 },
      ],
    });
    await expectWanted();
  });

  it("takes from another root of tritter, and of what it has ready", async () => {
    expect((await running.sync()).exit).toBe(0);
    await rename(project.root, join(elsewhere, "data"));
    hub.clearLog();
    events.splice(0);
    await expectAllGiven(join(elsewhere, "data"), { from: ["elsewhere/data"] });
  });

  it("blames a folder that gives wrong bytes, and asks it for nothing more", async () => {
    const [a, b] = [FILES["rust/a.parquet"] as Buffer, FILES["rust/b.parquet"] as Buffer];
    await put(join(elsewhere, sha256Hex(a)), bytes(300_000, 77));
    await put(join(elsewhere, "fine"), b);
    await put(join(elsewhere, gitBlobOid(FILES["rust/notes.md"] as Buffer)), "plain git fill\n");
    const done = await running.sync({ from: ["elsewhere"] });
    expect(done.exit).toBe(0);
    const [given] = done.result?.outcome?.given ?? [];
    expect(given).toMatchObject({ place: elsewhere, files: 0, blame: { dropped: true } });
    expect(warnings()).toHaveLength(1);
    await expectWanted();
  });

  it("refuses what is no folder", async () => {
    await put(join(elsewhere, "file"), "x");
    for (const from of ["elsewhere/file", "nowhere"]) {
      const done = await running.sync({ from: [from] });
      expect(done.problems).toMatchObject([{ code: "USAGE", hint: expect.any(String) }]);
    }
  });

  it("takes a hard link to a read-only file where asked to, and never to another", async () => {
    const [large, a] = [FILES["rust/large.parquet"] as Buffer, FILES["rust/a.parquet"] as Buffer];
    const shared = { folder: elsewhere, repo: "o/code", commit: COMMIT, lfs: LFS, shared: true };
    await makeHubCache({ ...shared, files: { "rust/large.parquet": large } });
    await put(join(elsewhere, "writable"), a);
    const before = await census(elsewhere, { links: true });
    const done = await running.sync({ from: ["elsewhere"], hardLinks: true });
    const by = done.result?.outcome?.given[0]?.by;
    // Where blocks can be shared, that is better than either.
    expect(by?.reflink ?? by).toMatchObject(
      by?.reflink === undefined ? { link: { files: 1 }, copy: { files: 1 } } : { files: 2 },
    );
    expect(await census(elsewhere, { links: true })).toEqual(before);
    await expectWanted();
  });
});

describe("adopt", () => {
  const some = ["rust/large.parquet", "rust/a.parquet", "rust/notes.md"];
  const found = { files: 3, bytes: some.reduce((sum, path) => sum + (FILES[path] as Buffer).length, 0) };
  const lacking = { files: 3, bytes: TOTAL - found.bytes };

  beforeEach(async () => {
    for (const path of some) await put(join(elsewhere, "any", path), FILES[path] as Buffer);
    // Of the right size alone.
    await put(join(elsewhere, "b.parquet"), bytes(300_000, 50));
  });

  it("says what it would take, after reading it, and writes nothing", async () => {
    const before = await census(project.folder);
    const { exit, result } = await running.adopt("elsewhere", true);
    expect([exit, result?.folder, result?.outcome]).toEqual([0, elsewhere, undefined]);
    expect([result?.found, result?.lacking]).toEqual([found, lacking]);
    expect(await census(project.folder)).toEqual(before);
  });

  it("places what is there, and leaves sync to fetch what lacks", async () => {
    const before = await census(elsewhere);
    const { exit, result } = await running.adopt("elsewhere");
    expect([exit, result?.found, result?.lacking]).toEqual([0, found, lacking]);
    expect(result?.outcome).toMatchObject({ fetched: { files: 0 }, given: [{ place: elsewhere, ...found }] });
    expect(Object.keys(await project.tree())).toEqual(
      some.map((path) => path.replace("rust", "wanted")).sort(),
    );
    expect([await census(elsewhere), hub.log]).toEqual([before, []]);
    const done = await running.sync();
    expect(done.result?.outcome).toMatchObject({ fetched: lacking, given: [], kept: found });
    await expectWanted();
  });

  it("takes nothing twice, and calls what stood in place the user's", async () => {
    await put(join(project.root, "wanted", "a.parquet"), FILES["rust/a.parquet"] as Buffer);
    const first = await running.adopt("elsewhere");
    expect(first.result?.outcome).toMatchObject({ adopted: 1, given: [{ files: 2 }] });
    const again = await running.adopt("elsewhere");
    expect(again.result).toMatchObject({ found: { files: 0 }, lacking: { files: 3 } });
  });

  it("removes nothing, and takes no path from a file of the user's", async () => {
    expect((await running.sync()).exit).toBe(0);
    const {
      "rust/large.parquet": _,
      "rust/a.parquet": __,
      ...rest
    } = {
      "rust/large.parquet": { size: 5_000_001, seed: 1 },
      "rust/a.parquet": { size: 300_000, seed: 2 },
      "rust/notes.md": "plain git file\n",
      "rust/new.parquet": { size: 70_000, seed: 60 },
      "rust/taken.parquet": { size: 70_000, seed: 61 },
    };
    hub.repo("o/code").commit(rest);
    expect((await running.update()).exit).toBe(0);
    hub.clearLog();
    await put(join(elsewhere, "new"), bytes(70_000, 60));
    await put(join(elsewhere, "taken"), bytes(70_000, 61));
    await put(join(project.root, "wanted", "taken.parquet"), "the user's");
    const before = Object.keys(await project.tree());
    const { exit, problems, result } = await running.adopt("elsewhere");
    expect([exit, problems.map(({ code, path }) => [code, path])]).toEqual([
      4,
      [["CONFLICT", "wanted/taken.parquet"]],
    ]);
    expect(result?.outcome).toMatchObject({ pruned: { files: 0 }, unpruned: "unfetched", forgotten: 0 });
    expect(Object.keys(await project.tree()).sort()).toEqual([...before, "wanted/new.parquet"].sort());
    expect(hub.log).toEqual([]);
  });

  it("needs a lock that fits, and a folder", async () => {
    const codes = async (folder: string) => (await running.adopt(folder)).problems.map(({ code }) => code);
    expect(await codes("nowhere")).toEqual(["USAGE"]);
    await project.manifest("sources:\n  code: { repo: o/code, path: wanted, strip: rust, exclude: [a.*] }");
    expect(await codes("elsewhere")).toEqual(["LOCK_STALE"]);
    await project.unlock();
    expect(await codes("elsewhere")).toEqual(["LOCK_MISSING"]);
  });

  it("says so in text and in JSON", async () => {
    const plan = await project.run("adopt", "elsewhere", "--plan");
    expect(plan).toMatchObject({ status: 0, stderr: "" });
    expect(plan.stdout).toBe(
      `would adopt 3 files, 5.3 MB from ${elsewhere}\nstill to be fetched: 3 files, 304 kB (tritter sync)\n`,
    );
    const json = JSON.parse((await project.run("adopt", "elsewhere", "--json")).stdout);
    expect(json).toMatchObject({ command: "adopt", exit: 0, folder: elsewhere, found, lacking });
    expect(json.outcome.given).toMatchObject([{ place: elsewhere, ...found, blame: null }]);
    const { reflink, copy } = json.outcome.given[0].by;
    expect(reflink.files + copy.files).toBe(3);
    await expect(project.run("adopt", "elsewhere").then(({ stdout }) => stdout)).resolves.toContain(
      "none taken",
    );
  });

  it("hands much of it to threads, which say the same", async () => {
    hub
      .repo("o/much")
      .commit({ "m/x.bin": { size: 20_000_001, seed: 70 }, "m/y.bin": { size: 9_000_000, seed: 71 } });
    await project.manifest("sources:\n  much: { repo: o/much }");
    expect((await running.lock()).exit).toBe(0);
    hub.clearLog();
    await put(join(elsewhere, "blobs", sha256Hex(bytes(20_000_001, 70))), bytes(20_000_001, 70));
    await put(join(elsewhere, "y"), bytes(9_000_000, 71));
    const ran = await project.run("sync", "--from", "elsewhere", "--json");
    expect([ran.status, hub.log]).toEqual([0, []]);
    expect(JSON.parse(ran.stdout).outcome.given).toMatchObject([{ files: 2, bytes: 29_000_001 }]);
    expect((await project.run("check", "--deep")).status).toBe(0);
  });
});
