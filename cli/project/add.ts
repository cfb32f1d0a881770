import { basename } from "node:path";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { TritterError, TritterErrors } from "../errors.ts";
import { readEnvironment } from "../hub/index.ts";
import { addSource, withSources } from "../manifest/edit.ts";
import { freeName, isSourceName, nameFor, takenKeys, takenNames } from "../manifest/naming.ts";
import type { Stanza } from "../manifest/stanza.ts";
import { attempt, type Draft, type Edited, readDraft, withText, writeBoth, writeDraft } from "./editing.ts";
import { loadDraft, type Project, type ProjectOptions } from "./load.ts";
import { lockSources, writeLocked } from "./locking.ts";
import { type SourceFlags, stanzaOf } from "./spec.ts";

export interface AddOptions extends Omit<ProjectOptions, "names">, SourceFlags {
  /** `owner/name`, a page of the Hub, or `hf://…`. */
  readonly spec: string;
  /** Of the source; default: made of the repository's. */
  readonly name?: string;
  readonly dryRun: boolean;
  /** False: the manifest alone is written, and no Hub is asked. */
  readonly pin: boolean;
}

/** Adds a source to the manifest, in place, and locks it. Where it cannot be locked, nothing is written. */
export async function addProject(context: Context, options: AddOptions): Promise<Edited> {
  const common = { ...options, names: [] };
  const draft = await readDraft(context, common);
  const old = await loadDraft(context, common, withSources(draft.text));
  const stanza = stanzaOf(options.spec, endpointsOf(context, old), options);
  const name = chosenName(old, stanza, options);
  const cannot = `cannot add "${printable(options.spec)}"`;
  const edited = addSource(draft.text, { name, stanza, comment: [] });
  if (edited.kind === "refused") throw unfit(draft.file, cannot, edited.why);
  const project = await withText(context, old, { text: edited.text, cannot });
  const result = {
    project: { ...project, scope: new Set([name]) },
    sources: [name],
    before: draft.text,
    after: edited.text,
  };
  const done = await attempt(context, () => carryOut(context, { ...result, draft, options }));
  if ("done" in done) return { ...result, ...done.done, problems: [] };
  context.emit({
    kind: "note",
    message: `${basename(draft.file)} is left as it was; --no-lock writes it all the same`,
  });
  return { ...result, wrote: false, locked: undefined, problems: done.problems };
}

interface Addition extends Pick<Edited, "project" | "after"> {
  readonly draft: Draft & { readonly text: string };
  readonly options: AddOptions;
}

/** Everything is resolved and judged before anything is written. */
async function carryOut(
  context: Context,
  { project, after, draft, options }: Addition,
): Promise<Pick<Edited, "wrote" | "locked">> {
  const wrote = !options.dryRun;
  if (!options.pin) {
    if (wrote) await writeDraft(context, draft, after);
    return { wrote, locked: undefined };
  }
  const locked = await lockSources(context, project, {
    mode: { kind: "lock" },
    fallback: true,
    dryRun: true,
  });
  if (locked.problems.length > 0) throw new TritterErrors(locked.problems);
  if (!wrote) return { wrote, locked };
  const lock = () => writeLocked(context, project, locked);
  return { wrote, locked: await writeBoth(context, draft, { after, lock }) };
}

/** Hubs whose pages count besides huggingface.co's. */
export function endpointsOf({ env }: Context, { manifest, endpoint }: Project): readonly string[] {
  return [endpoint, manifest.endpoint, ...manifest.mirrors, readEnvironment(env).endpoint].filter(
    (one) => one !== undefined,
  );
}

function chosenName({ manifest }: Project, { repo }: Stanza, { spec, name }: AddOptions): string {
  if (name !== undefined && !isSourceName(name)) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot name a source "${printable(name)}": should begin with a letter, hold letters, digits, ".", "_" and "-" only, and have at most 100 characters`,
      hint: `choose another --as, such as ${freeName(nameFor(repo), takenKeys(manifest))}`,
    });
  }
  const taken = takenNames(manifest);
  const wanted = name ?? nameFor(repo);
  if (!taken.has(wanted)) return wanted;
  const what = manifest.sources.some((source) => source.name === wanted) ? "source" : "group";
  throw new TritterError({
    code: "USAGE",
    message: `cannot add "${printable(spec)}": the manifest has a ${what} "${wanted}" already`,
    hint: `edit that one, or give this one another name: --as ${freeName(wanted, takenKeys(manifest))}`,
  });
}

function unfit(file: string, cannot: string, why: string): TritterError {
  return new TritterError({
    code: "USAGE",
    message: `${cannot} to "${file}": ${why}`,
    hint: "write it there by hand, then run tritter lock",
  });
}
