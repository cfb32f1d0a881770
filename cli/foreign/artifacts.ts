import { readAddress } from "../../schema/address.ts";
import { parseCommit } from "../../schema/ids.ts";
import { printable } from "../../schema/names.ts";
import type { Foreign, Remark, Wanted } from "./wanted.ts";

/** An entry of the list, and where it stands. */
interface Listed {
  readonly entry: unknown;
  readonly line: number;
}

/** What an artifact asks for. */
interface Artifact extends Pick<Wanted, "line" | "type" | "repo"> {
  readonly revision: string;
  /** In the repository. */
  readonly path: string;
  /** Where its folder goes, "" where everything does; and the leading folder that is dropped for it. */
  readonly folder: string;
  readonly strip: string;
}

/** Reads artifacts that are files of a Hub at a commit; files of one commit and folder are one download. */
export function readArtifacts(list: readonly Listed[], endpoints: readonly string[]): Omit<Foreign, "kind"> {
  const refused: Remark[] = [];
  const notes: Remark[] = [];
  const groups = new Map<string, { readonly first: Artifact; readonly paths: string[] }>();
  for (const { entry, line } of list) {
    const read = readArtifact(entry, { line, endpoints });
    if ("why" in read) {
      refused.push({ line, message: read.why });
      continue;
    }
    const { type, repo, revision, folder, strip } = read;
    const key = JSON.stringify([type, repo, revision, folder, strip]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: read, paths: [read.path] });
    else group.paths.push(read.path);
    for (const name of unknownKeys(entry))
      notes.push({ line, message: `"${printable(name)}" is not known, and left out` });
  }
  const wanted = [...groups.values()].map(({ first, paths }): Wanted => {
    const { line, type, repo, revision, folder, strip } = first;
    const choice = { kind: "files", paths } as const;
    return { line, type, repo, revision, choice, folder: [below(folder)], ...(strip !== "" && { strip }) };
  });
  return { wanted, refused, notes };
}

/** Its files have a root of their own, which is no place of this machine: they go below the usual one. */
function below(folder: string): string {
  return folder === "" ? "data" : `data/${folder}`;
}

const KNOWN = ["download_url", "checksum", "filename", "type"];

function unknownKeys(entry: unknown): readonly string[] {
  return isRecord(entry) ? Object.keys(entry).filter((key) => !KNOWN.includes(key)) : [];
}

function readArtifact(
  entry: unknown,
  { line, endpoints }: { line: number; endpoints: readonly string[] },
): Artifact | { readonly why: string } {
  if (!isRecord(entry)) return { why: "it is no mapping" };
  const { download_url: url, checksum, filename, type = "generic" } = entry;
  if (type !== "generic")
    return { why: `it is of type ${printable(String(type))}, which is not had from a Hub` };
  if (typeof url !== "string") return { why: 'its "download_url" is no text' };
  if (typeof checksum !== "string" || !/^[a-z0-9]+:[0-9a-f]+$/i.test(checksum))
    return { why: 'its "checksum" is not of the form "sha256:…"' };
  const read = readAddress(url.replace(/[?#].*$/s, ""), endpoints);
  if (read.kind === "mistake") return { why: `its "download_url" ${read.why}` };
  const { type: kind = "model", repo, revision = "", part } = read.address;
  const commit = parseCommit(revision.toLowerCase());
  if (part.kind !== "file") return { why: 'its "download_url" names no file' };
  if (commit === undefined) return { why: 'its "download_url" names no commit of 40 hex digits' };
  const place = filename ?? part.path.slice(part.path.lastIndexOf("/") + 1);
  if (typeof place !== "string") return { why: 'its "filename" is no text' };
  const found = shared(part.path, place);
  if (found === undefined)
    return { why: `its "filename" ends with another name than the file has, which a source cannot change` };
  return { line, type: kind, repo, revision: commit, path: part.path, ...found };
}

/** What both end with stays as it is: what stands before it there is dropped, and here put in front. undefined: not even the name is one. */
function shared(
  path: string,
  place: string,
): { readonly folder: string; readonly strip: string } | undefined {
  const [from, to] = [path.split("/"), place.split("/")];
  let count = 0;
  while (count < Math.min(from.length, to.length) && from.at(-1 - count) === to.at(-1 - count)) count += 1;
  if (count === 0) return undefined;
  return {
    strip: from.slice(0, from.length - count).join("/"),
    folder: to.slice(0, to.length - count).join("/"),
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
