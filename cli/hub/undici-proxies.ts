// The whole package, loaded only where there is a proxy: what tunnels is put together when all of it is.
export { EnvHttpProxyAgent, Pool } from "undici";
