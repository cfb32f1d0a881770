import { basename, dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { Manifest } from "../../schema/manifest.ts";
import type { Context } from "../context.ts";
import { onDisk } from "../disk/trouble.ts";
import { type Problem, TritterError } from "../errors.ts";
import { layOut, plainFolder } from "../foreign/place.ts";
import { readForeign } from "../foreign/read.ts";
import type { Value } from "../foreign/values.ts";
import type { Foreign, Remark } from "../foreign/wanted.ts";
import { readEnvironment } from "../hub/index.ts";
import { addSources, withSources } from "../manifest/edit.ts";
import { renderImported } from "../manifest/template.ts";
import { type Draft, openDraft, withText, writeDraft } from "./editing.ts";
import { type ImportedSource, type Made, makeSources, nameAll, type Places } from "./imported.ts";
import { ownerNameFor, schemaFor } from "./init.ts";
import { loadDraft, type Project } from "./load.ts";
import { type Gathered, gather, settle } from "./settle.ts";

export type { ImportedSource } from "./imported.ts";

export interface ImportOptions {
  /** The document to read. */
  readonly from: string;
  /** The manifest to write, or to add to; default: tritter.yaml. */
  readonly to?: string;
  readonly endpoint?: string;
  readonly offline?: boolean;
  readonly dryRun: boolean;
  /** Write the manifest anew, whatever it holds. */
  readonly force: boolean;
}

export interface ImportResult {
  /** Absolute. */
  readonly from: string;
  readonly format: Foreign["kind"];
  /** The manifest; absolute. */
  readonly file: string;
  /** Empty where there was none, or it gives way. */
  readonly before: string;
  readonly after: string;
  readonly wrote: boolean;
  readonly sources: readonly ImportedSource[];
  readonly notes: readonly Remark[];
  /** What was not imported, and what could not be proved; the rest is written all the same. */
  readonly problems: readonly Problem[];
}

/** Makes sources of what another tool's document downloads, and writes them into a new manifest or behind the others of one. */
export async function importProject(context: Context, options: ImportOptions): Promise<ImportResult> {
  const from = resolve(context.cwd, options.from);
  const file = resolve(context.cwd, options.to ?? "tritter.yaml");
  const endpoints = [options.endpoint, readEnvironment(context.env).endpoint].filter(
    (one) => one !== undefined,
  );
  const foreign = await readDocument(context, { from, folder: dirname(file), endpoints });
  const gathered = gather(foreign.wanted);
  if (gathered.length > MOST_SOURCES) throw tooMany(from, gathered.length);
  const target = await openTarget(context, options, { file, from, gathered });
  const { manifest } = target.project;
  const named = nameAll(gathered, { manifest, places: target });
  const settled = await settle(context, target.project, named);
  const made = makeSources(named, settled, { manifest, from: basename(from) });
  const notes = [...foreign.notes, ...made.notes, ...cacheNote(foreign)].sort((a, b) => a.line - b.line);
  for (const { line, message } of notes)
    context.emit({ kind: "note", message: `${basename(from)}:${line}: ${message}` });
  const after = made.sources.length === 0 ? target.text : await withAll(context, target, made.sources);
  const problems = [
    ...notImported(from, [...foreign.refused, ...made.refused]),
    ...nothingFound(from, foreign, made),
    ...made.problems,
  ];
  const changed = made.sources.length > 0;
  if (changed && !options.dryRun) await writeDraft(context, target.draft, after);
  return {
    from,
    format: foreign.kind,
    file,
    before: target.draft.text ?? "",
    after: changed ? after : (target.draft.text ?? ""),
    wrote: changed && !options.dryRun,
    sources: made.sources,
    notes,
    problems,
  };
}

/** As the manifest's schema has it. */
const MOST_SOURCES = 10_000;

function tooMany(from: string, count: number): TritterError {
  return new TritterError({
    code: "USAGE",
    message: `cannot import "${from}": it asks for ${count} sources, and a manifest holds ${MOST_SOURCES}`,
    hint: "import a part of it",
  });
}

/** bytes: no script that a person wrote comes near it. */
const LARGEST = 1024 * 1024;

async function readDocument(
  { disk }: Context,
  { from, folder, endpoints }: { from: string; folder: string; endpoints: readonly string[] },
): Promise<Foreign> {
  const bytes = await onDisk(`read "${from}"`, () => disk.read(from));
  const unreadable = (why: string) =>
    new TritterError({
      code: "USAGE",
      message: `cannot import "${from}": ${why}`,
      hint: "name a shell script, or a lock of Hermeto's",
    });
  if (bytes === undefined) throw unreadable("there is no such file");
  if (bytes.length > LARGEST)
    throw unreadable(`it has ${bytes.length} bytes: should have at most ${LARGEST}`);
  if (bytes.includes(0)) throw unreadable("it is no text");
  const own = relative(folder, dirname(from)).split(sep).join("/");
  return readForeign(bytes.toString("utf8").replace(/^\ufeff/, ""), {
    file: from,
    folder: own === "" ? "." : own,
    endpoints,
  });
}

/** The manifest that sources go into. */
interface Target extends Places {
  readonly draft: Draft;
  /** What they are added to. */
  readonly text: string;
  readonly project: Project;
}

async function openTarget(
  context: Context,
  { endpoint, offline, force }: ImportOptions,
  { file, from, gathered }: { file: string; from: string; gathered: readonly Gathered[] },
): Promise<Target> {
  const common = { manifest: file, endpoint, offline, names: [] };
  const draft = await openDraft(context, common);
  const folders = gathered.map(({ folder }) => folder);
  if (draft.text !== undefined && !force) {
    const project = await loadDraft(context, common, withSources(draft.text));
    return { draft, text: draft.text, project, ...placesIn(project.manifest, folders) };
  }
  const { root = "data", paths, elsewhere } = layOut(folders);
  const schema = schemaFor(context.disk, dirname(file));
  const text = renderImported({ name: ownerNameFor(file), root, from: basename(from), schema });
  return { draft, text, project: await loadDraft(context, common, text), paths, elsewhere, root };
}

function placesIn({ file, root }: Manifest, folders: readonly (Value | undefined)[]): Places {
  const places = folders.map((folder) => {
    const plain = folder && plainFolder(folder);
    if (plain === undefined) return { path: undefined, isBelow: folder === undefined };
    const inside = relative(root, resolve(dirname(file), plain));
    if (inside === "") return { path: ".", isBelow: true };
    const isBelow = !isAbsolute(inside) && !/^\.\.(?:[/\\]|$)/.test(inside);
    // The same names below another root.
    const kept =
      isAbsolute(plain) || /^\.\.(?:\/|$)/.test(plain) ? undefined : plain.replace(/^(?:\.\/)+/, "");
    return { path: isBelow ? inside.split(sep).join("/") : kept, isBelow };
  });
  return {
    paths: places.map(({ path }) => path),
    elsewhere: places.flatMap(({ isBelow }, index) => (isBelow ? [] : [index])),
    root: relative(dirname(file), root) || ".",
  };
}

async function withAll(
  context: Context,
  { text, project, draft }: Target,
  sources: Made["sources"],
): Promise<string> {
  const edited = addSources(text, sources);
  const cannot = `cannot import into "${draft.file}"`;
  if (edited.kind === "refused") {
    throw new TritterError({
      code: "USAGE",
      message: `${cannot}: ${edited.why}`,
      hint: "name another file with --to",
    });
  }
  await withText(context, project, { text: edited.text, cannot });
  return edited.text;
}

function notImported(from: string, refused: readonly Remark[]): readonly Problem[] {
  const sorted = [...refused].sort((a, b) => a.line - b.line);
  return sorted.map(({ line, message }) => ({
    code: "NOT_IMPORTED",
    message: `cannot import ${basename(from)}:${line}: ${message}`,
    hint: "add what it downloads by hand; tritter add --help shows how",
    places: [{ file: from, line, column: 1 }],
  }));
}

function nothingFound(from: string, { wanted, refused }: Foreign, { sources }: Made): readonly Problem[] {
  if (wanted.length > 0 || refused.length > 0 || sources.length > 0) return [];
  const message = `cannot import "${basename(from)}": it downloads nothing with hf download or huggingface-cli download`;
  return [
    { code: "NOT_IMPORTED", message, hint: "name another file; tritter add --help shows how to do without" },
  ];
}

function cacheNote({ kind, wanted }: Foreign): readonly Remark[] {
  const first = wanted.find(({ folder }) => folder === undefined);
  if (kind !== "shell" || first === undefined) return [];
  return [
    {
      line: first.line,
      message:
        "without --local-dir files went into the Hub's cache: now they go below the root, each source in a folder of its name",
    },
  ];
}
