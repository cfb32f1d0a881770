export type Bucket = "api" | "resolvers";

export interface Limit {
  readonly bucket: Bucket;
  readonly quota: number;
  readonly windowSeconds: number;
}

/** Fixed windows that really count, one counter for each bucket and caller. */
export interface Limiter {
  set(limit: Limit | undefined): void;
  /** Counts one request. `used up`: it is to be refused. */
  count(bucket: Bucket, caller: string): Counted;
}

interface Counted {
  readonly headers: Readonly<Record<string, string>>;
  readonly usedUp: boolean;
}

/** So wide that no test meets them by accident. */
const WIDE = { api: 100_000, resolvers: 500_000 };
const WIDE_WINDOW = 300;

export function makeLimiter(now: () => number): Limiter {
  const limits = new Map<Bucket, Limit>();
  const windows = new Map<string, { readonly ends: number; used: number }>();
  const reset = (): void => {
    windows.clear();
    for (const bucket of ["api", "resolvers"] as const)
      limits.set(bucket, { bucket, quota: WIDE[bucket], windowSeconds: WIDE_WINDOW });
  };
  reset();
  return {
    set: (limit) => {
      if (limit === undefined) return reset();
      limits.set(limit.bucket, limit);
      for (const key of windows.keys()) if (key.startsWith(limit.bucket)) windows.delete(key);
    },
    count: (bucket, caller) => {
      const limit = limits.get(bucket)!;
      const key = `${bucket} ${caller}`;
      let window = windows.get(key);
      if (window === undefined || window.ends <= now()) {
        window = { ends: now() + limit.windowSeconds * 1000, used: 0 };
        windows.set(key, window);
      }
      window.used += 1;
      return counted(limit, window.used, Math.ceil((window.ends - now()) / 1000));
    },
  };
}

function counted(limit: Limit, used: number, resets: number): Counted {
  const left = Math.max(0, limit.quota - used);
  return { headers: limitHeaders(limit, left, resets), usedUp: used > limit.quota };
}

export function limitHeaders(limit: Limit, left: number, resets: number): Record<string, string> {
  return {
    ratelimit: `"${limit.bucket}";r=${left};t=${resets}`,
    "ratelimit-policy": `"fixed window";"${limit.bucket}";q=${limit.quota};w=${limit.windowSeconds}`,
  };
}
