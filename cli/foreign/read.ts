import { extname } from "node:path";
import { readHermeto } from "./hermeto.ts";
import { readShell } from "./shell.ts";
import type { Foreign } from "./wanted.ts";

/** Reads another tool's document: YAML is Hermeto's lock, anything else a shell script. `folder`: where it stands, seen from where it is started. */
export function readForeign(text: string, { file, folder }: { file: string; folder: string }): Foreign {
  return /^\.ya?ml$/i.test(extname(file)) ? readHermeto(text) : readShell(text, { folder });
}
