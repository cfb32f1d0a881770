import { basename, dirname } from "node:path";
import type { Context } from "../context.ts";
import { replaceFile } from "../disk/replace.ts";
import { diskProblem } from "../disk/trouble.ts";
import { type Problem, problemsOf, systemCode, TritterError } from "../errors.ts";
import { parseManifest, readManifestText } from "../manifest/read.ts";
import { renderIssues } from "../manifest/render.ts";
import { documentsOf } from "./documents.ts";
import { type Project, type ProjectOptions, unusableManifest } from "./load.ts";
import type { Locked } from "./locking.ts";

/** A manifest that is about to change. */
export interface Draft {
  /** Absolute. */
  readonly file: string;
  /** As it is on disk, without its byte order mark; undefined: there is no file yet. */
  readonly text: string | undefined;
  readonly mark: boolean;
}

/** What became of the manifest, and of the lock with it. */
export interface Edited {
  /** With the manifest as it is now, or in a dry run would be. */
  readonly project: Project;
  /** Names of those added or removed. */
  readonly sources: readonly string[];
  readonly before: string;
  readonly after: string;
  /** Whether the manifest was written. */
  readonly wrote: boolean;
  /** undefined: nothing was to be locked, or it failed. */
  readonly locked: Locked | undefined;
  /** Why it could not be locked; the manifest is as it was then. */
  readonly problems: readonly Problem[];
}

/** Throws MANIFEST_INVALID where it is no text, DISK_REFUSED. */
export async function openDraft(context: Context, options: ProjectOptions): Promise<Draft> {
  const { manifestFile: file } = documentsOf(context, options);
  const read = await readManifestText({ file, disk: context.disk });
  if (read.kind === "missing") return { file, text: undefined, mark: false };
  if (read.kind !== "ok") throw unusableManifest(file, read);
  return { file, text: read.text, mark: read.mark };
}

/** Throws MANIFEST_MISSING too. */
export async function readDraft(
  context: Context,
  options: ProjectOptions,
): Promise<Draft & { readonly text: string }> {
  const { file, text, mark } = await openDraft(context, options);
  if (text === undefined) throw unusableManifest(file, { kind: "missing" });
  return { file, text, mark };
}

/** The project with another text, which must be a manifest without a mistake: `cannot` begins what is told else. Throws USAGE. */
export async function withText(
  { env }: Context,
  project: Project,
  { text, cannot }: { text: string; cannot: string },
): Promise<Project> {
  const { file } = project.manifest;
  const read = await parseManifest(text, { file, env });
  if (read.kind === "ok")
    return { ...project, manifest: read.manifest, manifestText: text, peekable: read.peekable };
  throw new TritterError({
    code: "USAGE",
    message: `${cannot}: ${basename(file)} would have a mistake`,
    details: read.kind === "invalid" ? renderIssues(basename(file), read.issues) : [],
    hint: "mend the command line; the file is as it was",
  });
}

/** Replaces the manifest. Throws USAGE where somebody else changed it since it was read. */
export async function writeDraft(
  { disk }: Context,
  { file, text, mark }: Draft,
  after: string,
): Promise<void> {
  try {
    const read = await readManifestText({ file, disk });
    if ((read.kind === "ok" ? read.text : undefined) !== text) throw changedMeanwhile(file);
    if (text === undefined) await disk.mkdir(dirname(file));
    await replaceFile(disk, file, Buffer.from(`${mark ? "\ufeff" : ""}${after}`));
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`write "${file}"`, error), error);
  }
}

function changedMeanwhile(file: string): TritterError {
  return new TritterError({
    code: "USAGE",
    message: `cannot write "${file}": it changed while this command ran`,
    hint: "run the same command again",
  });
}

/** The manifest, then the lock; the manifest goes back where the lock cannot be written. */
export async function writeBoth(
  context: Context,
  draft: Draft & { readonly text: string },
  { after, lock }: { after: string; lock: () => Promise<Locked> },
): Promise<Locked> {
  await writeDraft(context, draft, after);
  try {
    return await lock();
  } catch (error) {
    await writeDraft(context, { ...draft, text: after }, draft.text);
    throw error;
  }
}

/** Does the work; what goes wrong with it is a value, since the rest of the answer is worth telling. A stop is not. */
export async function attempt<T>(
  { signal }: Context,
  work: () => Promise<T>,
): Promise<{ done: T } | { problems: readonly Problem[] }> {
  try {
    return { done: await work() };
  } catch (error) {
    signal.throwIfAborted();
    return { problems: problemsOf(error) };
  }
}
