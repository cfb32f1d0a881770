import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Problem, TritterErrors } from "../../../cli/errors.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import { identityKey, keyOf } from "../../../cli/resolve/stale.ts";
import { resolve } from "../../../cli/resolve.ts";
import type { Commit } from "../../../schema/ids.ts";
import type { Lock, LockedSource } from "../../../schema/lock.ts";
import type { Manifest, Source } from "../../../schema/manifest.ts";
import { carrierOf, commitOf, digestOf, manifestOf, sourceOf } from "../../support/documents.ts";
import { type FakeHub, fakeHub, listed } from "../../support/fake-hub.ts";

// Sources come, go and change names, and so do their repositories: a lock leaves each pin with its identity.

const REPOS = ["o/a", "o/b"] as const;
const PATHS = ["README.md", "go/g.txt", "rust/a.txt", "rust/b.txt"];
const GATED: Problem = { code: "ACCESS_TERMS", message: "accept the terms", lasting: "gated" };

/** Something that happens between two locks. */
type Step =
  | { readonly kind: "edit"; readonly at: number; readonly parts: Partial<Source> }
  | { readonly kind: "deny"; readonly deny: readonly string[] }
  | { readonly kind: "rename"; readonly at: number; readonly name: string }
  | { readonly kind: "add"; readonly source: Source }
  | { readonly kind: "remove"; readonly at: number }
  /** Upstream: `main` of a repository is another commit now. */
  | { readonly kind: "move"; readonly repo: (typeof REPOS)[number]; readonly to: string }
  | { readonly kind: "close"; readonly repo: (typeof REPOS)[number]; readonly closed: boolean };

const name = fc.constantFrom("p", "q", "r", "s");
const repo = fc.constantFrom(...REPOS);
const at = fc.nat(3);

/** All but repo, type, revision, as-of and min-age. */
const parts: fc.Arbitrary<Partial<Source>> = fc.record(
  {
    include: fc.constantFrom([], ["rust/"], ["*.txt"], ["rust/a.txt"], ["none.txt"]),
    exclude: fc.constantFrom([], ["rust/b.txt"], ["go/"]),
    path: fc.constantFrom("x", "x/y", ""),
    strip: fc.constantFrom("", "rust"),
    names: fc.constantFrom("portable" as const, "posix" as const),
    groups: fc.constantFrom([], ["g"]),
    expect: fc.constantFrom({}, { files: 2 }, { minFiles: 1 }),
    license: fc.constantFrom(undefined, { accept: "other", reason: "read" }),
    fallbacks: fc.constantFrom([], [carrierOf("o/a")], [carrierOf("o/b"), carrierOf("o/a")]),
  },
  { requiredKeys: [] },
);

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("edit" as const), at, parts }) },
    fc.record({ kind: fc.constant("deny" as const), deny: fc.constantFrom([], ["*.md"], ["go/"]) }),
    fc.record({ kind: fc.constant("rename" as const), at, name }),
    fc.record({
      kind: fc.constant("add" as const),
      source: fc.tuple(name, repo, parts).map(([one, of, more]) => sourceOf(one, { ...more, repo: of })),
    }),
    fc.record({ kind: fc.constant("remove" as const), at }),
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("move" as const), repo, to: fc.constantFrom("2", "3", "4") }),
    },
    fc.record({ kind: fc.constant("close" as const), repo, closed: fc.boolean() }),
  ),
  { minLength: 1, maxLength: 8 },
);

function freshHub(): FakeHub {
  const tree = (digit: string) => PATHS.map((path) => listed(path, { digest: digestOf(digit) }));
  const trees = Object.fromEntries(["1", "2", "3", "4"].map((digit) => [commitOf(digit), tree(digit)]));
  return fakeHub(Object.fromEntries(REPOS.map((one) => [one, { refs: { main: commitOf("1") }, trees }])));
}

function happen(step: Step, manifest: Manifest, hub: FakeHub): Manifest {
  const { sources } = manifest;
  const edited = (edit: (source: Source) => readonly Source[], index: number) => ({
    ...manifest,
    sources: sources.flatMap((source, position) =>
      position === index % sources.length ? edit(source) : [source],
    ),
  });
  const isFree = (one: string) => sources.every((source) => source.name !== one);
  switch (step.kind) {
    case "edit":
      return edited((source) => [{ ...source, ...step.parts }], step.at);
    case "deny":
      return { ...manifest, deny: step.deny };
    case "rename":
      return isFree(step.name) ? edited((source) => [{ ...source, name: step.name }], step.at) : manifest;
    case "add":
      return isFree(step.source.name) ? { ...manifest, sources: [...sources, step.source] } : manifest;
    case "remove":
      return sources.length > 1 ? edited(() => [], step.at) : manifest;
    case "move":
      change(hub, step.repo, { refs: { main: commitOf(step.to) } });
      return manifest;
    case "close":
      change(hub, step.repo, { fails: step.closed ? GATED : undefined });
      return manifest;
    default:
      return step satisfies never;
  }
}

function change(hub: FakeHub, of: string, parts: object): void {
  hub.repos[of] = { ...(hub.repos[of] as FakeHub["repos"][string]), ...parts };
}

/** The next lock; what could not be locked stays as it was. */
async function lockedAfter(
  manifest: Manifest,
  previous: Lock | undefined,
  { hub, only }: { hub: FakeHub; only: ReadonlySet<string> | undefined },
): Promise<Lock | undefined> {
  const { signal } = new AbortController();
  const mode = { kind: "lock" } as const;
  try {
    const input = {
      manifest,
      previous,
      hub,
      mode,
      only,
      fallback: true,
      now: 0,
      signal,
      emit: () => undefined,
    };
    return (await resolve(input)).lock;
  } catch (error) {
    if (error instanceof TritterErrors) return previous;
    throw error;
  }
}

/** The commit that a source must keep; of several that another name left to it, one. Empty: it needs a pin. */
function commitsFor(source: Source, { sources }: Manifest, lock: Lock | undefined): readonly Commit[] {
  const isStill = ({ carrier, repo }: LockedSource) =>
    carrier === undefined || source.fallbacks.some((fallback) => fallback.repo === repo);
  const alike = (lock?.sources ?? []).filter(
    (entry) => identityKey(entry) === keyOf(source) && isStill(entry),
  );
  const own = alike.find((entry) => entry.name === source.name);
  if (own !== undefined) return [own.commit];
  const keys = new Map(sources.map((one) => [one.name, keyOf(one)]));
  return alike.filter((entry) => keys.get(entry.name) !== keyOf(source)).map(({ commit }) => commit);
}

describe("resolve() in a lock", () => {
  it("never moves the pin of a source whose identity did not change, through any history of edits", async () => {
    let [histories, kept] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.infiniteStream(fc.option(name, { nil: undefined })),
        async (history, scopes) => {
          const hub = freshHub();
          histories += 1;
          let manifest = manifestOf(sourceOf("p", { repo: "o/a" }), sourceOf("q", { repo: "o/b" }));
          let lock = await lockedAfter(manifest, undefined, { hub, only: undefined });
          for (const step of history) {
            manifest = happen(step, manifest, hub);
            const [scoped] = scopes.take(1);
            const only = scoped === undefined ? undefined : new Set([scoped]);
            hub.clearCalls();
            const next = await lockedAfter(manifest, lock, { hub, only });
            const expected = manifest.sources.map((source) => commitsFor(source, manifest, lock));
            for (const [index, source] of manifest.sources.entries()) {
              const now = next?.sources.find((entry) => entry.name === source.name);
              if (now === undefined || identityKey(now) !== keyOf(source) || expected[index]?.length === 0)
                continue;
              expect(expected[index]).toContain(now.commit);
              kept += 1;
            }
            // Nothing is asked what a name means now, unless something needs a pin.
            if (expected.every((commits) => commits.length > 0))
              expect(hub.calls.filter((call) => call.startsWith("resolve"))).toEqual([]);
            const again = next && (await lockedAfter(manifest, next, { hub, only }));
            expect(again && serialiseLock(again)).toBe(next && serialiseLock(next));
            lock = next;
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(kept / histories).toBeGreaterThan(1);
  });
});
