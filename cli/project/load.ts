import { basename, resolve } from "node:path";
import type { Issue } from "../../schema/issues.ts";
import type { Lock } from "../../schema/lock.ts";
import type { Manifest } from "../../schema/manifest.ts";
import type { Context } from "../context.ts";
import { type Place, problemsOf, TritterError, TritterErrors } from "../errors.ts";
import { parseEndpoint } from "../hub/endpoint.ts";
import { type HubSettings, isOffline, openHub } from "../hub/index.ts";
import type { Hub } from "../hub/port.ts";
import { type ReadLock, readLock } from "../lock/read.ts";
import { parseManifest, type ReadManifest, readManifest } from "../manifest/read.ts";
import { renderIssues } from "../manifest/render.ts";
import { selectSources } from "../manifest/select.ts";
import { type Documents, documentsOf } from "./documents.ts";

/** Where a project's documents are and what the command line said of it. */
export interface Project {
  readonly manifest: Manifest;
  readonly manifestText: string;
  /** Its name and root can be told without a parser. */
  readonly peekable: boolean;
  /** Absolute. */
  readonly lockFile: string;
  /** undefined where there is none yet. */
  readonly lock: Lock | undefined;
  /** `sha256:…` of its bytes */
  readonly lockDigest: string | undefined;
  /** Sources named on the command line, groups resolved; undefined: all. */
  readonly scope: ReadonlySet<string> | undefined;
  readonly offline: boolean;
  readonly endpoint: string | undefined;
}

export interface ProjectOptions {
  readonly manifest?: string;
  readonly lock?: string;
  readonly endpoint?: string;
  readonly offline?: boolean;
  readonly names: readonly string[];
}

/** Reads manifest and lock. Throws MANIFEST_MISSING, MANIFEST_INVALID, LOCK_INVALID, LOCK_EDITED, LOCK_VERSION, USAGE. */
export async function loadProject(context: Context, options: ProjectOptions): Promise<Project> {
  const { manifestFile, lockFile } = documentsOf(context, options);
  const read = await readManifest({ file: manifestFile, disk: context.disk, env: context.env });
  return projectOf(context, options, { read, manifestFile, lockFile });
}

/** The same, with a text that is not written yet in the manifest's place. */
export async function loadDraft(context: Context, options: ProjectOptions, text: string): Promise<Project> {
  const { manifestFile, lockFile } = documentsOf(context, options);
  const read = await parseManifest(text, { file: manifestFile, env: context.env });
  return projectOf(context, options, { read, manifestFile, lockFile });
}

/** The same, with a lock that is not the one on disk. */
export async function loadWithLock(context: Context, options: ProjectOptions, lock: Lock): Promise<Project> {
  const documents = documentsOf(context, options);
  const read = await readManifest({ file: documents.manifestFile, disk: context.disk, env: context.env });
  return projectOf(context, options, { ...documents, read, lock });
}

async function projectOf(
  context: Context,
  options: ProjectOptions,
  given: Documents & { readonly read: ReadManifest; readonly lock?: Lock },
): Promise<Project> {
  const { read, manifestFile, lockFile } = given;
  if (read.kind === "missing") throw unusableManifest(manifestFile, read);
  if (lockFile === manifestFile) {
    throw new TritterError({
      code: "USAGE",
      message: `cannot use "${manifestFile}" as manifest and as lock: should be two files`,
      hint: "name another file with --lock",
    });
  }
  const found = given.lock === undefined ? await lockBeside(context, { ...given, read }) : undefined;
  const { manifest, text, peekable } = usableManifest(context, manifestFile, read);
  const scope = options.names.length === 0 ? undefined : selectSources(manifest, options.names);
  if (found?.kind === "ok") for (const message of found.warnings) context.emit({ kind: "warning", message });
  return {
    manifest,
    manifestText: text,
    peekable,
    lockFile,
    lock: found?.kind === "ok" ? found.lock : given.lock,
    lockDigest: found?.kind === "ok" ? found.digest : undefined,
    scope,
    offline: options.offline === true || isOffline(context.env),
    endpoint: endpointOf(context, options.endpoint),
  };
}

/** Mistakes of two documents are told at once. */
async function lockBeside(
  { disk }: Context,
  { read, manifestFile, lockFile }: Documents & { readonly read: Exclude<ReadManifest, { kind: "missing" }> },
): Promise<ReadLock> {
  return readLock({ file: lockFile, disk }).catch((error: unknown) => {
    if (read.kind === "ok") throw error;
    throw new TritterErrors([...problemsOf(unusableManifest(manifestFile, read)), ...problemsOf(error)]);
  });
}

/** A folder is relative to where the command runs; an URL is left as it is. */
export function endpointOf({ cwd }: Context, endpoint: string | undefined): string | undefined {
  return endpoint === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint)
    ? endpoint
    : resolve(cwd, endpoint);
}

/** Is the lock that was read the one whose signature was checked? `signed` undefined: none was asked for. Throws SIGNATURE_REFUSED. */
export function assertSigned({ lockDigest, lockFile }: Project, signed: string | undefined): void {
  if (signed === undefined || signed === lockDigest) return;
  throw new TritterError({
    code: "SIGNATURE_REFUSED",
    message: `cannot trust "${lockFile}": it changed since its signature was checked a moment ago`,
    hint: "run the same command again",
  });
}

/** The lock, where the command cannot do without. Throws LOCK_MISSING. */
export function requireLock({ lock, lockFile }: Project): Lock {
  if (lock !== undefined) return lock;
  throw new TritterError({
    code: "LOCK_MISSING",
    message: `cannot read "${lockFile}": there is no lock yet`,
    hint: "run tritter lock",
  });
}

/** Opened when first asked for, so that a command which needs no Hub opens no socket. Close it with `close`. */
export function lazyHub(
  context: Context,
  project: Project,
  connections: number,
  onBudget?: HubSettings["onBudget"],
): { hub: () => Hub; close: () => Promise<void> } {
  let opened: Hub | undefined;
  const { endpoint, mirrors } = project.manifest;
  const wanted = { manifest: endpoint, flag: project.endpoint, offline: project.offline };
  const settings = { ...hubSettings(context, wanted, connections), mirrors, onBudget };
  return {
    hub: () => {
      opened ??= openHub(settings);
      return opened;
    },
    close: async () => {
      await opened?.close();
    },
  };
}

/** Another site that has what the Hub has. It gets a token only where one is meant for it; trouble there is not waited for. Throws USAGE. */
export function siteAt(
  context: Context,
  url: string,
  connections: number,
): { readonly place: string; readonly open: () => Hub } {
  const endpoint = parseEndpoint(url, "--from");
  const place = endpoint.kind === "http" ? endpoint.url : endpoint.folder;
  const settings = hubSettings(context, { manifest: place, flag: undefined, offline: false }, connections);
  return { place, open: () => openHub({ ...settings, tries: 1 }) };
}

export function hubSettings(
  { env, disk, emit, signal, version, clock }: Context,
  wanted: {
    readonly manifest: string | undefined;
    readonly flag: string | undefined;
    readonly offline: boolean;
  },
  connections: number,
): HubSettings {
  const { manifest: endpoint, flag: endpointFlag, offline } = wanted;
  return { endpoint, endpointFlag, env, offline, disk, emit, signal, version, connections, clock };
}

function placeOf(file: string, { message, hint = "mend this line", line = 1, column = 1 }: Issue): Place {
  return { file, line, column, message, hint };
}

function usableManifest(
  { emit }: Context,
  file: string,
  read: ReadManifest,
): Extract<ReadManifest, { kind: "ok" }> {
  if (read.kind !== "ok") throw unusableManifest(file, read);
  for (const line of read.warnings.length === 0 ? [] : renderIssues(basename(file), read.warnings))
    emit({ kind: "warning", message: line });
  return read;
}

export function unusableManifest(file: string, read: Exclude<ReadManifest, { kind: "ok" }>): TritterError {
  if (read.kind === "missing") {
    return new TritterError({
      code: "MANIFEST_MISSING",
      message: `cannot read "${file}": there is no such file`,
      hint: "run tritter init, or name one with --manifest",
    });
  }
  const count = read.issues.filter((issue) => issue.severity === "error").length;
  return new TritterError({
    code: "MANIFEST_INVALID",
    message: `cannot use "${basename(file)}": ${count === 1 ? "it has a mistake" : `it has ${count} mistakes`}`,
    details: renderIssues(basename(file), read.issues),
    hint: "mend the lines above",
    places: read.issues.map((issue) => placeOf(file, issue)),
  });
}
