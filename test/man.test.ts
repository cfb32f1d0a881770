import { execFileSync, spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { SPECS } from "../cli/commands/specs.ts";
import { CODES, EXIT } from "../cli/errors.ts";
import { MEANINGS } from "../cli/report/meanings.ts";
import packageJson from "../package.json" with { type: "json" };
import { readPage } from "./support/pages.ts";

// The build makes the page; here it is read as a stranger would.

const FILE = join(fileURLToPath(new URL("..", import.meta.url)), packageJson.man);
const page = await readFile(FILE, "utf8");
/** As it is read: marks and line ends of the source gone. */
const text = page
  .replaceAll("\\-", "-")
  .replaceAll("\\e", "\\")
  .replaceAll("\\&...", "…")
  .replaceAll("\\&", "")
  .replace(/^\.(?:B|I|SS|TP|SH|PP|EX|EE)\b ?/gm, "")
  .replace(/\s+/g, " ");

function has(program: string, ...args: string[]): boolean {
  return spawnSync(program, args, { stdio: "ignore" }).error === undefined;
}

describe("man/tritter.1", () => {
  it("tells every command with its arguments, options and examples, as --help does", () => {
    for (const spec of SPECS.filter(({ hidden }) => hidden !== true)) {
      expect(text).toContain(` tritter ${spec.name}`);
      expect(text).toContain(spec.summary.slice(1));
      for (const given of spec.arguments ?? [])
        expect(text).toContain(given.description.replaceAll("…", "…"));
      for (const make of spec.options) {
        const { flags, description } = make();
        expect(text, spec.name).toContain(`${flags} ${description}`);
      }
      for (const [line, purpose] of spec.examples) expect(text).toContain(`${line} ${purpose}`);
    }
    expect(text).not.toContain("git-textconv");
  });

  it("tells every exit status, error code and variable", async () => {
    for (const [name, status] of Object.entries(EXIT))
      expect(text).toContain(`${status} ${MEANINGS[name as keyof typeof EXIT]}`);
    for (const code of Object.keys(CODES)) expect(text).toContain(` ${code} `);
    const { text: readme } = await readPage("README.md");
    const [, section = ""] = readme.split("\n## Environment\n");
    const names = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `([A-Z_]+)`/gm)].map(
      ([, name]) => name,
    );
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(text).toContain(` ${name}`);
  });

  it("is of this version", () => {
    expect(page).toContain(`"tritter ${packageJson.version}"`);
  });

  it.skipIf(!has("mandoc", "-V"))("has no mistake that mandoc finds", () => {
    expect(spawnSync("mandoc", ["-Tlint", FILE], { encoding: "utf8" }).stdout).toBe("");
  });

  it.skipIf(!has("groff", "--version") || !has("man", "--version"))("has no mistake that groff finds", () => {
    const args = ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", FILE];
    expect(spawnSync("man", args, { encoding: "utf8", env: { ...process.env, MANWIDTH: "80" } }).stderr).toBe(
      "",
    );
    const shown = execFileSync("man", ["-l", FILE], { encoding: "utf8" });
    expect(shown).toContain("tritter sync [name...]");
  });
});
