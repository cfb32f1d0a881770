import { MASK } from "./entries.ts";
import { fileOid, listEntries, pointer } from "./listing.ts";
import { history, type Repo, type StoredCommit, type StoredFile } from "./store.ts";
import type { Refusal, Said } from "./wire.ts";

export interface InfoQuestion {
  readonly repo: Repo;
  /** undefined: the repository is empty. */
  readonly commit: StoredCommit | undefined;
  readonly query: URLSearchParams;
  readonly masked: boolean;
}

/** Repository info: whole, with blobs, or restricted to what `expand` names. */
export function info(question: InfoQuestion): Said {
  const { repo, query } = question;
  const asked = [...query.getAll("expand"), ...query.getAll("expand[]")];
  const unknown = asked.find((name) => !EXPANDABLE[repo.kind].includes(name));
  if (unknown !== undefined) return unknownField(repo, asked.indexOf(unknown));
  const names = asked.length > 0 ? asked : WHOLE[repo.kind];
  const value: Record<string, unknown> = { _id: repo.id, id: repo.name };
  for (const name of names) value[name] = FIELDS[name]?.(question);
  return { kind: "json", value };
}

function unknownField(repo: Repo, index: number): Refusal {
  const names = EXPANDABLE[repo.kind].map((name) => `"${name}"`).join("|");
  const message = `✖ Invalid option: expected one of ${names}\n  → at expand[${index}]`;
  return { kind: "refusal", form: "json", status: 400, message };
}

const SHARED =
  "author cardData createdAt disabled lastModified likes private resourceGroup sha siblings tags trendingScore usedStorage";
const EXPANDABLE: Readonly<Record<Repo["kind"], readonly string[]>> = {
  dataset: `${SHARED} citation description downloads downloadsAllTime gated mainSize paperswithcode_id`.split(
    " ",
  ),
  model: `${SHARED} baseModels config downloads downloadsAllTime evalResults gated inference
    inferenceProviderMapping library_name mask_token model-index pipeline_tag safetensors spaces
    transformersInfo widgetData gguf xetEnabled childrenModelCount`.split(/\s+/),
  space: `${SHARED} datasets models region runtime sdk subdomain`.split(" "),
};

const COMMON =
  "author sha lastModified private gated disabled tags likes cardData siblings createdAt usedStorage";
const WHOLE: Readonly<Record<Repo["kind"], readonly string[]>> = {
  dataset: `${COMMON} downloads`.split(" "),
  model: `${COMMON} downloads modelId model-index config spaces`.split(" "),
  space: `${COMMON} sdk subdomain models datasets`.split(" "),
};

const FIELDS: Readonly<Record<string, (question: InfoQuestion) => unknown>> = {
  author: ({ repo }) => (repo.name.includes("/") ? repo.name.split("/")[0] : undefined),
  cardData: ({ repo }) => cardData(repo),
  createdAt: ({ repo, commit }) => commit && history(repo, commit).at(-1)?.date,
  description: () => "",
  disabled: ({ repo }) => repo.options.disabled ?? false,
  gated: ({ repo }) => repo.options.gated ?? false,
  lastModified: ({ commit }) => commit?.date,
  private: ({ repo }) => repo.options.private ?? false,
  sha: ({ commit }) => commit?.id,
  siblings,
  tags: ({ repo }) => tags(repo),
  usedStorage: ({ repo }) => usedStorage(repo),
  downloads: () => 0,
  downloadsAllTime: () => 0,
  likes: () => 0,
  trendingScore: () => 0,
  mainSize: ({ commit }) =>
    [...(commit?.files.values() ?? [])].reduce((sum, file) => sum + file.content.size, 0),
  modelId: ({ repo }) => repo.name,
  "model-index": () => null,
  config: () => ({}),
  spaces: () => [],
  models: () => [],
  datasets: () => [],
  evalResults: () => [],
  xetEnabled: () => true,
  childrenModelCount: () => ({ adapter: 0, merge: 0, quantized: 0, finetune: 0 }),
  sdk: () => "static",
  subdomain: ({ repo }) => repo.name.replaceAll("/", "-").toLowerCase(),
};

function licenses(repo: Repo): readonly string[] {
  const { license } = repo.options;
  return license === undefined ? [] : typeof license === "string" ? [license] : license;
}

function cardData(repo: Repo): unknown {
  const { license, licenseIn, card } = repo.options;
  const told = license !== undefined && licenseIn !== "tags" && { license };
  return told || card ? { ...told, ...card } : undefined;
}

function tags(repo: Repo): string[] {
  const told = repo.options.licenseIn === "card" ? [] : licenses(repo).map((id) => `license:${id}`);
  return [...(repo.options.tags ?? []), ...told, "region:us"];
}

/** The Hub cuts this list for large repositories. */
const MOST_SIBLINGS = 5000;

function siblings({ commit, query, masked }: InfoQuestion): unknown {
  if (commit === undefined) return [];
  const files = listEntries(commit.root(), true).flatMap((entry) =>
    entry.kind === "file" ? [entry.file] : [],
  );
  const blobs = query.get("blobs") === "true";
  return files
    .slice(0, MOST_SIBLINGS)
    .map((file) => ({ rfilename: file.path, ...(blobs && blob(file, masked)) }));
}

function blob(file: StoredFile, masked: boolean): object {
  const { size } = file.content;
  const facts = { size, blobId: fileOid(file) };
  if (!file.lfs) return facts;
  const sha256 = masked ? MASK : file.content.sha256();
  return { ...facts, lfs: { sha256, size, pointerSize: pointer(file).length } };
}

/** Over the whole history, each content once. */
function usedStorage(repo: Repo): number {
  const sizes = new Map<string, number>();
  for (const commit of repo.commits.values())
    for (const { content } of commit.files.values()) sizes.set(content.key, content.size);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
