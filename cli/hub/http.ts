import type { Clock } from "../clock.ts";
import type { Disk } from "../disk/port.ts";
import type { Emit } from "../events.ts";
import { type Client, createClient, type Heard } from "./client.ts";
import { listCommits } from "./commits.ts";
import { createDownloads } from "./download.ts";
import type { HttpEndpoint } from "./endpoint.ts";
import type { HubEnvironment } from "./environment.ts";
import { resolveRevision } from "./info.ts";
import { createLanes } from "./lanes.ts";
import { listFolder, listTree } from "./listing.ts";
import type { Hub } from "./port.ts";
import { answersAreOk, createRefusals, type Refusals } from "./refusals.ts";
import { readToken, type Token, type Trust } from "./token.ts";
import { createTransport, type Transport } from "./transport.ts";

export interface HttpSettings {
  readonly endpoint: HttpEndpoint;
  readonly environment: HubEnvironment;
  readonly trust: Trust;
  readonly disk: Disk;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  readonly userAgent: string;
  readonly connections: number;
  readonly clock: Clock;
  /** Hears of every answer. */
  readonly onAnswer?: ((answer: Heard) => void) | undefined;
}

/**
 * A Hub over HTTP. Opens no socket and reads no file before the first question. `tries`: of opening a file; unset: as many as
 * pay where nobody else can be asked.
 */
export function openHttpHub(settings: HttpSettings, tries?: number): Hub {
  const { endpoint, signal } = settings;
  const { client, refusals, close } = openLine(settings);
  const lanes = createLanes({ ceiling: settings.connections, clock: settings.clock, emit: settings.emit });
  const downloads = createDownloads(client, refusals, { lanes, tries });
  return {
    label: endpoint.url,
    resolve: (repo, revision) => resolveRevision(client, repo, { revision, signal }),
    list: (repo, commit, prefix) => listTree(client, repo, { commit, prefix, signal }),
    entries: (repo, commit, folder) => listFolder(client, repo, { commit, prefix: folder, signal }),
    open: downloads.open,
    commits: (repo, revision) => listCommits(client, repo, { revision, signal }),
    access: (repo, commit, path) => downloads.access(repo, { commit, path, signal }),
    close,
  };
}

/** What all questions to an endpoint go through. */
export function openLine(settings: HttpSettings): {
  readonly client: Client;
  readonly refusals: Refusals;
  readonly token: () => Promise<Token>;
  readonly close: () => Promise<void>;
} {
  const { endpoint, environment, disk, signal, trust } = settings;
  let opened: Promise<Transport> | undefined;
  const transport = () => (opened ??= createTransport(settings));
  const token = once(() => readToken(endpoint.origin, environment, { disk, trust }));
  const tokenIsValid = once(() => whoAmI(client, signal));
  const refusals = createRefusals({ base: endpoint.url, token, tokenIsValid });
  const client: Client = createClient({ ...settings, transport, token, refusals });
  return {
    client,
    refusals,
    token,
    close: async () => void (await (await opened?.catch(() => undefined))?.destroy()),
  };
}

/** Whether the Hub knows the token; undefined where it does not say. The library's whoAmI refuses tokens that do not begin with `hf_`. */
async function whoAmI(client: Client, signal: AbortSignal): Promise<boolean | undefined> {
  const url = new URL(`${client.endpoint.url}/api/whoami-v2`);
  const subject = {
    action: "cannot check the token",
    repo: { type: "model", repo: "unknown" },
    commit: undefined,
  } as const;
  try {
    const { status, body } = await client.follow({ url, subject, signal, headers: {} });
    body.cancel();
    return answersAreOk(status) ? true : status === 401 ? false : undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return undefined;
  }
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
