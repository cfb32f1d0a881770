import { dirname, join } from "node:path";
import type { Stamp, TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { makeOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { diskProblem, passing } from "../disk/trouble.ts";
import { type Problem, systemCode, TritterError } from "../errors.ts";
import type { ProvidedRow } from "../receipt/provided.ts";
import type { TreeChange } from "../tree/change.ts";
import { type Looker, looker, parentOf } from "../tree/look.ts";
import { stampOf } from "../tree/stamp.ts";
import { isMetadataFor, isMetadataPath, type MetadataFile, metadataText, type TagFile } from "./metadata.ts";

export interface MetadataSurvey {
  /** Lacking, or about another commit or file. */
  readonly files: readonly (MetadataFile & { readonly mtimeNs: bigint })[];
  readonly tags: readonly TagFile[];
  readonly rows: readonly ProvidedRow[];
  readonly problems: readonly Problem[];
}

export interface Wanted {
  readonly files: readonly MetadataFile[];
  readonly tags: readonly TagFile[];
}

/** Looks without writing. Files of the tree that are not there, or not a file, are no matter of this. */
export async function lookAtMetadata(
  { disk, root, signal }: { disk: Disk; root: string; signal: AbortSignal },
  { files, tags }: Wanted,
): Promise<MetadataSurvey> {
  const look = looker(disk, root);
  const lacking: (MetadataFile & { mtimeNs: bigint })[] = [];
  const rows: ProvidedRow[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    const own = look.look(file.at);
    if (own.kind !== "file") continue;
    const { mtimeNs } = own.stat;
    const sight = look.look(file.path);
    if (sight.kind === "nothing") lacking.push({ ...file, mtimeNs });
    else if (sight.kind !== "file" || sight.stat.size > LARGEST) problems.push(inTheWay(look, file));
    else if (isMetadataFor(await textAt(disk, join(root, file.path)), file, mtimeNs))
      rows.push(["tree", file.source, file.path, stampOf(sight.stat)]);
    else lacking.push({ ...file, mtimeNs });
  }
  for (const tag of tags) {
    const sight = look.look(tag.path);
    if (sight.kind === "file") rows.push(["tree", tag.source, tag.path, stampOf(sight.stat)]);
    else if (sight.kind !== "nothing") problems.push(inTheWay(look, tag));
  }
  const untagged = tags.filter(({ path }) => look.look(path).kind === "nothing");
  return { files: lacking, tags: untagged, rows, problems: distinct(problems) };
}

/** bytes; anything larger is not what hf wrote */
const LARGEST = 4_096;

async function textAt(disk: Disk, path: string): Promise<string> {
  return (await disk.read(path))?.toString("latin1") ?? "";
}

function inTheWay(look: Looker, { path, source }: { path: TreePath; source: string }): Problem {
  const sight = look.look(path);
  const at = sight.kind === "blocked" ? sight.at : path;
  return {
    code: "CONFLICT",
    message: `cannot write what hf download looks for: "${printable(at)}" is there, and is none of hf's or tritter's`,
    hint: "move it away, then run tritter sync",
    source,
    path: at,
  };
}

function distinct(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [problem.message, problem])).values()];
}

export interface WritingMetadata {
  readonly disk: Disk;
  /** Real path of the tree. */
  readonly root: string;
  readonly state: string;
  readonly change: TreeChange;
  /** Absolute, below the state folder: where a file is made before it takes its name. */
  readonly beside: string;
  readonly signal: AbortSignal;
}

export interface WrittenMetadata {
  readonly rows: readonly ProvidedRow[];
  readonly problems: readonly Problem[];
}

export async function writeMetadata(
  writing: WritingMetadata,
  { files, tags }: MetadataSurvey,
): Promise<WrittenMetadata> {
  const rows: ProvidedRow[] = [];
  const problems: Problem[] = [];
  const write = async (source: string, path: TreePath, text: string) => {
    writing.signal.throwIfAborted();
    try {
      const stamp = await writeInTree(writing, path, text);
      if (stamp !== undefined) rows.push(["tree", source, path, stamp]);
    } catch (error) {
      if (!(error instanceof TritterError) && systemCode(error) === undefined) throw error;
      problems.push({ ...diskProblem(`write "${printable(path)}"`, error), source, path });
    }
  };
  writing.change.lookAgain();
  for (const tag of tags) await write(tag.source, tag.path, tag.text);
  for (const file of files) await write(file.source, file.path, metadataText(file, file.mtimeNs));
  return { rows, problems };
}

async function writeInTree(
  { disk, state, change, beside }: WritingMetadata,
  path: TreePath,
  text: string,
): Promise<Stamp | undefined> {
  await makeOwnFolder(disk, state, dirname(beside));
  try {
    const file = await disk.open(beside, "wx");
    await file.append(Buffer.from(text)).finally(() => file.close());
    await change.place(beside, path);
  } catch (error) {
    await passing(["ENOENT"], () => disk.unlink(beside));
    throw error;
  }
  const stat = change.stat(path);
  return stat && stampOf(stat);
}

/**
 * Removes what was written for files that are wanted there no more, unless somebody changed it since; then the tags of a folder
 * that holds nothing else. Resolves to how many were removed.
 */
export async function removeMetadata(
  { disk, root, change }: Pick<WritingMetadata, "disk" | "root" | "change">,
  rows: readonly ProvidedRow[],
): Promise<number> {
  const ours = rows.filter(([, , path]) => isMetadataPath(path));
  const isTag = (path: string) => !path.endsWith(".metadata");
  change.lookAgain();
  const gone: TreePath[] = [];
  const remove = async ([, , path, stamp]: ProvidedRow) => {
    if (await change.remove(path as TreePath, stamp)) gone.push(path as TreePath);
  };
  for (const row of ours.filter(([, , path]) => !isTag(path))) await remove(row);
  await change.removeEmptied(gone);
  for (const row of ours.filter(([, , path]) => isTag(path))) {
    const folder = parentOf(row[2]) as TreePath;
    const stranger = await looker(disk, root).firstStranger(folder, (path) =>
      ours.some((one) => one[2] === path),
    );
    if (stranger === undefined) await remove(row);
  }
  await change.removeEmptied(gone);
  return gone.filter((path) => !isTag(path)).length;
}
