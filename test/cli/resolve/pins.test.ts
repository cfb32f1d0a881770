import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problemsOf, TritterErrors } from "../../../cli/errors.ts";
import { staleness } from "../../../cli/resolve/stale.ts";
import { type ResolveInput, resolve } from "../../../cli/resolve.ts";
import type { Commit } from "../../../schema/ids.ts";
import type { Lock } from "../../../schema/lock.ts";
import type { Manifest, Source } from "../../../schema/manifest.ts";
import { digestOf, manifestOf, sourceOf } from "../../support/documents.ts";
import { fakeHub, listed } from "../../support/fake-hub.ts";

const DAY = 86_400_000;
const START = Date.parse("2026-03-01T00:00:00Z");
const REPOS = ["o/a", "o/b"];
const NAMES = ["s", "t", "u"];

/** What happens to a project: upstream, in its manifest, or by a command. Identity is never edited. */
type Act =
  | { readonly kind: "push"; readonly repo: string; readonly files: readonly string[] }
  | { readonly kind: "later"; readonly days: number }
  | { readonly kind: "select" | "judge" | "place"; readonly source: string; readonly parts: Partial<Source> }
  | { readonly kind: "deny"; readonly deny: readonly string[] }
  | { readonly kind: "scope"; readonly names: readonly string[] }
  | { readonly kind: "update"; readonly source: string; readonly back: number | undefined };

const paths = fc.subarray(["README.md", "a/1.txt", "a/2.txt", "b/1.bin", "b/c/2.bin"], { minLength: 1 });
const patterns = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.subarray(["a/", "*.txt", "b/**", "README.md"]) },
);
const source = fc.constantFrom(...NAMES);
const pushes = fc.record({
  kind: fc.constant("push" as const),
  repo: fc.constantFrom(...REPOS),
  files: paths,
});
const updates = fc.record({
  kind: fc.constant("update" as const),
  source,
  /** Commits behind the newest, for --to. */
  back: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
});
const acts: fc.Arbitrary<Act> = fc.oneof(
  pushes,
  pushes,
  fc.record({ kind: fc.constant("later" as const), days: fc.nat({ max: 5 }) }),
  fc.record({
    kind: fc.constant("select" as const),
    source,
    parts: fc.record({ include: patterns, exclude: patterns }, { requiredKeys: [] }),
  }),
  fc.record({
    kind: fc.constant("judge" as const),
    source,
    parts: fc.record(
      {
        groups: fc.subarray(["g", "h"]),
        names: fc.constantFrom("portable" as const, "posix" as const),
        expect: fc.record({ files: fc.nat({ max: 3 }) }),
        license: fc.constant({ accept: "mit", reason: "r" }),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    kind: fc.constant("place" as const),
    source,
    parts: fc.record(
      { path: fc.constantFrom("p", "q"), strip: fc.constantFrom("", "", "a") },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ kind: fc.constant("deny" as const), deny: patterns }),
  fc.record({ kind: fc.constant("scope" as const), names: fc.subarray(NAMES, { minLength: 1 }) }),
  updates,
  updates,
);

/** A Hub whose branches move, and the project that follows them. */
function world() {
  const hub = fakeHub({});
  let commits = 0;
  let now = START;
  let lock: Lock | undefined;
  let manifest: Manifest = manifestOf(
    sourceOf("s", { repo: "o/a" }),
    sourceOf("t", { repo: "o/b", minAge: "2d" }),
    sourceOf("u", { repo: "o/a", asOf: "2026-03-03" }),
  );
  const push = (repo: string, files: readonly string[]) => {
    commits += 1;
    const commit = commits.toString(16).padStart(40, "0") as Commit;
    const { trees = {}, history = [] } = hub.repos[repo] ?? {};
    const digit = (commits % 16).toString(16);
    const tree = files.map((path) => listed(path, { digest: digestOf(digit) }));
    hub.repos[repo] = {
      refs: { main: commit },
      trees: { ...trees, [commit]: tree },
      history: [{ commit, title: "", date: new Date(now).toISOString() }, ...history],
    };
  };
  const run = async (parts: Partial<ResolveInput>): Promise<boolean> => {
    const { signal } = new AbortController();
    const input = {
      manifest,
      previous: lock,
      hub,
      mode: { kind: "lock" },
      only: undefined,
      fallback: true,
    } as const;
    try {
      lock = (await resolve({ ...input, now, signal, emit: () => undefined, ...parts })).lock;
      return true;
    } catch (error) {
      // A selection of nothing, say: then the lock stays as it was.
      expect(error).toBeInstanceOf(TritterErrors);
      expect(problemsOf(error).map(({ code }) => code)).not.toContain("INTERNAL");
      return false;
    }
  };
  const edit = (name: string, parts: Partial<Source>) => {
    const sources = manifest.sources.map((one) => (one.name === name ? { ...one, ...parts } : one));
    manifest = { ...manifest, sources };
  };
  return {
    run,
    push,
    edit,
    deny: (deny: readonly string[]) => {
      manifest = { ...manifest, deny };
    },
    later: (days: number) => {
      now += days * DAY;
    },
    commitAt: (name: string, back: number) => {
      const repo = manifest.sources.find((one) => one.name === name)?.repo ?? "";
      return hub.repos[repo]?.history?.[back]?.commit;
    },
    isStale: () => staleness(manifest, lock as Lock).length > 0,
    pins: () => new Map((lock as Lock).sources.map(({ name, commit }) => [name, commit])),
  };
}

describe("lock", () => {
  it("never moves a pin, whatever is pushed, edited or updated before", async () => {
    let [worlds, moved] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 25 }), async (list) => {
        const it = world();
        worlds += 1;
        for (const repo of REPOS) it.push(repo, ["README.md", "a/1.txt", "b/1.bin"]);
        it.later(2);
        expect(await it.run({})).toBe(true);
        for (const act of list) {
          const before = it.pins();
          let only: ReadonlySet<string> | undefined;
          let expected = before;
          if (act.kind === "push") it.push(act.repo, act.files);
          else if (act.kind === "later") it.later(act.days);
          else if (act.kind === "deny") it.deny(act.deny);
          else if (act.kind === "scope") only = new Set(act.names);
          else if (act.kind !== "update") it.edit(act.source, act.parts);
          else {
            const to = act.back === undefined ? undefined : it.commitAt(act.source, act.back);
            await it.run({
              mode: { kind: "update", names: new Set([act.source]), to },
              only: new Set([act.source]),
            });
            expected = it.pins();
            // The others are nobody's business.
            for (const name of NAMES)
              if (name !== act.source) expect(expected.get(name)).toBe(before.get(name));
            if (expected.get(act.source) !== before.get(act.source)) moved += 1;
          }
          const isLocked = await it.run({ only });
          expect(it.pins()).toEqual(expected);
          if (isLocked && only === undefined) expect(it.isStale()).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
    // There was something that could have been moved back.
    expect(moved / worlds).toBeGreaterThan(0.1);
  });

  it("and update of a source with min-age never moves it back, however time goes by", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: 3 }), fc.boolean()), { maxLength: 20 }),
        async (steps) => {
          const it = world();
          for (const repo of REPOS) it.push(repo, ["README.md", "a/1.txt"]);
          it.later(2);
          await it.run({});
          let position = it.pins().get("t") ?? "";
          for (const [days, pushes] of steps) {
            it.later(days);
            if (pushes) it.push("o/b", ["README.md"]);
            expect(await it.run({ mode: { kind: "update", names: new Set(["t"]), to: undefined } })).toBe(
              true,
            );
            const next = it.pins().get("t") ?? "";
            // Commits are numbered as they are made.
            expect(next >= position).toBe(true);
            position = next;
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
