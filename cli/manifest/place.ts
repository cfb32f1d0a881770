import { dirname, relative, resolve, sep } from "node:path";

export const DEFAULT_ROOT = "data";

/** Where a manifest's files go, and who owns them there. `root` is as written, its variables replaced already. */
export function placeOf(
  file: string,
  { name, root }: { readonly name: string | undefined; readonly root: string },
): { readonly root: string; readonly owner: string } {
  const absolute = resolve(dirname(file), root);
  return { root: absolute, owner: name ?? relative(absolute, file).split(sep).join("/") };
}
