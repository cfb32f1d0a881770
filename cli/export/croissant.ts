import type { ColumnFacts, ParquetFacts } from "../../schema/facts.ts";
import { type Digest, hexOf } from "../../schema/ids.ts";
import {
  type Corpus,
  type CorpusFile,
  type CorpusSource,
  commitPage,
  type Links,
  nameOf,
  ownerOf,
} from "./corpus.ts";
import { licensesOf } from "./licenses.ts";
import { jsonPieces, Many } from "./text.ts";

// https://docs.mlcommons.org/croissant/docs/croissant-spec.html. Ids are references within the document, so they are written as
// those of a URL are; names are as they stand.

/** As the specification has it in its appendix. */
const CONTEXT = {
  "@language": "en",
  "@vocab": "https://schema.org/",
  citeAs: "cr:citeAs",
  column: "cr:column",
  conformsTo: "dct:conformsTo",
  cr: "http://mlcommons.org/croissant/",
  rai: "http://mlcommons.org/croissant/RAI/",
  data: { "@id": "cr:data", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  dct: "http://purl.org/dc/terms/",
  examples: { "@id": "cr:examples", "@type": "@json" },
  extract: "cr:extract",
  field: "cr:field",
  fileProperty: "cr:fileProperty",
  fileObject: "cr:fileObject",
  fileSet: "cr:fileSet",
  format: "cr:format",
  includes: "cr:includes",
  isLiveDataset: "cr:isLiveDataset",
  jsonPath: "cr:jsonPath",
  key: "cr:key",
  md5: "cr:md5",
  parentField: "cr:parentField",
  path: "cr:path",
  recordSet: "cr:recordSet",
  references: "cr:references",
  regex: "cr:regex",
  repeated: "cr:repeated",
  replace: "cr:replace",
  sc: "https://schema.org/",
  separator: "cr:separator",
  source: "cr:source",
  subField: "cr:subField",
  transform: "cr:transform",
} as const;

/** What the specification asks for and a lock does not hold, as what to say of it: whoever publishes the document adds it. */
export function lacking({ sources, created }: Corpus): readonly string[] {
  const unnamed = sources.filter(({ locked }) => licensesOf(locked.licenses).length === 0);
  return [
    ...(created === undefined
      ? ["Croissant wants datePublished, and a lock has no date: set SOURCE_DATE_EPOCH"]
      : []),
    ...(unnamed.length === 0 || unnamed.length < sources.length
      ? []
      : ["Croissant wants a license, and no repository here names one"]),
  ];
}

/** Croissant 1.0: one dataset of all sources, each file with its hash, and records where the columns of Parquet files are known. */
export function croissant(corpus: Corpus): Iterable<string> {
  const { name, sources, links, created, lockDigest } = corpus;
  const records = sources.map(recordsOf);
  const licenses = [...new Set(sources.flatMap(({ locked }) => licenseTexts(locked.licenses)))];
  return jsonPieces({
    "@context": CONTEXT,
    "@type": "sc:Dataset",
    name,
    description: descriptionOf(sources),
    conformsTo: "http://mlcommons.org/croissant/1.0",
    license: licenses.length === 0 ? undefined : licenses,
    url: sources[0] === undefined ? "https://huggingface.co" : commitPage(links, sources[0].locked),
    isBasedOn: [...new Set(sources.map(({ locked }) => commitPage(links, locked)))],
    creator: creatorsOf(sources, links),
    datePublished: created?.slice(0, 10),
    // Versions have three numbers there. What is pinned has one name, and it never means anything else.
    version: `0.0.0+${hexOf(lockDigest as Digest)}`,
    distribution: new Many(function* () {
      for (const [index, source] of sources.entries()) {
        yield repository(source, links);
        for (const record of records[index] ?? []) if (record.files.length > 1) yield fileSet(record, source);
        for (const file of source.files) yield fileObject(file, links);
      }
    }),
    recordSet: records.flat().length === 0 ? undefined : new Many(() => records.flat().map(recordSet)),
  });
}

function descriptionOf(sources: readonly CorpusSource[]): string {
  const pins = sources.map(({ locked }) => `${locked.type} ${locked.repo} at ${locked.commit}`);
  return `Files of Hugging Face repositories, pinned to commits and hashes: ${[...new Set(pins)].join("; ")}.`;
}

function creatorsOf(sources: readonly CorpusSource[], links: Links): readonly unknown[] | undefined {
  const owners = new Map(
    sources.map(({ locked }) => [
      ownerOf(locked.repo) ?? nameOf(locked.repo),
      // A person's page and an organisation's have the same form.
      links.page({ type: "model", repo: ownerOf(locked.repo) ?? locked.repo }),
    ]),
  );
  return [...owners].map(([name, url]) => ({ "@type": "sc:Organization", name, url }));
}

function licenseTexts(licenses: readonly string[]): readonly string[] {
  return licensesOf(licenses).map((license) =>
    "spdx" in license ? `https://spdx.org/licenses/${license.spdx}.html` : license.named,
  );
}

function repositoryId({ locked }: CorpusSource): string {
  return `repository:${locked.name}`;
}

function repository(source: CorpusSource, links: Links): unknown {
  const { locked, listing } = source;
  return {
    "@type": "cr:FileObject",
    "@id": repositoryId(source),
    name: repositoryId(source),
    description: `The git repository of the ${locked.type} ${locked.repo}. A repository has no hash of its bytes: sha256 is that of the list of its files that are pinned, "listing" in tritter.lock.`,
    contentUrl: commitPage(links, locked),
    encodingFormat: "git+https",
    sha256: hexOf(listing as Digest),
  };
}

function fileId(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function fileObject({ path, size, sha256, remote }: CorpusFile, links: Links): unknown {
  return {
    "@type": "cr:FileObject",
    "@id": fileId(path),
    name: path,
    contentUrl: links.file(remote),
    contentSize: `${size} B`,
    encodingFormat: encodingOf(path),
    sha256,
  };
}

/** Parquet files of one source and one schema. */
interface Records {
  /** `rust` or, from the second schema on, `rust-2` */
  readonly id: string;
  readonly columns: readonly ColumnFacts[];
  readonly files: readonly CorpusFile[];
}

function recordsOf({ locked, files }: CorpusSource): readonly Records[] {
  const schemas = new Map<
    string,
    { readonly columns: readonly ColumnFacts[]; readonly files: CorpusFile[] }
  >();
  for (const file of files) {
    if (file.facts?.kind !== "parquet") continue;
    const key = schemaKey(file.facts);
    const schema = schemas.get(key);
    if (schema === undefined) schemas.set(key, { columns: file.facts.columns, files: [file] });
    else schema.files.push(file);
  }
  return [...schemas.values()].map((schema, index) => ({
    id: `records:${locked.name}${index === 0 ? "" : `:${index + 1}`}`,
    ...schema,
  }));
}

function schemaKey({ columns }: ParquetFacts): string {
  return JSON.stringify(columns.map(({ name, type }) => [name, type]));
}

function fileSetId({ id }: Records): string {
  return `files:${id}`;
}

/** Of the repository's own paths, each written so that no glob is in it. */
function fileSet(records: Records, source: CorpusSource): unknown {
  return {
    "@type": "cr:FileSet",
    "@id": fileSetId(records),
    name: fileSetId(records),
    containedIn: { "@id": repositoryId(source) },
    encodingFormat: PARQUET,
    includes: records.files.map(({ remote }) => remote.path.replace(/[*?[]/g, "[$&]")),
  };
}

function recordSet(records: Records): unknown {
  const [first] = records.files;
  const from =
    records.files.length === 1 && first !== undefined
      ? { fileObject: { "@id": fileId(first.path) } }
      : { fileSet: { "@id": fileSetId(records) } };
  return {
    "@type": "cr:RecordSet",
    "@id": records.id,
    name: records.id,
    field: treeOf(records.columns).map((node) =>
      field(node, { above: records.id, column: node.name, from, path: [] }),
    ),
  };
}

/** A column, or what is inside of one. */
interface Node {
  readonly name: string;
  /** undefined: it has parts. */
  type: string | undefined;
  readonly parts: Map<string, Node>;
}

/** Leaves of a schema are named from its root. https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists */
function treeOf(columns: readonly ColumnFacts[]): readonly Node[] {
  const root: Node = { name: "", type: undefined, parts: new Map() };
  for (const { name, type } of columns) {
    let node = root;
    for (const segment of name.split(".")) {
      const next = node.parts.get(segment) ?? { name: segment, type: undefined, parts: new Map() };
      node.parts.set(segment, next);
      node = next;
    }
    node.type = type;
  }
  return [...root.parts.values()];
}

interface Placed {
  /** The id of what it is part of. */
  readonly above: string;
  /** Of the whole table. */
  readonly column: string;
  readonly from: Readonly<Record<string, unknown>>;
  /** Within the column. */
  readonly path: readonly string[];
}

function field(node: Node, { above, column, from, path }: Placed): unknown {
  const { inner, repeated } = withoutList(node);
  const id = `${above}/${encodeURIComponent(node.name)}`;
  const place = { "@type": "cr:Field", "@id": id, name: id };
  if (inner.type === undefined)
    return {
      ...place,
      ...(repeated && { repeated }),
      subField: [...inner.parts.values()].map((part) =>
        field(part, { above: id, column, from, path: [...path, part.name] }),
      ),
    };
  return {
    ...place,
    description: `Column "${column}", ${inner.type}`,
    dataType: dataTypeOf(inner.type),
    ...((repeated || inner.type.includes("[]")) && { repeated: true }),
    source: {
      ...from,
      extract: { column },
      ...(path.length > 0 && { transform: { jsonPath: path.join(".") } }),
    },
  };
}

/** What a list holds stands two levels below it, the first always a repeated group. */
function withoutList(node: Node): { readonly inner: Node; readonly repeated: boolean } {
  const [middle, ...others] = [...node.parts.values()];
  if (node.type !== undefined || middle === undefined || others.length > 0)
    return { inner: node, repeated: false };
  const [last, ...more] = [...middle.parts.values()];
  const isList = LISTS.has(middle.name) && last !== undefined && more.length === 0 && ELEMENTS.has(last.name);
  return isList ? { inner: last, repeated: true } : { inner: node, repeated: false };
}

const LISTS = new Set(["list", "bag", "array"]);
const ELEMENTS = new Set(["element", "item", "array_element", "array"]);

/** Types of the facts as those that the specification knows; what has none is text, as the Hub's own documents say of it. */
function dataTypeOf(type: string): string {
  const [, word = ""] = /^([a-z]+)/.exec(type) ?? [];
  return DATA_TYPES[word] ?? "sc:Text";
}

const DATA_TYPES: Readonly<Record<string, string>> = {
  bool: "sc:Boolean",
  int: "sc:Integer",
  uint: "sc:Integer",
  float: "sc:Float",
  double: "sc:Float",
  decimal: "sc:Float",
  date: "sc:Date",
  // What reads the document takes it for a moment, time and all.
  timestamp: "sc:Date",
};

const PARQUET = "application/x-parquet";

function encodingOf(path: string): string {
  const [, extension = ""] = /\.([^./]+)$/.exec(path) ?? [];
  return ENCODINGS[extension.toLowerCase()] ?? "application/octet-stream";
}

const ENCODINGS: Readonly<Record<string, string>> = {
  parquet: PARQUET,
  csv: "text/csv",
  tsv: "text/tsv",
  json: "application/json",
  jsonl: "application/jsonlines",
  md: "text/markdown",
  txt: "text/plain",
  gz: "application/gzip",
  zip: "application/zip",
  tar: "application/x-tar",
  zst: "application/zstd",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  wav: "audio/wav",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  yaml: "application/yaml",
  yml: "application/yaml",
  py: "text/x-python",
};
