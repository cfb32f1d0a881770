import { formatBytes, formatCount, formatDuration, formatNumber } from "../../../schema/format.ts";
import type { Runtime } from "../../context.ts";
import type { Budget, Choice, Knock, TokenUse } from "../../hub/index.ts";
import type { Project } from "../load.ts";
import type { SourceAccess } from "./access.ts";
import { type Finding, type Found, ofProblem, said, type Topic } from "./finding.ts";
import type { Line, MirrorLine } from "./line.ts";
import type { Place, Planned } from "./place.ts";

// What was found becomes lines here. A line fails only where the next sync would: what that does not need is a warning.

/** What the next sync needs of the world. */
export interface Need {
  /** Something is to be fetched or locked, or that is not known. */
  readonly network: boolean;
  /** Sources of which something is; undefined: it may be all. */
  readonly sources: ReadonlySet<string> | undefined;
}

export function needOf({
  project,
  stale,
  place,
}: {
  readonly project: Project | undefined;
  readonly stale: ReadonlySet<string>;
  readonly place: Place | undefined;
}): Need {
  const plan = place?.plan?.kind === "got" ? place.plan.value.plan : undefined;
  if (project?.lock === undefined || plan === undefined) return { network: true, sources: undefined };
  const digests = new Set(plan.blobs.filter(({ from }) => from.kind === "fetch").map(({ digest }) => digest));
  const fetched = plan.writes.filter(({ want }) => digests.has(want.digest)).map(({ want }) => want.source);
  const sources = new Set([...fetched, ...stale]);
  return { network: sources.size > 0, sources };
}

/** First versions that are supported, by their major; the last stands for all after it. package.json says the same. */
export const SUPPORTED_NODE = ["20.19.0", "22.12.0", "24"] as const;

export function supportsNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const lines = SUPPORTED_NODE.map((first) => first.split(".").map(Number));
  return lines.some(([least = 0, from = 0], index) =>
    index === lines.length - 1 ? major >= least : major === least && minor >= from,
  );
}

export function nodeLine(runtime: Runtime | undefined): Finding {
  if (runtime === undefined) return said("node", "skipped", "not told by the program that asks");
  const { node, platform } = runtime;
  const facts = { version: node, platform, supported: supportsNode(node) };
  if (facts.supported) return said("node", "ok", `${node} on ${platform}`, { facts });
  const [first, second, last] = SUPPORTED_NODE;
  const hint = `use Node.js ${first} or later of 20, ${second} or later of 22, or ${last} and later`;
  return said("node", "warn", `${node} is not supported`, { facts, hint });
}

export function isFolder({ choice }: Line): boolean {
  return choice.kind === "got" && choice.value.endpoint.kind === "folder";
}

const OFFLINE = "left out: --offline";

export function lineLines(
  { choice, mirrors, proxy, token, knock, account }: Line,
  { need, offline, now }: { need: Need; offline: boolean; now: number },
): readonly Finding[] {
  if (choice.kind === "refused") return [ofProblem("endpoint", choice.problem, { grave: true })];
  if (choice.kind === "late") return [];
  const { endpoint } = choice.value;
  if (endpoint.kind === "folder") {
    const facts = { folder: endpoint.folder, from: choice.value.from ?? null };
    const first = said("endpoint", "ok", `the folder ${endpoint.folder}${fromText(choice.value)}`, { facts });
    return [first, ...mirrors.map(mirrorLine)];
  }
  const { url } = endpoint;
  return [
    endpointLine(choice.value, url, { knock, grave: need.network && !mirrors.some(isThere) }),
    ...mirrors.map(mirrorLine),
    ...(proxy === undefined ? [] : [proxyLine(proxy)]),
    ...(token === undefined ? [] : [tokenLine(token, { account, need, url, now })]),
    knock?.kind === "got"
      ? clockLine(knock.value)
      : said("clock", "skipped", offline ? OFFLINE : "the Hub told no time"),
  ];
}

function endpointLine(
  choice: Choice,
  url: string,
  { knock, grave }: { knock: Line["knock"]; grave: boolean },
): Finding {
  const finding = knockLine(url, knock, { grave, facts: { url, from: choice.from ?? null } });
  if (finding.state !== "ok") return finding;
  return { ...finding, message: `${url}${fromText(choice)}: ${finding.message}` };
}

/** Bytes may come from the others: that one of several cannot be had is nothing to fail by. */
function mirrorLine({ endpoint, token, knock }: MirrorLine): Finding {
  const from = "tritter.yaml";
  if (endpoint.kind === "folder")
    return said("endpoint", "ok", `also the folder ${endpoint.folder}`, {
      facts: { folder: endpoint.folder, from },
    });
  const { url } = endpoint;
  const use = token?.kind === "got" ? token.value : undefined;
  const facts = { url, from, token: use?.state ?? null };
  const finding = knockLine(url, knock, { grave: false, facts });
  const gets = use === undefined ? "" : tokenText(use, new URL(url).host);
  if (finding.state !== "ok" && finding.state !== "skipped") return finding;
  return { ...finding, message: `also ${url}${gets}: ${finding.message}` };
}

function tokenText({ state, why }: TokenUse, host: string): string {
  if (state === "sent") return ", which gets the token";
  if (state !== "withheld") return "";
  return why === "plain"
    ? ", which gets no token, since it is not https"
    : `, which gets no token (TRITTER_TOKEN_HOSTS=${host} would send it)`;
}

/** Something can be asked there. */
export function isThere({ endpoint, knock }: MirrorLine): boolean {
  return endpoint.kind === "folder" || knock?.kind === "got";
}

function knockLine(
  url: string,
  knock: Line["knock"],
  { grave, facts }: { grave: boolean; facts: Finding["facts"] },
): Finding {
  if (knock === undefined) return said("endpoint", "skipped", OFFLINE, { facts });
  if (knock.kind === "refused") return ofProblem("endpoint", knock.problem, { grave, facts });
  if (knock.kind === "late") {
    const message = `cannot reach "${url}": no answer in ${formatDuration(knock.ms)}`;
    const hint = "check the network, proxy and firewall";
    return ofProblem("endpoint", { code: "NETWORK", message, hint }, { grave, facts });
  }
  const { status, ms, speaksJson } = knock.value;
  const all = { ...facts, status, ms };
  if (status >= 500 || status === 407)
    return said("endpoint", "warn", `${url} answers with status ${status}`, {
      facts: all,
      hint: "try again later, or use another endpoint",
    });
  if (!speaksJson)
    return said("endpoint", "warn", `${url} answers, and not as the Hub does (status ${status})`, {
      facts: all,
      hint: "check that no login page of the network stands before it, and the endpoint's address",
    });
  return said("endpoint", "ok", `first byte after ${Math.round(ms)} ms`, { facts: all });
}

function fromText({ from }: Choice): string {
  return from === undefined ? "" : ` (from ${from})`;
}

function proxyLine(proxy: NonNullable<Line["proxy"]>): Finding {
  if (proxy.kind !== "got") return unmade("proxy", proxy, true);
  const { route, variable, url } = proxy.value;
  const facts = { route, variable: variable ?? null, url: url ?? null };
  switch (route) {
    case "direct":
      return said("proxy", "ok", "none is set", { facts });
    case "loopback":
      return said("proxy", "ok", "not used: loopback is asked directly", { facts });
    case "no-proxy":
      return said("proxy", "ok", `not used for this endpoint, by ${variable}`, { facts });
    case "proxy":
      return said("proxy", "ok", `${url}, from ${variable}`, { facts });
    default:
      return route satisfies never;
  }
}

/** ms before a token expires from which on one should know */
const SOON_MS = 7 * 24 * 3_600_000;

function tokenLine(
  token: NonNullable<Line["token"]>,
  { account, need, url, now }: { account: Line["account"]; need: Need; url: string; now: number },
): Finding {
  if (token.kind !== "got") return unmade("token", token, need.network);
  const use = token.value;
  const facts = { state: use.state, from: use.from ?? null, goesTo: use.goesTo };
  if (use.state === "none")
    return said("token", "ok", "none is set: open repositories only, at a lower rate", { facts });
  if (use.state === "off")
    return said("token", "warn", `the one in ${use.from} is not used, by HF_HUB_DISABLE_IMPLICIT_TOKEN`, {
      facts,
      hint: "unset HF_HUB_DISABLE_IMPLICIT_TOKEN to use it",
    });
  if (use.state === "withheld") return withheldLine(use, url, facts);
  const to = `goes to ${use.goesTo.join(", ")}${use.goesTo.length === 0 ? "loopback" : " and loopback"} alone`;
  if (account === undefined || account.kind === "late")
    return said("token", "ok", `from ${use.from}, ${to}; whose it is was not asked`, { facts });
  if (account.kind === "refused") {
    const isBad = account.problem.code === "ACCESS_BAD_TOKEN";
    if (!isBad) return said("token", "ok", `from ${use.from}, ${to}; whose it is cannot be asked`, { facts });
    const message = `the one in ${use.from}: ${account.problem.message}`;
    return ofProblem("token", { ...account.problem, message }, { grave: need.network, facts });
  }
  if (account.value === undefined)
    return said("token", "ok", `from ${use.from}, ${to}; this Hub does not say whose it is`, { facts });
  const { name, role, readsGated, expiresAt } = account.value;
  const all = {
    ...facts,
    account: name,
    role: role ?? null,
    readsGated: readsGated ?? null,
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  };
  const who = `from ${use.from}: account "${name}"${role === undefined ? "" : `, role ${role}`}; ${to}`;
  const left = expiresAt === undefined ? undefined : expiresAt - now;
  if (left !== undefined && left < SOON_MS)
    return said("token", "warn", `${who}; expires ${left < 0 ? "now" : `in ${formatDuration(left)}`}`, {
      facts: all,
      hint: `make a new token at ${url}/settings/tokens`,
    });
  if (readsGated === false)
    return said("token", "warn", `${who}; it may not read gated repositories`, {
      facts: all,
      hint: `at ${url}/settings/tokens let the token read public gated repositories`,
    });
  return said("token", "ok", who, { facts: all });
}

function withheldLine({ why, from }: TokenUse, url: string, facts: Finding["facts"]): Finding {
  const { host } = new URL(url);
  const hint =
    why === "plain"
      ? `a token is sent over https only: use an https address of "${host}"`
      : `if you trust "${host}" with your token, set TRITTER_TOKEN_HOSTS=${host}`;
  return said("token", "warn", `the one in ${from} is not sent to "${host}"`, { facts, hint });
}

/** ms; a signed address holds an hour, and `min-age` counts days */
const MOST_SKEW = 60_000;

function clockLine({ skew }: Knock): Finding {
  if (skew === undefined) return said("clock", "skipped", "the Hub told no time");
  const facts = { skewMs: skew };
  const off = Math.abs(skew);
  if (off <= MOST_SKEW)
    return said("clock", "ok", `within ${formatDuration(Math.max(off, 1000))} of the Hub's`, { facts });
  const message = `${formatDuration(off)} ${skew > 0 ? "behind" : "ahead of"} the Hub's`;
  const hint = "set the clock: certificates, signed addresses, as-of and min-age are judged by it";
  return said("clock", "warn", message, { facts, hint });
}

export function accessLines(
  access: readonly SourceAccess[] | undefined,
  { need, offline, project }: { need: Need; offline: boolean; project: Project | undefined },
): readonly Finding[] {
  if (project === undefined) return [];
  if (access === undefined)
    return [said("access", "skipped", offline ? OFFLINE : "not asked: the Hub cannot be reached")];
  const fallbacks = new Map(project.manifest.sources.map((one) => [one.name, one.fallbacks.length]));
  const locked = new Set(project.lock?.sources.map(({ name }) => name));
  return access.map((one) => {
    const { source, repo, gated, outcome, problem } = one;
    const facts = { repo, gated: gated ?? null, outcome };
    if (outcome === "granted") {
      const how = gated === "auto" || gated === "manual" ? "gated, and granted" : "granted";
      return said("access", "ok", `${repo}: ${how}`, { source, facts });
    }
    if (problem === undefined)
      return said("access", "warn", `${repo}: no answer in time`, { source, facts, hint: "try again later" });
    const hasStandIn = !locked.has(source) && (fallbacks.get(source) ?? 0) > 0;
    const isNeeded = (need.sources?.has(source) ?? true) && !hasStandIn;
    const hint = hasStandIn ? `a fallback will stand in; or ${problem.hint ?? "mend it"}` : problem.hint;
    const told = { ...problem, source, ...(hint !== undefined && { hint }) };
    return ofProblem("access", told, { grave: isNeeded, facts });
  });
}

/** Of a blob in LFS the Hub is asked once, and sends elsewhere; of one in git a second time, and answers itself. */
function requestsFor({ plan }: Planned): number {
  return plan.blobs
    .filter(({ from }) => from.kind === "fetch")
    .reduce((sum, { digest }) => sum + (digest.startsWith("git:") ? 2 : 1), 0);
}

/** ms that the Hub's windows make so many requests wait at least; undefined: not known. */
export function waitFor(needed: number, budget: Budget): number | undefined {
  const { remaining, seconds, quota, window } = budget;
  if (needed <= remaining) return 0;
  if (quota === undefined || quota === 0) return undefined;
  const windows = Math.ceil((needed - remaining) / quota);
  return (seconds + (windows - 1) * window) * 1000;
}

export function requestLine({
  place,
  budgets,
  line,
  offline,
}: {
  readonly place: Place | undefined;
  readonly budgets: ReadonlyMap<string, Budget>;
  readonly line: Line;
  readonly offline: boolean;
}): readonly Finding[] {
  if (place?.plan?.kind !== "got" || isFolder(line)) return [];
  const needed = requestsFor(place.plan.value);
  const told = [...budgets.values()].map((budget) => ({ ...budget }));
  const facts = { needed, budgets: told };
  const asked = formatCount(needed, "request");
  if (needed === 0) return [said("requests", "ok", "none for files", { facts })];
  if (offline) return [said("requests", "skipped", OFFLINE, { facts })];
  const budget = budgets.get("resolvers");
  if (budget === undefined)
    return [said("requests", "ok", `${asked} for files; the Hub names no limit`, { facts })];
  const waitMs = waitFor(needed, budget);
  const left = `${formatNumber(budget.remaining)} left in the next ${formatDuration(budget.seconds * 1000)}`;
  const all = { ...facts, waitMs: waitMs ?? null };
  if (waitMs === 0) return [said("requests", "ok", `${asked} for files, ${left}`, { facts: all })];
  const long = waitMs === undefined ? "" : `: at least ${formatDuration(waitMs)} for the rate limit alone`;
  const hasToken = line.token?.kind === "got" && line.token.value.state === "sent";
  const hint = hasToken
    ? "nothing to do: sync waits as it is told to; a higher plan raises the limit"
    : "set HF_TOKEN: a token raises the limit";
  return [said("requests", "warn", `${asked} for files, ${left}${long}`, { facts: all, hint })];
}

export function placeLines(
  place: Place | undefined,
  { project, platform }: { project: Project | undefined; platform: string | undefined },
): readonly Finding[] {
  if (place === undefined || project === undefined) return [];
  const { root, twins, longest } = place;
  const planned = place.plan?.kind === "got" ? place.plan.value : undefined;
  const isIdle = planned !== undefined && planned.plan.writes.length + planned.plan.prunes.length === 0;
  const lines: Finding[] = [];
  if (root.kind === "got") {
    const { path, exists, abilities } = root.value;
    lines.push(
      said("root", "ok", `${path}${exists ? "" : " (sync will make it)"}, and can be written to`, {
        facts: { path, exists },
      }),
    );
    const { reflink, hardLink, symlink, foldsCase, unicode } = abilities;
    const words = Object.entries({ reflink, "hard link": hardLink, symlink });
    const can = words.filter(([, works]) => works).map(([name]) => name);
    const cannot = words.filter(([, works]) => !works).map(([name]) => name);
    const second = reflink ? "copies share their blocks" : "a second path with the same bytes is a copy";
    const without = cannot.length === 0 ? "" : `, no ${cannot.join(", no ")}`;
    lines.push(
      said("links", "ok", `${can.join(", ") || "none"}${without}: ${second}`, {
        facts: { reflink, hardLink, symlink },
      }),
      namesLine({ foldsCase, unicode, twins }),
      ...longLine(longest, platform),
    );
  } else lines.push(unmade("root", root, !isIdle));
  return [...lines, ...planLines(place, project, planned)];
}

/** Of a path with its end mark, where a program does not ask for more: https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation */
const WINDOWS_PATH = 260;

/** Node asks for more, so a sync works; what reads the files afterwards may not. */
function longLine(longest: number, platform: string | undefined): readonly Finding[] {
  if (platform !== "win32" || longest < WINDOWS_PATH) return [];
  return [
    said(
      "names",
      "warn",
      `the longest path has ${longest} characters: many programs on Windows open none of ${WINDOWS_PATH}`,
      {
        facts: { longest },
        hint: 'give the root or the source\'s "path" a shorter name, or switch on long paths in Windows',
      },
    ),
  ];
}

function namesLine({
  foldsCase,
  unicode,
  twins,
}: {
  foldsCase: boolean;
  unicode: "kept" | "folded" | "changed";
  twins: number;
}): Finding {
  const facts = { foldsCase, unicode, twins };
  const forms = {
    kept: "each Unicode form is a name of its own",
    folded: "Unicode forms of one name are one file",
    changed: "names are stored in another Unicode form",
  };
  const words = `${foldsCase ? "A and a are one file" : "A and a are two files"}; ${forms[unicode]}`;
  if (twins === 0 || (!foldsCase && unicode === "kept")) return said("names", "ok", words, { facts });
  return said(
    "names",
    "warn",
    `${words}: ${formatCount(twins, "path")} of the lock would be another's file`,
    {
      facts,
      hint: "put the root on a disk that tells such names apart, or exclude one of each pair",
    },
  );
}

function planLines(
  { plan, room }: Place,
  project: Project,
  planned: Planned | undefined,
): readonly Finding[] {
  if (plan === undefined) return [said("plan", "skipped", "nothing is locked yet"), ...freeLine(room)];
  if (planned === undefined) {
    if (plan.kind === "refused") return [ofProblem("plan", plan.problem, { grave: true })];
    const late = plan.kind === "late" ? formatDuration(plan.ms) : "";
    return [
      said("plan", "warn", `not known after ${late}: there are many bytes to read first`, {
        hint: "run tritter sync --dry-run, which takes its time",
        facts: {},
      }),
      ...lateSpace(room, project),
    ];
  }
  const { plan: made, problems, need, shortage, cache, here } = planned;
  const { fetch, keep, prune, wanted } = made.totals;
  const facts = { fetch, keep, prune, wanted, conflicts: made.conflicts.length };
  const fetched =
    made.writes.length === 0 ? "nothing to write" : `to write ${formatCount(made.writes.length, "file")}`;
  const rest = fetch.files === 0 ? "" : `, of them to fetch ${countText(fetch)}`;
  const gone = prune.files === 0 ? "" : `, to prune ${countText(prune)}`;
  const message = `${fetched}${rest}${gone}; in place ${countText(keep)}`;
  const lines = [
    said("plan", "ok", message, { facts }),
    ...problems.slice(0, SHOWN).map((problem) => ofProblem("plan", problem, { grave: true })),
  ];
  if (problems.length > SHOWN)
    lines.push(
      said("plan", "fail", `and ${formatNumber(problems.length - SHOWN)} more like these`, {
        code: problems[SHOWN]?.code ?? "CONFLICT",
        hint: "tritter sync --dry-run tells all",
      }),
    );
  return [...lines, spaceLine({ need, shortage, room }), ...cacheLine(cache), ...hereLines(here)];
}

/** Problems of the plan that the page has room for. */
const SHOWN = 5;

function countText({ files, bytes }: { files: number; bytes: number }): string {
  return `${formatCount(files, "file")} (${formatBytes(bytes)})`;
}

function spaceLine({
  need,
  shortage,
  room,
}: Pick<Planned, "need" | "shortage"> & { readonly room: Place["room"] }): Finding {
  const free = room.kind === "got" ? room.value : { bytes: undefined, inodes: undefined };
  const facts = { need, free: { bytes: free.bytes ?? null, inodes: free.inodes ?? null } };
  if (shortage !== undefined) return ofProblem("space", shortage, { grave: true, facts });
  const wanted = `${formatBytes(need.bytes)} and ${formatCount(need.inodes, "inode")} needed`;
  return said("space", "ok", `${freeText(free)}; ${wanted}`, { facts });
}

function freeText({ bytes, inodes }: { bytes: number | undefined; inodes: number | undefined }): string {
  const many = inodes === undefined ? "" : ` and ${formatCount(inodes, "inode")}`;
  return bytes === undefined
    ? "the file system does not say what is free"
    : `${formatBytes(bytes)}${many} free`;
}

function freeLine(room: Place["room"]): readonly Finding[] {
  if (room.kind !== "got") return [];
  const { bytes, inodes } = room.value;
  const facts = { need: null, free: { bytes: bytes ?? null, inodes: inodes ?? null } };
  return [said("space", "ok", freeText(room.value), { facts })];
}

/** Where there was no time to plan: room for all that is locked is room enough. */
function lateSpace(room: Place["room"], { lock, scope }: Project): readonly Finding[] {
  const files = (lock?.sources ?? [])
    .filter(({ name }) => scope?.has(name) ?? true)
    .flatMap((source) => source.files);
  const most = files.reduce((sum, { size }) => sum + size, 0);
  return freeLine(room).map((line) => {
    const free = room.kind === "got" ? room.value.bytes : undefined;
    if (free !== undefined && free >= most)
      return { ...line, message: `${line.message}; all that is locked has ${formatBytes(most)}` };
    return {
      ...line,
      state: "warn",
      message: `${line.message}; what is locked has ${formatBytes(most)}, of which some may be here`,
    };
  });
}

function cacheLine({ folder, files, bytes }: Planned["cache"]): readonly Finding[] {
  if (folder === undefined || files === 0) return [];
  const message = `${countText({ files, bytes })} of what is to be fetched may be in ${folder}: sync takes from there what is right`;
  return [said("cache", "ok", message, { facts: { folder, files, bytes, how: "by-name" } })];
}

function hereLines({ root, adopt, elsewhere }: Planned["here"]): readonly Finding[] {
  const lines: Finding[] = [];
  if (adopt.files > 0)
    lines.push(
      said(
        "cache",
        "ok",
        `${countText(adopt)} that tritter did not place stand where they are wanted, and are right: sync takes them up as they are`,
        {
          facts: { folder: root, ...adopt, how: "in-place" },
        },
      ),
    );
  if (elsewhere === undefined)
    lines.push(
      said("cache", "skipped", `no time to look whether ${root} holds what is to be fetched: sync does`),
    );
  else if (elsewhere.files > 0)
    lines.push(
      said(
        "cache",
        "ok",
        `${countText(elsewhere)} of what is to be fetched may be in ${root} under other names: sync takes from there what is right`,
        {
          facts: { folder: root, ...elsewhere, how: "by-size" },
        },
      ),
    );
  return lines;
}

function unmade(topic: Topic, found: Exclude<Found<unknown>, { kind: "got" }>, grave: boolean): Finding {
  if (found.kind === "refused") return ofProblem(topic, found.problem, { grave });
  return said(topic, "warn", `no answer in ${formatDuration(found.ms)}`, { hint: "try again later" });
}
