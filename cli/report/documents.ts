import { isAbsolute, relative, resolve, sep } from "node:path";
import type { Env } from "../context.ts";
import type { DocumentFormat } from "./formats.ts";
import { carriedText } from "./list.ts";
import type { Ending } from "./result.ts";

/** What a document about a run needs beside its end. */
export interface Surroundings {
  readonly version: string;
  readonly warnings: readonly string[];
  /** Absolute: the manifest that the run was about, whether it could be read or not. */
  readonly manifest: string;
  /** How a file is called where the report is read. */
  readonly nameOf: (file: string) => string;
}

interface Place {
  readonly env: Env;
  /** Absolute. */
  readonly cwd: string;
}

/** Each format is loaded when it is asked for. */
export async function renderDocument(
  format: DocumentFormat,
  ending: Ending,
  { env, cwd, ...rest }: Place & Omit<Surroundings, "nameOf">,
): Promise<string> {
  const { version } = rest;
  const manifest = resolve(cwd, rest.manifest);
  const warnings = [...rest.warnings, ...standIns(ending)];
  const surroundings = { version, warnings, manifest, nameOf: fileNamer({ env, cwd }) };
  switch (format) {
    case "github":
      return (await import("./github.ts")).githubText(ending, surroundings);
    case "sarif":
      return (await import("./sarif.ts")).sarifText(ending, surroundings);
    case "junit":
      return (await import("./junit.ts")).junitText(ending, surroundings);
    case "markdown":
      return (await import("./markdown.ts")).markdownText(ending, surroundings);
    default:
      return format satisfies never;
  }
}

/** A corpus that is not what its manifest names first does not pass for it in any format. */
function standIns({ result }: Ending): readonly string[] {
  if (result?.command !== "check") return [];
  return result.carried.map((one) => `source "${one.source}": ${carriedText(one)}`);
}

/**
 * A file as those who read reports find it: from the top of the checkout in CI, else from where the command runs;
 * `/`-separated. Absolute where it is outside of both.
 */
function fileNamer({ env, cwd }: Place): (file: string) => string {
  const tops = [env.GITHUB_WORKSPACE, env.CI_PROJECT_DIR, cwd].filter(
    (top) => top !== undefined && top !== "",
  );
  return (file) => {
    const names = tops.map((top) => relative(top as string, file));
    const inside = names.find((name) => name !== "" && !isAbsolute(name) && name.split(sep)[0] !== "..");
    return (inside ?? file).replaceAll(sep, "/");
  };
}
