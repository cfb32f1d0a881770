// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how a shell writes its variables
import { describe, expect, it } from "vitest";
import { readShell } from "../../../cli/foreign/shell.ts";
import { sourceOf } from "../../../cli/foreign/values.ts";
import type { Choice } from "../../../cli/foreign/wanted.ts";

function read(script: string) {
  const { wanted, refused, notes } = readShell(script, { folder: "scripts" });
  return {
    wanted: wanted.map(({ folder, ...rest }) => ({ ...rest, folder: folder && sourceOf(folder) })),
    refused: refused.map(({ line, message }) => `${line}: ${message}`),
    notes: notes.map(({ line, message }) => `${line}: ${message}`),
  };
}

const ALL: Choice = { kind: "all" };
const files = (...paths: string[]): Choice => ({ kind: "files", paths });
const patterns = (include: string[], exclude: string[] = []): Choice => ({
  kind: "patterns",
  include,
  exclude,
});

/** Behind `hf download`. */
const DOWNLOADS: readonly (readonly [
  line: string,
  type: string,
  repo: string,
  revision: string | undefined,
  choice: Choice,
  folder?: string,
])[] = [
  ["o/n", "model", "o/n", undefined, ALL],
  ["gpt2", "model", "gpt2", undefined, ALL],
  ["o/n --repo-type dataset", "dataset", "o/n", undefined, ALL],
  ["--repo-type=space o/n", "space", "o/n", undefined, ALL],
  ["o/n --type dataset --revision v1", "dataset", "o/n", "v1", ALL],
  ["datasets/o/n --revision=refs/pr/3", "dataset", "o/n", "refs/pr/3", ALL],
  ["o/n config.json", "model", "o/n", undefined, files("config.json")],
  ["o/n a.json d/b.json", "model", "o/n", undefined, files("a.json", "d/b.json")],
  ["o/n 'a[1].json'", "model", "o/n", undefined, files("a[1].json")],
  ["o/n a.json '*.txt'", "model", "o/n", undefined, patterns(["a.json", "*.txt"])],
  ["o/n art/", "model", "o/n", undefined, patterns(["art/*"])],
  ["o/n art/ a.json", "model", "o/n", undefined, patterns(["art/*", "a.json"])],
  ["o/n --include '*.json'", "model", "o/n", undefined, patterns(["*.json"])],
  ["o/n --include=*.json --include x/", "model", "o/n", undefined, patterns(["*.json", "x/*"])],
  ["o/n --exclude 'a\\b' '*.md'", "model", "o/n", undefined, patterns([], ["a/b", "*.md"])],
  [
    "o/n --include a b c --exclude d e --quiet",
    "model",
    "o/n",
    undefined,
    patterns(["a", "b", "c"], ["d", "e"]),
  ],
  ["--include '*.json' o/n", "model", "o/n", undefined, patterns(["*.json"])],
  ["o/n --local-dir ./d", "model", "o/n", undefined, ALL, "d"],
  ["o/n --local-dir=/abs/d/", "model", "o/n", undefined, ALL, "/abs/d"],
  ["o/n --local-dir $S/d", "model", "o/n", undefined, ALL, "$S/d"],
  ["o/n --local-dir ${S:-/s}/d", "model", "o/n", undefined, ALL, "${S:-/s}/d"],
  ["o/n --local-dir ~/d", "model", "o/n", undefined, ALL, "~/d"],
  [
    "o/n --local-dir d --local-dir-use-symlinks False --force-download --resume-download -q",
    "model",
    "o/n",
    undefined,
    ALL,
    "d",
  ],
  [
    "o/n --no-force-download --format json --no-truncate --json --max-workers 4",
    "model",
    "o/n",
    undefined,
    ALL,
  ],
  ["-- o/n --odd", "model", "o/n", undefined, files("--odd")],
  ["hf://datasets/o/n@v1/d/a.txt", "dataset", "o/n", "v1", files("d/a.txt")],
  ["hf://o/n/LICENSE", "model", "o/n", undefined, files("LICENSE")],
  ["hf://o/n/d/", "model", "o/n", undefined, patterns(["d/*"])],
];

describe("readShell()", () => {
  it.each(DOWNLOADS)("hf download %s", (line, type, repo, revision, choice, folder) => {
    const { wanted, refused } = read(`hf download ${line}`);
    expect({ wanted, refused }).toEqual({
      wanted: [{ line: 1, type, repo, revision, choice, folder }],
      refused: [],
    });
  });

  it.each([
    "huggingface-cli download o/n",
    "HF_HUB_ENABLE_HF_TRANSFER=1 hf download o/n",
    "/opt/venv/bin/hf download o/n",
    "sudo -E hf download o/n",
    "env A=1 hf download o/n",
    "nohup time hf download o/n > log 2>&1 &",
    "timeout 3600 hf download o/n || true",
    "uv run --with huggingface_hub hf download o/n",
    "uvx --from huggingface_hub hf download o/n",
    "python -m huggingface_hub.commands.huggingface_cli download o/n",
    "python3 -m huggingface_hub.cli.hf download o/n",
    'P=$(hf download o/n) && echo "$P"',
    "if ! [ -d x ]; then hf download o/n; fi",
    "until hf download o/n; do sleep 5; done",
    "H=hf; $H download o/n",
  ])("knows it in %s", (script) => {
    const { wanted, refused } = read(script);
    expect({ wanted, refused }).toEqual({
      wanted: [{ line: 1, type: "model", repo: "o/n", revision: undefined, choice: ALL, folder: undefined }],
      refused: [],
    });
  });

  it.each([
    ["hf download", "it names no repository"],
    ["hf download $REPO", "what $REPO stands for is known only when it runs"],
    ["hf download o/n $1", "what $1 stands for is known only when it runs"],
    ['hf download o/n "$@"', "what $@ stands for is known only when it runs"],
    ["hf download o/n --include $(cat list)", "what $(cat list) stands for is known only when it runs"],
    ["$HF download o/n", "what $HF stands for is known only when it runs"],
    ["hf download o/n --new-option x", "the option --new-option is not known"],
    ["hf download o/n --include", "--include has no value"],
    ["hf download o/n --revision", "--revision has no value"],
    ["hf download o/n --repo-type kernel", 'there is no repository type "kernel" here'],
    [
      "hf download datasets/o/n --repo-type model",
      '"datasets/o/n" and --repo-type model contradict each other',
    ],
    ["hf download hf://o/n --revision v1", "hf:// and --repo-type or --revision exclude each other"],
    ["hf download o/n --revision ''", 'there is no revision ""'],
    ["hf download o/n ''", "it names a file without a name"],
    ["hf download o/n/x", '"o/n/x" has more than owner/name'],
    ["ssh host hf download o/n", "what ssh does with hf download is not known"],
    ["cat list | xargs -n1 hf download", "what xargs does with hf download is not known"],
    ["docker run img hf download o/n", "what docker does with hf download is not known"],
    [
      "python -c 'from huggingface_hub import snapshot_download; snapshot_download(\"o/n\")'",
      "it downloads from within Python, which is not read",
    ],
    ["python - <<E\nsnapshot_download('o/n')\nE", "it downloads from within Python, which is not read"],
    ["get() { hf download o/n; }", "nothing in the script seems to run it"],
    ["cat > later.sh <<'E'\nhf download o/n\nE", "nothing in the script seems to run it"],
    ["hf download o/n 'a", "the script cannot be read from here on: a ' is not closed"],
  ])("refuses %j, and says why", (script, why) => {
    const { wanted, refused } = read(script);
    expect(wanted).toEqual([]);
    expect(refused.map((one) => one.replace(/^\d+: /, ""))).toContain(why);
  });

  it.each([
    "echo hf download o/n",
    "# hf download o/n",
    "true # hf download o/n",
    "printf '%s\\n' 'hf download o/n'",
    "hf auth login",
    "hf upload o/n .",
    "which hf",
  ])("finds nothing in %j", (script) => {
    expect(read(script)).toEqual({ wanted: [], refused: [], notes: [] });
  });

  it.each([
    [
      "hf download o/n --token hf_secret",
      "its --token is copied nowhere: set HF_TOKEN, or log in with hf auth login",
    ],
    ["export HF_TOKEN=hf_secret", "HF_TOKEN is copied nowhere: set it in the environment of tritter too"],
    [
      "HF_TOKEN=hf_secret hf download o/n",
      "HF_TOKEN is copied nowhere: set it in the environment of tritter too",
    ],
    [
      "env HF_TOKEN=hf_secret hf download o/n",
      "HF_TOKEN is copied nowhere: set it in the environment of tritter too",
    ],
    [
      "export HF_ENDPOINT=https://hf-mirror.com",
      "HF_ENDPOINT is not copied: set it in the environment, or name https://hf-mirror.com as endpoint in the manifest",
    ],
    ["hf download o/n --cache-dir c", "--cache-dir has no counterpart: files go below the manifest's root"],
    ["hf download o/n --max-workers 4", "--max-workers is --jobs 4 of tritter sync"],
    [
      "hf download o/n a.txt --include b",
      "hf takes no patterns where files are named, so b is left out here too",
    ],
    [
      "huggingface-cli download o/n --include a --include b",
      "huggingface-cli takes the last --include alone, so a is left out here too",
    ],
    [
      "hf download o/n --include a b",
      "hf of today takes one value behind --include: what follows it is taken for patterns here",
    ],
    ["hf download ${R:-o/n}", "${R:-o/n} is taken for o/n: what it is run with may say otherwise"],
    ["hf download o/n --dry-run", "left out: it is a dry run"],
    ["if a; then hf download o/n; fi", "it runs under a condition in the script: here it is always wanted"],
    [
      "git clone https://huggingface.co/datasets/o/n",
      "git is not imported; the same by hand: tritter add https://huggingface.co/datasets/o/n",
    ],
    [
      "git clone https://user:hf_secret@huggingface.co/o/n.git",
      "git is not imported; the same by hand: tritter add https://huggingface.co/o/n",
    ],
    [
      "wget -q https://huggingface.co/o/n/resolve/main/a.bin",
      "wget is not imported; the same by hand: tritter add https://huggingface.co/o/n/resolve/main/a.bin",
    ],
    ['source "$HERE/env.sh"', "$HERE/env.sh is not read: what it sets is not known here"],
    [
      "cd -\nhf download o/n --local-dir d",
      "which folder --local-dir is in is known only when it runs: it is taken from where the script starts",
    ],
  ])("notes of %j what has no counterpart", (script, note) => {
    const { refused, notes } = read(script);
    expect(refused).toEqual([]);
    expect(notes.map((one) => one.replace(/^\d+: /, ""))).toContain(note);
    expect(notes.join()).not.toContain("hf_secret");
  });

  it("takes huggingface-cli's last --include, as it did", () => {
    const { wanted } = read("huggingface-cli download o/n --include a b --include c");
    expect(wanted[0]?.choice).toEqual(patterns(["c"]));
  });

  it("follows the folder that the script is in", () => {
    const folders = read(`
cd "$(dirname "$0")"
hf download o/a --local-dir data
ROOT=$PWD
mkdir -p x && cd x
hf download o/b --local-dir ../y
hf download o/c --local-dir "$ROOT/z"
`).wanted.map(({ folder }) => folder);
    expect(folders).toEqual(["scripts/data", "scripts/y", "scripts/z"]);
  });
});
