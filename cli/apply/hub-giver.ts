import { printable } from "../../schema/names.ts";
import { CODES, EXIT, type Problem, TritterError } from "../errors.ts";
import type { ByteHub, Hub, RemoteFile } from "../hub/port.ts";
import { fetchBlobs } from "./fetch.ts";
import type { Blame, Giver, Hands, Wish } from "./give.ts";

export interface HubGiverInput {
  /** Without credentials. */
  readonly place: string;
  /** Called when it is first asked for bytes; closed again after that. */
  readonly open: () => Hub;
}

/**
 * Another site that speaks as the Hub does: it is asked for the very files of the lock, and for nothing about them. What it has not,
 * or has otherwise, comes from the next.
 */
export function hubGiver({ place, open }: HubGiverInput): Giver {
  return {
    place,
    named: true,
    find: async (wishes) => wishes,
    give: async (wishes, hands) => {
      if (wishes.length === 0) return undefined;
      const hub = open();
      try {
        return await giveFrom({ place, hub }, wishes, hands);
      } finally {
        await hub.close();
      }
    },
  };
}

async function giveFrom(
  { place, hub }: { place: string; hub: Hub },
  wanted: readonly Wish[],
  hands: Hands,
): Promise<Blame | undefined> {
  const { store, signal, clock, emit, jobs, limits, locate } = hands;
  let blame: Blame | undefined;
  const trusted = untilItFails(hub);
  const fetched = await fetchBlobs(
    {
      hub: trusted,
      store,
      signal,
      clock,
      emit,
      jobs,
      limits,
      locate,
      onWrong: ({ remote, expected, found }) => {
        trusted.drop();
        blame ??= { what: `${place} ${remote.repo.repo} ${remote.path}`, expected, found, dropped: true };
      },
    },
    wanted,
  );
  hands.received(fetched.bytes);
  const byPath = new Map(wanted.map((wish) => [wish.paths[0] as string, wish]));
  for (const wish of wanted) {
    const blob = fetched.ready.get(wish.digest);
    if (blob !== undefined) hands.gave(wish, blob, "fetch");
  }
  for (const problem of fetched.problems) {
    const wish = byPath.get(problem.path ?? "");
    if (wish !== undefined && isOurs(problem)) hands.failed(wish, problem);
  }
  const trouble = fetched.problems.find(({ code }) => code === "NETWORK" || code === "RATE_LIMITED");
  if (trouble !== undefined && blame === undefined)
    emit({
      kind: "warning",
      message: `"${printable(place)}" did not give all it was asked for: ${trouble.message}`,
    });
  return blame;
}

/** The disk refused, whoever the bytes came from. */
function isOurs({ code }: Problem): boolean {
  return code === "NO_SPACE" || CODES[code] === EXIT.disk;
}

/** Refusals of a connection in a row that mean: nobody is there. */
const PATIENCE = 3;

/** The same, which answers nothing more once it gave wrong bytes or could not be reached. */
function untilItFails(hub: Hub): ByteHub & { drop(): void } {
  let dropped = false;
  let failures = 0;
  return {
    drop: () => {
      dropped = true;
    },
    open: async (file: RemoteFile, range, signal) => {
      if (dropped || failures >= PATIENCE) throw ended(hub.label);
      try {
        const body = await hub.open(file, range, signal);
        failures = 0;
        return body;
      } catch (error) {
        if (error instanceof TritterError && error.code === "NETWORK") failures += 1;
        throw error;
      }
    },
  };
}

function ended(label: string): TritterError {
  return new TritterError({ code: "NETWORK", message: `nothing more is asked of "${printable(label)}"` });
}
