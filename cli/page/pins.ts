/** One state of the lock that git has, and when. */
export interface LockVersion {
  /** Of the project's own repository. */
  readonly commit: string;
  /** ISO 8601: when it was committed. */
  readonly date: string;
  readonly subject: string;
  /** By source; undefined: what is there cannot be read as a lock. */
  readonly pins: ReadonlyMap<string, Pinned> | undefined;
}

export interface Pinned {
  readonly repo: string;
  readonly commit: string;
}

/** Why the history of the lock is not told. */
export type NoHistory = "no-git" | "no-repository" | "untracked";

export type LockHistory =
  | { readonly kind: "none"; readonly why: NoHistory }
  /** The oldest first. `more`: there are older ones, which were not read. */
  | { readonly kind: "known"; readonly versions: readonly LockVersion[]; readonly more: boolean };

/** `pinned`: was not in the lock before; `moved`: to another commit; `replaced`: to another repository; `dropped`. */
export interface PinEvent {
  readonly source: string;
  readonly kind: "pinned" | "moved" | "replaced" | "dropped";
  /** ISO 8601; undefined: in no commit of git yet. */
  readonly date: string | undefined;
  /** Of the Hub's repository; undefined: dropped. */
  readonly pin: Pinned | undefined;
  /** Of the project's own repository, and its first line; undefined: in no commit yet. */
  readonly by: { readonly commit: string; readonly subject: string } | undefined;
}

export type PinTimeline =
  | { readonly kind: "none"; readonly why: NoHistory }
  /** In the order of time. `more`: older versions were not read, so that what the oldest held is not told as pinned then. */
  | {
      readonly kind: "known";
      readonly events: readonly PinEvent[];
      readonly more: boolean;
      readonly unreadable: number;
    };

/** What became of each pin, from one version of the lock to the next, and to the one that is there now. Pure. */
export function timelineOf(history: LockHistory, now: ReadonlyMap<string, Pinned>): PinTimeline {
  if (history.kind === "none") return history;
  const readable = history.versions.flatMap(({ pins, ...version }) =>
    pins === undefined ? [] : [{ ...version, pins }],
  );
  const events: PinEvent[] = [];
  let before: ReadonlyMap<string, Pinned> | undefined = history.more ? undefined : new Map();
  for (const { commit, date, subject, pins } of readable) {
    if (before !== undefined) events.push(...between(before, pins, { date, by: { commit, subject } }));
    before = pins;
  }
  events.push(...between(before ?? new Map(), now, { date: undefined, by: undefined }));
  return { kind: "known", events, more: history.more, unreadable: history.versions.length - readable.length };
}

function between(
  before: ReadonlyMap<string, Pinned>,
  after: ReadonlyMap<string, Pinned>,
  when: Pick<PinEvent, "date" | "by">,
): PinEvent[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((source): PinEvent[] => {
    const [was, is] = [before.get(source), after.get(source)];
    if (was?.repo === is?.repo && was?.commit === is?.commit) return [];
    const kind =
      was === undefined
        ? "pinned"
        : is === undefined
          ? "dropped"
          : was.repo === is.repo
            ? "moved"
            : "replaced";
    return [{ source, kind, pin: is, ...when }];
  });
}
