import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { validateLock, validateManifest } from "../../schema/validate.mjs";

type Schema = Readonly<Record<string, unknown>>;

const SCHEMAS = (["manifest", "lock", "metadata"] as const).map((name) => [name, read(name)] as const);

function read(name: string): Schema {
  return JSON.parse(readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), "utf8"));
}

describe.each(SCHEMAS)("%s.schema.json", (name, schema) => {
  const compiled = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    allErrors: true,
  });

  it("is a JSON Schema of draft 2020-12, in ajv's strict reading", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(compiled.validateSchema(schema)).toBe(true);
    expect(() => compiled.compile(schema)).not.toThrow();
  });

  it("describes every property it names, in a sentence", () => {
    const properties = propertiesOf(schema, "");
    expect(properties.length).toBeGreaterThan(10);
    const described = ([, property]: [string, Schema]) =>
      property.description ?? referred(schema, property).description;
    const silent = properties.filter((one) => !/^\S.*[.:…]$/s.test(String(described(one) ?? "")));
    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it("gives examples and defaults that it would itself accept", () => {
    const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
    ajv.addSchema(schema, name);
    const wrong = propertiesOf(schema, "").flatMap(([path, property]) =>
      [
        ...((property.examples as unknown[] | undefined) ?? []),
        ...("default" in property ? [property.default] : []),
      ]
        .filter((value) => !ajv.compile({ $ref: `${name}#${path}` })(value))
        .map((value) => `${path} ${JSON.stringify(value)}`),
    );
    expect(wrong).toEqual([]);
  });
});

/** What a property's `$ref` leads to within the schema. */
function referred(schema: Schema, property: Schema): Schema {
  const steps = String(property.$ref ?? "")
    .split("/")
    .slice(1);
  return steps.reduce((node, step) => (node[step] ?? {}) as Schema, schema);
}

/** Every entry of every `properties`, by its JSON pointer. */
function propertiesOf(node: unknown, path: string): [string, Schema][] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node as Schema).flatMap(([key, child]) => {
    const below = propertiesOf(child, `${path}/${key}`);
    if (!path.endsWith("/properties") || path === "/properties/properties") return below;
    return [[`${path}/${key}`, child as Schema], ...below];
  });
}

const FULL = {
  version: 1,
  name: "n",
  root: "data",
  endpoint: "https://huggingface.co",
  policy: { licenses: { allow: ["mit"], deny: ["x"] }, deny: ["*.py"] },
  sources: {
    s: {
      repo: "o/n",
      type: "model",
      revision: "v1",
      include: ["*"],
      exclude: [],
      path: "p",
      strip: "q",
      names: "posix",
      groups: ["g"],
      expect: { files: 1, minFiles: 1, maxBytes: 0 },
      license: { accept: ["other"], reason: "r" },
      follow: { ref: "main", grace: "30d" },
      fallbacks: [{ repo: "o/m" }],
    },
  },
};

const source = (parts: object) => ({ ...FULL, sources: { s: { ...FULL.sources.s, ...parts } } });

describe("validateManifest()", () => {
  it.each<[string, unknown]>([
    ["all there is", FULL],
    ["the least there is", { version: 1, sources: {} }],
    ["sources that are still comments", { version: 1, sources: null }],
    ["a source named as a member of every object", { version: 1, sources: { constructor: { repo: "o/n" } } }],
  ])("takes %s", (_, manifest) => {
    expect(validateManifest(manifest)).toEqual([]);
  });

  it.each<[keyword: string, path: string, manifest: unknown]>([
    ["type", "", null],
    ["type", "", []],
    ["required", "", { version: 1 }],
    ["required", "", { sources: {} }],
    ["const", "/version", { ...FULL, version: 2 }],
    ["additionalProperties", "", { ...FULL, source: {} }],
    ["additionalProperties", "/policy", { ...FULL, policy: { license: {} } }],
    ["minLength", "/name", { ...FULL, name: "" }],
    ["maxLength", "/name", { ...FULL, name: "n".repeat(101) }],
    ["pattern", "/name", { ...FULL, name: "a\nb" }],
    ["type", "/root", { ...FULL, root: 1 }],
    ["type", "/sources", { ...FULL, sources: [] }],
    ["propertyNames", "/sources", { ...FULL, sources: { "1a": { repo: "o/n" } } }],
    ["propertyNames", "/sources", { ...FULL, sources: { "a/b": { repo: "o/n" } } }],
    ["propertyNames", "/sources", { ...FULL, sources: { ["a".repeat(101)]: { repo: "o/n" } } }],
    ["propertyNames", "/sources", { ...FULL, sources: JSON.parse('{"__proto__":{"repo":"o/n"}}') }],
    ["required", "/sources/s", { ...FULL, sources: { s: {} } }],
    ["type", "/sources/s", { ...FULL, sources: { s: "o/n" } }],
    ["additionalProperties", "/sources/s", source(JSON.parse('{"__proto__":1}'))],
    ["enum", "/sources/s/type", source({ type: "Dataset" })],
    ["type", "/sources/s/revision", source({ revision: 1234567 })],
    ["type", "/sources/s/include", source({ include: "*.py" })],
    ["minLength", "/sources/s/include/0", source({ include: [""] })],
    ["enum", "/sources/s/names", source({ names: "windows" })],
    ["pattern", "/sources/s/groups/0", source({ groups: ["a b"] })],
    ["minProperties", "/sources/s/expect", source({ expect: {} })],
    ["type", "/sources/s/expect/files", source({ expect: { files: 1.5 } })],
    ["minimum", "/sources/s/expect/maxBytes", source({ expect: { maxBytes: -1 } })],
    ["required", "/sources/s/license", source({ license: { accept: "mit" } })],
    ["additionalProperties", "/sources/s/fallbacks/0", source({ fallbacks: [{ repo: "o/n", path: "x" }] })],
    ["additionalProperties", "/sources/s/fallbacks/0", source({ fallbacks: [{ repo: "o/n", groups: [] }] })],
    ["maxItems", "/sources/s/fallbacks", source({ fallbacks: Array(21).fill({ repo: "o/n" }) })],
  ])("tells %s at %j of %j", (keyword, path, manifest) => {
    expect(validateManifest(manifest)).toContainEqual(expect.objectContaining({ keyword, path }));
  });

  it("tells all at once", () => {
    const wrong = { version: 2, nme: "x", sources: { s: { type: "x", revision: 1 } } };
    expect(
      validateManifest(wrong)
        .map(({ keyword }) => keyword)
        .sort(),
    ).toEqual(["additionalProperties", "const", "enum", "required", "type"]);
  });
});

const LOCKED = {
  request: `sha256:${"0".repeat(64)}`,
  repo: "o/n",
  type: "dataset",
  revision: "main",
  commit: "0".repeat(40),
  listing: `sha256:${"0".repeat(64)}`,
  path: "",
  files: [{ path: "a", size: 0, git: "0".repeat(40) }],
};
const entry = (parts: object) => ({ version: 1, sources: { s: { ...LOCKED, ...parts } } });
const file = (parts: object) => entry({ files: [{ ...LOCKED.files[0], ...parts }] });

describe("validateLock()", () => {
  it.each<[string, unknown]>([
    ["the least there is", { version: 1, sources: {} }],
    ["a source", entry({})],
    ["what a later version added", { ...entry({ later: 1 }), more: [] }],
    ["one licence", entry({ license: "mit" })],
    ["several licences", entry({ license: ["mit", "apache-2.0"] })],
    ["the largest size", file({ size: Number.MAX_SAFE_INTEGER })],
  ])("takes %s", (_, lock) => {
    expect(validateLock(lock)).toEqual([]);
  });

  it.each<[keyword: string, path: string, lock: unknown]>([
    ["type", "", []],
    ["required", "", {}],
    ["propertyNames", "/sources", { version: 1, sources: { "../x": LOCKED } }],
    ["propertyNames", "/sources", { version: 1, sources: JSON.parse('{"__proto__":{}}') }],
    ["required", "/sources/s", entry({ commit: undefined })],
    ["pattern", "/sources/s/commit", entry({ commit: "main" })],
    ["pattern", "/sources/s/commit", entry({ commit: `${"0".repeat(40)}\n` })],
    ["pattern", "/sources/s/request", entry({ request: "x" })],
    ["pattern", "/sources/s/listing", entry({ listing: `sha256:${"0".repeat(63)}` })],
    ["pattern", "/sources/s/repo", entry({ repo: "../../etc" })],
    ["pattern", "/sources/s/repo", entry({ repo: "o/n?x=1" })],
    ["pattern", "/sources/s/repo", entry({ repo: "a/b/c" })],
    ["pattern", "/sources/s/repo", entry({ repo: "o/\u001b[2J" })],
    ["pattern", "/sources/s/asked", entry({ asked: "o/../x" })],
    ["enum", "/sources/s/type", entry({ type: "kernel" })],
    ["enum", "/sources/s/gated", entry({ gated: true })],
    ["type", "/sources/s/license", entry({ license: 1 })],
    ["minItems", "/sources/s/license", entry({ license: [] })],
    ["minimum", "/sources/s/carrier/fallback", entry({ carrier: { fallback: 0, why: "gated" } })],
    ["required", "/sources/s/carrier", entry({ carrier: {} })],
    ["minimum", "/sources/s/files/0/size", file({ size: -1 })],
    ["type", "/sources/s/files/0/size", file({ size: 1.5 })],
    ["type", "/sources/s/files/0/size", file({ size: "1" })],
    ["maximum", "/sources/s/files/0/size", file({ size: 2 ** 53 })],
    ["type", "/sources/s/files/0/size", file({ size: Number.POSITIVE_INFINITY })],
    ["pattern", "/sources/s/files/0/git", file({ git: "*".repeat(40) })],
    ["oneOf", "/sources/s/files/0", file({ git: undefined })],
    ["oneOf", "/sources/s/files/0", file({ sha256: "0".repeat(64) })],
    ["minLength", "/sources/s/files/0/path", file({ path: "" })],
  ])("tells %s at %j of %j", (keyword, path, lock) => {
    expect(validateLock(withoutUndefined(lock))).toContainEqual(expect.objectContaining({ keyword, path }));
  });
});

/** JSON has no undefined; a member that is, is not there. Infinity stays itself. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const copy: object = {};
  for (const [key, member] of members)
    Object.defineProperty(copy, key, { value: withoutUndefined(member), enumerable: true });
  return copy;
}
