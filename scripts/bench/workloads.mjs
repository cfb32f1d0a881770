// What is measured: each workload's name, title, files, and who runs. `scale` is 1, or 10 for a quick run.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  allThere,
  aria2Fetches,
  curlFetches,
  curlManyFetches,
  curlTeeFetches,
  curlWalks,
  gitStatus,
  hfFetches,
  hfIn,
  nodeItself,
  opensslHashes,
  rcloneFetches,
  remove,
  synced,
  tritterFetches,
  tritterIn,
  writeManifest,
} from "./contenders.mjs";
import { gitCompares, gitMerges, locksOf, tritterCompares, tritterMerges } from "./locks.mjs";
import { equalFiles, mixedFiles, publish, totalSize } from "./site.mjs";

const KIB = 1024;
const MIB = 1024 ** 2;

/**
 * `plan` gives the repository's files, `next` those of the commit after; `onlyListing` leaves their bytes out;
 * `distance`: how far away the Hub is (`node-server.mjs`); `repeat` runs make one sample; `contenders` are who runs,
 * tritter first.
 */
export const WORKLOADS = [
  {
    name: "version",
    title: () => "tritter --version",
    repeat: 10,
    contenders: (context) => [
      {
        name: "tritter --version",
        tools: [],
        command: {
          argv: [context.node, context.tritter, "--version"],
          cwd: context.folder,
          env: context.env,
        },
      },
      nodeItself(context),
    ],
  },
  {
    name: "noop-10",
    title: () => "nothing to do, 10 files",
    plan: () => equalFiles(10, { size: 4 * KIB, extension: "parquet", lfs: true }),
    repeat: 5,
    contenders: (context) => [tritterAgain(context), nodeItself(context)],
  },
  {
    name: "file-1g",
    title: (scale) => `one file of ${mib(1024 / scale)}, cold`,
    plan: (scale) => [
      { path: "data/large.parquet", size: Math.floor(1024 / scale) * MIB, seed: "0", lfs: true },
    ],
    contenders: (context) => [
      tritterFetches(context),
      hfFetches(context),
      curlFetches(context),
      curlTeeFetches(context),
      aria2Fetches(context),
      rcloneFetches(context),
    ],
  },
  {
    name: "files-512m",
    title: (scale) => `4 files of ${mib(512 / scale)}, cold`,
    plan: largeFour,
    contenders: manyFetches,
  },
  {
    name: "small",
    title: (scale) => `${count(10_000 / scale)} files of 4 KiB, cold`,
    plan: (scale) => smallFiles(10_000 / scale),
    contenders: manyFetches,
  },
  {
    name: "mixed",
    title: (scale) => `${count(2000 / scale)} files of mixed sizes, cold`,
    plan: (scale) => mixedFiles(2000 / scale),
    contenders: manyFetches,
  },
  {
    name: "noop-10k",
    title: (scale) => `nothing to do, ${count(10_000 / scale)} files`,
    plan: (scale) => smallFiles(10_000 / scale),
    contenders: (context) => [tritterAgain(context), hfAgain(context)],
  },
  {
    name: "noop-100k",
    title: (scale) => `nothing to do, ${count(100_000 / scale)} files`,
    plan: (scale) => smallFiles(100_000 / scale),
    contenders: (context) => {
      const tritter = tritterAgain(context);
      return [tritter, gitStatus(context, tritter)];
    },
  },
  {
    name: "deep-large",
    title: (scale) => `all bytes of 4 files of ${mib(512 / scale)} hashed again`,
    plan: largeFour,
    contenders: deepCheck,
  },
  {
    name: "deep-small",
    title: (scale) => `all bytes of ${count(100_000 / scale)} files of 4 KiB hashed again`,
    plan: (scale) => smallFiles(100_000 / scale),
    contenders: deepCheck,
  },
  {
    name: "lock-100k",
    title: (scale) => `lock of ${count(100_000 / scale)} files, 50 ms before each page of 1,000`,
    plan: (scale) => smallFiles(100_000 / scale),
    onlyListing: true,
    distance: { pageDelay: 50 },
    contenders: (context) => [tritterLocks(context), curlWalks(context, context.pages)],
  },
  {
    name: "diff-100k",
    title: (scale) => `two locks of ${count(100_000 / scale)} files compared, one file in a hundred changed`,
    plan: (scale) => smallFiles(100_000 / scale),
    next: (scale) => changedHere(smallFiles(100_000 / scale)),
    onlyListing: true,
    distance: { pageDelay: 50 },
    contenders: (context) => {
      const locks = locksOf(context);
      return [
        tritterCompares(context, locks),
        gitCompares(context, locks),
        curlWalks(context, context.pages),
      ];
    },
  },
  {
    name: "merge-100k",
    title: (scale) => `three locks of ${count(100_000 / scale)} files merged, one file in a hundred changed`,
    plan: (scale) => smallFiles(100_000 / scale),
    next: (scale) => changedHere(smallFiles(100_000 / scale)),
    onlyListing: true,
    distance: { pageDelay: 50 },
    contenders: (context) => {
      const locks = locksOf(context);
      return [tritterMerges(context, locks), gitMerges(context, locks), curlWalks(context, context.pages)];
    },
  },
  {
    name: "latency-small-50",
    title: (scale) => `${count(2000 / scale)} files of 4 KiB, each answer after 50 ms`,
    plan: (scale) => smallFiles(2000 / scale),
    distance: { delay: 50, redirect: true },
    contenders: (context) => manyFarFetches(context, { delay: 50 }),
  },
  {
    name: "latency-small-200",
    title: (scale) => `${count(500 / scale)} files of 4 KiB, each answer after 200 ms`,
    plan: (scale) => smallFiles(500 / scale),
    distance: { delay: 200, redirect: true },
    contenders: (context) => manyFarFetches(context, { delay: 200 }),
  },
  {
    name: "capped-large",
    title: (scale) => `4 files of ${mib(512 / scale)}, 20 MB/s a connection, each answer after 200 ms`,
    plan: largeFour,
    distance: { delay: 200, rate: 20e6, redirect: true },
    contenders: (context) => largeFarFetches(context, { rate: 20e6 }),
  },
  {
    name: "memory-4g",
    title: (scale) => `one file of ${mib(4096 / scale)}, cold`,
    plan: (scale) => [
      {
        path: "data/large.parquet",
        size: Math.floor(4096 / scale) * MIB,
        seed: "0",
        lfs: true,
        sparse: true,
      },
    ],
    contenders: (context) => [tritterFetches(context), curlFetches(context)],
  },
  {
    name: "memory-100k",
    title: (scale) => `${count(100_000 / scale)} files of 4 KiB, cold`,
    plan: (scale) => smallFiles(100_000 / scale),
    contenders: (context) => [tritterFetches(context), curlManyFetches(context)],
  },
  {
    name: "slow-server",
    title: (scale) => `4 files of ${mib(128 / scale)}, 64 connections of 1 MB/s`,
    plan: (scale) => equalFiles(4, { size: Math.floor(128 / scale) * MIB, extension: "parquet", lfs: true }),
    distance: { delay: 50, rate: 1e6, redirect: true },
    contenders: (context) => {
      const seconds = totalSize(context.files) / (MANY_STREAMS * 1e6);
      return [
        tritterFetches(context, ["sync", "--jobs", `${MANY_STREAMS}`]),
        { name: `${MANY_STREAMS} connections, as fast as they are`, tools: [], least: { wall: seconds } },
      ];
    },
  },
  {
    name: "slow-reader",
    title: (scale) => `4 files of ${mib(128 / scale)} by 64 connections, read at 64 MiB/s`,
    plan: (scale) => equalFiles(4, { size: Math.floor(128 / scale) * MIB, extension: "parquet", lfs: true }),
    contenders: (context) => [
      tritterFetches(context, ["sync", "--jobs", `${MANY_STREAMS}`, "--limit-rate", "64M"]),
      { name: "64 MiB/s", tools: [], least: { wall: totalSize(context.files) / (64 * MIB) } },
    ],
  },
  {
    name: "changed",
    title: (scale) => `one of 5 files of ${mib(64 / scale)} changed upstream`,
    plan: fiveFiles,
    next: (scale) => fiveFiles(scale).map((file, index) => (index === 4 ? grown(file) : file)),
    contenders: (context) => [tritterFollows(context), hfFollows(context)],
  },
];

function manyFetches(context) {
  return [tritterFetches(context), hfFetches(context), curlManyFetches(context), aria2Fetches(context)];
}

/** What a Hub counts as a file's requests: one that it redirects, and one that has the bytes. */
const REQUESTS = 2;
const STREAMS = 16;
const MANY_STREAMS = 64;

function manyFarFetches(context, { delay }) {
  const [tritter, ...others] = manyFetches(context);
  const seconds = (context.files.length * REQUESTS * delay) / 1000 / STREAMS;
  return [
    asking(tritter, context, ({ mostPerFile }) => mostPerFile <= REQUESTS),
    { name: `${REQUESTS} requests a file, ${STREAMS} at once`, tools: [], least: { wall: seconds } },
    ...others,
  ];
}

function largeFarFetches(context, { rate }) {
  const [tritter, ...others] = manyFetches(context);
  const seconds = totalSize(context.files) / (STREAMS * rate);
  const asksOnce = ({ requests }) => requests[RESOLVES] <= context.files.length + LISTING_REQUESTS;
  return [
    asking(tritter, context, asksOnce),
    { name: `${STREAMS} connections, as fast as they are`, tools: [], least: { wall: seconds } },
    ...others,
  ];
}

const RESOLVES = "hub GET";
/** Info and pages of the listing, and the probe of access. */
const LISTING_REQUESTS = 5;

/** Fails a run in which the Hub was asked for more than may be, or by other methods than GET. */
function asking(contender, { tally }, isLittle) {
  return {
    ...contender,
    before: async () => {
      await contender.before();
      await tally();
    },
    after: async () => {
      await contender.after();
      const asked = await tally();
      const isGet = Object.keys(asked.requests).every((kind) => kind.endsWith(" GET"));
      if (!isGet || !isLittle(asked)) throw new Error(`it asked for too much: ${JSON.stringify(asked)}`);
    },
  };
}

function deepCheck(context) {
  const tritter = tritterIn(context, ["check", "--deep"]);
  return [{ ...tritter, prepare: () => synced(context, tritter) }, opensslHashes(context, tritter)];
}

function tritterAgain(context) {
  const contender = tritterIn(context);
  return { ...contender, prepare: () => synced(context, contender) };
}

function hfAgain(context) {
  const contender = hfIn(context);
  const { command, data } = contender;
  return {
    ...contender,
    prepare: async () => {
      await mkdir(data, { recursive: true });
      await context.run(command.argv, command);
      await allThere(data, context.files);
    },
  };
}

function tritterLocks(context) {
  const contender = tritterIn(context, ["lock"]);
  const { own } = contender;
  return {
    ...contender,
    prepare: () => writeManifest(context, own),
    before: () => rm(join(own, "tritter.lock"), { force: true }),
  };
}

/** Two commands, since moving a pin is never part of a sync. */
function tritterFollows(context) {
  const contender = tritterIn(context);
  const { own, data } = contender;
  const { node, tritter, env, next } = context;
  const line = '"$1" "$2" update && "$1" "$2" sync';
  return {
    ...contender,
    name: "tritter update, tritter sync",
    command: { argv: ["sh", "-c", line, "sh", node, tritter], cwd: own, env },
    before: async () => {
      await remove(own);
      publish(context.site, context.repo, { commit: context.commit });
      await synced(context, contender);
      publish(context.site, context.repo, next);
    },
    after: async () => {
      await allThere(data, next.files);
      await remove(own);
    },
  };
}

function hfFollows(context) {
  const contender = hfIn(context);
  const { own, data, command } = contender;
  return {
    ...contender,
    before: async () => {
      await remove(own);
      publish(context.site, context.repo, { commit: context.commit });
      await mkdir(data, { recursive: true });
      await context.run(command.argv, command);
      publish(context.site, context.repo, context.next);
    },
    after: async () => {
      await allThere(data, context.next.files);
      await remove(own);
    },
  };
}

/** One file in a hundred. */
function changedHere(files) {
  return files.map((file, index) => (index % 100 === 50 ? { ...file, seed: `${file.seed} again` } : file));
}

function smallFiles(number) {
  return equalFiles(number, { size: 4 * KIB, extension: "png", lfs: true });
}

function largeFour(scale) {
  return equalFiles(4, { size: Math.floor(512 / scale) * MIB, extension: "parquet", lfs: true });
}

function fiveFiles(scale) {
  return equalFiles(5, { size: Math.floor(64 / scale) * MIB, extension: "parquet", lfs: true });
}

/** Of another size too, so that it shows at once whether a client took it. */
function grown(file) {
  return { ...file, size: file.size + MIB, seed: `${file.seed} again` };
}

function mib(value) {
  const whole = Math.floor(value);
  return whole >= 1024 ? `${whole / 1024} GiB` : `${whole} MiB`;
}

function count(value) {
  return value.toLocaleString("en-US");
}
