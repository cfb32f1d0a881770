import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { Disk } from "../../../cli/disk/port.ts";
import { runFake } from "../../support/world.ts";

const MANIFEST = `version: 1
sources:
  starcoder-rust: { repo: bigcode/starcoderdata, groups: [code, rust] }
  starcoder-go: { repo: bigcode/starcoderdata, groups: [code] }
  web: { repo: other/web }
`;

function diskOf(files: Readonly<Record<string, string>>): Disk {
  const read = async (path: string) => (files[path] === undefined ? undefined : Buffer.from(files[path]));
  return { read } as unknown as Disk;
}

async function completions(words: readonly string[], files = { "/project/tritter.yaml": MANIFEST }) {
  const { exit, stdout, stderr } = await runFake(["complete", "--", ...words], {}, { disk: diskOf(files) });
  expect([exit, stderr]).toEqual([0, ""]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t")[0]);
}

describe("complete()", () => {
  it("knows the commands", async () => {
    expect(await completions([""])).toEqual(
      expect.arrayContaining([
        "init",
        "add",
        "remove",
        "import",
        "lock",
        "update",
        "sync",
        "check",
        "list",
        "outdated",
        "diff",
        "why",
        "clean",
        "completion",
      ]),
    );
    expect(await completions([""])).not.toContain("complete");
    expect(await completions(["c"])).toEqual(["clean", "check", "completion"]);
    expect(await completions(["help", "sy"])).toEqual(["sync"]);
  });

  it("knows the options of a command, but not those already given", async () => {
    expect(await completions(["sync", "--l"])).toEqual(["--locked", "--limit-rate", "--lock"]);
    // Rates may stand there several times.
    const given = ["sync", "--locked", "--limit-rate", "1M", "--l"];
    expect(await completions(given)).toEqual(["--limit-rate", "--lock"]);
    expect(await completions(["--v"])).toEqual(["--version"]);
  });

  it("knows sources and groups, each once", async () => {
    expect(await completions(["sync", ""])).toEqual([
      "starcoder-rust",
      "starcoder-go",
      "web",
      "code",
      "rust",
    ]);
    expect(await completions(["sync", "web", "w"])).toEqual([]);
    expect(await completions(["sync", "--jobs", "4", "--dry-run", "starcoder-r"])).toEqual([
      "starcoder-rust",
    ]);
  });

  it("knows what add and remove take", async () => {
    expect(await completions(["add", ""])).toEqual([]);
    expect(await completions(["add", "--type", ""])).toEqual(["dataset", "model", "space"]);
    expect(await completions(["add", "--group", ""])).toEqual(["code", "rust"]);
    expect(await completions(["add", "--include", "*.txt", "--inc"])).toEqual(["--include"]);
    expect(await completions(["add", "--as", "x", "--as"])).toEqual([]);
    expect(await completions(["import", ""])).toEqual([":files"]);
    expect(await completions(["import", "--to", ""])).toEqual([":files"]);
    expect(await completions(["remove", "web", ""])).toEqual(["starcoder-rust", "starcoder-go"]);
  });

  it("reads the manifest that the line names", async () => {
    const files = { "/project/other.yaml": "sources: { one: { repo: a/b } }" };
    expect(await completions(["sync", "--manifest", "other.yaml", ""], files as never)).toEqual(["one"]);
    expect(await completions(["sync", "--manifest=other.yaml", ""], files as never)).toEqual(["one"]);
    expect(await completions(["sync", "--manifest", "=", "other.yaml", ""], files as never)).toEqual(["one"]);
  });

  it.each([
    ["no manifest", {}],
    ["a broken one", { "/project/tritter.yaml": "sources: [\n" }],
    ["an odd one", { "/project/tritter.yaml": "sources: 3" }],
    ["an empty one", { "/project/tritter.yaml": "" }],
  ])("says nothing where there is %s", async (_, files) => {
    expect(await completions(["sync", ""], files as never)).toEqual([]);
  });

  it("leaves files and folders to the shell", async () => {
    expect(await completions(["sync", "--manifest", ""])).toEqual([":files"]);
    expect(await completions(["sync", "--lock="])).toEqual([":files"]);
    expect(await completions(["sync", "--endpoint", "/da"])).toEqual([":folders"]);
    expect(await completions(["why", ""])).toEqual([":files"]);
    expect(await completions(["init", ""])).toEqual([":folders"]);
    expect(await completions(["sync", "--jobs", ""])).toEqual([]);
  });

  it("knows the shells", async () => {
    expect(await completions(["completion", ""])).toEqual(["bash", "zsh", "fish"]);
    expect(await completions(["completion", "bash", ""])).toEqual([]);
  });

  it("prints no control character of a manifest", async () => {
    const files = { "/project/tritter.yaml": 'sources: { "a\\u001b[2Jb": { repo: "x\\ty" } }' };
    expect((await completions(["sync", "a"], files as never))[0]).not.toContain("\u001b");
  });
});

function has(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "true"]);
    return true;
  } catch {
    return false;
  }
}

/** A `tritter` that records what it was asked and answers like the real one. */
const ASKED = `#!/bin/sh
for word in "$@"; do printf '<%s>' "$word" >> "$ASKED"; done
printf '\\n' >> "$ASKED"
eval "last=\\\${$#}"
case "$*" in
  *--manifest*) echo ':files' ;;
  *) for each in starcoder-rust starcoder-go web; do
       case $each in "$last"*) printf '%s\\tsource of code\\n' "$each" ;; esac
     done ;;
esac
`;

describe("completionScript()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "completion-"));
    await writeFile(join(folder, "tritter"), ASKED, { mode: 0o755 });
    await writeFile(join(folder, "tritter.yaml"), "");
    for (const shell of ["bash", "zsh", "fish"]) {
      await writeFile(join(folder, `script.${shell}`), (await runFake(["completion", shell])).stdout);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function shell(name: string, args: readonly string[]): Promise<string> {
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: folder,
      ASKED: join(folder, `asked.${name}`),
      TERM: "dumb",
    };
    return (await promisify(execFile)(name, args, { cwd: folder, env })).stdout;
  }

  const bash = (line: string, words: string) =>
    shell("bash", [
      "--norc",
      "-c",
      `source script.bash; COMP_LINE='${line}'; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _tritter; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]);

  it.skipIf(!has("bash"))("works in bash", async () => {
    expect(await bash("tritter sync st", "tritter sync st")).toBe("starcoder-rust\nstarcoder-go\n");
    expect(await bash("tritter sync ", "tritter sync ''")).toBe("starcoder-rust\nstarcoder-go\nweb\n");
    expect(await bash("tritter sync --manifest tr", "tritter sync --manifest tritter.y")).toBe(
      "tritter.yaml\n",
    );
    expect(await bash("tritter sync --manifest=", "tritter sync --manifest =")).toContain("tritter.yaml\n");
  });

  it.skipIf(!has("bash"))("can be sourced twice in bash, and evaluates nothing that was typed", async () => {
    const line = `source script.bash; source script.bash; COMP_WORDS=(tritter sync '$(touch evaluated)' 'w'); COMP_CWORD=3; _tritter; ls; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const stdout = await shell("bash", ["--norc", "-c", line]);
    expect(stdout).toContain("web\n");
    expect(stdout).not.toContain("evaluated");
  });

  it.skipIf(!has("fish"))("works in fish", async () => {
    const ask = (line: string) =>
      shell("fish", ["--no-config", "-c", `source script.fish; complete -C '${line}'`]);
    expect(await ask("tritter sync st")).toBe(
      "starcoder-go\tsource of code\nstarcoder-rust\tsource of code\n",
    );
    expect((await ask("tritter sync ")).split("\n")).toHaveLength(4);
    expect(await ask("tritter sync --manifest tritter.y")).toContain("tritter.yaml");
    expect(await ask("tritter sync --manifest=tritter.y")).toContain("--manifest=tritter.yaml");
  });

  it.skipIf(!has("zsh"))("works in zsh", async () => {
    const ask = (current: string) =>
      shell("zsh", [
        "-f",
        "-c",
        `functions[compdef]=':'; source ./script.zsh
         _files() { print FILES }; compset() { :; }; _describe() { print -l -- "\${(@P)4}" }
         words=(tritter sync ${current}); CURRENT=$#words; _tritter`,
      ]);
    expect(await ask("st")).toBe("starcoder-rust:source of code\nstarcoder-go:source of code\n");
    expect((await ask("''")).trim().split("\n")).toHaveLength(3);
    expect(await ask("--manifest ''")).toBe("FILES\n");
  });

  /** A shell with somebody at its keyboard; ends once all has been seen, in order. */
  async function typed(
    command: string,
    setUp: string,
    keys: readonly (readonly [type: string, seen: string])[],
  ) {
    const steps = keys.map(
      ([type, seen]) => `zpty -w -n z $'${type}'; zpty -r z out '*${seen}*' && print -r -- 'saw ${seen}'`,
    );
    const script = `zmodload zsh/zpty; zpty z "${command}"; zpty -w z "${setUp}; echo loaded-\\$((1+1))"; zpty -r z out '*loaded-2*'; ${steps.join("; ")}; zpty -d z`;
    return (await shell("zsh", ["-f", "-c", script])).trim().split("\n");
  }

  it.skipIf(!has("zsh"))("works in zsh as a file that compinit finds, for somebody who types", async () => {
    await writeFile(join(folder, "_tritter"), (await runFake(["completion", "zsh"])).stdout);
    const setUp = "fpath=($PWD \\$fpath); autoload -Uz compinit; compinit -u -D";
    const seen = await typed("zsh -f -i", setUp, [["tritter sync starcoder-r\\t", "starcoder-rust"]]);
    expect(seen).toEqual(["saw starcoder-rust"]);
  });

  it.skipIf(!has("bash"))("is written by --install where each shell looks, once, and says so", async () => {
    const home = await mkdtemp(join(tmpdir(), "completion-home-"));
    onTestFinished(() => rm(home, { recursive: true }));
    const install = async (name: string, env: Record<string, string> = {}) =>
      runFake(
        ["completion", name, "--install"],
        {},
        { disk: nodeDisk(), env: { HOME: home, ...env }, cwd: home },
      );
    const PLACES = {
      bash: ".local/share/bash-completion/completions/tritter",
      zsh: ".zfunc/_tritter",
      fish: ".config/fish/completions/tritter.fish",
    };
    for (const [name, place] of Object.entries(PLACES)) {
      const file = join(home, place);
      const script = (await runFake(["completion", name])).stdout;
      expect(await install(name)).toMatchObject({
        exit: 0,
        stderr: "",
        stdout: expect.stringContaining(`wrote ${file}\n`),
      });
      expect(await readFile(file, "utf8")).toBe(script);
      const { mtimeMs } = await stat(file);
      expect((await install(name)).stdout).toContain(`${file} is right already\n`);
      expect((await stat(file)).mtimeMs).toBe(mtimeMs);
      await writeFile(file, "an older one");
      expect((await install(name)).stdout).toContain("wrote");
      expect(await readFile(file, "utf8")).toBe(script);
    }
    const loaded = await shell("bash", [
      "--norc",
      "-c",
      `source "${join(home, PLACES.bash)}"; complete -p tritter; COMP_WORDS=(tritter sync w); COMP_CWORD=2; _tritter; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ]);
    expect(loaded).toBe("complete -F _tritter tritter\nweb\n");
    const elsewhere = {
      XDG_DATA_HOME: join(home, "data"),
      XDG_CONFIG_HOME: join(home, "config"),
      ZDOTDIR: join(home, "z"),
    };
    for (const [name, place] of [
      ["bash", "data/bash-completion/completions/tritter"],
      ["zsh", "z/.zfunc/_tritter"],
      ["fish", "config/fish/completions/tritter.fish"],
    ] as const)
      expect((await install(name, elsewhere)).stdout).toContain(`wrote ${join(home, place)}\n`);
    const own = await install("bash", { BASH_COMPLETION_USER_DIR: `${join(home, "own")}:/nowhere` });
    expect(own.stdout).toContain(`wrote ${join(home, "own/completions/tritter")}\n`);
  });

  it("is told, and not written, where there is no home, or something in the way", async () => {
    const lost = await runFake(["completion", "fish", "--install"], {}, { disk: nodeDisk() });
    expect([lost.exit, lost.stdout]).toEqual([2, ""]);
    expect(lost.stderr).toContain("HOME is not set");
    const env = { HOME: join(folder, "tritter.yaml") };
    const barred = await runFake(["completion", "fish", "--install"], {}, { disk: nodeDisk(), env });
    expect(barred.exit).toBe(12);
    expect(barred.stderr).toContain("DISK_REFUSED");
  });

  it.skipIf(!has("fish"))("works in fish as a file in its folder of completions", async () => {
    const completions = join(folder, ".config", "fish", "completions");
    await mkdir(completions, { recursive: true });
    await writeFile(join(completions, "tritter.fish"), (await runFake(["completion", "fish"])).stdout);
    expect(await shell("fish", ["-c", "complete -C 'tritter sync w'"])).toBe("web\tsource of code\n");
  });
});
