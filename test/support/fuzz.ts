import fc from "fast-check";
import { expect } from "vitest";
import { CODES, type Problem, problemsOf } from "../../cli/errors.ts";
import { printable } from "../../schema/names.ts";
import { makeProject } from "./project.ts";

/** Of each target; `FUZZ_CASES=1000000 npx vitest run test/fuzz` looks further. A failure prints its seed. */
export const CASES = Number(process.env.FUZZ_CASES ?? 10_000);

/** ms a whole target may take in vitest: far more than it needs, and less than for ever. */
export const LONG = 60_000 + CASES * 20;

/** ms for one case, on the slowest and busiest of machines: beyond it a few kB of input are a hang. */
const MOST_MS = 30_000;

/** Runs one case and bounds what it takes. */
export async function bounded<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    expect(performance.now() - start).toBeLessThan(MOST_MS);
  }
}

/** What the work gives, or the problems it refuses with. A crash is no refusal: each must be one that a person can read and act on. */
export async function orProblems<Value>(
  work: () => Value | Promise<Value>,
): Promise<{ readonly value: Value } | { readonly problems: readonly Problem[] }> {
  try {
    return { value: await bounded(work) };
  } catch (error) {
    const problems = problemsOf(error);
    if (problems.some(({ code }) => CODES[code] === CODES.INTERNAL)) throw error;
    for (const problem of problems) {
      expect(problem.message).not.toBe("");
      expectSafe(problem.message, problem.hint ?? "", ...(problem.details ?? []));
    }
    return { problems };
  }
}

/** Nothing in what is printed moves a cursor or hides text, and no line floods the screen. */
export function expectSafe(...lines: readonly string[]): void {
  for (const line of lines.flatMap((text) => text.split("\n"))) {
    for (const part of line.match(/.{1,150}/gsu) ?? []) expect(printable(part)).toBe(part);
    expect(line.length).toBeLessThan(5_000);
  }
}

/** Text that is nearly right: seeds with pieces cut, doubled, swapped, and replaced by what upsets parsers. */
export function nearly(seeds: readonly string[], dictionary: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...dictionary) },
    { weight: 1, arbitrary: fc.string({ maxLength: 8, unit: "binary" }) },
    { weight: 1, arbitrary: fc.constantFrom(...UPSETTING) },
  );
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof(fc.constant(0), fc.nat({ max: 12 }), fc.nat({ max: 400 })),
    how: fc.constantFrom("cut", "double", "replace", "insert", "move"),
    piece,
  });
  return fc
    .tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([seed, edits]) => edits.reduce(apply, seed));
}

interface Edit {
  readonly at: number;
  readonly length: number;
  readonly how: "cut" | "double" | "replace" | "insert" | "move";
  readonly piece: string;
}

function apply(text: string, { at, length, how, piece }: Edit): string {
  const start = Math.floor(at * text.length);
  const [before, cut, after] = [
    text.slice(0, start),
    text.slice(start, start + length),
    text.slice(start + length),
  ];
  switch (how) {
    case "cut":
      return before + after;
    case "double":
      return before + cut + cut + after;
    case "replace":
      return before + piece + after;
    case "insert":
      return before + piece + cut + after;
    case "move":
      return cut + before + after;
    default:
      return how satisfies never;
  }
}

const UPSETTING = [
  "\0",
  "\u001b[2J",
  "\ud800",
  "\u202e",
  "\ufeff",
  "\r\n",
  "\u2028",
  "..",
  "../",
  "/",
  "\\",
  "C:",
  "__proto__",
  "constructor",
  "-0",
  "1e999",
  "9007199254740993",
  "NaN",
  "null",
  "[".repeat(300),
  "{".repeat(300),
  '"'.repeat(99),
  "a".repeat(5_000),
  "*a".repeat(60),
];

/** The program, in 256 MB, refuses each of these as a lock: by its own word, and safe to print. */
export async function expectRefusedLocks(bombs: readonly string[], ...command: string[]): Promise<void> {
  const project = await makeProject("https://hub.invalid");
  try {
    await project.manifest("sources: { s: { repo: o/n } }");
    const env = { NODE_OPTIONS: "--max-old-space-size=256" };
    for (const bomb of bombs) {
      await project.write("tritter.lock", bomb);
      const { status, stderr } = await project.runWith(env, ...command, "--offline");
      expect(stderr).toMatch(/^error\[LOCK_/);
      expect(status).toBe(2);
      expectSafe(stderr);
    }
  } finally {
    await project.remove();
  }
}
