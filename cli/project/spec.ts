import { type Address, type AddressPart, readAddress } from "../../schema/address.ts";
import type { RepoType } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import { escapePattern, exactPattern } from "../../schema/patterns.ts";
import { TritterError } from "../errors.ts";
import type { Stanza } from "../manifest/stanza.ts";

/** What the line says of a source besides its address. */
export interface SourceFlags {
  readonly type?: RepoType;
  readonly revision?: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly path?: string;
  readonly strip?: string;
  readonly groups: readonly string[];
}

/** The stanza that an address and flags stand for. Throws USAGE where they contradict each other. */
export function stanzaOf(spec: string, endpoints: readonly string[], flags: SourceFlags): Stanza {
  const read = readAddress(spec, endpoints);
  if (read.kind === "mistake") throw refused(spec, `it ${read.why}`, read.hint);
  const { address } = read;
  if (flags.type !== undefined && address.type !== undefined && flags.type !== address.type)
    throw refused(spec, `it names a ${address.type}, and --type a ${flags.type}`, "drop --type");
  if (flags.revision !== undefined && address.revision !== undefined && flags.revision !== address.revision)
    throw refused(
      spec,
      `it names the revision "${printable(address.revision)}", and --revision another`,
      "drop one of the two",
    );
  const named = includeOf(address.part);
  if (named.length > 0 && flags.include.length > 0) {
    const hint = `drop --include, or give the repository alone: ${repoText(address)}`;
    throw refused(spec, "it names files already, and --include others", hint);
  }
  return written({ ...flags, include: named.length > 0 ? named : flags.include }, address);
}

/** Without what has its default. */
function written(flags: SourceFlags, address: Address): Stanza {
  const { include, exclude, path, strip, groups } = flags;
  const type = address.type ?? flags.type ?? "dataset";
  const revision = address.revision ?? flags.revision ?? "main";
  return {
    repo: address.repo,
    ...(type !== "dataset" && { type }),
    ...(revision !== "main" && { revision }),
    ...(include.length > 0 && { include }),
    ...(exclude.length > 0 && { exclude }),
    ...(path !== undefined && { path }),
    ...(strip !== undefined && { strip }),
    ...(groups.length > 0 && { groups }),
  };
}

function includeOf(part: AddressPart): readonly string[] {
  switch (part.kind) {
    case "all":
      return [];
    case "file":
      return [exactPattern(part.path)];
    case "folder":
      return [`${escapePattern(part.path)}/**`];
    case "path":
      return [patternOf(part.path)];
    default:
      return part satisfies never;
  }
}

/** Of `hf://…/path`, which says not whether it is a file: one with an extension is, and anything with a wildcard is a pattern. */
function patternOf(path: string): string {
  const folder = path.replace(/\/+$/, "");
  const isGlob = /[*?[\]{}\\]/.test(path);
  if (folder !== path || (!isGlob && !/\.[^/.]+$/.test(path)))
    return `${isGlob ? folder : escapePattern(folder)}/**`;
  if (!isGlob) return exactPattern(path);
  return path.includes("/") ? path : `/${path}`;
}

function repoText({ type, repo, revision }: Address): string {
  const text = `${type === undefined ? "" : `${type}s/`}${repo}`;
  return revision === undefined ? text : `${text}@${revision}`;
}

function refused(spec: string, why: string, hint: string | undefined): TritterError {
  const message = `cannot add "${printable(spec)}": ${why}`;
  return new TritterError({ code: "USAGE", message, ...(hint !== undefined && { hint }) });
}
