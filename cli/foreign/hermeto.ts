import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { isRepoId } from "../../schema/address.ts";
import { hfPattern } from "../../schema/fnmatch.ts";
import { parseCommit } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Foreign, Remark, Wanted } from "./wanted.ts";

// Hermeto's lock (https://github.com/hermetoproject/hermeto, package manager x-huggingface):
//   metadata: { version: "1.0" }
//   models:
//     - repository: microsoft/deberta-v3-base
//       revision: 559062ad13d311b87b2c455e67dcd5f1c8f65111
//       ref: main                     what it was, for people
//       type: model                   model (default) or dataset
//       include_patterns: ["*.json"]  as hf has them; default: everything

/** Reads Hermeto's `huggingface.lock.yaml`. A text that is none is refused as a whole. */
export function readHermeto(text: string): Foreign {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, version: "1.2", prettyErrors: false });
  const [document] = "empty" in documents ? [] : documents;
  const error = document?.errors[0];
  if (document === undefined) return refusedWhole(1, "it is empty");
  if (error !== undefined)
    return refusedWhole(lines.linePos(error.pos[0]).line, `it is not YAML: ${printable(error.message)}`);
  const value = plainOf(document);
  if (!isRecord(value) || !Array.isArray(value.models)) return refusedWhole(1, 'it has no list "models"');
  const version = isRecord(value.metadata) ? value.metadata.version : undefined;
  if (String(version) !== "1.0" && version !== 1)
    return refusedWhole(1, `its version is ${printable(String(version))}: should be "1.0"`);
  const entries = value.models.map((entry: unknown, index) => {
    const node = document.getIn(["models", index], true) as { range?: readonly number[] } | undefined;
    return readEntry(entry, lines.linePos(node?.range?.[0] ?? 0).line);
  });
  return {
    kind: "hermeto",
    wanted: entries.flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted])),
    refused: entries.flatMap(({ refused }) => refused),
    notes: entries.flatMap(({ notes }) => notes),
  };
}

/** undefined for a bomb of aliases, and for aliases of nothing. */
function plainOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly wanted: Wanted | undefined;
  readonly refused: readonly Remark[];
  readonly notes: readonly Remark[];
}

const KNOWN = ["repository", "revision", "ref", "type", "include_patterns"];

function readEntry(entry: unknown, line: number): Entry {
  const refuse = (message: string): Entry => ({ wanted: undefined, refused: [{ line, message }], notes: [] });
  if (!isRecord(entry)) return refuse("it is no mapping");
  const { repository, revision, type = "model", include_patterns: patterns } = entry;
  if (typeof repository !== "string" || !isRepoId(repository))
    return refuse('its "repository" is not owner/name');
  const commit = typeof revision === "string" ? parseCommit(revision.toLowerCase()) : undefined;
  if (commit === undefined) return refuse('its "revision" is not a commit of 40 hex digits');
  if (type !== "model" && type !== "dataset") return refuse('its "type" is neither model nor dataset');
  if (patterns !== undefined && patterns !== null && !isTexts(patterns))
    return refuse('its "include_patterns" is no list of texts');
  if (Array.isArray(patterns) && patterns.length === 0)
    return refuse('its "include_patterns" is empty, which selects nothing');
  const unknown = Object.keys(entry).filter((key) => !KNOWN.includes(key));
  const include = isTexts(patterns) ? patterns.map(hfPattern) : undefined;
  return {
    wanted: {
      line,
      type,
      repo: repository,
      revision: commit,
      choice: include === undefined ? { kind: "all" } : { kind: "patterns", include, exclude: [] },
      folder: undefined,
    },
    refused: [],
    notes: unknown.map((key) => ({ line, message: `"${printable(key)}" is not known, and left out` })),
  };
}

function refusedWhole(line: number, message: string): Foreign {
  return { kind: "hermeto", wanted: [], refused: [{ line, message }], notes: [] };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
