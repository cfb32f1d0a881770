import { type Clock, systemClock } from "../clock.ts";
import type { Disk } from "../disk/port.ts";
import { TritterError } from "../errors.ts";
import type { Emit } from "../events.ts";
import { chooseEndpoint } from "./endpoint.ts";
import { type Env, readEnvironment } from "./environment.ts";
import { openFolderHub } from "./folder.ts";
import { openHttpHub } from "./http.ts";
import type { Hub } from "./port.ts";

export { type Env, isOffline, readEnvironment } from "./environment.ts";

export interface HubSettings {
  /** From the manifest: an http(s) URL or an absolute folder. Gets no token by itself; undefined: the environment decides. */
  readonly endpoint: string | undefined;
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
  readonly clock?: Clock;
}

/** The Hub that flags, manifest and environment name, in that order. Throws USAGE for an endpoint that cannot be used, OFFLINE where there is no cache to stand in. */
export function openHub(settings: HubSettings): Hub {
  const { disk, emit, signal, connections, offline, clock = systemClock } = settings;
  const environment = readEnvironment(settings.env);
  const candidates = {
    flag: settings.endpointFlag,
    manifest: settings.endpoint,
    environment: environment.endpoint,
  };
  const endpoint = chooseEndpoint(candidates);
  if (endpoint.kind === "folder") return openFolderHub({ folder: endpoint.folder, disk, offline: false });
  if (offline) return openFolderHub({ folder: environment.cacheFolder ?? noCache(), disk, offline: true });
  const trust = { endpoints: [candidates.flag, candidates.environment], hosts: environment.tokenHosts };
  const userAgent = userAgentOf(settings, environment.userAgentOrigin);
  return openHttpHub({ endpoint, environment, trust, disk, emit, signal, userAgent, connections, clock });
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
