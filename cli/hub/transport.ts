import type { Disk } from "../disk/port.ts";
import { TritterError } from "../errors.ts";
import { createDirect, type Direct } from "./direct.ts";
import type { HubEnvironment, Proxies } from "./environment.ts";
import { isLoopback } from "./token.ts";
import type { AgentOptions, Dispatcher } from "./undici.ts";

/** Sockets: kept alive, capped per origin, through a proxy where the variables say so. */
export interface Transport {
  dispatcherFor(url: URL): Dispatcher;
  /** For much from one place; undefined where a proxy stands between. */
  directFor(url: URL): Direct | undefined;
  /** Breaks what is under way. */
  destroy(): Promise<void>;
}

interface TransportSettings {
  readonly environment: HubEnvironment;
  readonly disk: Disk;
  /** most sockets to one origin */
  readonly connections: number;
}

/** Throws USAGE for proxy variables or certificate files that cannot be used. */
export async function createTransport({
  environment,
  disk,
  connections,
}: TransportSettings): Promise<Transport> {
  const { Agent } = await import("./undici.ts");
  const ca = await readRoots(environment.certificates, disk);
  const tls = ca === undefined ? {} : { ca: [...ca] };
  const options: AgentOptions = {
    connections,
    pipelining: 1,
    connect: { ...tls, timeout: environment.metadataTimeout },
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const direct = new Agent(options);
  const proxies = usableProxies(environment.proxies);
  const proxied = proxies.http || proxies.https ? await proxyAgent(proxies, { tls, options }) : undefined;
  const all = proxied === undefined ? [direct] : [direct, proxied];
  const bulk = createDirect({ connectTimeout: environment.metadataTimeout, keepAlive: KEEP_ALIVE_MS, ca });
  const viaProxy = ({ protocol, hostname }: URL) => {
    const proxy = protocol === "https:" ? proxies.https : proxies.http;
    // Loopback is trusted with the token, and a proxy's loopback is another machine's.
    return proxy === "" || isLoopback(hostname) ? undefined : proxied;
  };
  return {
    dispatcherFor: (url) => viaProxy(url) ?? direct,
    // Of what NO_PROXY names, undici's agent for proxies alone knows that it goes past them.
    directFor: (url) => (viaProxy(url) === undefined ? bulk : undefined),
    destroy: async () => {
      bulk.destroy();
      await Promise.all(all.map((agent) => agent.destroy()));
    },
  };
}

/** Long enough to bridge the planning between a listing and its files. */
const KEEP_ALIVE_MS = 20_000;

async function proxyAgent(
  proxies: UsableProxies,
  { tls, options }: { tls: { ca?: string[] }; options: AgentOptions },
): Promise<Dispatcher> {
  const { EnvHttpProxyAgent, Pool } = await import("./undici-proxies.ts");
  const { connections } = options;
  return new EnvHttpProxyAgent({
    ...options,
    // Named explicitly, since it would read the process's variables for what is left out.
    httpProxy: proxies.http,
    httpsProxy: proxies.https,
    noProxy: proxies.no,
    // Plain http is forwarded: many proxies allow CONNECT to port 443 alone.
    proxyTunnel: false,
    factory: (origin: string | URL, own: object) => new Pool(origin, { connections, ...own }),
    requestTls: tls,
    // Given at all, it would make undici speak TLS to a SOCKS proxy, which has none.
    ...(speaksSocks(proxies) ? {} : { proxyTls: tls }),
  });
}

function speaksSocks({ http, https }: UsableProxies): boolean {
  return [http, https].some((url) => url.startsWith("socks"));
}

/** `direct`: no proxy is set; `loopback` and `no-proxy`: one is, and this address goes past it. */
export type Route = "direct" | "loopback" | "no-proxy" | "proxy";

/** The way a request to `url` takes, by the rules of `createTransport`. Throws USAGE as that does. */
export function routeTo(url: URL, proxies: Proxies): { readonly route: Route; readonly proxy?: string } {
  const { http, https, no } = usableProxies(proxies);
  const proxy = url.protocol === "https:" ? https : http;
  if (proxy === "") return { route: "direct" };
  if (isLoopback(url.hostname)) return { route: "loopback" };
  return isExcepted(url, no) ? { route: "no-proxy" } : { route: "proxy", proxy };
}

/** As undici reads NO_PROXY: `*`, or hosts with all below them, each perhaps with a port. */
function isExcepted({ hostname, port, protocol }: URL, no: string): boolean {
  const at = Number(port) || (protocol === "https:" ? 443 : 80);
  return no.split(/[,\s]/).some((entry) => {
    if (entry === "" || entry === "*") return entry === "*" && no === "*";
    const [, name = entry, only] = /^(.+):(\d+)$/.exec(entry) ?? [];
    const host = name.replace(/^\*?\./, "").toLowerCase();
    return (only === undefined || Number(only) === at) && `.${hostname}`.endsWith(`.${host}`);
  });
}

interface UsableProxies {
  readonly http: string;
  readonly https: string;
  readonly no: string;
}

function usableProxies({ http, https, no }: Proxies): UsableProxies {
  return { http: proxyUrl(http, "HTTP_PROXY"), https: proxyUrl(https, "HTTPS_PROXY"), no };
}

/** "" for none. A proxy's URL may hold a password, so no message repeats it. */
function proxyUrl(text: string | undefined, name: string): string {
  if (text === undefined) return "";
  const url = text.includes("://") ? text : `http://${text}`;
  if (URL.canParse(url) && /^(?:https?|socks5?):$/.test(new URL(url).protocol)) return url;
  const message = `cannot use the proxy in ${name} (or ALL_PROXY): it is not an http, https or socks5 URL`;
  throw new TritterError({
    code: "USAGE",
    message,
    hint: `write it like http://proxy.example:3128, or unset ${name}`,
  });
}

/** Node's own roots and those in `files`; undefined: the built-in ones suffice. */
async function readRoots(files: readonly string[], disk: Disk): Promise<readonly string[] | undefined> {
  if (files.length === 0) return undefined;
  const { rootCertificates } = await import("node:tls");
  return [...rootCertificates, ...(await Promise.all(files.map((file) => readPem(file, disk))))];
}

async function readPem(file: string, disk: Disk): Promise<string> {
  const bytes = await disk.read(file).catch(() => undefined);
  if (bytes !== undefined) return bytes.toString("utf8");
  const message = `cannot read the certificates in "${file}": there is no such file, or it is not readable`;
  throw new TritterError({
    code: "USAGE",
    message,
    hint: "correct SSL_CERT_FILE or NODE_EXTRA_CA_CERTS, or unset it",
  });
}
