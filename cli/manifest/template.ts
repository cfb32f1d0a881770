import { printable } from "../../schema/names.ts";
import { scalarText } from "./stanza.ts";

/** Where editors find the schema over a network. */
export const SCHEMA_URL = "https://unpkg.com/tritter/schema/manifest.schema.json";

const modeline = (schema: string) => `# yaml-language-server: $schema=${schema}`;

/** The manifest that `import` adds sources to where there is none: valid as it is. */
export function renderImported({
  name,
  root,
  from,
  schema,
}: {
  name: string;
  root: string;
  from: string;
  schema: string;
}): string {
  return `${modeline(schema)}
# Made by tritter import of ${printable(from)}; above each source stands the line that it comes from.
version: 1
name: ${scalarText(name)}
root: ${scalarText(root)}

sources:
`;
}

/** The manifest that `init` writes: valid as it is, and explained line by line. */
export function renderTemplate({ name, schema }: { name: string; schema: string }): string {
  return `${modeline(schema)}
# What training data is wanted. "tritter sync" pins it in tritter.lock and makes the disk equal the lock.
version: 1
name: ${JSON.stringify(name)}
root: data # destination, relative to this file; \${NAME:-default} works here

# policy:
#   licenses: { allow: [mit, apache-2.0] }
#   deny: ["*.py", "*.pkl"] # never taken, whatever include says

sources:
  # rust:
  #   repo: ammarnasr/the-stack-rust-clean
  #   include: ["data/*.parquet"] # default: everything
  #   strip: data # leading folder dropped from repository paths
  #   path: rust # below root; default: the source's name
  #   groups: [code]
  #   expect: { files: 28 } # refuse to lock anything else
`;
}
