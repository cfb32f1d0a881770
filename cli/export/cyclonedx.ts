import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { RepoType } from "../../schema/ids.ts";
import {
  bytesOf,
  type Corpus,
  type CorpusFile,
  type CorpusSource,
  commitPage,
  type Links,
  nameOf,
  ownerOf,
  purlOf,
} from "./corpus.ts";
import { documentId } from "./ids.ts";
import { licensesOf } from "./licenses.ts";
import { jsonPieces, many } from "./text.ts";

// The library knows the models and how they are written; files are written one by one, so that a hundred thousand of them are
// never there together. What it has no model of (https://cyclonedx.org/docs/1.6/json/: `data`) is added to what it makes.

const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
/** Its sorting depends on where in the world it runs; ours is done. */
const OPTIONS = { sortLists: false };

/** A bill of materials for machine learning, CycloneDX 1.6: a component a source, with its files inside. */
export function cyclonedx(corpus: Corpus): Iterable<string> {
  const { sources, links } = corpus;
  const components = sources.map((source) => ({ source, component: componentOf(source, links) }));
  const bom = new Models.Bom({
    serialNumber: `urn:uuid:${documentId(corpus, "cyclonedx")}`,
    metadata: metadataOf(
      corpus,
      components.map(({ component }) => component),
    ),
    components: new Models.ComponentRepository(components.map(({ component }) => component)),
  });
  const { components: _, dependencies, ...head } = factory.makeForBom().normalize(bom, OPTIONS);
  return jsonPieces({
    ...head,
    components: many(components, ({ source, component }) => ({
      ...factory.makeForComponent().normalize(component, OPTIONS),
      ...dataOf(source, links),
      ...(source.files.length > 0 && { components: many(source.files, fileOf) }),
    })),
    dependencies,
  });
}

function metadataOf(
  { name, lockDigest, created, version }: Corpus,
  components: readonly Models.Component[],
): Models.Metadata {
  const whole = new Models.Component(Enums.ComponentType.Data, name, {
    bomRef: "corpus",
    version: lockDigest,
    dependencies: new Models.BomRefRepository(components.map(({ bomRef }) => bomRef)),
  });
  const tool = new Models.Component(Enums.ComponentType.Application, "tritter", { version });
  return new Models.Metadata({
    component: whole,
    tools: new Models.Tools({ components: new Models.ComponentRepository([tool]) }),
    ...(created !== undefined && { timestamp: new Date(created) }),
  });
}

function refOf(source: string): string {
  return `source:${source}`;
}

const TYPES: Readonly<Record<RepoType, Models.Component["type"]>> = {
  dataset: Enums.ComponentType.Data,
  model: Enums.ComponentType.MachineLearningModel,
  space: Enums.ComponentType.Application,
};

function componentOf(source: CorpusSource, links: Links): Models.Component {
  const { locked } = source;
  const owner = ownerOf(locked.repo);
  return new Models.Component(TYPES[locked.type], nameOf(locked.repo), {
    bomRef: refOf(locked.name),
    ...(owner !== undefined && { group: owner }),
    version: locked.commit,
    purl: purlOf(locked),
    licenses: new Models.LicenseRepository(
      licensesOf(locked.licenses).map((license) => {
        const options = { acknowledgement: Enums.LicenseAcknowledgement.Declared };
        return "spdx" in license
          ? new Models.SpdxLicense(license.spdx, options)
          : new Models.NamedLicense(license.named, options);
      }),
    ),
    externalReferences: referencesOf(source, links),
    properties: propertiesOf(source),
  });
}

function referencesOf({ locked }: CorpusSource, links: Links): Models.ExternalReferenceRepository {
  const { Website, Distribution, Documentation } = Enums.ExternalReferenceType;
  const card = `${links.page(locked)}/blob/${locked.commit}/README.md`;
  return new Models.ExternalReferenceRepository([
    new Models.ExternalReference(links.page(locked), Website),
    new Models.ExternalReference(commitPage(links, locked), Distribution),
    ...(locked.card === undefined ? [] : [new Models.ExternalReference(card, Documentation)]),
    ...(locked.rescued ?? []).map(
      (refuge) =>
        new Models.ExternalReference(`${links.page(refuge)}/tree/${refuge.commit}`, Distribution, {
          comment: "the pinned commit is gone, and its bytes were found there",
        }),
    ),
  ]);
}

function propertiesOf(source: CorpusSource): Models.PropertyRepository {
  const { locked, listing, files } = source;
  const rows = rowsOf(files);
  const properties: Readonly<Record<string, string | undefined>> = {
    source: locked.name,
    type: locked.type,
    revision: locked.revision,
    path: locked.path === "" ? "." : locked.path,
    listing,
    files: String(files.length),
    bytes: String(bytesOf(source)),
    rows: rows === undefined ? undefined : String(rows),
    gated: locked.gated === undefined ? undefined : String(locked.gated),
  };
  return new Models.PropertyRepository(
    Object.entries(properties).flatMap(([name, value]) =>
      value === undefined ? [] : [new Models.Property(`tritter:${name}`, value)],
    ),
  );
}

/** undefined: of some file that may hold rows they are not known. */
function rowsOf(files: readonly CorpusFile[]): number | undefined {
  const known = files.flatMap(({ facts }) =>
    facts === undefined || facts.kind === "unreadable" ? [] : [facts.rows],
  );
  const isWhole = files.every(({ path, facts }) => facts !== undefined || !path.endsWith(".parquet"));
  if (known.length === 0 || !isWhole) return undefined;
  return known.reduce<number | undefined>(
    (sum, rows) => (sum === undefined || rows === undefined ? undefined : sum + rows),
    0,
  );
}

/** Only a component of type "data" may say so. */
function dataOf({ locked }: CorpusSource, links: Links): Readonly<Record<string, unknown>> {
  if (locked.type !== "dataset") return {};
  return { data: [{ type: "dataset", name: locked.repo, contents: { url: commitPage(links, locked) } }] };
}

function fileOf({ path, size, sha256 }: CorpusFile): unknown {
  const { File } = Enums.ComponentType;
  const component = new Models.Component(File, path, {
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], sha256]]),
    properties: new Models.PropertyRepository([new Models.Property("tritter:bytes", String(size))]),
  });
  return factory.makeForComponent().normalize(component, OPTIONS);
}
