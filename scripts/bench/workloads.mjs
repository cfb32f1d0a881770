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
import { equalFiles, mixedFiles, publish } from "./site.mjs";

const KIB = 1024;
const MIB = 1024 ** 2;

/**
 * `plan` gives the repository's files, `next` those of the commit after; `onlyListing` leaves their bytes out;
 * `pageDelay`: ms before each page of the listing; `repeat` runs make one sample; `contenders` are who runs, tritter
 * first.
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
    pageDelay: 50,
    contenders: (context) => [tritterLocks(context), curlWalks(context, context.pages)],
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
