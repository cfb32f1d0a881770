import type { Context } from "../../context.ts";
import { problemsOf } from "../../errors.ts";
import {
  type Account,
  type Budget,
  type Choice,
  type Endpoint,
  endpointChosen,
  type HubSettings,
  type Knock,
  mirrorsOf,
  openWay,
  type ProxyUse,
  type TokenUse,
} from "../../hub/index.ts";
import { endpointOf, hubSettings, type Project, type ProjectOptions } from "../load.ts";
import type { Found } from "./finding.ts";
import { probe } from "./probe.ts";

/** ms for each question to the network */
export const NETWORK_MS = 10_000;

/** A further endpoint, by what was asked of it; nothing of a folder, and no knock offline. */
export interface MirrorLine {
  readonly endpoint: Endpoint;
  readonly token?: Found<TokenUse>;
  readonly knock?: Found<Knock>;
}

/** The way to the Hub, by what was asked of it. */
export interface Line {
  readonly choice: Found<Choice>;
  readonly mirrors: readonly MirrorLine[];
  /** Unset for a folder, which is asked nothing. */
  readonly proxy?: Found<ProxyUse>;
  readonly token?: Found<TokenUse>;
  /** Unset offline, too. */
  readonly knock?: Found<Knock>;
  readonly account?: Found<Account | undefined>;
}

export async function lookAtLine(
  context: Context,
  options: ProjectOptions,
  {
    project,
    offline,
    onBudget,
  }: {
    readonly project: Project | undefined;
    readonly offline: boolean;
    readonly onBudget: (budget: Budget) => void;
  },
): Promise<Line> {
  const wanted = {
    manifest: project?.manifest.endpoint,
    flag: endpointOf(context, options.endpoint),
    offline,
  };
  const settings = { ...hubSettings(context, wanted, 2), mirrors: project?.manifest.mirrors ?? [], onBudget };
  const choice = now(() => endpointChosen(settings));
  if (choice.kind !== "got") return { choice, mirrors: [] };
  const further = now(() => mirrorsOf(settings));
  if (further.kind !== "got") return { choice: further, mirrors: [] };
  const asked = further.value.map((endpoint) => askMirror(context, settings, { endpoint, offline }));
  const [first, mirrors] = await Promise.all([
    askFirst(context, settings, { choice: choice.value, offline }),
    Promise.all(asked),
  ]);
  return { choice, mirrors, ...first };
}

async function askMirror(
  context: Context,
  settings: HubSettings,
  { endpoint, offline }: { endpoint: Endpoint; offline: boolean },
): Promise<MirrorLine> {
  if (endpoint.kind === "folder") return { endpoint };
  const way = openWay(settings, endpoint);
  try {
    const token = probe(context, NETWORK_MS, () => way.token());
    if (offline) return { endpoint, token: await token };
    const knock = probe(context, NETWORK_MS, way.knock);
    return { endpoint, token: await token, knock: await knock };
  } finally {
    await way.close();
  }
}

async function askFirst(
  context: Context,
  settings: HubSettings,
  { choice: { endpoint }, offline }: { choice: Choice; offline: boolean },
): Promise<Omit<Line, "choice" | "mirrors">> {
  if (endpoint.kind === "folder") return {};
  const way = openWay(settings, endpoint);
  try {
    const proxy = now(() => way.proxy());
    const token = probe(context, NETWORK_MS, () => way.token());
    if (offline) return { proxy, token: await token };
    const knock = probe(context, NETWORK_MS, way.knock);
    const account = probe(context, NETWORK_MS, way.account);
    return { proxy, token: await token, knock: await knock, account: await account };
  } finally {
    await way.close();
  }
}

function now<T>(ask: () => T): Found<T> {
  try {
    return { kind: "got", value: ask() };
  } catch (error) {
    const [problem] = problemsOf(error);
    if (problem === undefined) throw error;
    return { kind: "refused", problem };
  }
}
