import { isAbsolute } from "node:path";
import { TritterError } from "../errors.ts";

export type Endpoint = FolderEndpoint | HttpEndpoint;

interface FolderEndpoint {
  readonly kind: "folder";
  /** Absolute. */
  readonly folder: string;
}

export interface HttpEndpoint {
  readonly kind: "http";
  /** Without credentials, query or trailing `/`; may have a path, as mirrors do. */
  readonly url: string;
  readonly origin: string;
}

export const HUGGING_FACE = "https://huggingface.co";

export interface Candidates {
  readonly flag: string | undefined;
  readonly manifest: string | undefined;
  readonly environment: string | undefined;
}

/** `--endpoint`, then the manifest's, then HF_ENDPOINT, then huggingface.co. Throws USAGE; never prints credentials. */
export function chooseEndpoint({ flag, manifest, environment }: Candidates): Endpoint {
  if (flag !== undefined) return parseEndpoint(flag, "--endpoint");
  if (manifest !== undefined) return parseEndpoint(manifest, "the manifest's endpoint");
  if (environment !== undefined) return parseEndpoint(environment, "HF_ENDPOINT");
  return parseEndpoint(HUGGING_FACE, "the default");
}

/** Throws USAGE; never prints credentials. */
export function parseEndpoint(text: string, from: string): Endpoint {
  if (!/^https?:\/\//i.test(text)) {
    if (isAbsolute(text)) return { kind: "folder", folder: text };
    throw refused(from, "it is neither an http(s) URL nor an absolute folder");
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw refused(from, "it is not a URL");
  if (url.username !== "" || url.password !== "") throw refused(from, "it holds credentials");
  return { kind: "http", url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`, origin: url.origin };
}

function refused(from: string, why: string): TritterError {
  const hint = "give an address like https://huggingface.co, or a folder; a token belongs into HF_TOKEN";
  return new TritterError({ code: "USAGE", message: `cannot use ${from}: ${why}`, hint });
}
