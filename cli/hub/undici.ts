// Loaded lazily: costs tens of milliseconds, and a sync with nothing to fetch must not pay them. Static here, since
// a bundler that splits a dynamic import of CommonJS keeps only its default. One part of the package, since the whole also
// loads what a browser has (fetch, caches, cookies, WebSocket), and takes three times as long.

import type * as Undici from "undici";
import AgentPart from "undici/lib/dispatcher/agent.js";

export type { Dispatcher } from "undici";
export type AgentOptions = Undici.Agent.Options;

export const Agent: typeof Undici.Agent = AgentPart;
