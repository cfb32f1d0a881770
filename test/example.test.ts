import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { exampleReport } from "./support/example.ts";
import { hasGit } from "./support/git.ts";

const EXAMPLE = fileURLToPath(new URL("../docs/examples/balanced-report.html", import.meta.url));

/** bytes */
const MOST = 500_000;

describe.skipIf(!hasGit)("docs/examples/balanced-report.html", () => {
  it("is what tritter report makes of manifests/balanced.yaml; npm run example writes it anew", async () => {
    const made = await exampleReport();
    if (process.env.EXAMPLE === "write") await writeFile(EXAMPLE, made);
    const kept = await readFile(EXAMPLE, "utf8");
    expect(kept.length).toBeLessThan(MOST);
    expect(kept).toContain("Synthetic.");
    // Not the whole as one difference, which nobody could read.
    expect(made.split("\n")).toEqual(kept.split("\n"));
  }, 120_000);
});
