/** How `check` can answer: for people, programs, and what reads along in CI. */
export const FORMATS = ["text", "json", "github", "sarif", "junit", "markdown"] as const;

export type Format = (typeof FORMATS)[number];

/** Those in which the whole answer is one document, made at the end. */
export type DocumentFormat = Exclude<Format, "text" | "json">;

/** How changes can be told. */
export const CHANGE_FORMATS = ["text", "json", "markdown"] as const satisfies readonly Format[];

/** `--json` is `--format json`. */
export function formatOf({ format, json }: { readonly format?: Format; readonly json?: boolean }): Format {
  return format ?? (json ? "json" : "text");
}

/** What a line asks for that cannot be read: even its mistake is told in a form that its reader expects. */
export function formatAsked(argv: readonly string[]): Format {
  // There `--format` names what is written, and not how to answer.
  const isAnswer = argv[0] !== "export";
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  if (words.includes("--json")) return "json";
  const values = words.flatMap((word, at) =>
    word === "--format" ? [words[at + 1]] : word.startsWith("--format=") ? [word.slice(9)] : [],
  );
  const last = isAnswer ? values.at(-1) : undefined;
  return FORMATS.find((format) => format === last) ?? "text";
}
