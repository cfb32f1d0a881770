import type { Position } from "./frame.ts";

/** Where the fields of a manifest stand, of a text that was read without a mistake. */
export interface ManifestPlaces {
  /** The key of the field, else of the source; undefined where the manifest has no such source. */
  ofSource(name: string, field: string | undefined): Position | undefined;
  /** The keys `sources` and `reports`: the latter is where it would be, if it is not there. */
  readonly sources: Position;
  readonly reports: Position;
}

/** Costs a parse that keeps the place of everything, so only for what is wrong. */
export async function manifestPlaces(text: string): Promise<ManifestPlaces> {
  const { readSource } = await import("./source-text.ts");
  const { value, locate } = readSource(text);
  const sources =
    (value as { readonly sources?: Readonly<Record<string, object | null>> | null }).sources ?? {};
  const keyAt = (path: readonly string[]): Position => {
    const { line = 1, column = 1 } = locate(path, "key");
    return { line, column };
  };
  return {
    ofSource(name, field) {
      if (!Object.hasOwn(sources, name)) return undefined;
      const has = field !== undefined && Object.hasOwn(sources[name] ?? {}, field);
      return keyAt(has ? ["sources", name, field] : ["sources", name]);
    },
    sources: keyAt(["sources"]),
    reports: keyAt(["reports"]),
  };
}
