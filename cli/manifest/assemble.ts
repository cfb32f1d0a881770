import { dirname, isAbsolute, resolve } from "node:path";
import { parseDuration } from "../../schema/duration.ts";
import type {
  Carrier,
  CarrierDocument,
  Manifest,
  ManifestDocument,
  Source,
  SourceDocument,
} from "../../schema/manifest.ts";
import { parseAsOf, parseMinAge } from "../../schema/time.ts";
import { placeOf } from "./place.ts";
import { cleanFolder } from "./rules.ts";

/** Fills in every default. `root` has its variables replaced already. */
export function assemble(
  document: ManifestDocument,
  { file, root }: { file: string; root: string },
): Manifest {
  const [endpoint, ...mirrors] = endpointsOf(document).map((one) => endpointOf(one, dirname(file)));
  return {
    file,
    ...placeOf(file, { name: document.name, root }),
    endpoint,
    mirrors,
    reports: document.reports,
    licenses: document.policy?.licenses ?? {},
    deny: document.policy?.deny ?? [],
    sources: Object.entries(document.sources ?? {})
      .map(([name, source]) => sourceOf(name, source))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function sourceOf(name: string, document: SourceDocument): Source {
  return {
    ...carrierOf(document),
    name,
    path: cleanFolder(document.path ?? name),
    groups: document.groups ?? [],
    hubCache: document["hub-cache"],
    localDir: document["local-dir"],
    fallbacks: (document.fallbacks ?? []).map(carrierOf),
  };
}

function carrierOf(document: CarrierDocument): Carrier {
  const {
    repo,
    type = "dataset",
    revision = "main",
    "as-of": asOf,
    "min-age": minAge,
    include = [],
    exclude = [],
    strip = "",
    names = "portable",
  } = document;
  return {
    repo,
    type,
    revision,
    asOf: asOf === undefined ? undefined : parseAsOf(asOf),
    minAge: minAge === undefined ? undefined : parseMinAge(minAge),
    include,
    exclude,
    strip: cleanFolder(strip),
    names,
    expect: document.expect ?? {},
    facts: document.facts,
    license: document.license,
    follow: document.follow && {
      ...document.follow,
      graceMs: parseDuration(document.follow.grace) ?? 0,
    },
  };
}

function endpointsOf({ endpoint, endpoints }: ManifestDocument): readonly string[] {
  return endpoint === undefined ? (endpoints ?? []) : [endpoint];
}

function endpointOf(endpoint: string, folder: string): string {
  if (/^https?:/i.test(endpoint)) return endpoint;
  return isAbsolute(endpoint) ? endpoint : resolve(folder, endpoint);
}
