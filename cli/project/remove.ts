import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { TritterError } from "../errors.ts";
import { removeSource } from "../manifest/edit.ts";
import { suggest } from "../manifest/suggest.ts";
import { changesBetween } from "../resolve/changes.ts";
import { type Edited, readDraft, withText, writeBoth, writeDraft } from "./editing.ts";
import { knownFactsIfAny } from "./facts.ts";
import { loadDraft, type Project, type ProjectOptions } from "./load.ts";
import { type Locked, writeLocked } from "./locking.ts";

/** `names`: sources of the manifest, each taken out. */
export interface RemoveOptions extends ProjectOptions {
  readonly dryRun: boolean;
}

/** Takes sources out of the manifest, in place, and out of the lock. Asks no Hub and leaves the destination alone. */
export async function removeProject(context: Context, options: RemoveOptions): Promise<Edited> {
  const common = { ...options, names: [] };
  const draft = await readDraft(context, common);
  const old = await loadDraft(context, common, draft.text);
  const names = [...new Set(options.names)];
  for (const name of names) assertSource(old, name);
  const after = names.reduce((text, name) => without(draft.file, text, name), draft.text);
  const cannot = `cannot remove ${names.map((name) => `"${printable(name)}"`).join(", ")}`;
  const project = await withText(context, old, { text: after, cannot });
  const facts = await knownFactsIfAny(context, old);
  const locked = lockedWithout(old, { names: new Set(names), facts });
  const result = { project, sources: names, before: draft.text, after, problems: [] };
  if (options.dryRun) return { ...result, wrote: false, locked };
  if (locked === undefined) await writeDraft(context, draft, after);
  const lock = async () => writeLocked(context, project, locked as Locked);
  const written = locked === undefined ? undefined : await writeBoth(context, draft, { after, lock });
  if (written !== undefined) tellFiles(context, old, written);
  return { ...result, wrote: true, locked: written };
}

/** The lock without these; undefined where it has none of them. */
function lockedWithout(
  { lock }: Project,
  { names, facts }: { names: ReadonlySet<string>; facts: Locked["facts"] },
): Locked | undefined {
  if (lock === undefined || !lock.sources.some(({ name }) => names.has(name))) return undefined;
  const after = { ...lock, sources: lock.sources.filter(({ name }) => !names.has(name)) };
  const changes = changesBetween(lock, after);
  const resolution = { lock: after, changes, patterns: [], warnings: [] };
  return { lock: after, resolution, wrote: false, facts, problems: [] };
}

function tellFiles({ emit }: Context, { manifest }: Project, { resolution }: Locked): void {
  const names = resolution.changes.map(({ source }) => printable(source)).join(", ");
  const message = `files of ${names} stay below "${manifest.root}" until tritter sync, without names, prunes them`;
  emit({ kind: "note", message });
}

function without(file: string, text: string, name: string): string {
  const edited = removeSource(text, name);
  if (edited.kind === "ok") return edited.text;
  throw new TritterError({
    code: "USAGE",
    message: `cannot remove "${printable(name)}" from "${file}": ${edited.why}`,
    hint: "take it out by hand, then run tritter lock",
  });
}

function assertSource({ manifest }: Project, name: string): void {
  const known = manifest.sources.map((source) => source.name);
  if (known.includes(name)) return;
  const members = manifest.sources.filter(({ groups }) => groups.includes(name)).map((source) => source.name);
  const near = suggest(name, known);
  const hint = near === undefined ? `it has: ${known.join(", ")}` : `did you mean "${near}"?`;
  throw new TritterError({
    code: "USAGE",
    message: `cannot remove "${printable(name)}": ${members.length > 0 ? "it is a group" : "the manifest has no such source"}`,
    hint: members.length > 0 ? `name its sources: tritter remove ${members.join(" ")}` : hint,
  });
}
