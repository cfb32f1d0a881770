import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it as plain } from "vitest";
import type { ErrorCode } from "../../cli/errors.ts";
import {
  type Fault,
  type LoggedRequest,
  type LoopbackHub,
  type RepoHandle,
  startHub,
} from "../support/hub/index.ts";
import { type Ended, type InProcess, inProcess, type Surroundings } from "../support/in-process.ts";
import { wantsOfFile, wrongFiles } from "../support/locked-tree.ts";
import { makeProject, type Project } from "../support/project.ts";
import { listen, startProxy } from "../support/proxy.ts";
import { seeded, seedOfRun } from "../support/random.ts";

// What a Hub, its CDN and all that stands between can do to a whole lock or sync. Each ends at the lock, or with the
// exit status that says why not and everything else done; once the trouble is over, the next sync ends at the lock.

const NOTE = "a note of some sixty bytes, which plain git holds by itself\n";
/** bytes; more than one request, and a last segment of one byte */
const LARGE = 17 * 1024 * 1024 + 1;
const OTHERS = { "other/a-note.md": "another note\n", "other/b.parquet": { size: 2_000, seed: 3 } };
const SMALL = { ...OTHERS, "note.md": NOTE, "small.parquet": { size: 3_000, seed: 1 } };
const ALL = { ...SMALL, "large.parquet": { size: LARGE, seed: 2 } };

interface Scene {
  readonly hub: LoopbackHub;
  readonly repo: RepoHandle;
  readonly project: Project;
  /** Moves the Hub's clock on. */
  passAtHub(ms: number): void;
}

const alone = plain.extend<{ scene: Scene }>({
  // biome-ignore lint/correctness/noEmptyPattern: the way to say that it needs no other
  scene: async ({}, use) => {
    let now = Date.now();
    const hub = await startHub({ now: () => now, signatureSeconds: 60, pageSize: 3 });
    const repo = hub.repo("o/n");
    repo.commit(SMALL);
    const project = await makeProject(hub, { HF_HUB_DOWNLOAD_TIMEOUT: "0.3", HF_HUB_ETAG_TIMEOUT: "0.3" });
    await project.manifest("sources:\n  all: { repo: o/n, path: . }");
    const passAtHub = (ms: number) => {
      now += ms;
    };
    await use({ hub, repo, project, passAtHub });
    const { violations } = hub;
    await hub.close();
    await project.remove();
    expect(violations).toEqual([]);
  },
});
// Most of what happens here is waiting, so scenes play beside each other, each with a Hub of its own.
const it = alone.concurrent;

async function locked({ hub, project }: Scene, surroundings: Surroundings = {}): Promise<InProcess> {
  const program = inProcess(project, surroundings);
  expect(await program.lock()).toMatchObject({ exit: 0 });
  hub.clearLog();
  return program;
}

async function expectDone({ project }: Scene, done: Ended): Promise<void> {
  expect(done).toMatchObject({ exit: 0, problems: [] });
  const wants = await wantsOfFile(project.lockFile);
  expect(await wrongFiles(project.root, wants)).toEqual([]);
  expect(Object.keys(await project.tree())).toEqual(wants.map(({ path }) => path).sort());
}

/** One problem a file, with what to do next; every other file is in place, and of these not a byte. */
async function expectAllBut(
  { project }: Scene,
  { done, files, code }: { done: Ended; files: readonly string[]; code: ErrorCode },
): Promise<void> {
  expect(done.problems.map((problem) => [problem.code, problem.path]).sort()).toEqual(
    files.map((file) => [code, file]),
  );
  for (const { message, path, hint = "" } of done.problems)
    expect([message, hint]).toEqual([expect.stringContaining(path ?? "?"), expect.stringMatching(/./)]);
  expect(done.exit).toBe(code === "DIGEST_MISMATCH" ? 5 : 7);
  const wants = await wantsOfFile(project.lockFile);
  const others = wants.map(({ path }) => path as string).filter((path) => !files.includes(path));
  expect(Object.keys(await project.tree())).toEqual(others.sort());
  expect((await wrongFiles(project.root, wants)).sort()).toEqual(files);
}

/** The trouble is over: one more sync ends at the lock, leaves nothing behind, and the one after it does nothing. */
async function expectHeals(scene: Scene, program: InProcess): Promise<void> {
  const { hub, project } = scene;
  hub.faults.clear();
  hub.resetConnections(0);
  await expectDone(scene, await program.sync());
  expect(
    (await project.state()).filter((path) => !/^(?:\.gitignore|last-sync\.ndjson|receipt\/.*)$/.test(path)),
  ).toEqual([]);
  hub.clearLog();
  const { exit, result } = await program.sync();
  expect([exit, result?.plan?.writes ?? [], result?.plan?.prunes ?? [], hub.log]).toEqual([0, [], [], []]);
}

/** Which requests a fault strikes: those for the bytes of a file, or for where they are. */
interface Place {
  readonly file: string;
  readonly at: "bytes" | "address";
}

const isFor =
  ({ file, at }: Place) =>
  (request: LoggedRequest): boolean =>
    request.file === file && (request.kind === "resolve") === (at === "address");

const [note, small, large] = ["note.md", "small.parquet", "large.parquet"].map(
  (file): Place => ({ file, at: "bytes" }),
) as [Place, Place, Place];
const BODIES = [note, small];
const ADDRESSES = BODIES.map(({ file }): Place => ({ file, at: "address" }));

interface Row {
  readonly fault: Fault;
  readonly places: readonly Place[];
  /** With the fault for ever. `lock`: it ends there all the same. */
  readonly always: "lock" | ErrorCode;
  /** With the fault once at each place; default: it ends at the lock. */
  readonly once?: ErrorCode;
}

const MIB = 1024 * 1024;
const ROWS: Readonly<Record<string, Row>> = {
  "a cut before the first byte": { fault: { kind: "cut", after: 0 }, places: BODIES, always: "NETWORK" },
  // Each try gains some, so the last byte comes.
  "a cut of a note": { fault: { kind: "cut", after: 20 }, places: [note], always: "lock" },
  "a cut of a small file": { fault: { kind: "cut", after: 400 }, places: [small], always: "lock" },
  "a cut within a segment": { fault: { kind: "cut", after: 5 * MIB }, places: [large], always: "lock" },
  "a body too short": {
    fault: { kind: "short", by: 7 },
    places: BODIES,
    always: "HUB",
    once: "HUB",
  },
  "a range too short": { fault: { kind: "short", by: 70_000 }, places: [large], always: "NETWORK" },
  "a stall before the first byte": {
    fault: { kind: "stall", after: 0 },
    places: BODIES,
    always: "NETWORK",
  },
  "a stall of a small file": { fault: { kind: "stall", after: 1_500 }, places: [small], always: "lock" },
  "a stall within a segment": { fault: { kind: "stall", after: 6 * MIB }, places: [large], always: "lock" },
  "no answer of the CDN": { fault: { kind: "silence" }, places: [small], always: "NETWORK" },
  "no answer of the Hub": { fault: { kind: "silence" }, places: ADDRESSES, always: "NETWORK" },
  "200 for 206": { fault: { kind: "ignore-range" }, places: [large], always: "lock" },
  "a Content-Range of another place": {
    fault: { kind: "content-range", value: `bytes 5-99/${LARGE}` },
    places: [large],
    always: "HUB",
  },
  "a Content-Range that is none": {
    fault: { kind: "content-range", value: "items 1-2" },
    places: [large],
    always: "HUB",
  },
  "a Content-Range of another size": {
    fault: { kind: "content-range", value: `bytes 0-99/${LARGE + 5}` },
    places: [large],
    always: "HUB",
    once: "HUB",
  },
  "a range from too early on": {
    fault: { kind: "shift-range", by: 16 * MIB },
    places: [large],
    always: "HUB",
  },
  "gzip in spite of identity": { fault: { kind: "gzip" }, places: BODIES, always: "HUB" },
  "an address that has expired": { fault: { kind: "expired" }, places: [small, large], always: "HUB" },
  "an address used up soon": { fault: { kind: "used-up", after: 1_000 }, places: [small], always: "lock" },
  "an address used up within a segment": {
    fault: { kind: "used-up", after: 3 * MIB },
    places: [large],
    always: "lock",
  },
  "500 with HTML for bytes": { fault: { kind: "status", status: 500 }, places: BODIES, always: "HUB" },
  "502 with HTML for an address": {
    fault: { kind: "status", status: 502 },
    places: ADDRESSES,
    always: "HUB",
  },
  "503 with HTML for bytes": { fault: { kind: "status", status: 503 }, places: [large], always: "HUB" },
  "504 with HTML for an address": {
    fault: { kind: "status", status: 504 },
    places: ADDRESSES,
    always: "HUB",
  },
  "429 without a header": { fault: { kind: "too-many" }, places: ADDRESSES, always: "RATE_LIMITED" },
  "429 of the CDN": { fault: { kind: "too-many" }, places: [small, large], always: "RATE_LIMITED" },
  "429 with RateLimit": {
    fault: { kind: "too-many", wait: 200 },
    places: ADDRESSES,
    always: "RATE_LIMITED",
  },
  "429 with Retry-After": {
    fault: { kind: "too-many", retryAfter: 30 },
    places: ADDRESSES,
    always: "RATE_LIMITED",
  },
  "a reset by the CDN": { fault: { kind: "reset" }, places: [small, large], always: "NETWORK" },
  "a reset by the Hub": { fault: { kind: "reset" }, places: ADDRESSES, always: "NETWORK" },
  "a redirect in circles": { fault: { kind: "redirect-loop" }, places: ADDRESSES, always: "HUB" },
  "a redirect to a host that is not there": {
    fault: { kind: "redirect", to: "http://nowhere.invalid/x" },
    places: ADDRESSES,
    always: "NETWORK",
  },
  "a redirect to where nobody listens": {
    fault: { kind: "redirect", to: "http://127.0.0.1:1/x" },
    places: ADDRESSES,
    always: "NETWORK",
  },
  "another byte of the same length": {
    fault: { kind: "corrupt", at: 11 },
    places: BODIES,
    always: "DIGEST_MISMATCH",
  },
  "another last byte": {
    fault: { kind: "corrupt", at: LARGE - 1 },
    places: [large],
    always: "DIGEST_MISMATCH",
  },
};

async function syncWith(scene: Scene, { fault, places }: Row, times?: number) {
  const { hub, repo } = scene;
  if (places.includes(large)) repo.commit(ALL);
  const program = await locked(scene);
  const faults = places.map((place) =>
    hub.faults.add({ match: isFor(place), fault, ...(times !== undefined && { times }) }),
  );
  const done = await program.sync();
  for (const { hits } of faults) expect(hits).toBeGreaterThan(0);
  return { program, done };
}

function filesOf({ places }: Row): string[] {
  return places.map(({ file }) => file).sort();
}

describe("sync with a fault", () => {
  it.for(Object.entries(ROWS))("once at each place: %s", async ([, row], { scene }) => {
    const { program, done } = await syncWith(scene, row, 1);
    if (row.once === undefined) await expectDone(scene, done);
    else await expectAllBut(scene, { done, files: filesOf(row), code: row.once });
    await expectHeals(scene, program);
  });

  it.for(Object.entries(ROWS))("that stays: %s", async ([, row], { scene }) => {
    const { program, done } = await syncWith(scene, row);
    if (row.always === "lock") await expectDone(scene, done);
    else await expectAllBut(scene, { done, files: filesOf(row), code: row.always });
    await expectHeals(scene, program);
  });
});

describe("sync of a small file that is cut", () => {
  it.for([
    ["a note", NOTE.length, "md"],
    ["a file of LFS", 130, "parquet"],
  ] as const)("after any number of its bytes: %s", async ([, size, kind], { scene }) => {
    const { hub, repo } = scene;
    // One for each number, and no two alike.
    const files = Array.from({ length: size }, (_, after) => `cut-after-${after}.${kind}`);
    const content = (index: number) =>
      kind === "md" ? `${index}, `.padEnd(size, "-") : { size, seed: 100 + index };
    repo.commit({ ...OTHERS, ...Object.fromEntries(files.map((file, index) => [file, content(index)])) });
    const program = await locked(scene);
    const faults = files.map((file, after) =>
      hub.faults.add({ match: isFor({ file, at: "bytes" }), times: 1, fault: { kind: "cut", after } }),
    );
    await expectDone(scene, await program.sync());
    expect(faults.map(({ hits }) => hits)).toEqual(files.map(() => 1));
    await expectHeals(scene, program);
  });
});

describe("sync of a large file that is cut", () => {
  const seed = seedOfRun();

  it(`three times, anywhere, and fetches nothing twice (TRITTER_SEED=${seed})`, async ({ scene }) => {
    const { hub, repo, project } = scene;
    repo.commit(ALL);
    const program = await locked(scene);
    const random = seeded(seed);
    for (let round = 0; round < 5; round++) {
      await project.wipe();
      hub.clearLog();
      for (let cuts = 0; cuts < 3; cuts++) {
        const after = random.below(15 * MIB);
        hub.faults.add({ match: isFor(large), times: 1, fault: { kind: "cut", after } });
      }
      await expectDone(scene, await program.sync());
      const received = hub.log.filter(isFor(large)).reduce((sum, { bytes }) => sum + bytes, 0);
      // What a connection took on its last breath may not have come.
      expect(received).toBeLessThan(LARGE + 3 * 2 * MIB);
      hub.faults.clear();
    }
    await expectHeals(scene, program);
  });
});

describe("sync from an edge that drips", () => {
  it.for([
    ["a small file", small, 300],
    ["a large file", large, 10_000],
  ] as const)("below the least goodput opens %s again", async ([, place, bytes], { scene }) => {
    const { hub, repo } = scene;
    repo.commit(ALL);
    const retries: string[] = [];
    // Between two drops lie 35 seconds, told by the clock alone; they come far enough apart to be told one by one.
    const program = await locked(scene, {
      onEvent: (event) => {
        if (event.kind === "file-bytes" && event.bytes <= bytes) program.pass(35_000);
        if (event.kind === "file-retry") retries.push(event.why);
      },
    });
    hub.faults.add({ match: isFor(place), times: 3, fault: { kind: "drip", bytes, everyMs: 110 } });
    await expectDone(scene, await program.sync());
    expect(retries.filter((why) => why.includes("crawls")).length).toBeGreaterThan(0);
    await expectHeals(scene, program);
  });
});

describe("sync while addresses expire", () => {
  it("by time, between two requests of a file: it asks for another and goes on", async ({ scene }) => {
    const { hub, repo } = scene;
    repo.commit(ALL);
    const program = await locked(scene);
    const expire = () => scene.passAtHub(61_000);
    hub.faults.add({ match: isFor(large), times: 1, fault: { kind: "cut", after: 9 * MIB } });
    hub.faults.add({ match: isFor(large), skip: 1, times: 2, fault: { kind: "act", act: expire } });
    await expectDone(scene, await program.sync());
    expect(hub.log.filter(({ status, kind }) => kind === "cdn" && status === 403)).not.toEqual([]);
    await expectHeals(scene, program);
  });

  it("all at once, while they are under way", async ({ scene }) => {
    const { hub, repo } = scene;
    repo.commit(ALL);
    const program = await locked(scene);
    const act = () => hub.expireSignatures();
    hub.faults.add({ match: /./, kind: "cdn", skip: 1, times: 2, fault: { kind: "act", act } });
    await expectDone(scene, await program.sync());
    await expectHeals(scene, program);
  });
});

describe("sync whose connections are reset as they come", () => {
  it("a few times: ends at the lock", async ({ scene }) => {
    const { hub } = scene;
    const program = await locked(scene);
    hub.resetConnections(4);
    await expectDone(scene, await program.sync());
    await expectHeals(scene, program);
  });

  it("always: fails with 7 and writes nothing but the root", async ({ scene }) => {
    const { hub } = scene;
    const program = await locked(scene);
    hub.resetConnections(Number.POSITIVE_INFINITY);
    const done = await program.sync();
    await expectAllBut(scene, { done, files: Object.keys(SMALL).sort(), code: "NETWORK" });
    await expectHeals(scene, program);
  });
});

describe("sync with a token", () => {
  alone(
    "is redirected to another host that has the bytes, and leaves the token behind",
    async ({ scene }) => {
      const { hub, repo } = scene;
      const seen: (string | undefined)[] = [];
      const bytes = Buffer.from("bytes that a mirror has");
      const other = await listen((request, response) => {
        seen.push(request.headers.authorization);
        response.end(bytes);
      });
      hub.token("hf_some_secret");
      repo.commit({ ...OTHERS, "moved.parquet": bytes });
      const program = await locked(scene, { env: { HF_TOKEN: "hf_some_secret" } });
      const to = other.url.replace("127.0.0.1", "localhost");
      hub.faults.add({ match: /moved/, kind: "resolve", fault: { kind: "redirect", to, status: 307 } });
      await expectDone(scene, await program.sync());
      expect(seen).toEqual([undefined]);
      expect(hub.log.map(({ authorization }) => authorization)).toContain("Bearer hf_some_secret");
      await expectHeals(scene, program);
    },
  );
});

describe("a commit that vanishes", () => {
  it("within a sync ends with 11, keeps what came and prunes nothing; update and sync go on from there", async ({
    scene,
  }) => {
    const { hub, repo, project } = scene;
    repo.commit({ ...SMALL, "old.md": "to be pruned\n" });
    const program = await locked(scene);
    await expectDone(scene, await program.sync());
    const commit = repo.commit(ALL);
    expect(await program.update()).toMatchObject({ exit: 0 });
    const act = () => {
      repo.commit({ ...SMALL, "note.md": "newer\n" });
      repo.forget(commit);
    };
    hub.faults.add({ match: /large/, kind: "resolve", times: 1, fault: { kind: "act", act } });
    const done = await program.sync({ jobs: 1 });
    expect(done).toMatchObject({ exit: 11, problems: [{ code: "PIN_GONE", path: "large.parquet" }] });
    expect(done.problems[0]?.hint).toContain("tritter update");
    expect(await wrongFiles(project.root, await wantsOfFile(project.lockFile))).toEqual(["large.parquet"]);
    expect(Object.keys(await project.tree())).toContain("old.md");
    expect(await program.update()).toMatchObject({ exit: 0 });
    await expectHeals(scene, program);
    expect(Object.keys(await project.tree())).toEqual(Object.keys(SMALL).sort());
  });
});

/** Of the requests that a lock makes; `exit` where the fault stays, `once` (default: it is got over) where it comes once. */
const LOCKING: Readonly<Record<string, { fault: Fault; at: "info" | "tree"; exit: number; once?: number }>> =
  {
    "malformed JSON of a commit": { fault: { kind: "malformed" }, at: "info", exit: 7, once: 7 },
    "malformed JSON of a page": { fault: { kind: "malformed" }, at: "tree", exit: 7, once: 7 },
    "a login page in place of a page": {
      fault: { kind: "status", status: 200, body: "<html>log in</html>" },
      at: "tree",
      exit: 7,
      once: 7,
    },
    "a page without its Link": { fault: { kind: "no-link" }, at: "tree", exit: 7, once: 7 },
    "a repeated cursor": { fault: { kind: "repeat-cursor" }, at: "tree", exit: 7, once: 7 },
    "a masked page": { fault: { kind: "mask" }, at: "tree", exit: 7 },
    "a cut page": { fault: { kind: "cut", after: 30 }, at: "tree", exit: 7 },
    "a stalled page": { fault: { kind: "stall", after: 30 }, at: "tree", exit: 7 },
    "no answer": { fault: { kind: "silence" }, at: "info", exit: 7 },
    "503 with HTML": { fault: { kind: "status", status: 503 }, at: "tree", exit: 7 },
    "500 with HTML": { fault: { kind: "status", status: 500 }, at: "info", exit: 7 },
    "429 without a header": { fault: { kind: "too-many" }, at: "tree", exit: 7 },
    "429 with RateLimit": { fault: { kind: "too-many", wait: 100, bucket: "api" }, at: "info", exit: 7 },
    "a reset": { fault: { kind: "reset" }, at: "tree", exit: 7 },
    "a redirect in circles": { fault: { kind: "redirect-loop" }, at: "info", exit: 7 },
  };

describe("lock with a fault", () => {
  /** Before a second commit is locked: a file was moved, so that a page too few would prune it. */
  async function outdated(scene: Scene): Promise<{ program: InProcess; before: readonly unknown[] }> {
    const { repo, project } = scene;
    const program = await locked(scene);
    await expectDone(scene, await program.sync());
    repo.commit({ ...SMALL, "deep/er/new.md": "new\n" });
    return { program, before: [await project.lock(), await project.tree()] };
  }

  const now = async ({ project }: Scene) => [await project.lock(), await project.tree()];

  it.for(Object.entries(LOCKING))(
    "that stays leaves lock and disk as they were: %s",
    async ([, row], { scene }) => {
      const { hub, project } = scene;
      const { program, before } = await outdated(scene);
      const fault = hub.faults.add({ match: /./, kind: row.at, fault: row.fault });
      const failed = await program.update();
      expect(fault.hits).toBeGreaterThan(0);
      expect([failed.exit, await now(scene)]).toEqual([row.exit, before]);
      expect(failed.problems).toMatchObject([{ source: "all", hint: expect.stringMatching(/./) }]);
      hub.faults.clear();
      expect(await program.update()).toMatchObject({ exit: 0 });
      await expectHeals(scene, program);
      expect(Object.keys(await project.tree())).toContain("deep/er/new.md");
    },
  );

  it.for(Object.entries(LOCKING))(
    "once is got over, or leaves all as it was: %s",
    async ([, row], { scene }) => {
      const { hub, project } = scene;
      const { program, before } = await outdated(scene);
      const fault = hub.faults.add({ match: /./, kind: row.at, fault: row.fault, times: 1 });
      const done = await program.update();
      expect([fault.hits, done.exit]).toEqual([1, row.once ?? 0]);
      if (row.once !== undefined) expect(await now(scene)).toEqual(before);
      expect(await program.update()).toMatchObject({ exit: 0 });
      await expectHeals(scene, program);
      expect(Object.keys(await project.tree())).toContain("deep/er/new.md");
    },
  );

  it("is cut after any number of bytes of a page", async ({ scene }) => {
    const { hub, project } = scene;
    const program = await locked(scene);
    const wanted = await project.lock();
    const page = 390;
    for (let after = 0; after < page; after += 5) {
      await project.unlock();
      const fault = hub.faults.add({ match: /./, kind: "tree", times: 1, fault: { kind: "cut", after } });
      const done = await program.lock();
      expect([after, fault.hits, done.exit, await project.lock()]).toEqual([after, 1, 0, wanted]);
    }
    await expectHeals(scene, program);
  });

  it("keeps one commit though its branch moves between two requests", async ({ scene }) => {
    const { hub, repo, project } = scene;
    const program = inProcess(project);
    const act = () => void repo.commit({ ...SMALL, "note.md": "moved\n", "more.md": "more\n" });
    hub.faults.add({ match: /./, kind: "tree", fault: { kind: "act", act } });
    await expectDone(scene, await program.sync());
    expect(Object.keys(await project.tree())).toEqual(Object.keys(SMALL).sort());
    await expectHeals(scene, program);
  });

  it("says 11 of a commit that vanishes between two pages, and leaves all as it was", async ({ scene }) => {
    const { hub, repo } = scene;
    const { program, before } = await outdated(scene);
    const commit = repo.commit({ ...SMALL, "more.md": "more\n" });
    const act = () => {
      repo.commit(SMALL);
      repo.forget(commit);
    };
    hub.faults.add({ match: /cursor/, kind: "tree", times: 1, fault: { kind: "act", act } });
    expect(await program.update()).toMatchObject({ exit: 11, problems: [{ code: "PIN_GONE" }] });
    expect(await now(scene)).toEqual(before);
    expect(await program.update()).toMatchObject({ exit: 0 });
    await expectHeals(scene, program);
  });
});

describe("a host whose name nobody knows", () => {
  it("ends lock and sync with 7, says which, and leaves all as it was", async ({ scene }) => {
    const { project } = scene;
    const program = await locked(scene);
    await expectDone(scene, await program.sync());
    const before = await project.lock();
    await rm(join(project.root, "note.md"));
    const less = await project.tree();
    for (const run of [program.update, () => program.sync({ endpoint: "http://hub.invalid" })]) {
      const endpoint = { HF_ENDPOINT: "http://hub.invalid" };
      const other = inProcess(project, { env: endpoint });
      const failed =
        run === program.update ? await withoutEndpoint(project, () => other.update()) : await run();
      expect(failed.exit).toBe(7);
      expect(failed.problems[0]?.message).toContain("hub.invalid");
      expect([await project.lock(), await project.tree()]).toEqual([before, less]);
    }
    await expectHeals(scene, program);
  });

  /** With a manifest that leaves the endpoint to the environment. */
  async function withoutEndpoint<T>(project: Project, work: () => Promise<T>): Promise<T> {
    const manifest = (await project.read("tritter.yaml")).toString();
    await project.write("tritter.yaml", manifest.replace(/^endpoint: .*\n/m, ""));
    try {
      return await work();
    } finally {
      await project.write("tritter.yaml", manifest);
    }
  }
});

describe("a proxy in between", () => {
  async function behindProxy({ hub, repo, project }: Scene) {
    const proxy = await startProxy({ port: Number(new URL(hub.url).port) });
    const manifest = (await project.read("tritter.yaml")).toString();
    await project.write("tritter.yaml", manifest.replace(hub.url, "http://hub.invalid"));
    repo.commit({ ...OTHERS, "note.md": NOTE });
    // The CDN is loopback, which is never asked through a proxy.
    return { proxy, program: inProcess(project, { env: { HTTP_PROXY: proxy.url } }) };
  }

  alone("carries a whole sync, token and all faults of the Hub included", async ({ scene }) => {
    const { hub } = scene;
    const { proxy, program } = await behindProxy(scene);
    hub.faults.add({ match: /./, kind: "tree", times: 1, fault: { kind: "cut", after: 10 } });
    hub.faults.add({ match: isFor(note), times: 1, fault: { kind: "gzip" } });
    hub.faults.add({ match: isFor(note), times: 1, fault: { kind: "cut", after: 10 } });
    await expectDone(scene, await program.sync());
    expect(proxy.seen.length).toBeGreaterThan(5);
    await expectHeals(scene, program);
  });

  alone.for([
    ["refuses with 407", 407],
    ["answers 502 with HTML", 502],
    ["is gone", undefined],
  ] as const)("that %s ends with 7 and leaves all as it was", async ([, status], { scene }) => {
    const { project } = scene;
    const { program } = await behindProxy(scene);
    await expectDone(scene, await program.sync());
    await rm(join(project.root, "note.md"));
    const before = [await project.lock(), await project.tree()];
    const broken = await listen((_, response) => response.writeHead(status ?? 0).end("<html></html>"));
    if (status === undefined) await new Promise((resolve) => broken.server.close(resolve));
    const failing = inProcess(project, { env: { HTTP_PROXY: broken.url } });
    for (const failed of [await failing.sync(), await failing.update()]) {
      expect([failed.exit, failed.problems]).toEqual([
        7,
        [expect.objectContaining({ hint: expect.stringMatching(/./) })],
      ]);
    }
    expect([await project.lock(), await project.tree()]).toEqual(before);
    await expectHeals(scene, program);
  });
});
