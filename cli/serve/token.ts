import { createHash, timingSafeEqual } from "node:crypto";

export type Caller = "welcome" | "anonymous" | "unknown";

/**
 * Tells who may pass. Hub clients send a token as `Bearer`; a browser asks its user for a name, which is not looked at,
 * and a password. Comparing takes as long whatever is offered.
 */
export function doorkeeper(token: string | undefined): (authorization: string | undefined) => Caller {
  if (token === undefined) return () => "welcome";
  const wanted = digest(token);
  return (authorization) => {
    if (authorization === undefined) return "anonymous";
    return timingSafeEqual(digest(offered(authorization)), wanted) ? "welcome" : "unknown";
  };
}

function offered(authorization: string): string {
  const [, scheme = "", value = ""] = /^(\S+)\s+(.*)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== "basic") return value;
  const pair = Buffer.from(value, "base64").toString();
  return pair.slice(pair.indexOf(":") + 1);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Whether a `Host` header, or an address to listen at, is this machine alone. */
export function isLoopback(host: string): boolean {
  return /^(?:::1|(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?)$/i.test(host);
}
