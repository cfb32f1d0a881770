import { type Document, LineCounter, parseAllDocuments } from "yaml";
import { isRepoId } from "../../schema/address.ts";
import { hfPattern } from "../../schema/fnmatch.ts";
import { parseCommit } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { isRecord, readArtifacts } from "./artifacts.ts";
import type { Foreign, Remark, Wanted } from "./wanted.ts";

// Hermeto's lock (https://github.com/hermetoproject/hermeto, package manager x-huggingface):
//   metadata: { version: "1.0" }
//   models:
//     - repository: microsoft/deberta-v3-base
//       revision: 559062ad13d311b87b2c455e67dcd5f1c8f65111
//       ref: main                     what it was, for people
//       type: model                   model (default) or dataset
//       include_patterns: ["*.json"]  as hf has them; default: everything

// And that of its generic fetcher (https://hermetoproject.github.io/hermeto/generic/), of which artifacts.ts reads the entries:
//   metadata: { version: "1.0" }    or "2.0", which may hold how to log in
//   artifacts:
//     - download_url: https://huggingface.co/datasets/o/n/resolve/<commit>/data/a.parquet
//       checksum: sha256:…
//       filename: code/a.parquet      where it is put; default: the last name of the address

/** Reads Hermeto's `huggingface.lock.yaml`, or its `artifacts.lock.yaml`. A text that is neither is refused as a whole. `endpoints`: Hubs whose addresses count besides the Hub's own. */
export function readHermeto(text: string, endpoints: readonly string[]): Foreign {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, version: "1.2", prettyErrors: false });
  const [document] = "empty" in documents ? [] : documents;
  const error = document?.errors[0];
  if (document === undefined) return refusedWhole(1, "it is empty");
  if (error !== undefined)
    return refusedWhole(lines.linePos(error.pos[0]).line, `it is not YAML: ${printable(error.message)}`);
  const value = plainOf(document);
  const key = isRecord(value) && Array.isArray(value.artifacts) ? "artifacts" : "models";
  const list = isRecord(value) ? value[key] : undefined;
  if (!isRecord(value) || !Array.isArray(list))
    return refusedWhole(1, 'it has no list "models" or "artifacts"');
  const version = isRecord(value.metadata) ? value.metadata.version : undefined;
  const known: readonly unknown[] = key === "models" ? ["1.0", 1] : ["1.0", 1, "2.0", 2];
  if (!known.includes(version))
    return refusedWhole(1, `its version is ${printable(String(version))}: should be "1.0"`);
  const lineOf = (index: number) => {
    const node = document.getIn([key, index], true) as { range?: readonly number[] } | undefined;
    return lines.linePos(node?.range?.[0] ?? 0).line;
  };
  if (key === "artifacts")
    return {
      kind: "hermeto",
      ...readArtifacts(
        list.map((entry, index) => ({ entry, line: lineOf(index) })),
        endpoints,
      ),
    };
  const entries = list.map((entry: unknown, index) => readEntry(entry, lineOf(index)));
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

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
