import { chmod, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { gitWorld } from "./git.ts";
import { type LoopbackHub, type RepoHandle, startHub, type Tree } from "./hub/index.ts";
import { type LaidFile, realLayouts } from "./layouts.ts";
import { parquetOf } from "./parquet.ts";
import { makeProject, type Project } from "./project.ts";

// The report of `manifests/balanced.yaml`, which docs/examples shows: of a Hub on loopback that is laid out like the real
// repositories, through two months of which git knows the lock. Each time it is made it is the same page, byte for byte.

const TOKEN = "hf_accepted000";
const STARCODER = "bigcode/starcoderdata";
const CLEAN = "ammarnasr/the-stack-rust-clean";
const OPEN = "ruediste/codeparrot-github-code-10G";
const PAIRS = "claudios/code_search_net";

const NOTE =
  "Synthetic. Repositories, files and proportions are those of the real data sets, laid out on a Hub on loopback; every file holds made-up rows and has about a thousandth of its real size. Dates, drift and the record of the last sync are made up too.";

/** As manifests/balanced.yaml has it there now. */
export async function exampleReport(): Promise<string> {
  const hub = await startHub();
  const project = await makeProject(hub, { HF_ENDPOINT: hub.url });
  const world = await gitWorld();
  try {
    const pairs = layOut(hub);
    const manifest = new URL("../../manifests/balanced.yaml", import.meta.url);
    await project.write("balanced.yaml", await readFile(manifest, "utf8"));
    await project.write(".gitignore", "data/\nhf/\n*.html\n");
    const commit = async (date: string, subject: string) => {
      const when = { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
      const git = { ...world, env: { ...world.env, ...when } };
      await succeeds(inFolder(git.env, project, "add", "."));
      await succeeds(inFolder(git.env, project, "commit", "--quiet", "-m", subject));
    };
    const tritter = (env: Readonly<Record<string, string>>, ...args: string[]) =>
      succeeds(project.runWith({ ...world.env, ...env }, ...args, "--manifest", "balanced.yaml"));
    const accepted = { HF_TOKEN: TOKEN };

    await succeeds(inFolder({ ...world.env, GIT_DEFAULT_HASH: "sha1" }, project, "init", "--quiet"));
    await tritter({}, "lock");
    await commit("2026-09-28T09:12:00Z", "Pin a balanced corpus of Rust, TypeScript and Go");
    pairs.commit(filesOf(PAIRS, { rows: 1.02 }), { date: "2026-10-12T06:00:00Z" });
    await tritter({}, "update", "codesearchnet-go");
    await commit("2026-10-14T08:40:00Z", "Follow CodeSearchNet");
    hub.token(TOKEN, { grants: [STARCODER] });
    await tritter(accepted, "update", "--allow-fallback", "starcoder-rust", "starcoder-go");
    await commit("2026-10-30T15:05:00Z", "Take StarCoder's Rust and Go, now that its terms are accepted");
    await tritter(accepted, "update", "--allow-fallback", "starcoder-typescript");
    await commit("2026-11-04T10:20:00Z", "Take StarCoder's TypeScript");
    pairs.commit(filesOf(PAIRS, { rows: 1.05 }), { date: "2026-11-17T06:00:00Z" });
    await tritter(accepted, "update", "codesearchnet-go");
    await commit("2026-11-19T11:45:00Z", "Follow CodeSearchNet");
    await tritter(accepted, "sync");
    pairs.commit(filesOf(PAIRS, { rows: 1.06 }), { date: "2026-11-23T06:00:00Z" });
    await spoil(project);
    await project.write("data/balanced/.tritter/last-sync.ndjson", recordText(await sizeOf(project)));
    const now = String(Date.parse("2026-11-25T06:00:00Z") / 1000);
    const asked = ["--upstream", "--note", NOTE, "--output", "report.html"];
    await tritter({ ...accepted, SOURCE_DATE_EPOCH: now }, "report", ...asked);
    return (await project.read("report.html")).toString("utf8");
  } finally {
    await hub.close();
    await world.remove();
    await project.remove();
  }
}

async function inFolder(env: Readonly<Record<string, string>>, { folder }: Project, ...args: string[]) {
  const { execute } = await import("./shell.ts");
  return execute("git", args, { cwd: folder, env });
}

async function succeeds<Result extends { readonly status: number; readonly stderr: string }>(
  running: Promise<Result>,
): Promise<Result> {
  const ran = await running;
  if (ran.status !== 0) throw new Error(`ended with ${ran.status}: ${ran.stderr}`);
  return ran;
}

/** The repository whose branch the manifest follows. */
function layOut(hub: LoopbackHub): RepoHandle {
  let followed: RepoHandle | undefined;
  for (const { repo, gated, license, revision } of realLayouts()) {
    if (![STARCODER, CLEAN, OPEN, PAIRS].includes(repo)) continue;
    const handle = hub.repo(repo, { gated, license, lfs: (path) => path.endsWith(".parquet") });
    handle.commit(
      { ...filesOf(repo), "README.md": `# ${repo}\n` },
      { id: revision, date: "2026-08-01T00:00:00Z" },
    );
    if (repo === PAIRS) followed = handle;
  }
  return followed as RepoHandle;
}

/** Of the real sizes. */
const SCALE = 1 / 1_000;
/** bytes of a real row in its file, about: 2.88 GB hold 1,380,468. */
const PER_ROW = 2_090;

/** Those that the manifest selects, with rows in proportion to their real size; `rows` more or fewer than before. */
function filesOf(repo: string, { rows = 1 } = {}): Tree {
  const layout = realLayouts().find((one) => one.repo === repo);
  const files = (layout?.files ?? []).filter(({ path }) => /^(?:rust|typescript|go|rs|ts|data)\//.test(path));
  return Object.fromEntries(files.map((file) => [file.path, fileOf(repo, file, rows)]));
}

function fileOf(repo: string, { path, size }: LaidFile, rows: number): Uint8Array {
  const random = randomFrom(`${repo} ${path}`);
  // The last shard of a set is what was left over, and one of the others is odd.
  const [, at, of] = /-(\d{5})-of-(\d{5})/.exec(path) ?? [];
  const isLast = repo !== CLEAN && Number(of) > 3 && Number(at) === Number(of) - 1;
  const share = isLast ? 0.55 : path.startsWith("typescript/train-00013") ? 1.6 : 0.98 + random() * 0.04;
  const count = Math.max(1, Math.round(((size * SCALE) / PER_ROW) * share * rows));
  const each = <Value>(make: (row: number) => Value) => Array.from({ length: count }, (_, row) => make(row));
  // Digits of a random number are as hard to pack as code is after its repetitions are taken out.
  const text = () => Array.from({ length: 330 }, () => random().toString(36).slice(2, 8)).join("");
  if (repo === PAIRS)
    return parquetOf([
      { name: "func_code_string", data: each(text), type: "STRING" },
      { name: "language", data: each(() => "go"), type: "STRING" },
    ]);
  if (repo === OPEN)
    return parquetOf([
      { name: "code", data: each(text), type: "STRING" },
      { name: "repo_name", data: each((row) => `owner-${row % 97}/name`), type: "STRING" },
    ]);
  return parquetOf([
    { name: "max_stars_repo_name", data: each((row) => `owner-${row % 97}/name`), type: "STRING" },
    { name: "max_stars_count", data: each((row) => BigInt(row % 1_000)), type: "INT64" },
    { name: "content", data: each(text), type: "STRING" },
  ]);
}

/** Numbers from 0 to 1 that follow from the text: mulberry32. */
function randomFrom(text: string): () => number {
  let state = 0;
  for (const character of text) state = (Math.imul(state, 31) + (character.codePointAt(0) ?? 0)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One file lacks, and one is not what it was. */
async function spoil(project: Project): Promise<void> {
  const folder = "data/balanced/the-stack-rust-clean";
  await rm(join(project.folder, folder, "train-00003-of-00024-340bde3f89a2fbf5.parquet"));
  const edited = join(folder, "train-00005-of-00024-6c2f3b8bc560a4f3.parquet");
  await chmod(join(project.folder, edited), 0o644);
  await project.write(edited, "edited\n");
}

async function sizeOf(project: Project): Promise<number> {
  const { sources } = JSON.parse((await project.read("balanced.lock")).toString("utf8")) as {
    sources: Record<string, { files: { size: number }[] }>;
  };
  return Object.values(sources)
    .flatMap(({ files }) => files)
    .reduce((sum, { size }) => sum + size, 0);
}

/** A sync of so many bytes in seven minutes, as docs/json.md says that a sync records it. */
function recordText(total: number): string {
  const random = randomFrom("the last sync");
  const seconds = 412;
  const lines: object[] = [
    { kind: "head", format: 1, tritter: "0.1.0", began: Date.parse("2026-11-19T11:52:04Z") },
  ];
  const weights: number[] = [];
  for (let at = 0; at < seconds * 1000; at += 1_000) {
    const second = at / 1000;
    const warm = Math.min(1, (second + 1) / 20);
    const held = second > 205 && second < 222 ? 0.12 : second > 300 && second < 330 ? 0.55 : 1;
    weights.push(warm * held * (0.82 + random() * 0.36));
  }
  const all = weights.reduce((a, b) => a + b, 0);
  let received = 0;
  for (const [second, weight] of weights.entries()) {
    const bytes = Math.round((total * weight) / all);
    received += bytes;
    lines.push({ kind: "sample", at: second * 1_000, ms: 1_000, bytes });
  }
  const path = (shard: number) =>
    `starcoder/typescript/train-${String(shard).padStart(5, "0")}-of-00027.parquet`;
  for (const [at, shard] of [
    [31_200, 2],
    [206_400, 13],
    [209_900, 14],
    [318_000, 21],
  ] as const)
    lines.push({ kind: "retry", at, why: "the connection was reset", path: path(shard), waitMs: 1_400 });
  for (const [at, shard] of [
    [207_300, 11],
    [214_800, 12],
  ] as const)
    lines.push({ kind: "stall", at, path: path(shard), bytes: 900, ms: 10_000 });
  lines.push({ kind: "wait", at: 301_000, host: "huggingface.co", ms: 28_000 });
  const host = { firstMs: { sum: 9_100, most: 900 }, tookMs: { sum: 6_100_000, most: 61_000 } };
  lines.push({
    kind: "host",
    host: "cas-bridge.xethub.hf.co",
    requests: 460,
    failed: 6,
    bytes: received,
    ...host,
    statuses: { "206": 454 },
  });
  lines.push({
    kind: "host",
    host: "huggingface.co",
    requests: 97,
    failed: 1,
    bytes: 97_000,
    ...host,
    statuses: { "302": 91, "200": 5, "429": 1 },
  });
  const fetched = { files: 91, bytes: received };
  lines.push({
    kind: "end",
    tookMs: seconds * 1000,
    exit: 0,
    problems: [],
    totals: {
      requests: 557,
      failed: 7,
      again: 7,
      received: received + 97_000,
      stalls: 2,
      waitedMs: 28_000,
      fetched,
      taken: { files: 0, bytes: 0 },
      verified: received,
      placed: fetched,
      pruned: { files: 0, bytes: 0 },
    },
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
