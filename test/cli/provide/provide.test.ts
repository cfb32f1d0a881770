import { existsSync, lstatSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { copyFile, cp, mkdir, readdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk, FileStat } from "../../../cli/disk/port.ts";
import { TritterError } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { type LoopbackHub, type RepoHandle, startHub } from "../../support/hub/index.ts";
import { type InProcess, inProcess } from "../../support/in-process.ts";
import { makeProject, type Project } from "../../support/project.ts";

const TREE = {
  "README.md": "a card\n",
  "rust/a.parquet": { size: 30_000, seed: 1 },
  "rust/deep/er/b.parquet": { size: 5_000, seed: 2 },
  "rust/same.parquet": { size: 5_000, seed: 2 },
};

let hub: LoopbackHub;
let repo: RepoHandle;
let head: string;
let project: Project;
let tritter: InProcess;
let events: TritterEvent[];

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code");
  head = repo.commit(TREE);
  project = await makeProject(hub);
  events = [];
  tritter = inProcess(project, { onEvent: (event) => events.push(event) });
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

const cache = (...path: string[]) => join(project.folder, "hf", "hub", ...path);
const home = (...path: string[]) => cache("datasets--o--code", ...path);
const manifest = (options: string) => project.manifest(`sources:\n  code: { repo: o/code, ${options} }`);
const commitNow = () => /"commit": "([0-9a-f]{40})"/.exec(readFileSync(project.lockFile, "utf8"))?.[1] ?? "";

/** Of a locked file: the name of its blob. */
function etag(path: string): string {
  const lines = readFileSync(project.lockFile, "utf8").split("\n");
  const line = lines.find((one) => one.startsWith(`{"path":${JSON.stringify(path)}`)) ?? "";
  return /"(?:sha256|git)":"([0-9a-f]+)"/.exec(line)?.[1] ?? "";
}

/** Every file below a folder: a link as where it leads, a file as its size. */
async function outline(folder: string): Promise<Record<string, string | number>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const found = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [
        relative(folder, path),
        entry.isSymbolicLink() ? readlinkSync(path) : lstatSync(path).size,
      ] as const;
    });
  return Object.fromEntries(found.sort());
}

/** With nothing to do, no file is read and the Hub is not asked. */
async function isQuick(): Promise<void> {
  events.length = 0;
  hub.clearLog();
  expect(await tritter.sync()).toMatchObject({ exit: 0, result: { provided: undefined } });
  expect(events.map(({ kind }) => kind)).toEqual(["scanning"]);
  expect(hub.log).toEqual([]);
}

describe("hub-cache: write", () => {
  it("lays a whole repository out as hf does, its listing too", async () => {
    await manifest("hub-cache: write");
    const { exit, result } = await tritter.sync();
    expect(exit).toBe(0);
    const commit = commitNow();
    const [card, a, b] = ["README.md", "rust/a.parquet", "rust/deep/er/b.parquet"].map((path) => etag(path));
    expect(await outline(home())).toEqual({
      [`blobs/${card}`]: 7,
      [`blobs/${a}`]: 30_000,
      [`blobs/${b}`]: 5_000,
      "refs/main": 40,
      [`snapshots/${commit}/README.md`]: `../../blobs/${card}`,
      [`snapshots/${commit}/rust/a.parquet`]: `../../../blobs/${a}`,
      [`snapshots/${commit}/rust/deep/er/b.parquet`]: `../../../../../blobs/${b}`,
      [`snapshots/${commit}/rust/same.parquet`]: `../../../blobs/${b}`,
      [`trees/${commit}.json`]: expect.any(Number),
    });
    expect(readFileSync(home("refs/main"), "utf8")).toBe(commit);
    expect(readFileSync(home("snapshots", commit, "rust/same.parquet"))).toEqual(
      readFileSync(join(project.root, "code/rust/same.parquet")),
    );
    expect(result?.provided?.cache).toMatchObject({
      folder: cache(),
      files: 4,
      blobs: { copy: { files: 3, bytes: 35_007 }, link: { files: 0 }, reflink: { files: 0 } },
    });
    await isQuick();
    expect((await tritter.check()).exit).toBe(0);
  });

  it("serves as a Hub of its own afterwards, with no network", async () => {
    await manifest("hub-cache: write");
    await tritter.sync();
    const before = await project.lock();
    await project.unlock();
    await project.wipe();
    hub.clearLog();
    expect((await tritter.sync({ offline: true })).exit).toBe(0);
    expect(hub.log).toEqual([]);
    // A cache knows nothing of ids and gates.
    expect((await project.lock()).match(/\{"path".*/g)).toEqual(before.match(/\{"path".*/g));
  });

  it.each([
    ["a part of a repository", 'include: ["rust/*"], strip: rust, hub-cache: write'],
    [
      "a commit, which has no ref either",
      'revision: "COMMIT", include: ["rust/a.parquet"], hub-cache: write',
    ],
  ])("writes no listing for %s", async (_, options) => {
    await manifest(options.replace("COMMIT", head));
    expect((await tritter.sync()).exit).toBe(0);
    expect(existsSync(home("trees"))).toBe(false);
    expect(existsSync(home("refs"))).toBe(!options.includes("revision"));
    expect(existsSync(home("snapshots", commitNow(), "rust/a.parquet"))).toBe(true);
    await isQuick();
  });

  it("does not make the lock stale, and puts out what is on disk without fetching it", async () => {
    await manifest("");
    await tritter.sync();
    const lock = await project.lock();
    await manifest("hub-cache: write");
    hub.clearLog();
    expect(await tritter.sync({ locked: true })).toMatchObject({
      exit: 0,
      result: { provided: { cache: { files: 4 } } },
    });
    expect(hub.log).toEqual([]);
    expect(await project.lock()).toBe(lock);
  });

  it.each(["blobs", "snapshots", "refs"])("finds again what was deleted: %s", async (folder) => {
    await manifest("hub-cache: write");
    await tritter.sync();
    const before = await outline(home());
    await rm(home(folder), { recursive: true });
    const checked = await tritter.check();
    expect(checked).toMatchObject({ exit: 4, problems: [{ code: "DRIFT", source: "code" }] });
    expect(await tritter.sync({ dryRun: true })).toMatchObject({
      exit: 0,
      result: { provided: { cache: { folder: cache() } } },
    });
    expect(existsSync(home(folder))).toBe(false);
    expect((await tritter.sync()).exit).toBe(0);
    expect(await outline(home())).toEqual(before);
    await isQuick();
  });

  it("uses what is there: read once, then believed by its stamp", async () => {
    await manifest("");
    await tritter.sync();
    await mkdir(home("blobs"), { recursive: true });
    await copyFile(join(project.root, "code/rust/a.parquet"), home("blobs", etag("rust/a.parquet")));
    const { ino } = lstatSync(home("blobs", etag("rust/a.parquet")));
    await manifest("hub-cache: write");
    expect(await tritter.sync()).toMatchObject({
      exit: 0,
      result: { provided: { cache: { blobs: { copy: { files: 2 } } } } },
    });
    expect(events.filter(({ kind }) => kind === "hashing")).toHaveLength(1);
    expect(lstatSync(home("blobs", etag("rust/a.parquet"))).ino).toBe(ino);
    await isQuick();
    // The long way: it reads nothing of the cache either.
    await rm(join(project.root, "code/README.md"));
    events.length = 0;
    await tritter.sync();
    expect(events.filter(({ kind }) => kind === "hashing")).toEqual([]);
  });

  it("takes blobs that huggingface_hub 2 keeps for several repositories, and snapshots without links", async () => {
    await manifest("hub-cache: write");
    await tritter.sync();
    const [blob, shared] = [home("blobs", etag("rust/a.parquet")), cache("blobs", "ab", "ab".repeat(32))];
    await mkdir(dirname(shared), { recursive: true });
    await rename(blob, shared);
    await symlink(`../../blobs/ab/${"ab".repeat(32)}`, blob);
    const pointer = home("snapshots", commitNow(), "README.md");
    await rm(pointer);
    await rename(home("blobs", etag("README.md")), pointer);
    const before = await outline(cache());
    expect(await tritter.sync()).toMatchObject({ exit: 0, result: { provided: { cache: { files: 0 } } } });
    expect(await outline(cache())).toEqual(before);
    await isQuick();
  });

  it.each([
    ["cut", (path: string) => truncate(path, 10)],
    ["of the right size", (path: string) => writeFile(path, Buffer.alloc(30_000))],
    ["a link out of the cache", (path: string) => rm(path).then(() => symlink("/etc/hostname", path))],
    ["a link to nothing", (path: string) => rm(path).then(() => symlink("nothing", path))],
    ["a folder", (path: string) => rm(path).then(() => mkdir(path))],
  ])("leaves wrong bytes alone and tells of them: %s", async (_, spoil) => {
    await manifest("hub-cache: write");
    await tritter.sync();
    await spoil(home("blobs", etag("rust/a.parquet")));
    await rm(home("refs"), { recursive: true });
    const before = await outline(home());
    const { exit, problems } = await tritter.sync();
    expect(exit).toBe(4);
    expect(problems).toMatchObject([{ code: "CONFLICT", path: "code/rust/a.parquet", source: "code" }]);
    // Nor is a ref set to what is not whole.
    expect(await outline(home())).toEqual(before);
    expect((await tritter.check()).exit).toBe(4);
    await rm(home("blobs", etag("rust/a.parquet")), { recursive: true });
    expect((await tritter.sync()).exit).toBe(0);
    await isQuick();
  });

  it("sees with --deep what no stamp tells", async () => {
    await manifest("hub-cache: write");
    await tritter.sync();
    const rotten: Disk = {
      ...nodeDisk(),
      open: (path, mode) =>
        nodeDisk().open(path.replace(home("blobs", etag("README.md")), "/etc/hostname"), mode),
    };
    expect((await inProcess(project, { disk: rotten }).check(true)).problems).toMatchObject([
      { code: "CONFLICT" },
    ]);
    expect((await tritter.check(true)).exit).toBe(0);
  });

  it.each([
    ["datasets--o--code", 4],
    ["datasets--o--code/blobs", 4],
    ["datasets--o--code/snapshots", 4],
    ["datasets--o--code/refs", 4],
    // Clients do without a listing.
    ["datasets--o--code/trees", 0],
  ])("writes through no link that somebody put at %s", async (path, exit) => {
    const outside = join(project.folder, "outside");
    await mkdir(outside);
    await mkdir(dirname(cache(path)), { recursive: true });
    await symlink(outside, cache(path));
    await manifest("hub-cache: write");
    expect((await tritter.sync()).exit).toBe(exit);
    expect(await readdir(outside)).toEqual([]);
    expect(Object.keys(await project.tree())).toHaveLength(4);
  });

  it("writes below a snapshot through no link either", async () => {
    const outside = join(project.folder, "outside");
    await mkdir(outside);
    await mkdir(home("snapshots", head), { recursive: true });
    await symlink(outside, home("snapshots", head, "rust"));
    await manifest("hub-cache: write");
    expect((await tritter.sync()).exit).toBe(4);
    expect(await readdir(outside)).toEqual([]);
  });

  it("follows the link that the cache's own folder may be", async () => {
    await mkdir(join(project.folder, "big"));
    await symlink(join(project.folder, "big"), join(project.folder, "hf"));
    await manifest("hub-cache: write");
    expect((await tritter.sync()).exit).toBe(0);
    expect(existsSync(join(project.folder, "big/hub/datasets--o--code/refs/main"))).toBe(true);
    await isQuick();
    // Led elsewhere, it is another cache.
    await rm(join(project.folder, "hf"));
    expect(await tritter.sync()).toMatchObject({ exit: 0, result: { provided: { cache: { files: 4 } } } });
  });

  it("moves a ref with the pin, says so, and leaves what was there", async () => {
    await manifest("hub-cache: write");
    await tritter.sync();
    const first = commitNow();
    const before = await outline(home("snapshots", first));
    repo.commit({ ...TREE, "README.md": "another card\n" });
    await tritter.update();
    expect(await tritter.sync()).toMatchObject({
      exit: 0,
      result: {
        provided: {
          cache: {
            files: 4,
            blobs: { copy: { files: 1 } },
            refs: [{ path: "datasets--o--code/refs/main", before: first }],
          },
        },
      },
    });
    expect(readFileSync(home("refs/main"), "utf8")).toBe(commitNow());
    expect(await outline(home("snapshots", first))).toEqual(before);
    await isQuick();
  });

  it("leaves the cache alone when the source goes, and the other sources when one is synced", async () => {
    await project.manifest(
      'sources:\n  a: { repo: o/code, include: ["rust/a.parquet"], hub-cache: write }\n  b: { repo: o/code, include: ["README.md"], hub-cache: write }',
    );
    await tritter.sync();
    const before = await outline(cache());
    await rm(home("blobs"), { recursive: true });
    await tritter.sync({ names: ["a"] });
    expect(await readdir(home("blobs"))).toEqual([etag("rust/a.parquet")]);
    await tritter.sync();
    expect(await outline(cache())).toEqual(before);
    await isQuick();
    await project.manifest("sources: {}");
    expect((await tritter.sync()).exit).toBe(0);
    expect(await outline(cache())).toEqual(before);
    expect(await project.tree()).toEqual({});
  });

  it("looks for space before the first byte", async () => {
    await manifest("hub-cache: write");
    const disk: Disk = { ...nodeDisk(), space: async () => ({ bytes: 60_000, inodes: undefined }) };
    // 40,007 bytes for the tree, and 35,007 for the cache.
    expect(await inProcess(project, { disk }).sync()).toMatchObject({
      exit: 8,
      problems: [{ code: "NO_SPACE" }],
    });
    expect(hub.log.filter(({ kind }) => kind === "cdn")).toEqual([]);
    const sharing: Disk = { ...disk, reflink: (from, to) => copyFile(from, to).then(() => true) };
    expect(await inProcess(project, { disk: sharing }).sync()).toMatchObject({
      exit: 0,
      result: {
        provided: { cache: { blobs: { reflink: { files: 3, bytes: 35_007 }, copy: { files: 0 } } } },
      },
    });
  });

  it("puts nothing there from an endpoint that only the manifest names", async () => {
    await manifest("hub-cache: write");
    await tritter.sync();
    await rm(cache(), { recursive: true });
    const stranger =
      "version: 1\nname: test\nroot: data\nendpoint: https://hub.example\nsources:\n  code: { repo: o/code, hub-cache: write }\n";
    await project.write("tritter.yaml", stranger);
    expect(await tritter.sync()).toMatchObject({ exit: 2, problems: [{ code: "USAGE" }] });
    expect(existsSync(cache())).toBe(false);
    const env = { TRITTER_TOKEN_HOSTS: "hub.example" };
    expect((await inProcess(project, { env }).sync()).exit).toBe(0);
    expect(existsSync(home("refs/main"))).toBe(true);
  });

  it("says where it would be told, with no home to look in", async () => {
    await manifest("hub-cache: write");
    const env = { HF_HOME: "", HOME: "" };
    expect(await inProcess(project, { env }).sync()).toMatchObject({
      exit: 2,
      problems: [{ code: "USAGE" }],
    });
  });

  it("leaves what clients accept when it is killed at any call, and goes on from there", async () => {
    await manifest("");
    await tritter.sync();
    await manifest("hub-cache: write");
    const started = join(project.folder, "started");
    await cp(project.root, started, { recursive: true, preserveTimestamps: true });
    for (let calls = 0; ; calls++) {
      await rm(cache(), { recursive: true, force: true });
      let left = calls;
      const inCache = (path: string) => path.startsWith(cache());
      const killedNow = (path: string) => {
        if (inCache(path)) left -= 1;
        if (left < 0) throw new Error("killed");
      };
      const killed = async (path: string) => killedNow(path);
      const real = nodeDisk();
      const disk: Disk = {
        ...real,
        mkdirNow: (path) => {
          killedNow(path);
          real.mkdirNow(path);
        },
        mkdir: (path) => killed(path).then(() => real.mkdir(path)),
        open: (path, mode) => killed(mode === "wx" ? path : "").then(() => real.open(path, mode)),
        link: (from, to) => killed(to).then(() => real.link(from, to)),
        rename: (from, to) => killed(to).then(() => real.rename(from, to)),
        makeSymlink: (text, path) => killed(path).then(() => real.makeSymlink(text, path)),
        // The dead unlink nothing.
        unlink: (path) => killed(path).then(() => real.unlink(path)),
      };
      const ended = await inProcess(project, { disk }).sync();
      await expectAcceptable();
      expect((await tritter.sync()).exit).toBe(0);
      expect(existsSync(home("refs/main"))).toBe(true);
      if (ended.exit === 0) break;
    }
  });

  it.each([
    ["an interruption", new TritterError({ code: "INTERRUPTED", message: "stopped" }), 130],
    ["the deadline", new TritterError({ code: "BUDGET", message: "stopped" }), 8],
  ])("ends at %s with what is complete, and goes on from there", async (_, reason, exit) => {
    await manifest("");
    await tritter.sync();
    await manifest("hub-cache: write");
    const stopping = new AbortController();
    const onEvent = (event: TritterEvent) => {
      if (event.kind === "file-done") stopping.abort(reason);
    };
    expect((await inProcess(project, { signal: stopping.signal, onEvent }).sync()).exit).toBe(exit);
    expect(existsSync(home("refs"))).toBe(false);
    await expectAcceptable();
    expect((await readdir(home("blobs"))).filter((name) => name.endsWith(".incomplete"))).toEqual([]);
    expect((await tritter.sync()).exit).toBe(0);
    expect(existsSync(home("refs/main"))).toBe(true);
  });

  /** A blob has its name only whole; a ref names only a whole snapshot. */
  async function expectAcceptable(): Promise<void> {
    const blobs = await readdir(home("blobs")).catch(() => [] as string[]);
    const sizes = new Map([
      [etag("README.md"), 7],
      [etag("rust/a.parquet"), 30_000],
      [etag("rust/same.parquet"), 5_000],
    ]);
    for (const name of blobs.filter((one) => !one.endsWith(".incomplete")))
      expect(lstatSync(home("blobs", name)).size).toBe(sizes.get(name));
    const refs = await readdir(home("refs")).catch(() => [] as string[]);
    for (const name of refs) {
      const commit = readFileSync(home("refs", name), "utf8");
      for (const path of Object.keys(TREE)) expect(existsSync(home("snapshots", commit, path))).toBe(true);
    }
  }
});

describe("hub-cache: link", () => {
  it("gives the file a second name instead of a copy, and knows it by its new stamp", async () => {
    await manifest("hub-cache: link");
    expect(await tritter.sync()).toMatchObject({
      exit: 0,
      result: { provided: { cache: { blobs: { link: { files: 3 }, copy: { files: 0 } } } } },
    });
    expect(lstatSync(home("blobs", etag("rust/a.parquet"))).ino).toBe(
      lstatSync(join(project.root, "code/rust/a.parquet")).ino,
    );
    await isQuick();
    expect((await tritter.check()).exit).toBe(0);
  });

  it("needs no space for a second name", async () => {
    await manifest("hub-cache: link");
    const disk: Disk = { ...nodeDisk(), space: async () => ({ bytes: 60_000, inodes: undefined }) };
    expect((await inProcess(project, { disk }).sync()).exit).toBe(0);
  });

  it("is refused across file systems before the first byte", async () => {
    await manifest("hub-cache: link");
    const real = nodeDisk();
    const away = (path: string, stat: FileStat | undefined) =>
      stat !== undefined && path.startsWith(cache()) ? { ...stat, device: stat.device + 1n } : stat;
    const disk: Disk = { ...real, lstat: (path) => away(path, real.lstat(path)) };
    expect(await inProcess(project, { disk }).sync()).toMatchObject({
      exit: 12,
      problems: [{ code: "DISK_REFUSED" }],
    });
    expect(hub.log.filter(({ kind }) => kind === "cdn")).toEqual([]);
  });
});

describe("local-dir: metadata", () => {
  const beside = (path: string) => join(project.root, "code/.cache/huggingface", path);

  it("says of each file what hf would have written, at the file's own time", async () => {
    await manifest("local-dir: metadata");
    expect(await tritter.sync()).toMatchObject({
      exit: 0,
      result: { provided: { metadata: { written: 4 } } },
    });
    const { mtimeNs } = lstatSync(join(project.root, "code/README.md"), { bigint: true });
    const [commit, hash, time] = readFileSync(beside("download/README.md.metadata"), "utf8").split("\n");
    expect([commit, hash]).toEqual([commitNow(), etag("README.md")]);
    expect(Math.abs(Number(time) - Number(mtimeNs) / 1e9)).toBeLessThan(0.001);
    expect(readFileSync(beside(".gitignore"), "utf8")).toBe("*");
    expect(readFileSync(beside("CACHEDIR.TAG"), "utf8")).toContain("8a477f597d28d172789f06886806bc55");
    await isQuick();
    expect((await tritter.check()).exit).toBe(0);
  });

  it("writes again what was deleted or is about another commit", async () => {
    await manifest("local-dir: metadata");
    await tritter.sync();
    await rm(beside("download/README.md.metadata"));
    writeFileSync(beside("download/rust/a.parquet.metadata"), `${"0".repeat(40)}\nxyz\n1\n`);
    expect(await tritter.check()).toMatchObject({ exit: 4, problems: [{ code: "DRIFT", source: "code" }] });
    expect(await tritter.sync({ dryRun: true })).toMatchObject({
      result: { provided: { metadata: { written: 2 } } },
    });
    expect(await tritter.sync()).toMatchObject({
      exit: 0,
      result: { provided: { metadata: { written: 2 } } },
    });
    await isQuick();
  });

  it("goes with its file, its source and its option, and leaves what is not ours", async () => {
    await manifest("local-dir: metadata");
    await tritter.sync();
    await manifest('include: ["rust/*"], local-dir: metadata');
    expect(await tritter.sync()).toMatchObject({
      exit: 0,
      result: { provided: { metadata: { removed: 2 } } },
    });
    expect(existsSync(beside("download/README.md.metadata"))).toBe(false);
    expect(existsSync(beside("download/rust/a.parquet.metadata"))).toBe(true);
    await writeFile(beside("download/rust/a.parquet.lock"), "");
    await manifest('include: ["rust/*"]');
    expect((await tritter.sync()).exit).toBe(0);
    expect(await outline(beside(""))).toEqual({
      ".gitignore": 1,
      "CACHEDIR.TAG": expect.any(Number),
      "download/rust/a.parquet.lock": 0,
    });
    await isQuick();
  });

  it("leaves no folder behind when the source goes", async () => {
    await manifest("local-dir: metadata");
    await tritter.sync();
    await project.manifest("sources: {}");
    expect((await tritter.sync()).exit).toBe(0);
    expect(await readdir(project.root)).toEqual([".tritter"]);
  });

  it("writes through no link that somebody put there", async () => {
    const outside = join(project.folder, "outside");
    await mkdir(outside);
    await mkdir(join(project.root, "code"), { recursive: true });
    await symlink(outside, join(project.root, "code/.cache"));
    await manifest("local-dir: metadata");
    expect(await tritter.sync()).toMatchObject({
      exit: 4,
      problems: [{ code: "CONFLICT", path: "code/.cache" }],
    });
    expect(await readdir(outside)).toEqual([]);
  });
});
