import { type Candidates, chooseEndpoint } from "./endpoint.ts";
import type { HubEnvironment } from "./environment.ts";
import { tokenAllowedAt } from "./token.ts";

/**
 * May what comes from the endpoint in use pass for the Hub's own, where other programs look? As with the token, the
 * manifest's word alone counts for nothing.
 */
export function isOwnHub(
  { flag, manifest }: Omit<Candidates, "environment">,
  environment: HubEnvironment,
): boolean {
  const named = [flag, environment.endpoint];
  if (flag !== undefined || manifest === undefined || named.includes(manifest)) return true;
  const endpoint = chooseEndpoint({ flag, manifest, environment: environment.endpoint });
  if (endpoint.kind === "folder") return endpoint.folder === environment.cacheFolder;
  return tokenAllowedAt(endpoint.origin, { endpoints: named, hosts: environment.tokenHosts }) !== "host";
}
