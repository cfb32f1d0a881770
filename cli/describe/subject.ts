import type { Facts } from "../../schema/facts.ts";
import type { LockedFile, LockedSource } from "../../schema/lock.ts";
import type { LicenseAcceptance, Manifest } from "../../schema/manifest.ts";
import { type DataFormat, formatOf } from "../facts/formats.ts";
import { rowsOf, type Sum, sumUp } from "../facts/sum.ts";
import { finalPath } from "../lock/wants.ts";
import { judgedBy } from "../resolve/judge.ts";

/** A source, and all that lock, manifest and facts say of it. */
export interface Subject {
  readonly locked: LockedSource;
  readonly sum: Sum;
  readonly files: readonly SubjectFile[];
  /** Its repository at the commit, for a browser; undefined: the Hub is a folder. */
  readonly page: string | undefined;
  /** Terms that the manifest says are accepted. */
  readonly accepted: LicenseAcceptance | undefined;
}

export interface SubjectFile {
  readonly locked: LockedFile;
  /** Below the root. */
  readonly path: string;
  readonly format: DataFormat;
  /** undefined: not known */
  readonly rows: number | undefined;
}

export function subjectOf(
  manifest: Manifest,
  { locked, facts }: { readonly locked: LockedSource; readonly facts: Facts },
): Subject {
  const source = manifest.sources.find(({ name }) => name === locked.name);
  const hub = hubOf(manifest);
  return {
    locked,
    sum: sumUp(locked.files, facts),
    files: locked.files.map((file) => {
      const known = facts.files.get(file.digest);
      return {
        locked: file,
        path: finalPath(locked, file.path),
        format: formatOf(file.path),
        rows: known && rowsOf(known),
      };
    }),
    page: hub && `${hub}${FOLDERS[locked.type]}${locked.repo}/tree/${locked.commit}`,
    accepted: source && judgedBy(source, locked).license,
  };
}

/** Pages of the Hub, by kind of repository: https://huggingface.co/docs/hub/repositories */
const FOLDERS = { dataset: "/datasets/", model: "/", space: "/spaces/" } as const;

/** As the manifest names it, whatever a machine's environment says. */
function hubOf({ endpoint }: Manifest): string | undefined {
  if (endpoint === undefined) return "https://huggingface.co";
  return /^https?:/i.test(endpoint) ? endpoint.replace(/\/+$/, "") : undefined;
}
