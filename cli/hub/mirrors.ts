import type { Commit } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Clock } from "../clock.ts";
import { CODES, EXIT, TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Access, Body, ByteRange, Hub, RemoteFile, RepoRef, Verdict } from "./port.ts";
import { persist } from "./retry.ts";

// Several Hubs that have the same: the first one that answers says what a revision means and what a commit holds, since
// two could say different things; bytes, which are checked, may come from any.

interface MirrorsInput {
  readonly hubs: readonly Hub[];
  readonly clock: Clock;
  readonly emit: Emit;
  /** Ends questions under way. */
  readonly signal: AbortSignal;
}

interface Mirror {
  readonly hub: Hub;
  /** Of one stream, bytes per ms, with what an answer is worth beside them; undefined: not known yet. */
  rate: number | undefined;
  /** ms of the clock: not asked before, if there is another. */
  outUntil: number;
  /** Bodies in a row that broke. */
  breaks: number;
  /** It gave other bytes than were locked. */
  isWrong: boolean;
  isTold: boolean;
}

/** What came for a file, until somebody says whether it was right. */
interface Origin {
  givers: Set<Mirror>;
  /** Of an attempt that mixed the bytes of several and was wrong. */
  suspects: ReadonlySet<Mirror>;
  /** All of it is to come from this one. */
  alone: Mirror | undefined;
  /** Was asked for all of it. */
  readonly asked: Set<Mirror>;
}

/** ms */
const OUT = 30_000;
/** One open in so many goes to one that is not known yet, and one in so many to each in turn, whatever is known. */
const EXPLORE = { unknown: 4, all: 32 };
/** bytes that an answer is worth beside its own */
const ANSWER = 64 * 1024;
const WEIGHT = 0.5;
/** A stream is cut after so many ms if another one is so many times as fast, or is not known and this one slower than so many bytes per ms. */
const SLOW = { ms: 4_000, times: 8, floor: 16 };

/** A Hub of Hubs, in the order in which they are preferred while nothing is known of them. */
export function openMirrors({ hubs, clock, emit, signal }: MirrorsInput): Hub {
  const mirrors = hubs.map((hub): Mirror => {
    return { hub, rate: undefined, outUntil: 0, breaks: 0, isWrong: false, isTold: false };
  });
  const origins = new Map<string, Origin>();
  /** What a mirror does not have: a file, or all of a commit. */
  const refusals = new Set<string>();
  let opens = 0;
  return {
    label: (hubs[0] as Hub).label,
    resolve: (repo, revision) => answer((hub) => hub.resolve(repo, revision)),
    list: (repo, commit, prefix) => pages((hub) => hub.list(repo, commit, prefix)),
    entries: (repo, commit, folder) => pages((hub) => hub.entries(repo, commit, folder)),
    commits: (repo, revision) => pages((hub) => hub.commits(repo, revision)),
    access: (repo: RepoRef, commit: Commit, path: string): Promise<Access> =>
      answer((hub) => hub.access(repo, commit, path)),
    open,
    verdict,
    close: async () => void (await Promise.all(hubs.map((hub) => hub.close()))),
  };

  /** A refusal is an answer: elsewhere somebody else may have taken the name. Trouble is none. */
  async function answer<Value>(ask: (hub: Hub) => Promise<Value>): Promise<Value> {
    let first: unknown;
    for (const mirror of inOrder()) {
      try {
        return await ask(mirror.hub);
      } catch (error) {
        first ??= error;
        if (signal.aborted || !isTrouble(error)) throw error;
        passOver(mirror, error);
      }
    }
    throw first;
  }

  /** From one alone, once it has begun. */
  async function* pages<Page>(ask: (hub: Hub) => AsyncIterable<Page>): AsyncGenerator<Page> {
    const begun = await answer(async (hub) => {
      const iterator = ask(hub)[Symbol.asyncIterator]();
      return { iterator, next: await iterator.next() };
    });
    try {
      for (let { next } = begun; !next.done; next = await begun.iterator.next()) yield next.value;
    } finally {
      await begun.iterator.return?.();
    }
  }

  /** As they are written, those in trouble last. */
  function inOrder(): readonly Mirror[] {
    const isOut = ({ outUntil }: Mirror) => outUntil > clock.now();
    return [...mirrors.filter((one) => !isOut(one)), ...mirrors.filter(isOut)];
  }

  function open(file: RemoteFile, range: ByteRange, stop: AbortSignal): Promise<Body> {
    let first: TritterError | undefined;
    let lacking: TritterError | undefined;
    const work = async () => {
      const asked = new Set<Mirror>();
      let passing: TritterError | undefined;
      for (let mirror = next(file, asked); mirror !== undefined; mirror = next(file, asked)) {
        asked.add(mirror);
        try {
          return { kind: "done" as const, value: await openAt(mirror, { file, range, stop }) };
        } catch (error) {
          if (stop.aborted || !(error instanceof TritterError)) throw error;
          first ??= error;
          if (mayPass(error)) passing ??= error;
          else if (isTrouble(error)) lacking ??= error;
          refused(mirror, file, error);
        }
      }
      // Whoever is in trouble may have it: that it is gone, or not open to us, is not said before that passed.
      const error = (passing === undefined ? first : (lacking ?? passing)) as TritterError;
      if (passing === undefined) throw error;
      return { kind: "again" as const, error, paced: false };
    };
    return persist(work, { clock, emit, signal: stop });
  }

  function refused(mirror: Mirror, file: RemoteFile, error: TritterError): void {
    if (mayPass(error)) mirror.outUntil = clock.now() + OUT;
    else refusals.add(isTrouble(error) ? refusalOf(mirror, keyOf(file)) : refusalOf(mirror, wholeOf(file)));
    passOver(mirror, error);
  }

  /** Whom to ask next; undefined: all were. */
  function next(file: RemoteFile, asked: ReadonlySet<Mirror>): Mirror | undefined {
    const alone = origins.get(keyOf(file))?.alone;
    if (alone !== undefined && !asked.has(alone)) return alone;
    const left = mirrors.filter((one) => !asked.has(one) && !refuses(one, file));
    // The last resort is asked again: what it says is checked, or is what is to be told.
    if (left.length === 0 && asked.size === 0) return mirrors[0];
    const good = left.filter(({ isWrong, outUntil }) => !isWrong && outUntil <= clock.now());
    if (good.length === 0) return left.find(({ isWrong }) => !isWrong) ?? left[0];
    if (asked.size === 0) opens += 1;
    const unknown = good.find(({ rate }) => rate === undefined);
    const isKnown = good.some(({ rate }) => rate !== undefined);
    if (unknown !== undefined && opens % EXPLORE.unknown === 0)
      return isKnown ? unknown : (good[1] ?? unknown);
    if (opens % EXPLORE.all === 0) return good[(opens / EXPLORE.all) % good.length];
    return isKnown ? fastest(good) : unknown;
  }

  async function openAt(
    mirror: Mirror,
    { file, range, stop }: { file: RemoteFile; range: ByteRange; stop: AbortSignal },
  ): Promise<Body> {
    const since = clock.now();
    const body = await mirror.hub.open(file, range, stop);
    originOf(file).givers.add(mirror);
    let [bytes, held] = [0, 0];
    const rateNow = () => (bytes + ANSWER) / Math.max(1, clock.now() - since - held);
    const measure = () => {
      const rate = rateNow();
      mirror.rate = mirror.rate === undefined ? rate : mirror.rate + WEIGHT * (rate - mirror.rate);
    };
    const tooSlow = () => {
      const ms = clock.now() - since - held;
      if (ms < SLOW.ms) return false;
      const others = mirrors.filter((one) => one !== mirror && isUsable(one, file));
      const best = Math.max(0, ...others.map(({ rate }) => rate ?? 0));
      const slower = rateNow() * SLOW.times < best;
      return slower || (bytes / ms < SLOW.floor && others.some(({ rate }) => rate === undefined));
    };
    return {
      start: body.start,
      cancel: body.cancel,
      read: async (take, room) => {
        let isDone = false;
        try {
          await body.read((chunk) => {
            bytes += chunk.length;
            if (tooSlow()) {
              mirror.outUntil = clock.now() + OUT;
              emit({ kind: "stalled", path: file.path, bytes, ms: clock.now() - since - held });
              throw slow(mirror.hub.label, file);
            }
            const wait = take(chunk);
            if (wait === undefined) return undefined;
            const from = clock.now();
            return wait.finally(() => {
              held += clock.now() - from;
            });
          }, room);
          isDone = true;
          mirror.breaks = 0;
        } catch (error) {
          if (!stop.aborted && isTrouble(error)) broke(mirror, error);
          throw error;
        } finally {
          if (isDone || bytes > 0) measure();
        }
      },
    };
  }

  function isUsable(one: Mirror, file: RemoteFile): boolean {
    return !one.isWrong && one.outUntil <= clock.now() && !refuses(one, file);
  }

  /** One that breaks now and then is still asked. */
  function broke(mirror: Mirror, error: unknown): void {
    mirror.breaks += 1;
    if (mirror.breaks > 1) mirror.outUntil = clock.now() + OUT;
    passOver(mirror, error);
  }

  function verdict(files: readonly RemoteFile[], { right, whole }: Verdict): boolean {
    const all = files.flatMap((file) => origins.get(keyOf(file)) ?? []);
    const givers = new Set(all.flatMap((origin) => [...origin.givers]));
    if (right) {
      const suspects = new Set(
        all.flatMap(({ suspects: some }) => [...some]).filter((one) => !givers.has(one)),
      );
      const [only] = suspects;
      if (suspects.size === 1 && only !== undefined) drop(only, files[0]);
      for (const file of files) origins.delete(keyOf(file));
      return false;
    }
    const [only] = givers;
    if (whole && givers.size === 1 && only !== undefined) drop(only, files[0]);
    const asked = new Set(all.flatMap((origin) => [...origin.asked]));
    const others = mirrors.filter((one) => !one.isWrong && !asked.has(one));
    const alone = others.find((one) => !givers.has(one)) ?? others[0];
    if (alone === undefined) return false;
    asked.add(alone);
    const suspects = new Set([...givers].filter((one) => !one.isWrong));
    for (const file of files) origins.set(keyOf(file), { givers: new Set(), suspects, alone, asked });
    return true;
  }

  function drop(mirror: Mirror, file: RemoteFile | undefined): void {
    if (mirror.isWrong) return;
    mirror.isWrong = true;
    mirror.isTold = true;
    const what = `it gave other bytes for "${printable(file?.path ?? "")}" than were locked`;
    emit({ kind: "warning", message: `nothing more is taken from ${named(mirror.hub)}: ${what}` });
  }

  function passOver(mirror: Mirror, error: unknown): void {
    if (mirror.isTold || mirrors.length === 1) return;
    mirror.isTold = true;
    const why = error instanceof Error ? error.message : String(error);
    emit({ kind: "warning", message: `others are asked before ${named(mirror.hub)}: ${why}` });
  }

  function originOf(file: RemoteFile): Origin {
    const key = keyOf(file);
    const origin = origins.get(key) ?? {
      givers: new Set(),
      suspects: new Set(),
      alone: undefined,
      asked: new Set(),
    };
    origins.set(key, origin);
    return origin;
  }

  function refuses(mirror: Mirror, file: RemoteFile): boolean {
    if (refusals.size === 0) return false;
    return refusals.has(refusalOf(mirror, keyOf(file))) || refusals.has(refusalOf(mirror, wholeOf(file)));
  }

  function refusalOf(mirror: Mirror, what: string): string {
    return `${mirrors.indexOf(mirror)} ${what}`;
  }
}

function wholeOf({ repo, commit }: RemoteFile): string {
  return `${repo.type}/${repo.repo}@${commit}`;
}

function keyOf(file: RemoteFile): string {
  return `${wholeOf(file)}/${file.path}`;
}

function named({ label }: Hub): string {
  return `the endpoint "${printable(label)}"`;
}

function fastest(mirrors: readonly Mirror[]): Mirror | undefined {
  return mirrors.reduce(
    (best, one) => ((one.rate ?? 0) > (best.rate ?? 0) ? one : best),
    mirrors[0] as Mirror,
  );
}

/** What is no answer: later, or elsewhere, there may be one. */
function isTrouble(error: unknown): boolean {
  return error instanceof TritterError && CODES[error.code] === EXIT.network;
}

function mayPass(error: unknown): boolean {
  return error instanceof TritterError && (error.code === "NETWORK" || error.code === "RATE_LIMITED");
}

function slow(label: string, { path }: RemoteFile): TritterError {
  return new TritterError({
    code: "NETWORK",
    message: `"${printable(path)}" comes slowly from "${printable(label)}", and another may be faster`,
  });
}
