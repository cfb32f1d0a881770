import { algorithmOf } from "../../schema/ids.ts";
import type { LockedCarrier, LockedSource } from "../../schema/lock.ts";
import type { Carrier, Source } from "../../schema/manifest.ts";
import { judgeName, printable } from "../../schema/names.ts";
import { type Lasting, type Problem, problemsOf, TritterError, TritterErrors } from "../errors.ts";
import type { Listed, Resolved } from "../hub/port.ts";
import { isBelow } from "../lock/wants.ts";
import { sortedFiles } from "../lock/write.ts";
import { ask } from "./ask.ts";
import { asGone } from "./gone.ts";
import type { Pinned, Resolving } from "./input.ts";
import { listFor, listOnce } from "./listing.ts";
import { type Selection, select } from "./select.ts";
import { askedIdentity, type Carried, carrierOf, keyOf, requestOf, sameIdentity } from "./stale.ts";

/** Follows an edit of one source by its class: what needs no request makes none, and only identity moves a pin. */
export async function pinSource(
  resolving: Resolving,
  source: Source,
  entry: LockedSource | undefined,
): Promise<Pinned> {
  const { manifest, mode, fallback } = resolving;
  const moves = mode.kind === "update" && mode.names.has(source.name);
  // A revision that the command line names is of one repository.
  if (moves && fallback && mode.to === undefined)
    return pinFromFirst(resolving, source, { entry, renew: move });
  const carried = entry && carrierOf(source, entry);
  if (entry === undefined || carried === undefined) {
    // What had a pin of its own is not swapped for other contents because that pin cannot be renewed.
    const hadOwnPin = entry !== undefined && entry.carrier === undefined;
    if (fallback && !hadOwnPin) return pinFromFirst(resolving, source, { entry, renew: reselect });
    return tellingOfFallbacks(source, () =>
      pinFrom(resolving, source, { carried: { carrier: source, as: undefined }, entry }),
    );
  }
  const following = { source, carried, entry };
  if (!moves && entry.request === requestOf(manifest, carried.carrier)) return quiet(replaced(following));
  return tellingOfFallbacks(source, () =>
    ofPin(entry, () => (moves ? move(resolving, following) : reselect(resolving, following))),
  );
}

/** What is gone is said of the pin. */
async function ofPin(entry: LockedSource, goOn: () => Promise<Pinned>): Promise<Pinned> {
  try {
    return await goOn();
  } catch (error) {
    const before = problemsOf(error);
    const problems = before.map((problem) => asGone(problem, entry));
    if (problems.every((problem, index) => problem === before[index])) throw error;
    throw new TritterErrors(problems);
  }
}

interface Following {
  readonly source: Source;
  readonly carried: Carried;
  readonly entry: LockedSource;
}

/** Placement alone is rewritten offline. */
function replaced({ source, carried: { carrier, as }, entry }: Following): LockedSource {
  const { path } = source;
  const { strip } = carrier;
  if (entry.path === path && entry.strip === strip && sameCarrier(entry.carrier, as)) return entry;
  const outside = entry.files.filter((file) => !isBelow(strip, file.path));
  if (outside.length > 0) {
    throw new TritterError({
      code: "STRIP_OUTSIDE",
      source: source.name,
      message: `source "${source.name}": strip "${printable(strip)}" does not hold all locked files`,
      details: outside.slice(0, 3).map((file) => printable(file.path)),
      hint: "narrow include to that folder, or strip less",
    });
  }
  return { ...entry, path, strip, carrier: as };
}

function sameCarrier(a: LockedCarrier | undefined, b: LockedCarrier | undefined): boolean {
  return a?.fallback === b?.fallback && a?.why === b?.why && a?.instead === b?.instead;
}

/** `update`: asks anew, with the carrier that is in use; a listing only if the commit moved. */
async function move(resolving: Resolving, { source, carried, entry }: Following): Promise<Pinned> {
  const { resolved, isFresh } = await ask(resolving, source.name, {
    carrier: carried.carrier,
    pinned: entry.commit,
  });
  if (isFresh) tellFresh(resolving, { source, carried, entry });
  if (resolved.commit !== entry.commit || resolved.repo !== entry.repo)
    return pinAt(resolving, { source, resolved, carried, from: entry });
  const told = orKnown(resolved, entry);
  if (entry.request !== requestOf(resolving.manifest, carried.carrier))
    return pinAt(resolving, { source, resolved: told, carried, from: entry });
  const seen = withTerms(atItsCommit(entry), told);
  const isNewGate = seen !== entry && (seen.gated ?? false) !== false;
  if (isNewGate)
    await assertAccess(resolving, {
      carrier: carried.carrier,
      resolved: told,
      path: probePath(entry.files),
    });
  return quiet(replaced({ source, carried, entry: seen }));
}

/** A commit that can be had again needs no refuge. */
function atItsCommit(entry: LockedSource): LockedSource {
  if (entry.rescued === undefined) return entry;
  return { ...entry, rescued: undefined, files: entry.files.map(({ from: _, ...file }) => file) };
}

/** What this Hub does not know stays as it was recorded. */
function orKnown(resolved: Resolved, { id, gated, gate, licenses, private: hidden }: LockedSource): Resolved {
  return {
    ...resolved,
    id: resolved.id ?? id,
    gated: resolved.gated ?? gated,
    gate: resolved.gated === undefined ? gate : resolved.gate,
    private: resolved.private ?? hidden,
    licenses: resolved.licenses ?? licenses,
  };
}

/** The terms as they are told now: an update is the word of somebody who looked. The entry itself where they are what was recorded. */
function withTerms(entry: LockedSource, resolved: Resolved): LockedSource {
  const seen = { ...entry, ...termsOf(resolved) };
  const isSame = (Object.keys(termsOf(resolved)) as (keyof LockedSource)[]).every(
    (key) => JSON.stringify(seen[key]) === JSON.stringify(entry[key]),
  );
  return isSame ? entry : seen;
}

/** What only a look at the Hub tells, and the commit does not. */
function termsOf({ id, gated, gate, licenses, private: hidden }: Resolved) {
  return {
    id,
    licenses: licenses ?? [],
    gated: gated === false ? undefined : gated,
    private: hidden === true ? true : undefined,
    gate,
  };
}

function tellFresh({ emit }: Resolving, { source, carried, entry }: Following): void {
  const pin = `commit ${entry.commit.slice(0, 7)}, which is not ${carried.carrier.minAge} old yet`;
  emit({ kind: "note", message: `source "${source.name}" stays at ${pin}: a pin is never moved back` });
}

async function reselect(resolving: Resolving, { source, carried, entry }: Following): Promise<Pinned> {
  if (entry.rescued !== undefined) throw unlistable(entry);
  const { repo, commit, asked, card, extra } = entry;
  const unknown = { id: undefined, gated: undefined, gate: undefined, licenses: undefined };
  const resolved = orKnown({ commit, repo, ...unknown, private: undefined, disabled: undefined }, entry);
  const pinned = await pinAt(resolving, { source, resolved, carried, from: entry });
  return { ...pinned, source: { ...pinned.source, asked, card, extra } };
}

/** Bytes that were found elsewhere do not tell what else the commit held. */
function unlistable({ name, commit }: LockedSource): TritterError {
  return new TritterError({
    code: "PIN_GONE",
    source: name,
    message: `cannot select other files of source "${name}": commit ${commit} is gone, and only the locked files were rescued`,
    hint: `undo the edit of include, exclude or policy.deny, or run tritter update ${name} to pin what is there now`,
  });
}

interface FromFirst {
  readonly entry: LockedSource | undefined;
  /** How the entry is gone on from, where it was locked from the one that is tried. */
  readonly renew: (resolving: Resolving, following: Following) => Promise<Pinned>;
}

/** From the source's own repository, or from the first of its fallbacks where those before cannot be had for a lasting reason. */
async function pinFromFirst(
  resolving: Resolving,
  source: Source,
  { entry, renew }: FromFirst,
): Promise<Pinned> {
  const pin = (carried: Carried) => {
    // A source that now names what was its fallback is another source, and asked for anew.
    const kept =
      entry !== undefined &&
      (entry.carrier === undefined) === (carried.as === undefined) &&
      sameIdentity(askedIdentity(entry), carried.carrier);
    if (!kept) return pinFrom(resolving, source, { carried, entry });
    return ofPin(entry, () => renew(resolving, { source, carried, entry }));
  };
  try {
    return await pin({ carrier: source, as: undefined });
  } catch (error) {
    const why = lastingReason(error);
    if (why === undefined || source.fallbacks.length === 0) throw error;
    return await tryFallbacks(source, { why, first: problemsOf(error), pin });
  }
}

async function tryFallbacks(
  source: Source,
  {
    why,
    first,
    pin,
  }: { why: Lasting; first: readonly Problem[]; pin: (carried: Carried) => Promise<Pinned> },
): Promise<Pinned> {
  const failures: string[] = [];
  for (const [index, carrier] of source.fallbacks.entries()) {
    try {
      return await pin({ carrier, as: { fallback: index + 1, why, instead: keyOf(source) } });
    } catch (error) {
      // Only a lasting reason leads on to the next: a network fault must not decide what a corpus holds.
      if (lastingReason(error) === undefined) throw error;
      failures.push(
        ...problemsOf(error).map((problem) => `fallback ${index + 1}, ${carrier.repo}: ${problem.message}`),
      );
    }
  }
  throw withDetails(source, first, failures);
}

/** Where fallbacks could help and none may be tried, the problem says what would. */
async function tellingOfFallbacks(source: Source, pin: () => Promise<Pinned>): Promise<Pinned> {
  try {
    return await pin();
  } catch (error) {
    if (lastingReason(error) === undefined || source.fallbacks.length === 0) throw error;
    const how = `no fallback was tried; "tritter update --allow-fallback ${source.name}" tries them`;
    throw withDetails(source, problemsOf(error), [how]);
  }
}

function withDetails(source: Source, problems: readonly Problem[], more: readonly string[]): TritterErrors {
  return new TritterErrors(
    problems.map((problem) => ({
      ...problem,
      source: source.name,
      details: [...(problem.details ?? []), ...more],
    })),
  );
}

/** Why a repository cannot be had that will not pass by itself; undefined for anything that may. */
function lastingReason(error: unknown): Lasting | undefined {
  const reasons = problemsOf(error).map((problem) => problem.lasting);
  return reasons.includes(undefined) ? undefined : reasons[0];
}

async function pinFrom(
  resolving: Resolving,
  source: Source,
  { carried, entry }: { carried: Carried; entry: LockedSource | undefined },
): Promise<Pinned> {
  const { resolved } = await ask(resolving, source.name, { carrier: carried.carrier, pinned: undefined });
  return pinAt(resolving, { source, resolved, carried, from: entry });
}

export interface PinInput {
  readonly source: Source;
  readonly resolved: Resolved;
  readonly carried: Carried;
  /** What it is pinned to until now: what did not change since need not be listed again. */
  readonly from: LockedSource | undefined;
}

/** Lists and selects at a commit that is known. */
export async function pinAt(
  resolving: Resolving,
  { source, resolved, carried: { carrier, as }, from }: PinInput,
): Promise<Pinned> {
  const { type, revision, asOf, minAge, strip } = carrier;
  const { commit, repo, gated } = resolved;
  const { listing, selection } = await selectAt(resolving, { source, carrier, resolved, from });
  if (selection.problems.length > 0) throw new TritterErrors(selection.problems);
  if (selection.masked !== undefined)
    await refuseMasked(resolving, { carrier, resolved, path: selection.masked.path });
  if (gated !== undefined && gated !== false)
    await assertAccess(resolving, { carrier, resolved, path: probePath(selection.files) });
  const entry: LockedSource = {
    name: source.name,
    request: requestOf(resolving.manifest, carrier),
    repo,
    asked: repo === carrier.repo ? undefined : carrier.repo,
    type,
    revision,
    asOf,
    minAge,
    commit,
    path: source.path,
    strip,
    ...termsOf(resolved),
    card: listing.find(({ path }) => path === CARD)?.digest,
    carrier: as,
    rescued: undefined,
    files: sortedFiles(selection.files),
    extra: {},
  };
  return { source: entry, patterns: selection.patterns, warnings: selection.warnings };
}

const CARD = "README.md";

interface SelectInput extends Omit<PinInput, "carried"> {
  readonly carrier: Carrier;
}

/** A mistake is told from a complete listing: near misses, and how many files there are, are part of it. */
async function selectAt(
  resolving: Resolving,
  { source, carrier, resolved, from }: SelectInput,
): Promise<{ listing: readonly Listed[]; selection: Selection }> {
  const { deny } = resolving.manifest;
  const repo = { type: carrier.type, repo: resolved.repo };
  const wish = { commit: resolved.commit, source: source.name };
  const { files, complete } = await listFor(resolving, repo, { ...wish, carrier, from });
  const selection = select(source.name, carrier, { listing: files, complete, deny });
  if (complete || selection.problems.length === 0) return { listing: files, selection };
  const listing = await listOnce(resolving, repo, wish);
  return { listing, selection: select(source.name, carrier, { listing, complete: true, deny }) };
}

/** A masked listing has nothing to verify by: say what access lacks, and never lock it. */
async function refuseMasked(resolving: Resolving, probe: Probe): Promise<never> {
  await assertAccess(resolving, probe);
  throw new TritterError({
    code: "HUB",
    message: `cannot lock ${probe.resolved.repo}: the Hub hides the digest of "${printable(probe.path ?? "")}"`,
    hint: "run the same command again; if it stays so, report it to the Hub's operator",
  });
}

interface Probe {
  readonly carrier: Carrier;
  readonly resolved: Resolved;
  readonly path: string | undefined;
}

/** Listing a gated repository proves nothing: ask for one file before anything is locked. */
async function assertAccess({ hub }: Resolving, { carrier, resolved, path }: Probe): Promise<void> {
  if (path === undefined) return;
  const access = await hub.access({ type: carrier.type, repo: resolved.repo }, resolved.commit, path);
  if (access.kind === "refused") throw new TritterError(access.problem);
}

/** Root README and LICENSE are handed to everybody (reference of gated repositories), so they prove nothing. */
export function probePath(files: LockedSource["files"]): string | undefined {
  const guarded = files.filter(
    (file) =>
      judgeName(file.path).kind !== "hostile" && !/^(?:README\.md|LICENSE(?:\.md|\.txt)?)$/.test(file.path),
  );
  return (guarded.find((file) => algorithmOf(file.digest) === "sha256") ?? guarded[0])?.path;
}

function quiet(source: LockedSource): Pinned {
  return { source, patterns: [], warnings: [] };
}
