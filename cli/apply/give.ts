import type { Digest, TreePath } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Clock } from "../context.ts";
import type { Problem } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Blob, Count, Damage } from "../plan/types.ts";
import type { ReceiveInput } from "../store/receive.ts";
import type { ReadyBlob } from "../store/store.ts";
import type { How } from "../store/take.ts";
import { type Limits, less, openDeadline } from "./meter.ts";
import type { Applying } from "./types.ts";

/** A blob that would have to be fetched. */
export type Wish = Blob;

/** What may have blobs that need not come from the Hub then. Its word counts for nothing: what it gives is hashed into the store. */
export interface Giver {
  /** What people and programs know it by: a folder, or an URL without credentials. */
  readonly place: string;
  /** Asked for on the command line: it is told of even where it gave nothing. */
  readonly named: boolean;
  /** Those of the wishes that it may have, told without reading their bytes. Called first, and in a dry run alone. */
  find(wishes: readonly Wish[], signal: AbortSignal): Promise<readonly Wish[]>;
  /**
   * Makes as many of what `find` answered, which may be none, ready as it can, and tells `hands` of each that is. What it cannot give is asked
   * of the next, and of the Hub. Throws the signal's reason and bugs, nothing else.
   */
  give(wishes: readonly Wish[], hands: Hands): Promise<Blame | undefined>;
}

/** Where a damaged file is, if it is still the one that the plan saw. */
export type Locate = (damage: Damage) => string | undefined;

/** What a giver works with. */
export interface Hands {
  readonly store: ReceiveInput;
  /** Ends the providing, by an interruption or at the deadline. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Streams at once, at most. */
  readonly jobs: number;
  /** What may still come over the network. */
  readonly limits: Limits;
  readonly locate: Locate;
  /** So many bytes came over the network. */
  received(bytes: number): void;
  /** The blob is in the store, verified there. */
  gave(wish: Wish, blob: ReadyBlob, how: How | "fetch"): void;
  /** The store refused it: nobody else need be asked. */
  failed(wish: Wish, problem: Problem): void;
}

/** Bytes that were offered as what they are not. */
export interface Blame {
  /** The first of them: a path or an URL. */
  readonly what: string;
  readonly expected: Digest;
  /** undefined: they were not as many as they should be. */
  readonly found: Digest | undefined;
  /** It was not asked for anything else after that. */
  readonly dropped: boolean;
}

/** What one place gave. */
export interface Given extends Count {
  readonly place: string;
  /** The same files and bytes by how they came. */
  readonly by: Readonly<Partial<Record<How | "fetch", Count>>>;
  readonly blame: Blame | undefined;
}

export interface Gift {
  readonly ready: ReadonlyMap<Digest, ReadyBlob>;
  readonly problems: readonly Problem[];
  /** Digests that the store refused. */
  readonly refused: ReadonlySet<Digest>;
  readonly given: readonly Given[];
  /** bytes over the network */
  readonly received: number;
}

/** Has what is to be fetched from those who are asked before the Hub, one after the other, until nothing is left to ask for. */
export async function takeGiven(applying: Applying, locate: Locate): Promise<Gift> {
  const { plan, givers, limits, signal } = applying;
  const asked = givers.map((giver): Asked => ({ giver, given: [], by: {}, blame: undefined }));
  const gift = {
    ready: new Map<Digest, ReadyBlob>(),
    problems: [] as Problem[],
    refused: new Set<Digest>(),
    received: 0,
  };
  const isOpen = ({ digest }: Wish) => !gift.ready.has(digest) && !gift.refused.has(digest);
  const wishes = wishesOf(plan.blobs);
  const time = openDeadline(limits.deadline, applying);
  try {
    for (const one of asked) {
      const open = wishes.filter(isOpen);
      if (open.length > 0) await ask(applying, one, { open, signal: time.signal, gift, locate });
    }
  } catch (error) {
    // What is not here by the deadline, those who fetch will say.
    if (signal.aborted || !time.signal.aborted || error !== time.signal.reason) throw error;
  } finally {
    time.close();
  }
  const told = asked.filter(({ giver, given }) => giver.named || given.length > 0);
  return { ...gift, given: told.map(givenBy) };
}

/** Someone who is asked, and what came of it so far. */
interface Asked {
  readonly giver: Giver;
  readonly given: Wish[];
  readonly by: Partial<Record<How | "fetch", Count>>;
  blame: Blame | undefined;
}

function givenBy({ giver: { place }, given, by, blame }: Asked): Given {
  return { place, ...countOf(given), by, blame };
}

export function wishesOf(blobs: readonly Blob[]): readonly Wish[] {
  return blobs.filter(({ from }) => from.kind === "fetch");
}

/** What each of them may have, without taking any of it. */
export async function mayGive(
  givers: readonly Giver[],
  blobs: readonly Blob[],
  signal: AbortSignal,
): Promise<readonly Offer[]> {
  const offers: Offer[] = [];
  let open = wishesOf(blobs);
  for (const giver of givers) {
    if (open.length === 0) break;
    const found = await giver.find(open, signal);
    if (found.length > 0) offers.push({ place: giver.place, ...countOf(found) });
    const digests = new Set(found.map(({ digest }) => digest));
    open = open.filter(({ digest }) => !digests.has(digest));
  }
  return offers;
}

/** What a place may have, of what is to be fetched. */
export interface Offer extends Count {
  readonly place: string;
}

interface Asking {
  readonly locate: Locate;
  readonly open: readonly Wish[];
  readonly signal: AbortSignal;
  readonly gift: {
    readonly ready: Map<Digest, ReadyBlob>;
    readonly problems: Problem[];
    readonly refused: Set<Digest>;
    received: number;
  };
}

async function ask(
  { emit, store, clock, jobs, limits }: Applying,
  asked: Asked,
  { open, signal, gift, locate }: Asking,
): Promise<void> {
  const { giver, given, by } = asked;
  const { place } = giver;
  const found = await giver.find(open, signal);
  if (found.length > 0) emit({ kind: "taking", place, ...countOf(found) });
  asked.blame = await giver.give(found, {
    store,
    signal,
    clock,
    emit,
    jobs,
    limits: less(limits, gift.received),
    locate,
    received: (bytes) => {
      gift.received += bytes;
    },
    gave: (wish, blob, how) => {
      given.push(wish);
      gift.ready.set(wish.digest, blob);
      const { files, bytes } = by[how] ?? { files: 0, bytes: 0 };
      by[how] = { files: files + 1, bytes: bytes + wish.size };
    },
    failed: (wish, problem) => {
      gift.refused.add(wish.digest);
      gift.problems.push({ ...problem, path: wish.paths[0] as TreePath, source: wish.source });
    },
  });
  if (asked.blame !== undefined) emit({ kind: "warning", message: blameText(place, asked.blame) });
}

function blameText(place: string, { what, expected, found, dropped }: Blame): string {
  const bytes = found === undefined ? "has another size" : `holds ${found}`;
  const rest = dropped ? "nothing more is taken from there" : "it is not used";
  return `"${printable(place)}" is damaged: "${printable(what)}" should hold ${expected} and ${bytes}; ${rest}`;
}

export function countOf(wishes: readonly { readonly size: number }[]): Count {
  return { files: wishes.length, bytes: wishes.reduce((sum, { size }) => sum + size, 0) };
}
