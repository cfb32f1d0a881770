import { type Digest, hexOf } from "../../schema/ids.ts";
import type { Corpus } from "./corpus.ts";
import { jsonPieces, Many, many } from "./text.ts";

/**
 * A Statement of in-toto, v1 (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md), to be signed by whoever vouches for it.
 * Its predicate is a link (…/spec/predicates/link.md): a step that took commits and a lock, and gave files. Provenance of SLSA would
 * name a builder, and what merely fetches is none.
 */
export function inToto({ sources, links, lockName, lockDigest, only }: Corpus): Iterable<string> {
  return jsonPieces({
    _type: "https://in-toto.io/Statement/v1",
    subject: new Many(function* () {
      for (const { files } of sources)
        for (const { path, sha256 } of files) yield { name: path, digest: { sha256 } };
    }),
    predicateType: "https://in-toto.io/attestation/link/v0.3",
    predicate: {
      name: "tritter sync",
      command: ["tritter", "sync", "--locked", ...only],
      materials: many([undefined, ...sources], (source) =>
        source === undefined
          ? { name: lockName, digest: { sha256: hexOf(lockDigest as Digest) } }
          : {
              name: source.locked.name,
              uri: `git+${links.page(source.locked)}@${source.locked.commit}`,
              digest: { gitCommit: source.locked.commit },
            },
      ),
    },
  });
}
