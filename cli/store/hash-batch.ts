import { type Algorithm, type Digest, digestOf } from "../../schema/ids.ts";
import type { FileStat } from "../disk/port.ts";
import type { HashAnswer, HashTask } from "./hashers.ts";

// What goes between threads, packed: of many small files, a list of objects takes longer to hand over than to hash.

/** Tasks for a thread. */
export interface PackedTasks {
  /** With a NUL between them, which no path can hold. */
  readonly paths: string;
  /** bytes */
  readonly sizes: Float64Array;
  /** Sums of `BIT`. */
  readonly algorithms: Uint8Array;
}

/** What it found, one a task. */
export interface PackedAnswers {
  /** `HEX` characters each: sha256, then git; blanks for what is not known. */
  readonly digests: string;
  /** Size, mtimeNs, ctimeNs, inode, device. */
  readonly stats: BigInt64Array;
  /** Index in `KINDS`; `FAILED`. */
  readonly kinds: Uint8Array;
  readonly failures: readonly { readonly code: string; readonly message: string }[];
}

const BIT: Readonly<Record<Algorithm, number>> = { sha256: 1, git: 2 };
const WIDTHS: readonly (readonly [Algorithm, number])[] = [
  ["sha256", 64],
  ["git", 40],
];
const HEX = 104;
const STAT = 5;
const KINDS: readonly FileStat["kind"][] = ["file", "folder", "symlink", "special"];
const FAILED = 255;

export function packTasks(tasks: readonly HashTask[]): PackedTasks {
  const bits = ({ algorithms }: HashTask) => [...algorithms].reduce((sum, one) => sum + BIT[one], 0);
  return {
    paths: tasks.map(({ path }) => path).join("\0"),
    sizes: Float64Array.from(tasks, ({ size }) => size),
    algorithms: Uint8Array.from(tasks, bits),
  };
}

export function unpackTasks({ paths, sizes, algorithms }: PackedTasks): readonly HashTask[] {
  return paths.split("\0").map((path, index) => ({
    path,
    size: sizes[index] ?? 0,
    algorithms: SETS[algorithms[index] ?? 0] ?? NONE,
  }));
}

const NONE: ReadonlySet<Algorithm> = new Set();
/** By their bits. */
const SETS: readonly ReadonlySet<Algorithm>[] = [
  NONE,
  new Set(["sha256"]),
  new Set(["git"]),
  new Set(["sha256", "git"]),
];

export function packAnswers(answers: readonly HashAnswer[]): PackedAnswers {
  const stats = new BigInt64Array(STAT * answers.length);
  const kinds = new Uint8Array(answers.length).fill(FAILED);
  const failures: { code: string; message: string }[] = [];
  const digests = answers.map((answer, index) => {
    if (answer.kind === "failed") {
      failures.push({ code: answer.code, message: answer.message });
      return BLANK;
    }
    const { kind, size, mtimeNs, ctimeNs, inode, device } = answer.stat;
    kinds[index] = KINDS.indexOf(kind);
    stats.set([BigInt(size), mtimeNs, ctimeNs, inode, device], index * STAT);
    return packDigests(answer.digests);
  });
  return { digests: digests.join(""), stats, kinds, failures };
}

const BLANK = " ".repeat(HEX);

function packDigests(digests: readonly Digest[] = []): string {
  if (digests.length === 0) return BLANK;
  return WIDTHS.map(([algorithm, width]) => {
    const digest = digests.find((one) => one.startsWith(algorithm));
    return digest?.slice(algorithm.length + 1) ?? " ".repeat(width);
  }).join("");
}

export function unpackAnswers({ digests, stats, kinds, failures }: PackedAnswers): readonly HashAnswer[] {
  let failed = 0;
  return Array.from(kinds, (kind, index): HashAnswer => {
    if (kind === FAILED) return { kind: "failed", ...(failures[failed++] ?? { code: "", message: "" }) };
    const at = index * STAT;
    const stat = {
      kind: KINDS[kind] ?? "special",
      size: Number(stats[at]),
      mtimeNs: stats[at + 1] ?? 0n,
      ctimeNs: stats[at + 2] ?? 0n,
      inode: BigInt.asUintN(64, stats[at + 3] ?? 0n),
      device: BigInt.asUintN(64, stats[at + 4] ?? 0n),
    };
    return { kind: "hashed", digests: unpackDigests(digests, index * HEX), stat };
  });
}

function unpackDigests(digests: string, from: number): readonly Digest[] | undefined {
  let at = from;
  const found = WIDTHS.flatMap(([algorithm, width]) => {
    at += width;
    return digestOf(algorithm, digests.slice(at - width, at)) ?? [];
  });
  return found.length === 0 ? undefined : found;
}
