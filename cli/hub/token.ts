import type { Disk } from "../disk/port.ts";
import { TritterError } from "../errors.ts";
import { HUGGING_FACE } from "./endpoint.ts";
import type { HubEnvironment } from "./environment.ts";

/** What access errors must know; only `sent` holds the secret. */
export type Token =
  | { readonly kind: "none" }
  /** There is one, and this endpoint may not have it: `host` is not trusted, or the connection is `plain` http. */
  | { readonly kind: "withheld"; readonly why: "host" | "plain" }
  | { readonly kind: "sent"; readonly value: string };

export interface Trust {
  /** HF_ENDPOINT and --endpoint, as written. */
  readonly endpoints: readonly (string | undefined)[];
  /** `host` (port 443) or `host:port`. */
  readonly hosts: readonly string[];
}

/**
 * The ambient token goes to huggingface.co, the endpoints that the person or their environment named, loopback,
 * and TRITTER_TOKEN_HOSTS; over https, loopback excepted. A manifest may come from a stranger, so it counts for nothing.
 */
export function tokenAllowedAt(origin: string, { endpoints, hosts }: Trust): "yes" | "host" | "plain" {
  const url = new URL(origin);
  if (isLoopback(url.hostname)) return "yes";
  const named = endpoints.some((endpoint) => originOf(endpoint) === origin);
  const secure = hosts.some((host) => originOf(`https://${host}`) === origin);
  if (url.protocol !== "https:")
    return named || hosts.some((host) => originOf(`http://${host}`) === origin) ? "plain" : "host";
  return named || secure || origin === HUGGING_FACE ? "yes" : "host";
}

export function isLoopback(hostname: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/.test(hostname);
}

/** The token for `origin`, from the variables or the token file. Throws ACCESS_BAD_TOKEN where it cannot be a header. */
export async function readToken(
  origin: string,
  environment: HubEnvironment,
  { disk, trust }: { disk: Disk; trust: Trust },
): Promise<Token> {
  if (!environment.tokenAllowed) return { kind: "none" };
  const value = environment.token ?? (await readTokenFile(environment.tokenFile, disk));
  if (value === undefined) return { kind: "none" };
  const allowed = tokenAllowedAt(origin, trust);
  if (allowed !== "yes") return { kind: "withheld", why: allowed };
  if (!/^[\x21-\x7e]+$/.test(value)) throw unusable(environment);
  return { kind: "sent", value };
}

async function readTokenFile(file: string | undefined, disk: Disk): Promise<string | undefined> {
  if (file === undefined || disk.lstat(file) === undefined) return undefined;
  const bytes = await disk.read(file).catch((error: unknown) => {
    throw new TritterError(
      {
        code: "ACCESS_NO_TOKEN",
        message: `cannot read the token file "${file}"`,
        hint: "make it readable, or set HF_TOKEN",
      },
      error,
    );
  });
  const text = bytes?.toString("utf8").trim();
  return text === "" ? undefined : text;
}

function unusable({ token, tokenFile }: HubEnvironment): TritterError {
  const where = token === undefined ? `the token file "${tokenFile}"` : "HF_TOKEN";
  const message = `cannot use the token in ${where}: it holds characters that no token has, such as spaces or line breaks`;
  return new TritterError({
    code: "ACCESS_BAD_TOKEN",
    message,
    hint: "copy the token again from the settings page of your account",
  });
}

function originOf(text: string | undefined): string | undefined {
  return text !== undefined && URL.canParse(text) ? new URL(text).origin : undefined;
}
