import type { Context } from "../../context.ts";
import { problemsOf } from "../../errors.ts";
import {
  type Account,
  type Budget,
  type Choice,
  endpointChosen,
  type Knock,
  openWay,
  type ProxyUse,
  type TokenUse,
} from "../../hub/index.ts";
import { endpointOf, hubSettings, type Project, type ProjectOptions } from "../load.ts";
import type { Found } from "./finding.ts";
import { probe } from "./probe.ts";

/** ms for each question to the network */
export const NETWORK_MS = 10_000;

/** The way to the Hub, by what was asked of it. */
export interface Line {
  readonly choice: Found<Choice>;
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
  const settings = { ...hubSettings(context, wanted, 2), onBudget };
  const choice = now(() => endpointChosen(settings));
  if (choice.kind !== "got" || choice.value.endpoint.kind === "folder") return { choice };
  const way = openWay(settings, choice.value.endpoint);
  try {
    const proxy = now(() => way.proxy());
    const token = probe(context, NETWORK_MS, () => way.token());
    if (offline) return { choice, proxy, token: await token };
    const knock = probe(context, NETWORK_MS, way.knock);
    const account = probe(context, NETWORK_MS, way.account);
    return { choice, proxy, token: await token, knock: await knock, account: await account };
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
