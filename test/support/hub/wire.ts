// What only the loopback Hub answers, beside the form that `serve` shares: redirects to a cache and to a CDN, and the CDN.
import {
  answer as answerShared,
  fileBytes,
  redirect,
  type Said as SharedSaid,
  textAnswer,
  type WireAnswer,
  type WireRequest,
} from "../../../cli/serve/wire.ts";

export type Said =
  | SharedSaid
  /** A git file to be had from the cache at `location`, relative: 307. */
  | { readonly kind: "cached"; readonly location: string; readonly commit: string }
  | LinkedFile
  | StoredObject
  /** The CDN speaks XML. */
  | { readonly kind: "denied"; readonly xml: string };

/** A file in large-file storage: its facts here, its bytes at `location`, absolute. */
export interface LinkedFile {
  readonly kind: "linked-file";
  readonly size: number;
  readonly sha256: string;
  readonly commit: string;
  readonly location: string;
  /** Left out for files from before Xet. */
  readonly xet?: XetFacts | undefined;
}

interface XetFacts {
  readonly hash: string;
  readonly tokenUrl: string;
  readonly reconstructionUrl: string;
  /** Answer a probe for Xet facts with JSON in place of the redirect. */
  readonly probe: boolean;
}

/** What a CDN holds; `etag` is its own name for the bytes and proves nothing. */
interface StoredObject {
  readonly kind: "stored-object";
  readonly name: string;
  readonly size: number;
  readonly etag: string;
}

export const XET_PROBE = "application/vnd.xet-fileinfo+json";

export function answer(said: Said, request: WireRequest): WireAnswer {
  switch (said.kind) {
    case "cached":
      return redirect(307, said.location, { "x-repo-commit": said.commit, "accept-ranges": "bytes" });
    case "linked-file":
      return linkedFile(said, request);
    case "stored-object":
      return fileBytes({ ...said, type: "application/octet-stream", headers: {} }, request);
    case "denied":
      return textAnswer(403, said.xml, { "content-type": "application/xml" });
    default:
      return answerShared(said, request);
  }
}

function linkedFile(said: LinkedFile, request: WireRequest): WireAnswer {
  const { xet } = said;
  const headers = {
    "x-repo-commit": said.commit,
    "x-linked-size": String(said.size),
    "x-linked-etag": `"${said.sha256}"`,
    "x-xet-hash": xet?.hash,
    link:
      xet && `<${xet.tokenUrl}>; rel="xet-auth", <${xet.reconstructionUrl}>; rel="xet-reconstruction-info"`,
  };
  if (xet?.probe && request.headers.accept?.includes(XET_PROBE)) {
    const facts = { hash: xet.hash, refreshUrl: xet.tokenUrl, reconstructionUrl: xet.reconstructionUrl };
    return textAnswer(200, JSON.stringify(facts), { ...headers, "content-type": XET_PROBE });
  }
  return redirect(302, said.location, { ...headers, "accept-ranges": "bytes" });
}
