import type { RepoType } from "../../schema/ids.ts";
import { type Folder, fileOid, listEntries, type ServedFile } from "./folders.ts";
import { pointerSize } from "./pages.ts";
import { refusal } from "./refusals.ts";
import type { Said } from "./wire.ts";

export interface InfoQuestion {
  readonly type: RepoType;
  /** `_id`; undefined where it is not known. */
  readonly id: string | undefined;
  readonly name: string;
  readonly query: URLSearchParams;
  /** A member of the answer; undefined leaves it out. */
  readonly field: (name: string) => unknown;
}

/** Repository info: whole, with blobs, or restricted to what `expand` names. */
export function info({ type, id, name, query, field }: InfoQuestion): Said {
  const asked = [...query.getAll("expand"), ...query.getAll("expand[]")];
  const unknown = asked.findIndex((one) => !EXPANDABLE[type].includes(one));
  if (unknown >= 0) return unknownField(type, unknown);
  const members = asked.length > 0 ? asked : WHOLE[type];
  const value = Object.fromEntries(members.map((one) => [one, field(one)]));
  return { kind: "json", value: { _id: id, id: name, ...value } };
}

function unknownField(type: RepoType, index: number): Said {
  const names = EXPANDABLE[type].map((name) => `"${name}"`).join("|");
  return refusal(400, `✖ Invalid option: expected one of ${names}\n  → at expand[${index}]`, "json");
}

/** `blobs`: with sizes and hashes. `digestOf`: what to show as the sha256 of a file in large-file storage. */
export function siblings(
  root: Folder,
  { blobs, most, digestOf }: { blobs: boolean; most: number; digestOf: (file: ServedFile) => string },
): readonly object[] {
  const files = listEntries(root, true).flatMap((entry) => (entry.kind === "file" ? [entry.file] : []));
  return files.slice(0, most).map((file) => {
    if (!blobs) return { rfilename: file.path };
    const facts = { rfilename: file.path, size: file.size, blobId: fileOid(file) };
    if (!file.lfs) return facts;
    return { ...facts, lfs: { sha256: digestOf(file), size: file.size, pointerSize: pointerSize(file) } };
  });
}

const SHARED =
  "author cardData createdAt disabled lastModified likes private resourceGroup sha siblings tags trendingScore usedStorage";
const EXPANDABLE: Readonly<Record<RepoType, readonly string[]>> = {
  dataset: `${SHARED} citation description downloads downloadsAllTime gated mainSize paperswithcode_id`.split(
    " ",
  ),
  model: `${SHARED} baseModels config downloads downloadsAllTime evalResults gated inference
    inferenceProviderMapping library_name mask_token model-index pipeline_tag safetensors spaces
    transformersInfo widgetData gguf xetEnabled childrenModelCount`.split(/\s+/),
  space: `${SHARED} datasets models region runtime sdk subdomain`.split(" "),
};

const COMMON =
  "author sha lastModified private gated disabled tags likes cardData siblings createdAt usedStorage";
const WHOLE: Readonly<Record<RepoType, readonly string[]>> = {
  dataset: `${COMMON} downloads`.split(" "),
  model: `${COMMON} downloads modelId model-index config spaces`.split(" "),
  space: `${COMMON} sdk subdomain models datasets`.split(" "),
};
