import type { Disk } from "../disk/port.ts";
import { type Problem, TritterError } from "../errors.ts";
import { type HttpEndpoint, HUGGING_FACE } from "./endpoint.ts";
import type { HubEnvironment, Proxies } from "./environment.ts";
import { header } from "./headers.ts";
import { type HttpSettings, openLine } from "./http.ts";
import { readText } from "./incoming.ts";
import { answersAreOk, type Subject } from "./refusals.ts";
import { clean } from "./text.ts";
import { tokenAllowedAt } from "./token.ts";
import { type Route, routeTo } from "./transport.ts";

/** What lies between here and an HTTP Hub. Nothing is asked before a function is called; none of them tries twice. */
export interface Way {
  readonly url: string;
  /** Throws USAGE for proxy variables that cannot be used. */
  proxy(): ProxyUse;
  /** Where the token is from and goes to, never the token. Throws ACCESS_NO_TOKEN for a file that cannot be read. */
  token(): Promise<TokenUse>;
  /** Any answer will do. Throws NETWORK, HUB. */
  knock(signal: AbortSignal): Promise<Knock>;
  /** Who the Hub takes us for; undefined where no token is sent or the Hub does not say. Throws NETWORK, HUB, ACCESS_BAD_TOKEN. */
  account(signal: AbortSignal): Promise<Account | undefined>;
  close(): Promise<void>;
}

export interface ProxyUse {
  readonly route: Route;
  /** Whose word that is; undefined: nobody's. */
  readonly variable: string | undefined;
  /** Without credentials; undefined where none is used. */
  readonly url: string | undefined;
}

export interface TokenUse {
  /** `off`: HF_HUB_DISABLE_IMPLICIT_TOKEN; `withheld`: this endpoint may not have it. */
  readonly state: "none" | "off" | "withheld" | "sent";
  readonly why: "host" | "plain" | undefined;
  /** A variable, or a file; undefined where there is none. */
  readonly from: string | undefined;
  /** Origins that would get it. */
  readonly goesTo: readonly string[];
}

export interface Knock {
  readonly status: number;
  /** ms until the answer's first byte, with all it takes to connect */
  readonly ms: number;
  /** Its clock less ours, in ms; undefined where it tells no time. */
  readonly skew: number | undefined;
  /** It speaks as the Hub's API does, not as a login page. */
  readonly speaksJson: boolean;
}

export interface Account {
  readonly name: string;
  /** `read`, `write`, `fineGrained`, …; undefined where the Hub does not say. */
  readonly role: string | undefined;
  /** Of a fine-grained token: may it read the gated repositories that the account may? */
  readonly readsGated: boolean | undefined;
  /** ms since the epoch; undefined: it does not expire, or the Hub does not say. */
  readonly expiresAt: number | undefined;
}

interface WaySettings {
  readonly http: HttpSettings;
  /** Names of the variables that the proxies are from. */
  readonly variables: Readonly<Record<keyof Proxies, string | undefined>>;
}

export function wayTo({ http, variables }: WaySettings): Way {
  const { endpoint, environment, clock, trust, disk } = http;
  const { client, token, close } = openLine(http);
  return {
    url: endpoint.url,
    proxy: () => proxyUse(endpoint, environment.proxies, variables),
    token: async () => {
      const held = await token();
      const goesTo = [HUGGING_FACE, ...trust.endpoints, ...trust.hosts.map((host) => `https://${host}`)]
        .filter((one) => one !== undefined && URL.canParse(one))
        .map((one) => new URL(one as string).origin)
        .filter((origin) => tokenAllowedAt(origin, trust) === "yes");
      const from = held.kind === "none" ? undefined : sourceOf(environment);
      const off = !environment.tokenAllowed && isThere(environment, disk);
      return {
        state: off ? "off" : held.kind,
        why: held.kind === "withheld" ? held.why : undefined,
        from: off ? sourceOf(environment) : from,
        goesTo: [...new Set(goesTo)],
      };
    },
    knock: async (signal) => {
      const began = clock.now();
      const landed = await client.follow({
        url: new URL(`${endpoint.url}/api/datasets?limit=1`),
        subject: subjectOf("cannot reach the Hub"),
        signal,
        headers: JSON_ONLY,
      });
      landed.body.cancel();
      const ended = clock.now();
      const date = Date.parse(header(landed.headers, "date") ?? "");
      return {
        status: landed.status,
        ms: ended - began,
        // The header counts whole seconds, so on average it is half a second late.
        skew: Number.isNaN(date) ? undefined : Math.round(date + 500 - (began + ended) / 2),
        speaksJson: /^application\/json\b/.test(header(landed.headers, "content-type") ?? ""),
      };
    },
    account: async (signal) => {
      const held = await token();
      if (held.kind !== "sent") return undefined;
      const { status, body } = await client.follow({
        url: new URL(`${endpoint.url}/api/whoami-v2`),
        subject: subjectOf("cannot check the token"),
        signal,
        headers: JSON_ONLY,
      });
      const text = await readText(body, LARGEST, () => new Error("too long")).catch(() => "");
      if (status === 401) throw new TritterError(badToken(endpoint));
      return answersAreOk(status) ? accountOf(text, held.value) : undefined;
    },
    close,
  };
}

const JSON_ONLY = { accept: "application/json" };
/** bytes; an account in many organisations has some tens of kB */
const LARGEST = 1024 * 1024;

function subjectOf(action: string): Subject {
  return { action, repo: { type: "model", repo: "unknown" }, commit: undefined };
}

function badToken({ url }: HttpEndpoint): Problem {
  return {
    code: "ACCESS_BAD_TOKEN",
    message: "the Hub does not accept the token: invalid, expired or revoked",
    hint: `make a new token at ${url}/settings/tokens and set HF_TOKEN, or unset it for public repositories`,
  };
}

function proxyUse(
  { url }: HttpEndpoint,
  proxies: Proxies,
  variables: Readonly<Record<keyof Proxies, string | undefined>>,
): ProxyUse {
  const { route, proxy } = routeTo(new URL(url), proxies);
  const named = url.startsWith("https:") ? variables.https : variables.http;
  const variable = route === "no-proxy" ? variables.no : route === "direct" ? undefined : named;
  return { route, variable, url: proxy === undefined ? undefined : withoutCredentials(proxy) };
}

function withoutCredentials(text: string): string {
  const { protocol, host, username, password } = new URL(text);
  return `${protocol}//${username === "" && password === "" ? "" : "***@"}${host}`;
}

function sourceOf({ tokenVariable, tokenFile }: HubEnvironment): string | undefined {
  return tokenVariable ?? tokenFile;
}

function isThere({ token, tokenFile }: HubEnvironment, disk: Disk): boolean {
  return token !== undefined || (tokenFile !== undefined && disk.lstat(tokenFile) !== undefined);
}

/** Members as `/api/whoami-v2` has them; another program's answer, so anything odd counts as not said. */
function accountOf(text: string, secret: string): Account | undefined {
  const said = parsed(text);
  const name = said.name;
  if (typeof name !== "string") return undefined;
  const auth = objectAt(said, "auth");
  const access = objectAt(auth, "accessToken");
  const reads = objectAt(access, "fineGrained").canReadGatedRepos;
  const expiry = Date.parse(String(access.expiresAt ?? auth.expiresAt ?? ""));
  return {
    name: clean(name, secret),
    role: typeof access.role === "string" ? clean(access.role, secret) : undefined,
    readsGated: typeof reads === "boolean" ? reads : undefined,
    expiresAt: Number.isNaN(expiry) ? undefined : expiry,
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    return objectAt({ all: JSON.parse(text) }, "all");
  } catch {
    return {};
  }
}

function objectAt(value: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const member = value[name];
  return typeof member === "object" && member !== null ? (member as Record<string, unknown>) : {};
}
