// A repository as files that any static server can hand out:
//
//   info/<revision>.json          what /api/datasets/<repo>/revision/<revision> answers
//   tree/<commit>/<page>.json     its listing in pages
//   files/<commit>/<path>         its bytes
//
// Made from seeds, so that every run and every machine measures the same bytes.

import { createCipheriv, createHash } from "node:crypto";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";

const PAGE = 1000;

/**
 * `plan`: files as { path, size, seed, lfs, sparse }, `sparse` where they are all zeros and take no room. `bytes: false` leaves the files out: enough to lock from.
 * Returns what clients must be told: { commit, files, pages }.
 */
export async function addCommit(site, { repo, plan, bytes = true, earlier, signal }) {
  const commit = hex("sha1", `${repo} ${JSON.stringify(plan)}`);
  const known = new Map(earlier?.files.map((file) => [file.seed, file]));
  const files = [];
  for (const [index, wanted] of plan.entries()) {
    if (index % 100 === 0) await breathe(undefined, { signal });
    const same = known.get(wanted.seed);
    const file = join(site, "files", commit, wanted.path);
    if (bytes) mkdirSync(dirname(file), { recursive: true });
    if (bytes && same !== undefined) linkSync(join(site, "files", earlier.commit, same.path), file);
    const write = wanted.sparse ? writeSparse : writeSeeded;
    const digests = same ?? (bytes ? await write(file, wanted, signal) : invented(wanted));
    if (bytes && same === undefined) setETag(file, known.size + index);
    files.push({ ...digests, ...wanted });
  }
  const pages = writeListing(site, commit, files);
  writeJson(join(site, "info", `${commit}.json`), infoOf(repo, commit));
  return { commit, files, pages };
}

/** Lets `main` lead to a commit. */
export function publish(site, repo, { commit }) {
  writeJson(join(site, "info", "main.json"), infoOf(repo, commit));
}

export function totalSize(plan) {
  return plan.reduce((sum, { size }) => sum + size, 0);
}

/** bytes that a plan's files take on disk */
export function sizeOnDisk(plan) {
  return totalSize(plan.filter(({ sparse }) => !sparse));
}

/** In folders of at most a thousand, as large data sets are. */
export function equalFiles(count, { size, extension, lfs }) {
  return Array.from({ length: count }, (_, index) => ({
    path: `data/${number(Math.floor(index / 1000), 3)}/${number(index, 6)}.${extension}`,
    size,
    seed: `${index}`,
    lfs,
  }));
}

/** Most small, a few large, as the files of real repositories are; one in three is text that git holds itself. */
export function mixedFiles(count) {
  const random = randomNumbers("mixed");
  return Array.from({ length: count }, (_, index) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const size = Math.min(64 * 1024 ** 2, Math.round(64 * 1024 * Math.exp(1.5 * normal)));
    const lfs = index % 3 !== 0;
    const path = `data/${number(index % 20, 3)}/${number(index, 6)}.${lfs ? "parquet" : "json"}`;
    return { path, size, seed: `${index}`, lfs };
  });
}

/** Of LFS alone, which needs no other digest. */
async function writeSparse(path, { size }, signal) {
  const sha256 = createHash("sha256");
  for (let at = 0; at < size; at += ZEROS.length) {
    sha256.update(ZEROS.subarray(0, size - at));
    if (at % (64 * ZEROS.length) === 0) await breathe(undefined, { signal });
  }
  writeFileSync(path, "");
  truncateSync(path, size);
  return { sha256: sha256.digest("hex") };
}

/** A key stream: as incompressible as Parquet is, and faster to make than to hash. */
async function writeSeeded(path, { size, seed }, signal) {
  const stream = createCipheriv("aes-128-ctr", createHash("md5").update(`${size} ${seed}`).digest(), IV);
  const sha256 = createHash("sha256");
  const git = createHash("sha1").update(`blob ${size}\0`);
  const file = openSync(path, "wx");
  try {
    for (let at = 0; at < size; at += ZEROS.length) {
      const chunk = stream.update(ZEROS.subarray(0, size - at));
      writeSync(file, chunk);
      sha256.update(chunk);
      git.update(chunk);
      if (size > ZEROS.length) await breathe(undefined, { signal });
    }
  } finally {
    closeSync(file);
  }
  return { sha256: sha256.digest("hex"), git: git.digest("hex") };
}

const IV = Buffer.alloc(16);
const ZEROS = Buffer.alloc(4 * 1024 ** 2);

function invented({ path, seed }) {
  return { sha256: hex("sha256", `${path} ${seed}`), git: hex("sha1", `${path} ${seed}`) };
}

/** Static servers make the ETag of time and size, and clients that go by it must not take two files for one. */
function setETag(file, number) {
  const time = 1_600_000_000 + number;
  utimesSync(file, time, time);
}

function writeListing(site, commit, files) {
  const folders = [...new Set(files.flatMap(({ path }) => parents(path)))].map((path) => ({
    type: "directory",
    oid: hex("sha1", path),
    size: 0,
    path,
  }));
  const entries = [...folders, ...files.map(entryOf)];
  const pages = Math.max(1, Math.ceil(entries.length / PAGE));
  for (let page = 0; page < pages; page++) {
    const some = entries.slice(page * PAGE, (page + 1) * PAGE);
    writeJson(join(site, "tree", commit, `${page}.json`), some);
  }
  return pages;
}

function entryOf({ path, size, lfs, sha256, git }) {
  if (!lfs) return { type: "file", oid: git, size, path };
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${size}\n`;
  const oid = hex("sha1", `blob ${pointer.length}\0${pointer}`);
  return { type: "file", oid, size, lfs: { oid: sha256, size, pointerSize: pointer.length }, path };
}

function parents(path) {
  const segments = path.split("/").slice(0, -1);
  return segments.map((_, depth) => segments.slice(0, depth + 1).join("/"));
}

function infoOf(repo, commit) {
  return {
    _id: hex("md5", repo).slice(0, 24),
    id: repo,
    author: repo.split("/")[0],
    sha: commit,
    lastModified: "2026-01-01T00:00:00.000Z",
    createdAt: "2026-01-01T00:00:00.000Z",
    private: false,
    gated: false,
    disabled: false,
    tags: ["license:mit"],
    cardData: { license: "mit" },
    downloads: 0,
    likes: 0,
    siblings: [],
  };
}

function writeJson(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}

function number(value, width) {
  return String(value).padStart(width, "0");
}

function hex(algorithm, text) {
  return createHash(algorithm).update(text).digest("hex");
}

/** [0, 1), the same for the same seed. */
function randomNumbers(seed) {
  let drawn = 0;
  return () => createHash("md5").update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32;
}
