import fc from "fast-check";
import type { Disk } from "../../../cli/disk/port.ts";
import { readLock } from "../../../cli/lock/read.ts";
import { compareBytes } from "../../../cli/lock/write.ts";
import type { TreePath } from "../../../schema/ids.ts";
import type { Lock, LockedFile, LockedSource, Refuge, Whereabouts } from "../../../schema/lock.ts";
import { commitOf, digestOf, fileOf } from "../../support/documents.ts";

export function readBytes(text: string | Uint8Array): ReturnType<typeof readLock> {
  const bytes = Buffer.from(text);
  return readLock({ file: "/project/tritter.lock", disk: { read: async () => bytes } as unknown as Disk });
}

export async function lockIn(text: string): Promise<Lock> {
  const read = await readBytes(text);
  if (read.kind !== "ok") throw new Error(read.kind);
  return read.lock;
}

const words = fc.constantFrom("a", "B", "train-0", "é", "日本", "\u{1f600}", "x y", "__proto__", "z.parquet");
const hex = fc.constantFrom("0", "7", "f");
const extras = fc.dictionary(
  fc.constantFrom("later", "__proto__", "more", "zz"),
  // As JSON has it, which knows no -0.
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value))),
  {
    maxKeys: 2,
  },
);

function files(strip: string): fc.Arbitrary<readonly LockedFile[]> {
  const file = fc.record({
    path: fc.array(words, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
    size: fc.maxSafeNat(),
    digest: fc.oneof(
      hex.map((digit) => digestOf(digit)),
      hex.map((digit) => digestOf(digit, "git")),
    ),
    extra: extras,
  });
  return fc
    .uniqueArray(file, { maxLength: 6, selector: ({ path }) => path.split("/")[0] ?? "" })
    .map((list) =>
      list.map((one) =>
        fileOf(strip === "" ? one.path : `${strip}/${one.path}`, { ...one, path: below(strip, one.path) }),
      ),
    )
    .map((list) => list.sort((a, b) => compareBytes(a.path, b.path)));
}

function below(strip: string, path: string): LockedFile["path"] {
  return (strip === "" ? path : `${strip}/${path}`) as LockedFile["path"];
}

function source(name: string): fc.Arbitrary<LockedSource> {
  return fc
    .constantFrom("", "data", "a/b")
    .chain((strip) =>
      fc.record({
        name: fc.constant(name),
        request: hex.map((digit) => `sha256:${digit.repeat(64)}`),
        repo: fc.constantFrom("o/n", "glue"),
        asked: fc.option(fc.constant("O/N"), { nil: undefined }),
        id: fc.option(fc.constant("5f0c"), { nil: undefined }),
        type: fc.constantFrom("dataset" as const, "model" as const, "space" as const),
        revision: fc.constantFrom("main", "refs/pr/1", 'q"'),
        asOf: fc.constantFrom(undefined, "2026-03-01", "2026-03-01T12:00:00.001Z"),
        minAge: fc.constantFrom(undefined, "3d"),
        commit: hex.map(commitOf),
        path: fc.constant(`folder-of-${name}`),
        strip: fc.constant(strip),
        licenses: fc.constantFrom([], ["mit"], ["mit", "apache-2.0"]),
        gated: fc.constantFrom(undefined, "auto" as const, "manual" as const),
        private: fc.constantFrom(undefined, true),
        card: fc.constantFrom(undefined, digestOf("c", "git"), digestOf("c")),
        gate: fc.constantFrom(undefined, `sha256:${"d".repeat(64)}`),
        carrier: fc.option(fc.constant({ fallback: 1, why: "gated", instead: "dataset o/n main" }), {
          nil: undefined,
        }),
        rescued: fc.constant(undefined),
        files: files(strip),
        extra: extras,
      }),
    )
    .chain((made) =>
      fc
        .tuple(
          fc.boolean(),
          fc.array(whereabouts, { minLength: made.files.length, maxLength: made.files.length }),
        )
        .map(([isRescued, places]) => (isRescued ? rescuedTo(made, places) : made)),
    );
}

const whereabouts: fc.Arbitrary<Whereabouts | undefined> = fc.constantFrom(
  undefined,
  { refuge: 0 },
  { refuge: 2 },
  { path: "x/y" as TreePath },
  { refuge: 2, path: "z" as TreePath },
);

function rescuedTo(made: LockedSource, places: readonly (Whereabouts | undefined)[]): LockedSource {
  const files = made.files.map((file, index) => {
    const from = places[index];
    return from === undefined ? file : { ...file, from };
  });
  return { ...made, rescued: REFUGES, files };
}

const REFUGES: readonly Refuge[] = [
  { repo: "o/mirror", type: "dataset", commit: commitOf("e") },
  { repo: "glue", type: "space", commit: commitOf("f") },
];

/** Valid locks of a few sources, as a person would never think of them. */
export const locks: fc.Arbitrary<Lock> = fc
  .uniqueArray(fc.constantFrom("a", "Z", "constructor", "s-1", "toString"), { maxLength: 3 })
  .chain((names) =>
    fc.record({
      version: fc.constant(1 as const),
      sources: fc.tuple(...[...names].sort(compareBytes).map(source)),
      extra: extras,
    }),
  );

/** What a branch does to a lock, one source at a time. */
type Edit = (entry: LockedSource) => LockedSource | undefined;

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(hex, files("")).map(
    ([digit, list]): Edit =>
      (entry) => ({
        ...entry,
        commit: commitOf(digit),
        files: list.map((file) => ({ ...file, path: below(entry.strip, file.path) })),
      }),
  ),
  hex.map(
    (digit): Edit =>
      (entry) => ({ ...entry, request: `sha256:${digit.repeat(64)}` }),
  ),
  fc.constantFrom("x", "y/z").map(
    (path): Edit =>
      (entry) => ({ ...entry, path: `${path}-${entry.name}` }),
  ),
  fc.constant((entry: LockedSource) => ({ ...entry, strip: "" })),
  extras.map(
    (extra): Edit =>
      (entry) => ({ ...entry, extra }),
  ),
  fc.constantFrom("renamed", "b").map(
    (name): Edit =>
      (entry) => ({ ...entry, name }),
  ),
  fc.constant((entry: LockedSource) =>
    entry.rescued === undefined
      ? { ...entry, rescued: REFUGES }
      : { ...entry, rescued: undefined, files: entry.files.map(({ from: _, ...file }) => file) },
  ),
  fc.constant((): undefined => undefined),
);

function branch(base: Lock): fc.Arbitrary<Lock> {
  const steps = fc.array(fc.tuple(fc.nat(2), edits), { maxLength: 3 });
  return fc.tuple(steps, locks, fc.boolean()).map(([list, other, adds]) => {
    let sources = base.sources;
    for (const [at, edit] of list)
      sources = sources.flatMap((entry, index) => (index === at ? (edit(entry) ?? []) : entry));
    const all = [...sources, ...(adds ? other.sources : [])];
    const unique = all.filter((one, index) => all.findIndex(({ name }) => name === one.name) === index);
    return {
      ...base,
      sources: unique.sort((a, b) => compareBytes(a.name, b.name)),
      extra: adds ? other.extra : base.extra,
    };
  });
}

/** A lock, and what two branches made of it. */
export const histories: fc.Arbitrary<{ base: Lock; ours: Lock; theirs: Lock }> = locks.chain((base) =>
  fc.record({ base: fc.constant(base), ours: branch(base), theirs: branch(base) }),
);
