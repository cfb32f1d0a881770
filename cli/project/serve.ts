import { join } from "node:path";
import type { Lock } from "../../schema/lock.ts";
import type { Context } from "../context.ts";
import { type Problem, problemsOf, TritterError } from "../errors.ts";
import type { Serving } from "../events.ts";
import { wantsOf } from "../lock/wants.ts";
import { JOURNALS } from "../receipt/layout.ts";
import { placementsOf, readReceipt } from "../receipt/receipt.ts";
import { catalogOf } from "../serve/catalog.ts";
import type { Served } from "../serve/exchange.ts";
import { type Ledger, openLedger } from "../serve/ledger.ts";
import { type Listening, listen } from "../serve/server.ts";
import { isLoopback } from "../serve/token.ts";
import { resolveRoot, stateFolder } from "../status/root.ts";
import { stampOf } from "../tree/stamp.ts";
import { documentsOf } from "./documents.ts";
import { loadProject, type Project, type ProjectOptions, requireLock } from "./load.ts";
import { staleInScope } from "./locking.ts";

export interface ServeOptions extends ProjectOptions {
  /** An address of this machine, or a name of one. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What clients must send. undefined: none is asked for, which only loopback may be without, or `open`. */
  readonly token: string | undefined;
  /** Answer whoever reaches the address. */
  readonly open: boolean;
}

export interface ServeResult {
  /** As it was when it began. */
  readonly serving: Serving;
  readonly requests: number;
  /** bytes of bodies sent */
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/** ms that answers under way have to end once a stop is asked for. */
const GRACE_MS = 10_000;

/**
 * Answers as a Hub for what the lock pins, from the tree, until the signal aborts. Writes nothing. Throws as `loadProject`,
 * LOCK_MISSING, USAGE, DISK_REFUSED, and NETWORK where it cannot listen.
 */
export async function serveProject(context: Context, options: ServeOptions): Promise<ServeResult> {
  const { host, port, token, open } = options;
  const { clock, disk, emit, signal, version } = context;
  const started = clock.now();
  checkAccess(options);
  const ending = new AbortController();
  const ledger = openLedger({ disk, clock, signal: ending.signal });
  try {
    const first = await load(context, options, ledger);
    const listening = await listen({
      host,
      port,
      token,
      loopbackOnly: token === undefined && !open,
      version,
      disk,
      clock,
      ledger,
      served: follow(context, options, { ledger, first }),
      onAnswered: (answered) => emit({ kind: "answered", at: clock.now(), ...answered }),
      onTrouble: (message) => emit({ kind: "warning", message }),
    });
    const serving = servingOf(first, { ...options, port: listening.port });
    emit({ kind: "listening", serving, tookMs: clock.now() - started });
    await aborted(signal);
    return { serving, ...(await ended(listening)) };
  } finally {
    ending.abort(new Error("the server has closed"));
    await ledger.close();
  }
}

function checkAccess({ host, token, open }: ServeOptions): void {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TritterError({
      code: "USAGE",
      message: "cannot use the token: it is empty, or holds characters that no header carries",
      hint: "take visible ASCII without spaces, beginning with hf_ where clients in JavaScript send it",
    });
  }
  if (token !== undefined || open || isLoopback(host)) return;
  throw new TritterError({
    code: "USAGE",
    message: `cannot serve at "${host}": others may reach it, and no token is set`,
    hint: "set TRITTER_SERVE_TOKEN, or let everybody in with --no-token",
  });
}

async function ended(listening: Listening): Promise<Omit<ServeResult, "serving">> {
  const cut = await listening.stop(GRACE_MS);
  const problems: readonly Problem[] = [
    {
      code: "INTERRUPTED",
      message: `cut ${cut} ${cut === 1 ? "answer" : "answers"} that took longer than ${GRACE_MS / 1000} seconds to end`,
      hint: "clients go on from there once it serves again",
    },
  ];
  return { requests: listening.requests, bytes: listening.sent, problems: cut === 0 ? [] : problems };
}

interface Loaded extends Served {
  readonly project: Project;
  readonly lock: Lock;
  readonly marks: string;
}

async function load(context: Context, options: ServeOptions, ledger: Ledger): Promise<Loaded> {
  const { disk, emit } = context;
  // Taken before what they mark is read, so that what changes meanwhile is read again.
  const documents = documentMarks(context, options);
  const project = await loadProject(context, options);
  const lock = inScope(project);
  const root = await resolveRoot(context, project.manifest.root);
  const marks = `${documents} ${receiptMark(context, root)}`;
  const receipt = await readReceipt(disk, stateFolder(context, root));
  const catalog = catalogOf(lock);
  const placements = placementsOf(receipt, project.manifest.owner);
  ledger.turnTo({ root, wants: wantsOf(lock), placements });
  for (const message of [...staleness(project), ...catalog.warnings]) emit({ kind: "warning", message });
  return { project, lock, root, marks, catalog, files: await ledger.survey() };
}

function inScope(project: Project): Lock {
  const lock = requireLock(project);
  return { ...lock, sources: lock.sources.filter(({ name }) => project.scope?.has(name) ?? true) };
}

function staleness(project: Project): readonly string[] {
  if (staleInScope(project).length === 0) return [];
  return ["the manifest changed since the lock was written: what the lock pins is served; run tritter lock"];
}

/** ms between looks at whether anything changed. */
const LOOK_MS = 1_000;
/** ms between looks at all files. */
const SURVEY_MS = 60_000;

/** What is served, as manifest, lock and receipt say by now. Where they cannot be read, what they said before is. */
function follow(
  context: Context,
  options: ServeOptions,
  { ledger, first }: { ledger: Ledger; first: Loaded },
): () => Promise<Served> {
  const { clock, emit } = context;
  let current = first;
  let marks = first.marks;
  let [lookedAt, surveyedAt] = [clock.now(), clock.now()];
  let loading: Promise<void> | undefined;

  const renew = async (): Promise<void> => {
    const found = `${documentMarks(context, options)} ${receiptMark(context, current.root)}`;
    if (found !== marks) {
      marks = found;
      current = await load(context, options, ledger);
      marks = current.marks;
      surveyedAt = clock.now();
    } else if (clock.now() - surveyedAt > SURVEY_MS) {
      surveyedAt = clock.now();
      current = { ...current, files: await ledger.survey() };
    }
  };

  return async () => {
    if (loading === undefined && clock.now() - lookedAt > LOOK_MS) {
      lookedAt = clock.now();
      loading = renew()
        .catch((error: unknown) => {
          const [problem] = problemsOf(error);
          emit({ kind: "warning", message: `what was served before still is: ${problem?.message ?? ""}` });
        })
        .finally(() => {
          loading = undefined;
        });
    }
    await loading;
    return current;
  };
}

/** Differs once a document was written. */
function documentMarks(context: Context, options: ServeOptions): string {
  const { manifestFile, lockFile } = documentsOf(context, options);
  return [manifestFile, lockFile].map((file) => markOf(context, file)).join(" ");
}

/** Differs once a sync has begun, and once it has ended. */
function receiptMark(context: Context, root: string): string {
  return markOf(context, join(stateFolder(context, root), JOURNALS));
}

function markOf({ disk }: Context, file: string): string {
  const stat = disk.lstat(file);
  return stat === undefined ? "" : stampOf(stat);
}

function servingOf({ lock, root, files }: Loaded, options: ServeOptions): Serving {
  const { host, port, token, open } = options;
  return {
    url: `http://${nameOf(host)}:${port}`,
    host,
    port,
    access: token !== undefined ? "token" : open ? "open" : "loopback",
    root,
    sources: lock.sources.map(({ name, type, repo, revision, commit, files: list }) => ({
      name,
      type,
      repo,
      revision,
      commit,
      files: list.length,
      bytes: list.reduce((sum, { size }) => sum + size, 0),
    })),
    disk: files,
  };
}

/** How this machine calls what it listens at. */
function nameOf(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
