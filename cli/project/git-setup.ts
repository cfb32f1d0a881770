import { basename, delimiter, dirname, join, relative, sep } from "node:path";
import type { Context } from "../context.ts";
import { replaceFile } from "../disk/replace.ts";
import { onDisk } from "../disk/trouble.ts";
import { attributesOf, configure, isSettled, workTreeOf } from "../git/setup.ts";
import { readManifest } from "../manifest/read.ts";
import { lockFileOf } from "./documents.ts";

export interface GitSetup {
  /** Lines added to files of the project, to be committed. */
  readonly added: readonly { readonly file: string; readonly line: string }[];
  /** Commands that changed the configuration of this clone; each clone needs its own. */
  readonly ran: readonly string[];
}

/** Throws USAGE where `folder`, or the nearest that is there, is in no work tree of git. */
export async function requireWorkTree({ disk, env, signal }: Context, folder: string): Promise<void> {
  let cwd = folder;
  while (disk.lstat(cwd) === undefined && dirname(cwd) !== cwd) cwd = dirname(cwd);
  await workTreeOf({ cwd, env, signal });
}

/** Lets git merge and show the lock of a manifest by tritter, and leave its data alone. Does nothing twice. */
export async function setUpGit(context: Context, manifestFile: string): Promise<GitSetup> {
  const { env, signal } = context;
  const folder = dirname(manifestFile);
  const git = { cwd: folder, env, signal };
  const lock = basename(lockFileOf(manifestFile));
  const added: { file: string; line: string }[] = [];
  const values = await attributesOf(git, lock, Object.keys(ATTRIBUTES));
  if (values.join() !== Object.values(ATTRIBUTES).join()) {
    const attributes = Object.entries(ATTRIBUTES).map(([name, value]) => `${name}=${value}`);
    added.push({ file: join(folder, ".gitattributes"), line: [patternOf(lock), ...attributes].join(" ") });
  }
  const data = await rootToIgnore(context, manifestFile);
  if (data !== undefined && !(await isSettled(git, data)))
    added.push({ file: join(folder, ".gitignore"), line: `/${escaped(data)}/` });
  for (const { file, line } of added) await addLine(context, file, line);
  const ran = await configure(git, SETTINGS);
  warnOfPath(context);
  return { added, ran };
}

const ATTRIBUTES = { merge: "tritter", diff: "tritter", "linguist-generated": "true" };

/** gitattributes(5): git runs these by a shell, in the top folder of the work tree. */
const SETTINGS = [
  ["merge.tritter.name", "tritter merges its lock by source"],
  ["merge.tritter.driver", "tritter git-merge %O %A %B %P"],
  ["diff.tritter.textconv", "tritter git-textconv"],
  ["diff.tritter.cachetextconv", "true"],
] as const;

/** The root from the folder of the manifest; undefined where it is not below it, or the manifest cannot be read. */
async function rootToIgnore({ disk, env }: Context, file: string): Promise<string | undefined> {
  const read = await readManifest({ file, disk, env });
  if (read.kind !== "ok") return undefined;
  const path = relative(dirname(file), read.manifest.root).split(sep).join("/");
  return path === "" || path === ".." || path.startsWith("../") || path.startsWith("/") ? undefined : path;
}

/** gitattributes(5): what has a blank or a quote in it is written as a string of C. */
function patternOf(name: string): string {
  const pattern = escaped(name);
  return /[\s"]/.test(pattern) || /^[#!]/.test(pattern) ? JSON.stringify(pattern) : pattern;
}

/** gitignore(5): with nothing in it that stands for something else. */
function escaped(path: string): string {
  return path.replaceAll(/[\\*?[\]]/g, "\\$&");
}

async function addLine({ disk }: Context, file: string, line: string): Promise<void> {
  await onDisk(`write "${file}"`, async () => {
    const text = (await disk.read(file))?.toString("utf8") ?? "";
    const end = text === "" || text.endsWith("\n") ? "" : "\n";
    await replaceFile(disk, file, Buffer.from(`${text}${end}${line}\n`));
  });
}

function warnOfPath({ disk, env, emit }: Context): void {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const isThere = folders.some((folder) =>
    ["tritter", "tritter.cmd"].some((name) => disk.lstat(join(folder, name)) !== undefined),
  );
  if (isThere) return;
  const message =
    'git will run "tritter", which no folder of PATH has: install it, or merges of the lock will be left at one side';
  emit({ kind: "warning", message });
}
