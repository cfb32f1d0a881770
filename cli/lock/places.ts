import { lineAt } from "./flaws.ts";

/**
 * The line on which a source begins, or one of its files stands, in a lock as tritter writes it: every file has
 * a line of its own, so it is found by counting. 1-based; undefined where the text is laid out in another way.
 */
export function lineOf(text: string, source: string, file?: number): number | undefined {
  const start = text.indexOf(`\n${JSON.stringify(source)}: {`);
  if (start < 0) return undefined;
  if (file === undefined) return lineAt(text, start + 1);
  const files = text.indexOf('\n"files": [', start);
  return files < 0 ? lineAt(text, start + 1) : lineAt(text, files + 1) + 1 + file;
}
