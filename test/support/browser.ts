import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** The browser of this machine; undefined: there is none, and tests that need one are skipped. */
export const browserFile: string | undefined = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
]
  .flatMap((name) => (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

export function openBrowser(): Promise<Browser> {
  // Root may not have the sandbox; the pages are ours.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: browserFile ?? "", args });
}
