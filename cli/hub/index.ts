import { type Clock, systemClock } from "../clock.ts";
import type { Disk } from "../disk/port.ts";
import { TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { Heard } from "./client.ts";
import { chooseEndpoint, type Endpoint, type HttpEndpoint, parseEndpoint } from "./endpoint.ts";
import { type Env, type HubEnvironment, proxyVariables, readEnvironment } from "./environment.ts";
import { openFolderHub } from "./folder.ts";
import { type Budget, budgetOf } from "./gate.ts";
import { type HttpSettings, openHttpHub } from "./http.ts";
import { openMirrors } from "./mirrors.ts";
import type { Hub } from "./port.ts";
import { type Way, wayTo } from "./way.ts";

export type { Endpoint } from "./endpoint.ts";
export { type Env, isOffline, readEnvironment } from "./environment.ts";
export type { Budget } from "./gate.ts";
export type { Account, Knock, ProxyUse, TokenUse } from "./way.ts";

export interface HubSettings {
  /** From the manifest: an http(s) URL or an absolute folder. Gets no token by itself; undefined: the environment decides. */
  readonly endpoint: string | undefined;
  /** From the manifest, further ones with the same: bytes may come from any. Not asked where another than the manifest's is. */
  readonly mirrors?: readonly string[];
  /** `--endpoint`: goes before the manifest's, and is trusted with the token. */
  readonly endpointFlag: string | undefined;
  readonly env: Env;
  /** An http endpoint becomes this machine's own Hub cache, and no socket is opened. */
  readonly offline: boolean;
  readonly disk: Disk;
  readonly emit: Emit;
  /** Ends questions under way; `open` takes its own. */
  readonly signal: AbortSignal;
  /** tritter's, for the User-Agent. */
  readonly version: string;
  /** Node's, for the User-Agent. */
  readonly node?: string;
  /** most sockets to one origin */
  readonly connections: number;
  /** How often a question is asked that meets trouble, where there is one endpoint; default: five times. */
  readonly tries?: number;
  readonly clock?: Clock;
  /** Hears what every answer of an HTTP Hub says of the requests that are left. */
  readonly onBudget?: (budget: Budget) => void;
}

/** The Hub that flags, manifest and environment name, in that order. Throws USAGE for an endpoint that cannot be used, OFFLINE where there is no cache to stand in. */
export function openHub(settings: HubSettings): Hub {
  const { disk, offline } = settings;
  const environment = readEnvironment(settings.env);
  const endpoint = chooseEndpoint(candidatesOf(settings, environment));
  const all = [endpoint, ...mirrorsOf(settings)];
  const folders = all.filter((one) => one.kind === "folder");
  const https = all.filter((one) => one.kind === "http");
  const openFolder = (folder: string, isCache: boolean) => openFolderHub({ folder, disk, offline: isCache });
  if (offline && https.length > 0) {
    const cache = environment.cacheFolder ?? (folders.length > 0 ? undefined : noCache());
    const here = folders.map(({ folder }) => openFolder(folder, false));
    return mirrored(settings, cache === undefined ? here : [...here, openFolder(cache, true)]);
  }
  const tries = all.length === 1 ? settings.tries : 1;
  const open = (one: Endpoint) =>
    one.kind === "folder"
      ? openFolder(one.folder, false)
      : openHttpHub(httpSettings(settings, one, environment), tries);
  return mirrored(settings, all.map(open));
}

/** The further endpoints that `openHub` would open: those of the manifest, where that has the word. Throws USAGE for one that cannot be used. */
export function mirrorsOf({ endpoint, endpointFlag, mirrors = [] }: HubSettings): readonly Endpoint[] {
  if (endpointFlag !== undefined || endpoint === undefined) return [];
  return mirrors.map((one) => parseEndpoint(one, "the manifest's endpoints"));
}

function mirrored({ emit, signal, clock = systemClock }: HubSettings, hubs: readonly Hub[]): Hub {
  const [only] = hubs;
  return hubs.length === 1 && only !== undefined ? only : openMirrors({ hubs, clock, emit, signal });
}

function candidatesOf({ endpoint, endpointFlag }: HubSettings, environment: HubEnvironment) {
  return { flag: endpointFlag, manifest: endpoint, environment: environment.endpoint };
}

function httpSettings(
  settings: HubSettings,
  endpoint: HttpEndpoint,
  environment: HubEnvironment,
): HttpSettings {
  const { disk, emit, signal, connections, endpointFlag, clock = systemClock, onBudget } = settings;
  const trust = { endpoints: [endpointFlag, environment.endpoint], hosts: environment.tokenHosts };
  const userAgent = userAgentOf(settings, environment.userAgentOrigin);
  const onAnswer = ({ headers }: Heard) => {
    const budget = budgetOf(headers);
    if (budget !== undefined) onBudget?.(budget);
  };
  return { endpoint, environment, trust, disk, emit, signal, userAgent, connections, clock, onAnswer };
}

export interface Choice {
  readonly endpoint: Endpoint;
  /** Who named it; undefined: nobody did. */
  readonly from: "--endpoint" | "tritter.yaml" | "HF_ENDPOINT" | undefined;
}

/** The endpoint that `openHub` would open. Throws USAGE for one that cannot be used. */
export function endpointChosen(settings: HubSettings): Choice {
  const candidates = candidatesOf(settings, readEnvironment(settings.env));
  const endpoint = chooseEndpoint(candidates);
  if (candidates.flag !== undefined) return { endpoint, from: "--endpoint" };
  if (candidates.manifest !== undefined) return { endpoint, from: "tritter.yaml" };
  return { endpoint, from: candidates.environment === undefined ? undefined : "HF_ENDPOINT" };
}

/** What lies between here and an HTTP endpoint. */
export function openWay(settings: HubSettings, endpoint: HttpEndpoint): Way {
  const environment = readEnvironment(settings.env);
  return wayTo({
    http: httpSettings(settings, endpoint, environment),
    variables: proxyVariables(settings.env),
  });
}

function userAgentOf({ version, node }: HubSettings, origin: string | undefined): string {
  const parts = [`tritter/${version}`, node === undefined ? undefined : `node/${node}`, origin];
  return parts
    .filter((part) => part !== undefined)
    .join("; ")
    .replace(/[^\x20-\x7e]/g, "");
}

function noCache(): never {
  throw new TritterError({
    code: "OFFLINE",
    message: "cannot work offline: there is no Hub cache folder",
    hint: "set HF_HUB_CACHE or HF_HOME, or run without --offline",
  });
}
