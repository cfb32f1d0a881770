import type { Manifest } from "../../schema/manifest.ts";
import { printable } from "../../schema/names.ts";
import { TritterError } from "../errors.ts";
import { suggest } from "./suggest.ts";

/** Source and group names of the command line, as a set of source names. Throws USAGE for a name that is neither. */
export function selectSources(manifest: Manifest, names: readonly string[]): ReadonlySet<string> {
  const selected = new Set<string>();
  for (const name of names) {
    const matching = manifest.sources.filter(
      (source) => source.name === name || source.groups.includes(name),
    );
    if (matching.length === 0) throw unknown(manifest, name);
    for (const source of matching) selected.add(source.name);
  }
  return selected;
}

function unknown(manifest: Manifest, name: string): TritterError {
  const known = [...new Set(manifest.sources.flatMap((source) => [source.name, ...source.groups]))].sort();
  const near = suggest(name, known);
  return new TritterError({
    code: "USAGE",
    message: `cannot select "${printable(name)}": the manifest has no such source or group`,
    hint: near === undefined ? `it has: ${known.join(", ")}` : `did you mean "${near}"?`,
  });
}
