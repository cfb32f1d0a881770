// The main job in five steps, on the sample that this repository carries; no network. Run by `npm run demo`.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const main = join(project, "dist", "main.js");
const folder = await mkdtemp(join(tmpdir(), "tritter-demo-"));
const shard = join(folder, "data", "code", "rust", "train-00000-of-00002.parquet");

try {
  if (!existsSync(main)) throw new Error("there is no build yet: run npm ci, or npm run build");
  for (const name of ["tritter.yaml", "tritter.lock", join("manifests", "sample", "hub")]) {
    await cp(join(project, name), join(folder, name), { recursive: true });
  }
  say(
    `A project in ${folder}: tritter.yaml says what is wanted, tritter.lock pins it to a commit and file hashes.`,
  );

  say("1. Make the disk equal the lock.");
  tritter(["sync", "--locked"], 0, "synced 6 files");

  say("2. Again: nothing changed, so nothing is read, fetched or written.");
  tritter(["sync", "--locked"], 0, "nothing to do");

  say("3. Damage one byte of a shard, as a bad disk would.");
  await damage(shard);
  console.log(`   one byte of ${shard} is another now`);

  say("4. Check compares the disk with the lock, and says so with exit status 4.");
  tritter(["check"], 4, "train-00000-of-00002.parquet");

  say("5. Sync heals it: the good bytes come back, the damaged ones go to the trash, never lost.");
  tritter(["sync", "--locked"], 0, "1 fetched");
  tritter(["check", "--deep"], 0, "in sync");

  say("Done. Edit tritter.yaml, run tritter sync, commit tritter.lock; let CI run tritter check.");
} catch (error) {
  console.error(`\nThe demo did not do what it says: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

function say(text) {
  console.log(`\n${text}`);
}

function tritter(args, status, expected) {
  console.log(`   $ tritter ${args.join(" ")}`);
  const { CI: _, ...env } = process.env;
  const ran = spawnSync(process.execPath, [main, ...args], { cwd: folder, env, encoding: "utf8" });
  for (const line of `${ran.stdout}${ran.stderr}`.trimEnd().split("\n")) console.log(`   ${line}`);
  if (ran.status !== status) throw new Error(`exit status ${ran.status}, expected ${status}`);
  if (!ran.stdout.includes(expected)) throw new Error(`no "${expected}" in what it printed`);
}

async function damage(file) {
  const handle = await open(file, "r+");
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, 100);
  buffer[0] ^= 1;
  await handle.write(buffer, 0, 1, 100);
  await handle.close();
}
