import { createHash } from "node:crypto";
import { type CanonicalValue, canonicalJson } from "../../schema/canonical.ts";
import { type Commit, parseCommit, type RepoType } from "../../schema/ids.ts";
import type { Gated } from "../../schema/lock.ts";
import { TritterError } from "../errors.ts";
import type { Client } from "./client.ts";
import type { RepoRef, Resolved } from "./port.ts";
import type { Subject } from "./refusals.ts";
import { clean } from "./text.ts";
import { checkedName, isRepoName } from "./urls.ts";

/** Revision → commit and terms, in one request. Throws as `Hub.resolve` says. */
export async function resolveRevision(
  client: Client,
  repo: RepoRef,
  { revision, signal }: { revision: string; signal: AbortSignal },
): Promise<Resolved> {
  checkedName(repo.repo);
  const asked = parseCommit(revision);
  const action = `cannot resolve ${repo.type} "${clean(repo.repo)}" at "${clean(revision)}"`;
  const subject: Subject = { action, repo, commit: asked };
  const info = await askInfo(client, repo, { revision, subject, signal });
  const commit = parseCommit(typeof info.sha === "string" ? info.sha : "");
  if (commit === undefined) throw malformed(action, "names no commit");
  if (asked !== undefined && commit !== asked) throw malformed(action, `answers with commit ${commit}`);
  if (typeof info.name !== "string" || !isRepoName(info.name)) throw malformed(action, "names no repository");
  return {
    commit,
    repo: info.name,
    id: typeof info.id === "string" && /^[\w-]{1,64}$/.test(info.id) ? info.id : undefined,
    gated: GATED.find((value) => value === info.gated),
    private: typeof info.private === "boolean" ? info.private : undefined,
    disabled: typeof info.disabled === "boolean" ? info.disabled : undefined,
    licenses: licensesOf(info.cardData, info.tags),
    gate: info.gated === "auto" || info.gated === "manual" ? gateOf(info.cardData, action) : undefined,
  };
}

/** Members of a card that the page before a gate is made of: https://huggingface.co/docs/hub/datasets-gated */
const GATE_TEXT = ["heading", "prompt", "fields", "description", "button_content", "eu_disallowed"].map(
  (name) => `extra_gated_${name}`,
);

/** Of a gate without words too: the day it gets some is a change. */
export function gateOf(card: unknown, action: string): string {
  const told = typeof card === "object" && card !== null ? (card as Record<string, CanonicalValue>) : {};
  const text = Object.fromEntries(GATE_TEXT.map((name) => [name, told[name]]));
  try {
    return `sha256:${createHash("sha256").update(canonicalJson(text)).digest("hex")}`;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw malformed(action, "is nested too deep");
  }
}

/** The card's `license`, else the tags `license:…`; empty where the repository names none. */
export function licensesOf(card: unknown, tags: unknown): readonly string[] {
  const named = typeof card === "object" && card !== null && "license" in card ? card.license : undefined;
  const fromCard = texts(Array.isArray(named) ? named : [named]);
  if (fromCard.length > 0) return fromCard;
  const labels = texts(Array.isArray(tags) ? tags : []).filter((tag) => tag.startsWith("license:"));
  return texts(labels.map((tag) => tag.slice("license:".length)));
}

/** Names are the library's: `id` is the Hub's `_id`, `name` its `id`. Untrusted. */
type Info = Readonly<
  Partial<Record<"id" | "name" | "sha" | "gated" | "private" | "disabled" | "cardData" | "tags", unknown>>
>;

/**
 * The library builds the request and reads the answer; the bytes come by our own client, which has the token, the
 * redirects, the retries and the Hub's reasons for a refusal (the library keeps none of its headers).
 */
async function askInfo(
  client: Client,
  { type, repo }: RepoRef,
  { revision, subject, signal }: { revision: string; subject: Subject; signal: AbortSignal },
): Promise<Info> {
  const library = await import("./huggingface.ts");
  const fetch = async (url: string) => {
    const { text } = await client.getText(url, { subject, signal });
    return { ok: true, json: () => parseObject(text, subject.action) };
  };
  const ask = library[ASKERS[type]] as unknown as (params: object) => Promise<Info>;
  return ask({ name: repo, revision, hubUrl: client.endpoint.url, additionalFields: FIELDS, fetch });
}

const ASKERS = { dataset: "datasetInfo", model: "modelInfo", space: "spaceInfo" } as const satisfies Record<
  RepoType,
  string
>;
const FIELDS = ["sha", "tags", "cardData", "disabled"];
const GATED: readonly Gated[] = [false, "auto", "manual"];

function parseObject(text: string, action: string): object {
  const value = parseJson(text, action);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw malformed(action, "is no object");
}

/** Throws HUB: what answers is no Hub, such as the login page of a network. */
export function parseJson(text: string, action: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const hint = "check the endpoint, and that no login page of the network stands before it";
    throw new TritterError({ code: "HUB", message: `${action}: the Hub's answer is not JSON`, hint }, error);
  }
}

export function malformed(action: string, how: string): TritterError {
  const hint = "a proxy or mirror may stand between; try another endpoint";
  return new TritterError({ code: "HUB", message: `${action}: the Hub's answer ${how}`, hint });
}

/** Begins the messages about a commit of a repository. */
export function subjectAt(verb: string, repo: RepoRef, commit: Commit): Subject {
  return { action: `cannot ${verb} ${repo.type} "${clean(repo.repo)}" at ${commit}`, repo, commit };
}

function texts(values: readonly unknown[]): readonly string[] {
  return values
    .filter((value) => typeof value === "string")
    .map((value) => clean(value))
    .filter((value) => value !== "");
}
