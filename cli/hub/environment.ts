import { join } from "node:path";

export type Env = Readonly<Record<string, string | undefined>>;

/** What the variables of the Hub's own clients say, defaults filled in. No file is read here. */
export interface HubEnvironment {
  /** HF_ENDPOINT as written. */
  readonly endpoint: string | undefined;
  /** $HF_HUB_CACHE, else $HF_HOME/hub; undefined where no home folder is known. */
  readonly cacheFolder: string | undefined;
  /** From a variable; undefined: the token file may hold one. */
  readonly token: string | undefined;
  /** The variable that `token` is from. */
  readonly tokenVariable: string | undefined;
  readonly tokenFile: string | undefined;
  /** False: HF_HUB_DISABLE_IMPLICIT_TOKEN forbids sending the ambient token. */
  readonly tokenAllowed: boolean;
  /** TRITTER_TOKEN_HOSTS: `host` or `host:port`. */
  readonly tokenHosts: readonly string[];
  /** ms until headers must have come */
  readonly metadataTimeout: number;
  /** ms a body may stay silent */
  readonly downloadTimeout: number;
  readonly proxies: Proxies;
  /** PEM files that add to the built-in roots. */
  readonly certificates: readonly string[];
  /** Appended to the User-Agent. */
  readonly userAgentOrigin: string | undefined;
}

/** Proxy URLs as written; `no` is NO_PROXY. */
export interface Proxies {
  readonly http: string | undefined;
  readonly https: string | undefined;
  readonly no: string;
}

/** Names and defaults: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables */
export function readEnvironment(env: Env): HubEnvironment {
  const home = hubHome(env);
  return {
    endpoint: given(env.HF_ENDPOINT),
    cacheFolder:
      folder(env.HF_HUB_CACHE, env) ?? folder(env.HUGGINGFACE_HUB_CACHE, env) ?? below(home, "hub"),
    token: given(env.HF_TOKEN) ?? given(env.HUGGING_FACE_HUB_TOKEN),
    tokenVariable: firstGiven(env, ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]),
    tokenFile: folder(env.HF_TOKEN_PATH, env) ?? below(home, "token"),
    tokenAllowed: !isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN),
    tokenHosts: (env.TRITTER_TOKEN_HOSTS ?? "").split(/[\s,]+/).filter((host) => host !== ""),
    metadataTimeout: milliseconds(env.HF_HUB_ETAG_TIMEOUT),
    downloadTimeout: milliseconds(env.HF_HUB_DOWNLOAD_TIMEOUT),
    proxies: readProxies(env),
    certificates: readCertificates(env),
    userAgentOrigin: given(env.HF_HUB_USER_AGENT_ORIGIN),
  };
}

/** HF_HUB_OFFLINE, or TRANSFORMERS_OFFLINE. */
export function isOffline(env: Env): boolean {
  return isTrue(env.HF_HUB_OFFLINE) || isTrue(env.TRANSFORMERS_OFFLINE);
}

function hubHome(env: Env): string | undefined {
  const cache = folder(env.XDG_CACHE_HOME, env) ?? below(userHome(env), ".cache");
  return folder(env.HF_HOME, env) ?? below(cache, "huggingface");
}

function userHome(env: Env): string | undefined {
  return given(env.HOME) ?? given(env.USERPROFILE);
}

function below(parent: string | undefined, name: string): string | undefined {
  return parent === undefined ? undefined : join(parent, name);
}

function folder(value: string | undefined, env: Env): string | undefined {
  const path = given(value);
  const home = userHome(env);
  return path !== undefined && home !== undefined && /^~(?:[/\\]|$)/.test(path)
    ? join(home, path.slice(1))
    : path;
}

function readProxies(env: Env): Proxies {
  const either = (name: string) => given(env[name.toLowerCase()]) ?? given(env[name]);
  const all = either("ALL_PROXY");
  return {
    http: either("HTTP_PROXY") ?? all,
    https: either("HTTPS_PROXY") ?? all,
    no: either("NO_PROXY") ?? "",
  };
}

/** The variables that the proxies are from, in the order they are looked for. */
export function proxyVariables(env: Env): Readonly<Record<keyof Proxies, string | undefined>> {
  const either = (...names: string[]) =>
    firstGiven(
      env,
      names.flatMap((name) => [name.toLowerCase(), name]),
    );
  return {
    http: either("HTTP_PROXY", "ALL_PROXY"),
    https: either("HTTPS_PROXY", "ALL_PROXY"),
    no: either("NO_PROXY"),
  };
}

function firstGiven(env: Env, names: readonly string[]): string | undefined {
  return names.find((name) => given(env[name]) !== undefined);
}

/** Naming roots replaces Node's own list, so what NODE_EXTRA_CA_CERTS added must be named again. */
function readCertificates(env: Env): readonly string[] {
  const own = given(env.SSL_CERT_FILE);
  const extra = given(env.NODE_EXTRA_CA_CERTS);
  if (own === undefined) return [];
  return extra === undefined ? [own] : [own, extra];
}

function milliseconds(seconds: string | undefined): number {
  const value = Number(given(seconds) ?? Number.NaN);
  return value > 0 && value <= 86_400 ? value * 1000 : 10_000;
}

function given(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === "" ? undefined : text;
}

function isTrue(value: string | undefined): boolean {
  return /^(?:1|on|yes|true)$/i.test(value?.trim() ?? "");
}
