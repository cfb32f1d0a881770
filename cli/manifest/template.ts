/** The manifest that `init` writes: valid as it is, and explained line by line. */
export function renderTemplate({ name }: { name: string }): string {
  return `# yaml-language-server: $schema=https://unpkg.com/tritter/schema/manifest.schema.json
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
