import { info as infoAnswer, siblings } from "../../../cli/serve/info.ts";
import type { Said } from "../../../cli/serve/wire.ts";
import { MASK } from "./entries.ts";
import { history, type Repo, type StoredCommit } from "./store.ts";

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
  const field = (name: string): unknown => FIELDS[name]?.(question);
  return infoAnswer({ type: repo.kind, id: repo.id, name: repo.name, query, field });
}

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
  siblings: siblingsOf,
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

function siblingsOf({ commit, query, masked }: InfoQuestion): unknown {
  if (commit === undefined) return [];
  const blobs = query.get("blobs") === "true";
  const digestOf = masked ? () => MASK : (file: { digest(): string }) => file.digest();
  return siblings(commit.root(), { blobs, most: MOST_SIBLINGS, digestOf });
}

/** Over the whole history, each content once. */
function usedStorage(repo: Repo): number {
  const sizes = new Map<string, number>();
  for (const commit of repo.commits.values())
    for (const { content } of commit.files.values()) sizes.set(content.key, content.size);
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
