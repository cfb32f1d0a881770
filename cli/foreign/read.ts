import { extname } from "node:path";
import { readHermeto } from "./hermeto.ts";
import { readShell } from "./shell.ts";
import type { Foreign } from "./wanted.ts";

export interface ForeignPlace {
  readonly file: string;
  /** Where it stands, seen from where it is started. */
  readonly folder: string;
  /** Hubs in use besides huggingface.co. */
  readonly endpoints: readonly string[];
}

/** Reads another tool's document: YAML is a lock of Hermeto's, anything else a shell script. */
export function readForeign(text: string, { file, folder, endpoints }: ForeignPlace): Foreign {
  return /^\.ya?ml$/i.test(extname(file)) ? readHermeto(text, endpoints) : readShell(text, { folder });
}
