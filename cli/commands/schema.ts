/** A schema as it stands in the package, for editors and validators that have no network. */
export async function schemaText(name: string): Promise<string> {
  const { default: schema } =
    name === "lock"
      ? await import("../../schema/lock.schema.json", { with: { type: "json" } })
      : await import("../../schema/manifest.schema.json", { with: { type: "json" } });
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
