import type { Issue } from "../../schema/issues.ts";
import type { Manifest, ManifestDocument } from "../../schema/manifest.ts";
import { validateManifest } from "../../schema/validate.mjs";
import type { Disk } from "../disk/port.ts";
import { diskProblem } from "../disk/trouble.ts";
import { systemCode, TritterError } from "../errors.ts";
import { assemble } from "./assemble.ts";
import { conflictsIn } from "./conflicts.ts";
import { decode } from "./decode.ts";
import { expandVariables } from "./expand.ts";
import { explainSchemaErrors } from "./mistakes.ts";
import { peek } from "./peek.ts";
import { DEFAULT_ROOT } from "./place.ts";
import { checkRules } from "./rules.ts";

export type ReadManifest =
  | {
      readonly kind: "ok";
      readonly manifest: Manifest;
      readonly warnings: readonly Issue[];
      readonly text: string;
      /** Its name and root can be told without a parser. */
      readonly peekable: boolean;
    }
  | { readonly kind: "missing" }
  | { readonly kind: "invalid"; readonly issues: readonly Issue[] };

export interface ReadInput {
  /** Absolute. */
  readonly file: string;
  readonly disk: Disk;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** bytes: no manifest written by or for a person comes near it. */
const LARGEST = 4 * 1024 * 1024;

/** Reads a manifest and reports all its mistakes at once, each with its place. Throws DISK_REFUSED. */
export async function readManifest({ file, disk, env }: ReadInput): Promise<ReadManifest> {
  const read = await readManifestText({ file, disk });
  return read.kind === "ok" ? parseManifest(read.text, { file, env }) : read;
}

export type ReadText =
  /** `mark`: a byte order mark stands before the text, as some editors of Windows write it. */
  | { readonly kind: "ok"; readonly text: string; readonly mark: boolean }
  | Exclude<ReadManifest, { kind: "ok" }>;

/** Reads what is there, whatever it says. Throws DISK_REFUSED. */
export async function readManifestText({ file, disk }: Omit<ReadInput, "env">): Promise<ReadText> {
  const bytes = await readBytes(disk, file);
  if (bytes === undefined) return { kind: "missing" };
  if (bytes.length > LARGEST) {
    return invalid([
      { severity: "error", message: `the file has ${bytes.length} bytes: should have at most ${LARGEST}` },
    ]);
  }
  const text = decode(bytes);
  if (text === undefined)
    return invalid([{ severity: "error", message: "the file is not UTF-8: should be saved as that" }]);
  return { kind: "ok", text, mark: bytes.subarray(0, 3).equals(MARK) };
}

const MARK = Buffer.from("\ufeff");

const EMPTY: Issue = {
  severity: "error",
  message: 'the manifest is empty: should have "version" and "sources"',
  hint: "tritter init --force writes one to start from",
  line: 1,
  column: 1,
};

/** The same for a text that was read already. */
export async function parseManifest(
  text: string,
  { file, env }: Omit<ReadInput, "disk">,
): Promise<ReadManifest> {
  const { readSource } = await import("./source-text.ts");
  const source = readSource(text);
  if (source.issues.length > 0) {
    const conflicts = conflictsIn(text);
    return invalid(conflicts.length > 0 ? conflicts : source.issues);
  }
  if (source.value === undefined || source.value === null) return invalid([EMPTY]);
  const errors = validateManifest(source.value);
  if (errors.length > 0) return invalid(explainSchemaErrors(errors, source));
  const document = source.value as ManifestDocument;
  const issues = checkRules(document, source);
  const root = expandVariables(document.root ?? DEFAULT_ROOT, env);
  if (root.kind === "mistake") {
    const { line, column, frame } = source.locate(["root"]);
    issues.push({ severity: "error", message: `"root": ${root.why}`, line, column, frame });
  }
  if (issues.length > 0 || root.kind === "mistake") return invalid(issues);
  const manifest = assemble(document, { file, root: root.text });
  return { kind: "ok", manifest, warnings: [], text, peekable: isPeekable(document, text) };
}

function isPeekable({ name, root }: ManifestDocument, text: string): boolean {
  const seen = peek(text);
  return seen !== undefined && seen.name === name && seen.root === root;
}

async function readBytes(disk: Disk, file: string): Promise<Buffer | undefined> {
  try {
    return await disk.read(file);
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(`read "${file}"`, error), error);
  }
}

function invalid(issues: readonly Issue[]): Extract<ReadManifest, { kind: "invalid" }> {
  return { kind: "invalid", issues };
}
