import { createHash, createHmac } from "node:crypto";
import type { User } from "./access.ts";
import type { Content } from "./content.ts";
import type { Repo, RepoKind, RepoOptions } from "./store.ts";

/** All a Hub knows, and its CDN. */
export interface World {
  /** By `kind/owner/name`. */
  readonly repos: Map<string, Repo>;
  /** Former keys, in lower case, to present ones. */
  readonly moved: Map<string, string>;
  readonly tokens: Map<string, User>;
  /** What the CDN holds, by its own hash. */
  readonly objects: Map<string, Content>;
  readonly pageSize: number;
  readonly seed: number;
  /** ms since the epoch */
  readonly now: () => number;
  readonly signatures: { lifetimeSeconds: number; generation: number; made: number };
  /** Known once the listeners are open. */
  hubUrl: string;
  cdnUrl: string;
}

export type Found =
  | { readonly kind: "here"; readonly repo: Repo }
  | { readonly kind: "moved"; readonly repo: Repo }
  | undefined;

export function lookUp(world: World, kind: RepoKind, name: string): Found {
  const repo = world.repos.get(`${kind}/${name}`);
  if (repo !== undefined) return { kind: "here", repo };
  const lower = `${kind}/${name}`.toLowerCase();
  const key =
    world.moved.get(lower) ?? [...world.repos.keys()].find((known) => known.toLowerCase() === lower);
  const target = world.repos.get(key ?? "");
  return target === undefined ? undefined : { kind: "moved", repo: target };
}

/** The repository of that name, of the asked kind or else of any; a new one where there is none. */
export function repoOf(world: World, name: string, options: RepoOptions): Repo {
  const kinds = options.type === undefined ? (["dataset", "model", "space"] as const) : [options.type];
  const known = kinds.map((kind) => world.repos.get(`${kind}/${name}`)).find((repo) => repo !== undefined);
  if (known !== undefined) {
    known.options = { ...known.options, ...options };
    return known;
  }
  const kind = kinds[0]!;
  const id = options.id ?? hex(`${world.seed} ${kind}/${name}`).slice(0, 24);
  const repo: Repo = { name, kind, options, id, commits: new Map(), refs: new Map() };
  world.repos.set(`${kind}/${name}`, repo);
  return repo;
}

export function renameRepo(world: World, repo: Repo, to: string): void {
  const [from, key] = [`${repo.kind}/${repo.name}`, `${repo.kind}/${to}`];
  world.repos.delete(from);
  for (const [old, target] of world.moved) if (target === from) world.moved.set(old, key);
  world.moved.set(from.toLowerCase(), key);
  world.moved.delete(key.toLowerCase());
  world.repos.set(key, repo);
  repo.name = to;
}

/** What the CDN calls the bytes: 64 hex digits that are not their sha256. */
export function objectHash(content: Content): string {
  return hex(`object ${content.sha256()}`);
}

/** Puts the bytes on the CDN and signs an address for them, good for a while. */
export function signedUrl(
  world: World,
  repo: Repo,
  object: { content: Content; disposition: string },
): string {
  const hash = objectHash(object.content);
  world.objects.set(hash, object.content);
  const path = `/xet-bridge-us/${repo.id}/${hash}`;
  const expires = Math.floor(world.now() / 1000) + world.signatures.lifetimeSeconds;
  world.signatures.made += 1;
  const query = [
    `response-content-disposition=${encodeURIComponent(object.disposition)}`,
    `Expires=${expires}`,
    `Signature=${sign(world, path, String(expires))}`,
    "Key-Pair-Id=LOOPBACK",
    // So that no two addresses are the same, though made within one second.
    `Serial=${world.signatures.made}`,
  ];
  return `${world.cdnUrl}${path}?${query.join("&")}`;
}

export function checkSignature(
  world: World,
  path: string,
  query: URLSearchParams,
): "good" | "bad" | "expired" {
  const expires = query.get("Expires") ?? "";
  const signature = query.get("Signature");
  if (signature === null || !/^\d+$/.test(expires)) return "bad";
  const signedBefore = (generation: number): boolean => signature === sign(world, path, expires, generation);
  const { generation } = world.signatures;
  if (signedBefore(generation)) return Number(expires) * 1000 > world.now() ? "good" : "expired";
  return Array.from({ length: generation }, (_, past) => past).some(signedBefore) ? "expired" : "bad";
}

function sign(world: World, path: string, expires: string, generation = world.signatures.generation): string {
  return createHmac("sha256", `${world.seed} ${generation}`).update(`${path}\n${expires}`).digest("hex");
}

function hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
