import type { Digest } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Disk } from "../disk/port.ts";
import { diskProblem } from "../disk/trouble.ts";
import { systemCode } from "../errors.ts";
import type { Emit, TritterEvent } from "../events.ts";
import { type Candidate, nameOf, type Walked, walk } from "../nearby/walk.ts";
import { pool } from "../pool.ts";
import { algorithmsFor } from "../store/hash.ts";
import { openHashers } from "../store/hashers.ts";
import { openKeepers } from "../store/keeper.ts";
import { BRIEF, type Take, type Taken } from "../store/take.ts";
import { type Blame, countOf, type Giver, type Hands, type Wish } from "./give.ts";

export interface FolderInput {
  readonly disk: Disk;
  readonly emit: Emit;
  /** Absolute. */
  readonly folder: string;
  /** Asked for on the command line: every file of a wanted size is read, and it is dropped at the first wrong byte. */
  readonly named: boolean;
  /** Entries that are looked at. */
  readonly most: number;
  /** Links that are named like a digest are followed within it. */
  readonly links: boolean;
  /** Of paths below it: is it left out, and all below? */
  readonly skip: (path: string) => boolean;
  /** Where blocks cannot be shared, files that nobody may write to get one more name. */
  readonly hardLinks: boolean;
}

/** Files of one size that are read to find one, for each that is wanted and in all, where nobody asked for it. */
const TRIES = { each: 8, all: 256 };

export interface FolderGiver extends Giver {
  /** Those of the wishes that it has, told by reading the bytes, and taking none. */
  examine(wishes: readonly Wish[], hands: Pick<Hands, "signal" | "emit">): Promise<readonly Wish[]>;
}

/** A folder of this machine, in whatever layout: files are found by their size, and proved by their bytes. */
export function folderGiver(input: FolderInput): FolderGiver {
  const { disk, folder, named, links, skip, most } = input;
  let walked: Promise<Walked> | undefined;
  const look = (wishes: readonly Wish[], signal: AbortSignal) => {
    const sizes = new Set(wishes.map(({ size }) => size));
    const known = new Map(wishes.map(({ digest, size }) => [digest, size]));
    const sizeOf = (digest: Digest) => known.get(digest);
    walked ??= walk(disk, { folder, sizes, sizeOf, links, skip, most, signal }).then((found) => {
      if (found.cut) input.emit({ kind: "note", message: cutText(folder, most) });
      return found;
    });
    return walked;
  };
  return {
    place: folder,
    named,
    find: async (wishes, signal) => {
      const { candidates } = await look(wishes, signal);
      return wishes.filter(({ size }) => candidates.has(size));
    },
    give: async (wishes, hands) => giveFrom(input, await look(wishes, hands.signal), { wishes, hands }),
    examine: async (wishes, hands) => {
      const { candidates } = await look(wishes, hands.signal);
      const open = new Map(wishes.map((wish) => [wish.digest, wish]));
      const found = await recognise(input, { candidates, open, hands, wrong: new Set() });
      return found.map(({ wish }) => wish);
    },
  };
}

function cutText(folder: string, most: number): string {
  return `looked at the first ${most} entries of "${printable(folder)}" alone: --from looks at all of a folder`;
}

/** What a wish is tried with. */
interface Try {
  readonly wish: Wish;
  readonly candidate: Candidate;
}

/** Those that are named as the wished digest first; of the others each is read once, whatever is wished for. */
async function giveFrom(
  input: FolderInput,
  { candidates, odd }: Walked,
  { wishes, hands }: { wishes: readonly Wish[]; hands: Hands },
): Promise<Blame | undefined> {
  const claimed = byClaim(candidates);
  const named = wishes.flatMap((wish): Try[] => {
    const candidate = (claimed.get(wish.digest) ?? []).find(({ size }) => size === wish.size);
    return candidate === undefined ? [] : [{ wish, candidate }];
  });
  const open = new Map(wishes.map((wish) => [wish.digest, wish]));
  const blame = await takeAll(input, named, { hands, open, isClaim: true });
  if (blame?.dropped) return blame;
  const wrong = new Set(named.filter(({ wish }) => open.has(wish.digest)).map(({ candidate }) => candidate));
  const found = await recognise(input, { candidates, open, hands, wrong });
  if (found.length > 0)
    hands.emit({ kind: "taking", place: input.folder, ...countOf(found.map(({ wish }) => wish)) });
  await takeAll(input, found, { hands, open, isClaim: false });
  return blame ?? (odd && { what: odd.file, expected: odd.digest, found: undefined, dropped: false });
}

function byClaim(candidates: Walked["candidates"]): ReadonlyMap<Digest, readonly Candidate[]> {
  const claimed = new Map<Digest, Candidate[]>();
  for (const group of candidates.values())
    for (const candidate of group)
      for (const claim of candidate.claims) {
        const known = claimed.get(claim);
        if (known === undefined) claimed.set(claim, [candidate]);
        else known.push(candidate);
      }
  return claimed;
}

/** Reads candidates that no name vouches for, on all cores where that is much, until all of their size is found. */
async function recognise(
  input: FolderInput,
  {
    candidates,
    open,
    hands: { signal, emit },
    wrong,
  }: {
    readonly candidates: Walked["candidates"];
    readonly open: ReadonlyMap<Digest, Wish>;
    readonly hands: Pick<Hands, "signal" | "emit">;
    readonly wrong: ReadonlySet<Candidate>;
  },
): Promise<readonly Try[]> {
  const groups = groupsOf(input, [...open.values()], candidates);
  const left = groups.flatMap(({ group, ...rest }) =>
    group.filter((one) => !wrong.has(one)).map((candidate) => ({ candidate, ...rest })),
  );
  const found: Try[] = [];
  const hashers = openHashers(input.disk, {
    files: left.length,
    bytes: left.reduce((sum, { candidate }) => sum + candidate.size, 0),
    signal,
  });
  try {
    await pool(left, { width: hashers.width, signal }, async ({ candidate, wanted, algorithms }) => {
      if (wanted.size === 0) return;
      const { file, size } = candidate;
      emit({ kind: "hashing", path: file, size, why: "candidate" });
      for (const digest of await digestsOf(() => hashers.hash({ path: file, size, algorithms }), signal)) {
        const wish = wanted.get(digest);
        if (wish !== undefined && wanted.delete(digest)) found.push({ wish, candidate });
      }
    });
  } finally {
    await hashers.close();
  }
  return found;
}

async function digestsOf(
  hash: () => Promise<{ readonly digests: readonly Digest[] | undefined }>,
  signal: AbortSignal,
): Promise<readonly Digest[]> {
  try {
    return (await hash()).digests ?? [];
  } catch (error) {
    signal.throwIfAborted();
    if (systemCode(error) === undefined) throw error;
    return [];
  }
}

/** Candidates by what is wanted of their size: those that are called like a wished digest first, then those like a wished file. */
function groupsOf({ named }: FolderInput, wishes: readonly Wish[], candidates: Walked["candidates"]) {
  const sizes = new Map<number, Map<Digest, Wish>>();
  for (const wish of wishes) {
    const wanted = sizes.get(wish.size);
    if (wanted === undefined) sizes.set(wish.size, new Map([[wish.digest, wish]]));
    else wanted.set(wish.digest, wish);
  }
  return [...sizes].map(([size, wanted]) => {
    const names = new Set([...wanted.values()].flatMap(({ paths }) => paths.map(lastOf)));
    const rank = (candidate: Candidate) => {
      if (candidate.claims.some((claim) => wanted.has(claim))) return 0;
      return names.has(nameOf(candidate)) ? 1 : 2;
    };
    const group = [...(candidates.get(size) ?? [])].sort((a, b) => rank(a) - rank(b));
    const most = named ? group.length : TRIES.all + TRIES.each * wanted.size;
    return { group: group.slice(0, most), wanted, algorithms: algorithmsFor(wanted.keys()) };
  });
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Small files taken at once. */
const BATCH = 64;

/** Whoever is given is no longer open. */
async function takeAll(
  { hardLinks: link, named }: FolderInput,
  tries: readonly Try[],
  { hands, open, isClaim }: { hands: Hands; open: Map<Digest, Wish>; isClaim: boolean },
): Promise<Blame | undefined> {
  if (tries.length === 0) return undefined;
  const { store, signal, emit } = hands;
  const keepers = openKeepers(store, { ...countOf(tries.map(({ wish }) => wish)), signal });
  const idle = [...keepers];
  let blame: Blame | undefined;
  /** bytes by digest */
  const told = new Map<Digest, number>();
  const teller =
    ({ digest }: Wish) =>
    (bytes: number) => {
      told.set(digest, (told.get(digest) ?? 0) + bytes);
      emit({ kind: "file-bytes", key: digest, bytes });
    };
  const judge = ({ wish, candidate }: Try, taken: Taken) => {
    const ok = taken.kind === "ready";
    const untold = wish.size - (told.get(wish.digest) ?? 0);
    if (ok && untold > 0) emit({ kind: "file-bytes", key: wish.digest, bytes: untold });
    emit({ kind: "file-done", key: wish.digest, ok });
    if (ok) hands.gave(wish, taken.blob, taken.how);
    if (taken.kind === "failed")
      hands.failed(wish, diskProblem(`take "${printable(candidate.file)}"`, taken.error));
    if (ok || taken.kind === "failed") open.delete(wish.digest);
    else if (taken.kind === "mismatch" && isClaim)
      blame ??= { what: candidate.file, expected: wish.digest, found: taken.digest, dropped: named };
  };
  try {
    await pool(batchesOf(tries), { width: keepers.length, signal }, async (batch) => {
      if (blame?.dropped) return;
      const keeper = idle.pop() ?? keepers[0];
      const takes = batch.map(({ wish: { digest, size }, candidate: { file } }): Take => {
        return { digest, size, file, link };
      });
      for (const { wish, candidate } of batch) emit(started(wish, candidate));
      const [large] = batch.filter(({ wish }) => wish.size > BRIEF);
      const taken = (await keeper?.take(takes, large && teller(large.wish))) ?? [];
      if (keeper !== undefined) idle.push(keeper);
      for (const [index, one] of batch.entries()) judge(one, taken[index] as Taken);
    });
  } finally {
    for (const keeper of keepers) {
      const { bytes, ms } = await keeper.close();
      if (bytes > 0) emit({ kind: "verified", what: "taken", bytes, ms: Math.round(ms) });
    }
  }
  return blame;
}

function started({ digest, size, paths }: Wish, { file }: Candidate): TritterEvent {
  return { kind: "file-started", key: digest, path: paths[0] ?? "", size, have: 0, from: file };
}

function batchesOf(tries: readonly Try[]): readonly (readonly Try[])[] {
  const small = tries.filter(({ wish }) => wish.size <= BRIEF);
  const batches = tries.filter(({ wish }) => wish.size > BRIEF).map((one) => [one]);
  for (let at = 0; at < small.length; at += BATCH) batches.push(small.slice(at, at + BATCH));
  return batches;
}
