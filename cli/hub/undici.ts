// Loaded lazily: costs tens of milliseconds, and a sync with nothing to fetch must not pay them. Static here, since
// a bundler that splits a dynamic import of CommonJS keeps only its default.
export { Agent, type Dispatcher, EnvHttpProxyAgent, Pool } from "undici";
