import { posix } from "node:path";
import { printable } from "../../schema/names.ts";
import { type Program, readDownload } from "./download.ts";
import { below, type Evaluated, evaluateScript, type Run } from "./evaluate.ts";
import { seenFromStart, sourceOf, usualText, type Value } from "./values.ts";
import type { Foreign, Remark, Wanted } from "./wanted.ts";

/** Reads what a shell script downloads. `folder`: where it stands, seen from where it is started. */
export function readShell(text: string, { folder }: { folder: string }): Foreign {
  const evaluated = evaluateScript(text, { folder });
  const found = evaluated.runs.map((run) => ({ run, finding: findingOf(run) }));
  const refused = found.flatMap(({ run, finding }) =>
    finding?.kind === "refused" ? [{ line: run.line, message: finding.why }] : [],
  );
  return {
    kind: "shell",
    wanted: found.flatMap(({ run, finding }) =>
      finding?.kind === "wanted" ? [{ ...finding.wanted, line: run.line }] : [],
    ),
    refused: distinct([
      ...evaluated.broken.map(({ line, why }) => ({
        line,
        message: `the script cannot be read from here on: ${why}`,
      })),
      ...refused,
      ...leftOver(text, evaluated),
    ]),
    notes: distinct([
      ...found.flatMap(({ run, finding }) => notesOf(run, finding)),
      ...settingNotes(evaluated),
    ]),
  };
}

type Finding =
  | { readonly kind: "wanted"; readonly wanted: Omit<Wanted, "line">; readonly notes: readonly string[] }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "note"; readonly message: string };

function findingOf(run: Run): Finding | undefined {
  const texts = run.words.map((word) => usualText(word));
  const at = downloadAt(texts);
  if (at === undefined) return otherFinding(run, texts);
  const before = texts.slice(0, at.program);
  if (/^(?:echo|printf|:|true|which|type|grep)$/.test(before[0] ?? "")) return undefined;
  if (before.length > 0 && !WRAPPERS.test(baseOf(before[0])))
    return {
      kind: "refused",
      why: `what ${printable(sourceOf(run.words[0] ?? []))} does with hf download is not known`,
    };
  const read = readDownload(at.name, run.words.slice(at.arguments));
  if (read.kind === "nothing") return { kind: "note", message: `left out: ${read.why}` };
  if (read.kind === "refused") return read;
  const { folder } = read.wanted;
  const placed = folder === undefined || run.cwd === undefined ? undefined : below(run.cwd, folder);
  const lost =
    folder !== undefined && placed === undefined
      ? [
          "which folder --local-dir is in is known only when it runs: it is taken from where the script starts",
        ]
      : [];
  const conditional = run.conditional
    ? ["it runs under a condition in the script: here it is always wanted"]
    : [];
  return {
    kind: "wanted",
    wanted: { ...read.wanted, folder: (placed ?? folder) && seenFromStart(placed ?? folder ?? []) },
    notes: [...read.notes, ...lost, ...conditional],
  };
}

/** Programs that run another one as it stands behind them. */
const WRAPPERS =
  /^(?:sudo|env|time|nohup|nice|ionice|command|exec|timeout|stdbuf|setsid|uv|uvx|pipx|poetry|pdm|hatch|conda|micromamba|mamba|srun|caffeinate|python3?(?:\.\d+)?)$/;

/** Where `hf download` stands among the words, and where its own words begin. */
function downloadAt(
  texts: readonly (string | undefined)[],
): { program: number; arguments: number; name: Program } | undefined {
  for (const [index, text] of texts.entries()) {
    const base = baseOf(text);
    if (/^(?:hf|huggingface-cli)(?:\.exe)?$/.test(base) && texts[index + 1] === "download")
      return { program: index, arguments: index + 2, name: base.startsWith("hf") ? "hf" : "huggingface-cli" };
    const isModule =
      /^huggingface_hub\.(?:commands\.huggingface_cli|cli\.hf)$/.test(text ?? "") &&
      texts[index - 1] === "-m";
    if (isModule && texts[index + 1] === "download")
      return {
        program: index,
        arguments: index + 2,
        name: text?.includes(".commands.") ? "huggingface-cli" : "hf",
      };
  }
  return undefined;
}

function baseOf(text: string | undefined): string {
  return posix.basename(text ?? "");
}

/** Other ways to get at a repository, which become no source by themselves. */
function otherFinding(run: Run, texts: readonly (string | undefined)[]): Finding | undefined {
  const command = baseOf(texts[0]);
  if (texts[0] === undefined && texts[1] === "download")
    return {
      kind: "refused",
      why: `what ${printable(sourceOf(run.words[0] ?? []))} stands for is known only when it runs`,
    };
  if (/^(?:echo|printf|:|grep)$/.test(command)) return undefined;
  if (/^(?:source|\.)$/.test(texts[0] ?? "")) {
    const file = printable(sourceOf(run.words[1] ?? []));
    return { kind: "note", message: `${file} is not read: what it sets is not known here` };
  }
  const whole = run.words.map(sourceOf).join(" ");
  if (PYTHON.test(whole))
    return { kind: "refused", why: "it downloads from within Python, which is not read" };
  const page = texts.find((text) =>
    /^(?:https?:\/\/)?(?:[^@/\s]+@)?(?:huggingface\.co|hf\.co)\/[\w.-]+/.test(text ?? ""),
  );
  if (page === undefined || !/^(?:git|wget|curl|aria2c|axel)$/.test(command)) return undefined;
  const address = page.replace(/^(https?:\/\/)?[^@/\s]+@/, "$1").replace(/\.git$/, "");
  return {
    kind: "note",
    message: `${command} is not imported; the same by hand: tritter add ${printable(address)}`,
  };
}

const PYTHON = /\b(?:snapshot_download|hf_hub_download|load_dataset)\s*\(/;

function notesOf({ line }: Run, finding: Finding | undefined): readonly Remark[] {
  if (finding?.kind === "note") return [{ line, message: finding.message }];
  return finding?.kind === "wanted" ? finding.notes.map((message) => ({ line, message })) : [];
}

/** Tokens are named, never shown. */
function settingNotes({ runs, assignments }: Evaluated): readonly Remark[] {
  const all = [...assignments, ...runs.flatMap(({ env, words, line }) => [...env, ...envOf(words, line)])];
  return all.flatMap(({ name, value, line }) => {
    if (/^(?:HF_TOKEN|HUGGING_FACE_HUB_TOKEN|HUGGINGFACE_TOKEN)$/.test(name))
      return [{ line, message: `${name} is copied nowhere: set it in the environment of tritter too` }];
    if (name === "HF_ENDPOINT")
      return [
        {
          line,
          message: `HF_ENDPOINT is not copied: set it in the environment, or name ${printable(sourceOf(value))} as endpoint in the manifest`,
        },
      ];
    return [];
  });
}

/** `env HF_TOKEN=x hf …` */
function envOf(
  words: readonly Value[],
  line: number,
): readonly { name: string; value: Value; line: number }[] {
  return words.flatMap((word) => {
    const [whole, name = ""] =
      typeof word[0] === "string" ? (/^(HF_TOKEN|HF_ENDPOINT)=/.exec(word[0]) ?? []) : [];
    return whole === undefined
      ? []
      : [{ name, value: [(word[0] as string).slice(whole.length), ...word.slice(1)], line }];
  });
}

const DOWNLOAD = /\b(?:hf|huggingface-cli)\s+download\b/;

/** Lines that speak of a download and that nothing above went through: functions never called, texts handed to another program. */
function leftOver(text: string, { runs }: Evaluated): readonly Remark[] {
  const seen = new Set(
    runs.flatMap(({ line, endLine }) =>
      Array.from({ length: endLine - line + 1 }, (_, index) => line + index),
    ),
  );
  return text.split("\n").flatMap((raw, index) => {
    const code = raw.replace(/(?:^|\s)#[^'"]*$/, "");
    if (seen.has(index + 1) || (!DOWNLOAD.test(code) && !PYTHON.test(code))) return [];
    const why = PYTHON.test(code)
      ? "it downloads from within Python, which is not read"
      : "nothing in the script seems to run it";
    return [{ line: index + 1, message: why }];
  });
}

function distinct(remarks: readonly Remark[]): readonly Remark[] {
  const seen = new Map(remarks.map((remark) => [`${remark.line} ${remark.message}`, remark]));
  return [...seen.values()].sort((a, b) => a.line - b.line);
}
