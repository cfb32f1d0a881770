/** A schema as it stands in the package, for editors and validators that have no network. */
export async function schemaText(name: string): Promise<string> {
  const { default: schema } = await (SCHEMAS[name] ?? MANIFEST)();
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

const MANIFEST = () => import("../../schema/manifest.schema.json", { with: { type: "json" } });

const SCHEMAS: Readonly<Record<string, () => Promise<{ readonly default: object }>>> = {
  lock: () => import("../../schema/lock.schema.json", { with: { type: "json" } }),
  metadata: () => import("../../schema/metadata.schema.json", { with: { type: "json" } }),
  facts: () => import("../../schema/facts.schema.json", { with: { type: "json" } }),
};
