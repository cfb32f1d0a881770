import { type Corpus, type CorpusFile, type CorpusSource, nameOf, purlOf } from "./corpus.ts";
import { documentId, pathId } from "./ids.ts";
import { type License, licensesOf } from "./licenses.ts";
import { jsonPieces, Many } from "./text.ts";

// https://spdx.github.io/spdx-spec/v2.3/. A file of the section "files" must have a SHA1, which neither the Hub nor the lock knows,
// and has no address of its own. A package of purpose FILE may have a SHA256 alone, and says where it is to be had.

/** SPDX 2.3 in JSON: a package a source, and one for each of its files, which it contains. */
export function spdx(corpus: Corpus): Iterable<string> {
  const { sources, name, version, created = EPOCH } = corpus;
  const named = new Set(sources.flatMap(({ locked }) => licensesOf(locked.licenses)).flatMap(wordOf));
  return jsonPieces({
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: DOCUMENT,
    name,
    documentNamespace: `urn:uuid:${documentId(corpus, "spdx")}`,
    creationInfo: { created, creators: [`Tool: tritter-${version}`] },
    hasExtractedLicensingInfos: named.size === 0 ? undefined : [...named].sort().map(extracted),
    documentDescribes: sources.map(sourceId),
    packages: new Many(function* () {
      for (const source of sources) {
        yield sourcePackage(source, corpus);
        for (const file of source.files) yield filePackage(file, corpus);
      }
    }),
    relationships: new Many(function* () {
      for (const source of sources) {
        yield relationship(DOCUMENT, "DESCRIBES", sourceId(source));
        for (const { path } of source.files) yield relationship(sourceId(source), "CONTAINS", fileId(path));
      }
    }),
  });
}

const DOCUMENT = "SPDXRef-DOCUMENT";

/** A time must be there; without one to say, it is the one that all can agree on. */
const EPOCH = "1970-01-01T00:00:00Z";

/** Ids hold letters, digits, `.` and `-`: what else a name may hold is written as its code, and so is the dot that says so. */
function sourceId({ locked }: CorpusSource): string {
  const text = locked.name.replace(/[._]/g, (character) => `.${character.charCodeAt(0).toString(16)}`);
  return `SPDXRef-Source-${text}`;
}

function fileId(path: string): string {
  return `SPDXRef-File-${pathId(path)}`;
}

function relationship(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): unknown {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

function sourcePackage(source: CorpusSource, { links }: Corpus): unknown {
  const { locked } = source;
  const licenses = licensesOf(locked.licenses);
  return {
    SPDXID: sourceId(source),
    name: nameOf(locked.repo),
    versionInfo: locked.commit,
    downloadLocation: `git+${links.page(locked)}@${locked.commit}`,
    homepage: links.page(locked),
    filesAnalyzed: false,
    licenseConcluded: NOTHING,
    licenseDeclared: licenses.length === 0 ? NOTHING : licenses.map(expressionOf).join(" AND "),
    copyrightText: NOTHING,
    primaryPackagePurpose: "OTHER",
    summary: `the ${locked.type} ${locked.repo}, as source "${locked.name}"`,
    externalRefs: [
      { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purlOf(locked) },
    ],
  };
}

const NOTHING = "NOASSERTION";

function filePackage({ path, sha256, remote }: CorpusFile, { links }: Corpus): unknown {
  return {
    SPDXID: fileId(path),
    name: path,
    downloadLocation: links.file(remote),
    filesAnalyzed: false,
    checksums: [{ algorithm: "SHA256", checksumValue: sha256 }],
    licenseConcluded: NOTHING,
    licenseDeclared: NOTHING,
    copyrightText: NOTHING,
    primaryPackagePurpose: "FILE",
  };
}

function expressionOf(license: License): string {
  return "spdx" in license ? license.spdx : referenceOf(license.named);
}

function referenceOf(word: string): string {
  return `LicenseRef-${word.replace(/[^A-Za-z0-9.-]/g, (character) => `.${character.charCodeAt(0).toString(16)}`)}`;
}

function wordOf(license: License): readonly string[] {
  return "named" in license ? [license.named] : [];
}

function extracted(word: string): unknown {
  return {
    licenseId: referenceOf(word),
    name: word,
    extractedText: `The repository names its license "${word}", which is no id of the SPDX list; its card says more.`,
  };
}
