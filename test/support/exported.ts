import { Ajv } from "ajv";

// What the specifications say of exported documents, beyond what a schema in a package says. Each returns what is wrong.

type Record_ = Readonly<Record<string, unknown>>;

const TIME = "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$";
const ID = "^SPDXRef-[A-Za-z0-9.-]+$";
const CHECKSUM_LENGTHS: Readonly<Record<string, number>> = { SHA1: 40, SHA256: 64 };

/** The parts of https://github.com/spdx/spdx-spec/blob/support/2.3/schemas/spdx-schema.json that a document of ours has. */
const SPDX_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"],
  properties: {
    spdxVersion: { const: "SPDX-2.3" },
    dataLicense: { const: "CC0-1.0" },
    SPDXID: { const: "SPDXRef-DOCUMENT" },
    name: { type: "string", minLength: 1 },
    // Absolute, and without a fragment.
    documentNamespace: { type: "string", pattern: "^[a-z][a-z0-9+.-]*:[^#\\s]+$" },
    creationInfo: {
      type: "object",
      additionalProperties: false,
      required: ["created", "creators"],
      properties: {
        created: { type: "string", pattern: TIME },
        creators: {
          type: "array",
          minItems: 1,
          items: { type: "string", pattern: "^(?:Person|Organization|Tool): .+" },
        },
      },
    },
    hasExtractedLicensingInfos: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["licenseId", "extractedText"],
        properties: {
          licenseId: { type: "string", pattern: "^LicenseRef-[A-Za-z0-9.-]+$" },
          extractedText: { type: "string", minLength: 1 },
          name: { type: "string" },
        },
      },
    },
    documentDescribes: { type: "array", items: { type: "string", pattern: ID } },
    packages: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["SPDXID", "name", "downloadLocation", "filesAnalyzed"],
        properties: {
          SPDXID: { type: "string", pattern: ID },
          name: { type: "string", minLength: 1 },
          versionInfo: { type: "string" },
          downloadLocation: { type: "string", pattern: "^(?:git\\+)?https?://[^\\s#]+$" },
          homepage: { type: "string", pattern: "^https?://\\S+$" },
          filesAnalyzed: { const: false },
          checksums: {
            type: "array",
            minItems: 1,
            items: {
              type: "object",
              additionalProperties: false,
              required: ["algorithm", "checksumValue"],
              properties: {
                algorithm: { enum: ["SHA1", "SHA256"] },
                checksumValue: { type: "string", pattern: "^[0-9a-f]+$" },
              },
            },
          },
          licenseConcluded: { type: "string" },
          licenseDeclared: { type: "string" },
          copyrightText: { type: "string" },
          summary: { type: "string" },
          primaryPackagePurpose: {
            enum: [
              "OTHER",
              "INSTALL",
              "ARCHIVE",
              "FIRMWARE",
              "APPLICATION",
              "FRAMEWORK",
              "LIBRARY",
              "CONTAINER",
              "SOURCE",
              "DEVICE",
              "OPERATING_SYSTEM",
              "FILE",
            ],
          },
          externalRefs: {
            type: "array",
            items: {
              type: "object",
              additionalProperties: false,
              required: ["referenceCategory", "referenceType", "referenceLocator"],
              properties: {
                referenceCategory: { enum: ["OTHER", "PERSISTENT-ID", "SECURITY", "PACKAGE-MANAGER"] },
                referenceType: { type: "string" },
                referenceLocator: { type: "string", pattern: "^pkg:[a-z]+/\\S+@\\S+$" },
              },
            },
          },
        },
      },
    },
    relationships: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["spdxElementId", "relationshipType", "relatedSpdxElement"],
        properties: {
          spdxElementId: { type: "string" },
          relationshipType: { enum: ["DESCRIBES", "CONTAINS"] },
          relatedSpdxElement: { type: "string" },
        },
      },
    },
  },
};

interface SpdxPackage {
  readonly SPDXID: string;
  readonly licenseDeclared: string;
  readonly checksums?: readonly { readonly algorithm: string; readonly checksumValue: string }[];
}

interface SpdxDocument {
  readonly packages: readonly SpdxPackage[];
  readonly documentDescribes: readonly string[];
  readonly relationships: readonly { readonly spdxElementId: string; readonly relatedSpdxElement: string }[];
  readonly hasExtractedLicensingInfos?: readonly { readonly licenseId: string }[];
}

export function spdxProblems(document: unknown): readonly string[] {
  const validate = new Ajv({ allErrors: true }).compile(SPDX_SCHEMA);
  if (!validate(document))
    return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  const {
    packages,
    relationships,
    documentDescribes,
    hasExtractedLicensingInfos = [],
  } = document as unknown as SpdxDocument;
  const ids = new Set(["SPDXRef-DOCUMENT", ...packages.map(({ SPDXID }) => SPDXID)]);
  const known = new Set(hasExtractedLicensingInfos.map(({ licenseId }) => licenseId));
  const named = new Set(
    packages.flatMap(({ licenseDeclared }) => licenseDeclared.match(/LicenseRef-[\w.-]+/g) ?? []),
  );
  const related = new Set(relationships.map(({ relatedSpdxElement }) => relatedSpdxElement));
  return [
    ...(ids.size === packages.length + 1 ? [] : ["an id stands there twice"]),
    ...[...documentDescribes, ...relationships.flatMap((one) => [one.spdxElementId, one.relatedSpdxElement])]
      .filter((id) => !ids.has(id))
      .map((id) => `${id} is nowhere`),
    ...packages
      .filter(({ SPDXID }) => !related.has(SPDXID))
      .map(({ SPDXID }) => `${SPDXID} belongs to nothing`),
    ...[...named].filter((id) => !known.has(id)).map((id) => `${id} is not explained`),
    ...[...known].filter((id) => !named.has(id)).map((id) => `${id} is not used`),
    ...packages
      .flatMap(({ checksums = [] }) => checksums)
      .filter(({ algorithm, checksumValue }) => checksumValue.length !== CHECKSUM_LENGTHS[algorithm])
      .map(({ checksumValue }) => `${checksumValue} is no checksum`),
  ];
}

/** The context of version 1.0, from the appendix of https://docs.mlcommons.org/croissant/docs/croissant-spec.html */
const CROISSANT_CONTEXT = {
  "@language": "en",
  "@vocab": "https://schema.org/",
  ...Object.fromEntries(
    "citeAs column extract field fileProperty fileObject fileSet format includes isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace separator source subField transform"
      .split(" ")
      .map((name) => [name, `cr:${name}`]),
  ),
  conformsTo: "dct:conformsTo",
  cr: "http://mlcommons.org/croissant/",
  rai: "http://mlcommons.org/croissant/RAI/",
  data: { "@id": "cr:data", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  dct: "http://purl.org/dc/terms/",
  examples: { "@id": "cr:examples", "@type": "@json" },
  sc: "https://schema.org/",
};

interface Thing extends Record_ {
  readonly "@type": string;
  readonly "@id": string;
}

const REQUIRED = [
  "@context",
  "@type",
  "conformsTo",
  "description",
  "license",
  "name",
  "url",
  "creator",
  "datePublished",
  "distribution",
];

/** What the specification asks of a dataset, its resources and its records. */
export function croissantProblems(document: Record_, without: readonly string[] = []): readonly string[] {
  const problems: string[] = [];
  const say = (wrong: boolean, what: string) => {
    if (wrong) problems.push(what);
  };
  for (const name of REQUIRED)
    say(document[name] === undefined && !without.includes(name), `${name} is not there`);
  say(document["@type"] !== "sc:Dataset", "it is no dataset");
  say(document.conformsTo !== "http://mlcommons.org/croissant/1.0", "it conforms to something else");
  const sorted = (context: object) => JSON.stringify(Object.entries(context).sort());
  say(sorted(document["@context"] as object) !== sorted(CROISSANT_CONTEXT), "its context is another");
  const distribution = document.distribution as readonly Thing[];
  const records = (document.recordSet ?? []) as readonly Thing[];
  const fields = records.flatMap((one) => one.field as readonly Thing[]).flatMap(withSubFields);
  const all = [...distribution, ...records, ...fields];
  const byId = new Map(all.map((one) => [one["@id"], one]));
  say(byId.size !== all.length, "an id stands there twice");
  const refers = (reference: unknown, type: string) => {
    const id = (reference as Thing | undefined)?.["@id"] ?? "";
    say(byId.get(id)?.["@type"] !== type, `"${id}" is no ${type}`);
  };
  for (const one of all) {
    say(typeof one["@id"] !== "string" || /[\s"<>\\^`{|}]/.test(one["@id"]), `"${one["@id"]}" is no IRI`);
    say(typeof one.name !== "string" || one.name === "", `${one["@id"]} has no name`);
  }
  for (const one of distribution) {
    say(typeof one.encodingFormat !== "string", `${one["@id"]} has no encodingFormat`);
    if (one["@type"] === "cr:FileSet") {
      refers(one.containedIn, "cr:FileObject");
      say((one.includes as readonly string[]).length === 0, `${one["@id"]} includes nothing`);
    } else {
      say(one["@type"] !== "cr:FileObject", `${one["@id"]} is no resource`);
      say(!URL.canParse(String(one.contentUrl)), `${one["@id"]} is nowhere`);
      say(!/^[0-9a-f]{64}$/.test(String(one.sha256)), `${one["@id"]} has no sha256`);
    }
  }
  for (const one of records) say(one["@type"] !== "cr:RecordSet", `${one["@id"]} is no RecordSet`);
  for (const one of fields) {
    say(one["@type"] !== "cr:Field", `${one["@id"]} is no Field`);
    if (one.subField !== undefined) continue;
    say(!/^sc:(?:Text|Integer|Float|Boolean|Date)$/.test(String(one.dataType)), `${one["@id"]} has no type`);
    const source = one.source as Record_;
    const [kind] = ["fileSet", "fileObject"].filter((name) => source[name] !== undefined);
    refers(source[kind ?? "fileObject"], kind === "fileSet" ? "cr:FileSet" : "cr:FileObject");
    say(typeof (source.extract as Record_).column !== "string", `${one["@id"]} comes from no column`);
  }
  return problems;
}

function withSubFields(field: Thing): readonly Thing[] {
  return [field, ...((field.subField ?? []) as readonly Thing[]).flatMap(withSubFields)];
}

/** https://github.com/in-toto/attestation/tree/main/spec, its v1 and its link. */
export function statementProblems(document: unknown): readonly string[] {
  const digest = (hashes: object) => ({
    type: "object",
    minProperties: 1,
    additionalProperties: false,
    properties: hashes,
  });
  const sha256 = { type: "string", pattern: "^[0-9a-f]{64}$" };
  const validate = new Ajv({ allErrors: true }).compile({
    type: "object",
    additionalProperties: false,
    required: ["_type", "subject", "predicateType", "predicate"],
    properties: {
      _type: { const: "https://in-toto.io/Statement/v1" },
      subject: {
        type: "array",
        minItems: 1,
        uniqueItems: true,
        items: {
          type: "object",
          additionalProperties: false,
          required: ["name", "digest"],
          properties: { name: { type: "string", minLength: 1 }, digest: digest({ sha256 }) },
        },
      },
      predicateType: { const: "https://in-toto.io/attestation/link/v0.3" },
      predicate: {
        type: "object",
        additionalProperties: false,
        required: ["name"],
        properties: {
          name: { type: "string" },
          command: { type: "array", items: { type: "string" } },
          materials: {
            type: "array",
            items: {
              type: "object",
              additionalProperties: false,
              required: ["digest"],
              properties: {
                name: { type: "string" },
                uri: { type: "string", pattern: "^git\\+https?://\\S+@[0-9a-f]{40}$" },
                digest: digest({ sha256, gitCommit: { type: "string", pattern: "^[0-9a-f]{40}$" } }),
              },
            },
          },
        },
      },
    },
  });
  return validate(document)
    ? []
    : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
