import { Argument, InvalidArgumentError, Option } from "commander";
import { DURATION_SHAPE, parseDuration } from "../../schema/duration.ts";
import { REPO_TYPES } from "../../schema/ids.ts";
import { BYTES_SHAPE, parseBytes } from "../../schema/quantity.ts";
import { parseAsOf } from "../../schema/time.ts";
import { EXPORTS, type ExportFormat } from "../export/formats.ts";
import { suggest } from "../manifest/suggest.ts";
import { CHANGE_FORMATS, FORMATS, type Format } from "../report/formats.ts";
import type { Deadline, Rate } from "./command.ts";

/** How a command is called; what it does is in the file of its name. */
export interface Spec {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  /** For other programs: it has a help of its own, and no line in that of tritter. */
  readonly hidden?: true;
  readonly arguments?: readonly Argument[];
  readonly options: readonly (() => Option)[];
  /** Command line, then what it is for. */
  readonly examples: readonly (readonly [string, string])[];
}

const json = () =>
  new Option("--json", "print one JSON object instead of text (see docs/json.md)").helpGroup(TALK);
const format = (formats: readonly Format[]) => () =>
  new Option("--format <format>", "how to answer").choices(formats).helpGroup(TALK);
/** The document that is asked for, which is no way to answer: that stays with --json. */
const documentFormat = () => {
  const option = new Option("--format <format>", "the document to write (required)")
    .choices(EXPORTS)
    .argParser(exportFormat);
  option.attributeName = () => "document";
  return option;
};
const quiet = () => new Option("-q, --quiet", "say nothing but errors").conflicts("verbose").helpGroup(TALK);
const verbose = () => new Option("-v, --verbose", "say more, and cut no list short").helpGroup(TALK);
const manifest = () =>
  new Option("--manifest <file>", "the manifest (default: tritter.yaml)").helpGroup(WHERE);
const lockFile = () =>
  new Option("--lock <file>", "the lock (default: beside the manifest)").helpGroup(WHERE);
const endpoint = () =>
  new Option("--endpoint <url|folder>", "the Hub, or a folder in the layout of its cache").helpGroup(WHERE);
const offline = () => new Option("--offline", "open no socket; what is here must suffice").helpGroup(WHERE);
const deep = () => new Option("--deep", "read every byte again, trust no time stamp");
const noFallback = () => new Option("--no-fallback", "take no source from a fallback");
const hardLinks = () =>
  new Option(
    "--hard-links",
    "of read-only files, take a hard link rather than a copy where blocks cannot be shared",
  );
const allowedSigners = () =>
  new Option(
    "--allowed-signers <file>",
    "whose signatures count, as ssh-keygen has it (default: TRITTER_ALLOWED_SIGNERS)",
  );
const signer = () => new Option("--signer <name>", "which of them must have signed");
const requireSignature = () =>
  new Option("--require-signature", "refuse a lock that none of the allowed signers signed");
const SIGNED = [requireSignature, allowedSigners, signer];
const dryRun = () => new Option("--dry-run", "print what would be done, and write nothing");
const names = () => new Argument("[name...]", "sources and groups (default: all)");

const list = (flags: string, description: string) =>
  new Option(flags, description).argParser((value: string, before: readonly string[] = []) => [
    ...before,
    value,
  ]);

/** Options that may stand on a line several times. */
export const REPEATED: ReadonlySet<string> = new Set([
  "--include",
  "--exclude",
  "--group",
  "--limit-rate",
  "--from",
]);

const TALK = "Output:";
const WHERE = "Project:";
const HERE = [manifest, lockFile, json, quiet, verbose];
const ONLINE = [manifest, lockFile, endpoint, offline, json, quiet, verbose];

const WRITE = "Wish and pin:";
const ACT = "Bring the disk in line:";
const LOOK = "Look, and leave lock and data alone:";
export const OTHER = "Other:";

/** Every command a person may type, in the order of the help. */
export const SPECS: readonly Spec[] = [
  {
    name: "init",
    group: WRITE,
    summary: "write a commented tritter.yaml to start from",
    arguments: [new Argument("[folder]", "where to write it (default: here)")],
    options: [
      () =>
        new Option(
          "--git",
          "let git merge and show the lock by tritter, and ignore the root; keeps a manifest that is there",
        ),
      () => new Option("--manifest <file>", "what to call the manifest (default: tritter.yaml)"),
      () => new Option("--name <name>", "who owns the files below the root (default: the folder's name)"),
      () => new Option("--force", "overwrite a manifest that is there"),
      json,
      quiet,
      verbose,
    ],
    examples: [
      ["tritter init", "start a project in this folder"],
      ["tritter init --git", "once in each clone: merges and diffs by source"],
    ],
  },
  {
    name: "add",
    group: WRITE,
    summary: "add a source to tritter.yaml, in place, and lock it",
    arguments: [new Argument("<repo>", "owner/name, a page of the Hub, or hf://…")],
    options: [
      () => new Option("--type <type>", "kind of repository (default: dataset)").choices(REPO_TYPES),
      () => new Option("--revision <revision>", "branch, tag, refs/… or commit (default: main)"),
      () => list("--include <pattern>", "files to take (default: all); may be repeated"),
      () => list("--exclude <pattern>", "files to leave out of those; may be repeated"),
      () => new Option("--as <name>", "name of the source (default: the repository's, in lower case)"),
      () => new Option("--path <path>", "folder below the root (default: the source's name)"),
      () => new Option("--strip <prefix>", "leading folder dropped from the repository's paths"),
      () => list("--group <group>", "a name for several sources; may be repeated"),
      dryRun,
      () => new Option("--no-lock", "write the manifest alone, and ask no Hub"),
      ...ONLINE,
    ],
    examples: [
      [
        "tritter add ammarnasr/the-stack-rust-clean --include 'data/*.parquet' --strip data",
        "some of its files",
      ],
      [
        "tritter add https://huggingface.co/datasets/bigcode/starcoderdata/tree/main/rust",
        "a page as it was pasted",
      ],
      ["tritter add hf://openai-community/gpt2@main/config.json --as gpt2-config", "one file of a model"],
    ],
  },
  {
    name: "remove",
    group: WRITE,
    summary: "take sources out of tritter.yaml, in place, and out of the lock",
    arguments: [new Argument("<source...>", "sources of the manifest")],
    options: [dryRun, ...HERE],
    examples: [["tritter remove rust", "its files stay until tritter sync prunes them"]],
  },
  {
    name: "import",
    group: WRITE,
    summary: "make sources of what a script downloads with hf, or of a lock of Hermeto's",
    arguments: [new Argument("<file>", "a shell script, huggingface.lock.yaml or artifacts.lock.yaml")],
    options: [
      () => new Option("--to <file>", "the manifest to write, or to add to (default: tritter.yaml)"),
      () => new Option("--force", "write the manifest anew, whatever it holds"),
      dryRun,
      endpoint,
      offline,
      json,
      quiet,
      verbose,
    ],
    examples: [
      ["tritter import download.sh", "then tritter lock"],
      ["tritter import huggingface.lock.yaml --dry-run", "look first"],
    ],
  },
  {
    name: "lock",
    group: WRITE,
    summary: "pin new and edited sources; keep the commits already pinned",
    arguments: [names()],
    options: [
      noFallback,
      () =>
        new Option(
          "--resolve <side>",
          "mend a lock that a merge left in pieces: of conflicts take this side",
        ).choices(["ours", "theirs"]),
      ...ONLINE,
    ],
    examples: [
      ["tritter lock", "follow every edit of tritter.yaml"],
      ["tritter lock code", "only the group code"],
      ["tritter lock --resolve theirs", "in a merge, take their pins where both sides moved them"],
    ],
  },
  {
    name: "update",
    group: WRITE,
    summary: "move pins to what the revisions name now, and show what changes",
    arguments: [names()],
    options: [
      () =>
        new Option(
          "--to <revision>",
          "pin one source to this branch, tag or commit; the manifest keeps its own",
        ),
      () =>
        new Option(
          "--allow-fallback",
          "try a source's own repository, then its fallbacks: switches, and returns",
        ).conflicts("to"),
      dryRun,
      format(CHANGE_FORMATS),
      ...ONLINE,
    ],
    examples: [
      ["tritter update --dry-run", "what is new upstream, and what it changes"],
      ["tritter update starcoder-rust", "move one pin"],
      ["tritter update starcoder-rust --to v1.2", "move it to what you name"],
    ],
  },
  {
    name: "rescue",
    group: WRITE,
    summary: "find what is locked elsewhere, where its commit or repository is gone",
    arguments: [names()],
    options: [
      () => list("--from <repo>", "look there too: owner/name[@revision]; may be repeated"),
      dryRun,
      ...ONLINE,
    ],
    examples: [
      ["tritter rescue", "every source whose commit is gone"],
      ["tritter rescue rust --from me/rust-mirror", "from a copy of one's own"],
    ],
  },
  {
    name: "sync",
    group: ACT,
    summary: "lock what is stale, then make the disk equal the lock",
    arguments: [names()],
    options: [
      () => new Option("--locked", "refuse a stale lock instead of writing it (always so where CI is set)"),
      noFallback,
      dryRun,
      deep,
      () =>
        list(
          "--from <folder|url>",
          "take from there what has the right bytes, before the Hub is asked; may be repeated",
        ),
      () =>
        new Option(
          "--no-adopt",
          "do not look in this machine's Hub cache and in the root for what would be fetched",
        ),
      hardLinks,
      () => new Option("--force", "take paths that hold other files; what was there goes to the trash"),
      () => new Option("--prune", "let a large prune happen"),
      () => new Option("-j, --jobs <n>", "streams at once, at most (default: 16)").argParser(jobs),
      () =>
        new Option(
          "--limit-rate <rate>",
          "bytes a second, as in 20M; name=5M for one source or group; may be repeated",
        ).argParser(rate),
      () =>
        new Option("--max-bytes <size>", "stop cleanly once so much has come, as in 500G").argParser(bytes),
      () =>
        new Option(
          "--deadline <when>",
          "stop fetching cleanly after 55m, or at 2026-03-01T06:00:00Z",
        ).argParser(deadline),
      ...SIGNED,
      ...ONLINE,
    ],
    examples: [
      ["tritter sync", "make everything equal the lock"],
      ["tritter sync --dry-run", "the plan, without doing it"],
      ["tritter sync --locked --json", "in a pipeline"],
      ["tritter sync --from /mnt/old/data", "what lies there need not be fetched"],
      ["tritter sync --deadline 55m --limit-rate 50M", "in a job of an hour, on a line that others need"],
    ],
  },
  {
    name: "adopt",
    group: ACT,
    summary: "take what a folder has of what the lock wants, so that sync need not fetch it",
    arguments: [
      new Argument("<folder>", "another checkout, a Hub cache, a git-lfs store, any folder: it is only read"),
      names(),
    ],
    options: [
      () => new Option("--plan", "read and say what would be taken, and write nothing"),
      hardLinks,
      ...HERE,
    ],
    examples: [
      ["tritter adopt /mnt/old/data --plan", "how much of it is there"],
      ["tritter adopt ~/datasets", "then tritter sync fetches what lacks"],
    ],
  },
  {
    name: "bundle",
    group: ACT,
    summary: "carry a lock and its bytes to where no network is: create it here, apply it there",
    arguments: [
      new Argument("<action>", "what to do").choices(["create", "apply"]),
      new Argument(
        "<place...>",
        "a folder, a file that ends in .tar, or - for a pipe; then sources and groups (default: all)",
      ),
    ],
    options: [
      () => new Option("--since <lock>", "create: leave out what this lock has, which the other side is at"),
      () =>
        new Option(
          "--force",
          "apply: take the bundle's manifest and root, and paths that hold other files; what was there is kept aside",
        ),
      ...SIGNED,
      ...HERE,
    ],
    examples: [
      ["tritter bundle create /media/stick/corpus", "a folder, which hf can use as its cache too"],
      ["tritter bundle create update.tar --since sent.lock", "only what is new since then"],
      ["tritter bundle apply update.tar", "on the other side"],
    ],
  },
  {
    name: "clean",
    group: ACT,
    summary: "empty the trash and drop dead partials, saying first what and how much",
    options: [dryRun, ...HERE],
    examples: [["tritter clean --dry-run", "how much would be freed"]],
  },
  {
    name: "check",
    group: LOOK,
    summary: "whether manifest, lock and disk agree; the exit status says what does not",
    arguments: [names()],
    options: [
      deep,
      () => new Option("--upstream", "ask the Hub too: outdated, gone, access, licence"),
      () =>
        new Option(
          "--no-disk",
          "leave the disk out: manifest, lock and policy, where the data is not",
        ).conflicts("deep"),
      ...SIGNED,
      format(FORMATS),
      () => new Option("--summary <file>", "append the answer as Markdown to a file too").helpGroup(TALK),
      ...ONLINE,
    ],
    examples: [
      ["tritter check", "fast, from time stamps"],
      ["tritter check --deep", "prove it"],
      ["tritter check --no-disk --upstream", "in CI, where the data is not"],
      ["tritter check --format sarif > tritter.sarif", "for code scanning"],
    ],
  },
  {
    name: "list",
    group: LOOK,
    summary: "the sources: commit, files, bytes and state",
    arguments: [names()],
    options: HERE,
    examples: [["tritter list --json", "for a program"]],
  },
  {
    name: "facts",
    group: LOOK,
    summary: "what the data is: rows, columns and values, as footers of Parquet files and counting tell",
    arguments: [names()],
    options: [
      () =>
        new Option(
          "--count",
          "first count what is on disk: rows of JSON lines and CSV, and what is in zip files; kept beside the lock",
        ),
      ...HERE,
    ],
    examples: [
      ["tritter facts", "of sources that say facts: parquet, once they are locked"],
      ["tritter facts --count", "once they are synced: each file is read once, and never again"],
      ["tritter facts rust --json", "every column, for a program"],
    ],
  },
  {
    name: "export",
    group: LOOK,
    summary: "write what the lock pins as a document for other programs: checksums, bills of materials, …",
    arguments: [names()],
    options: [
      documentFormat,
      () => new Option("-o, --output <file>", "where to write it (default: -, standard output)"),
      ...HERE,
    ],
    examples: [
      ["tritter export --format sha256sums > SHA256SUMS", "for sha256sum -c, run in the root"],
      ["tritter export --format cyclonedx --output bom.json", "a bill of materials for machine learning"],
      ["tritter export --format croissant code", "the sources of a group, as a Croissant dataset"],
    ],
  },
  {
    name: "report",
    group: LOOK,
    summary: "one page of what the lock holds and how it stands, with plots, to open without a network",
    arguments: [names()],
    options: [
      () =>
        new Option(
          "-o, --output <file>",
          "where the page goes, - is standard output (default: tritter-report.html beside tritter.yaml)",
        ),
      () =>
        new Option("--terminal", "draw the composition here instead; a page only where --output names one"),
      () => new Option("--upstream", "ask the Hub too: outdated, gone, access, licence"),
      () => new Option("--no-disk", "leave the disk out, where the data is not"),
      () => new Option("--note <text>", "say this at the top of the page"),
      ...ONLINE,
    ],
    examples: [
      ["tritter report", "then open tritter-report.html in a browser"],
      ["tritter report --terminal", "bars by source, language, licence and split"],
      ["tritter report --upstream --output - > public/corpus.html", "in CI, with the Hub's word"],
      ["tritter report --json", "what is behind the plots, for a program; without a page"],
    ],
  },
  {
    name: "outdated",
    group: LOOK,
    summary: "what update would move: commits behind, files and bytes that would change",
    arguments: [names()],
    options: [() => new Option("--exit-code", "end with status 10 where anything is outdated"), ...ONLINE],
    examples: [
      ["tritter outdated", "what is new upstream"],
      ["tritter outdated --exit-code --quiet", "for a script that updates"],
    ],
  },
  {
    name: "diff",
    group: LOOK,
    summary: "how manifest, lock and disk differ, or how two locks do",
    arguments: [names()],
    options: [
      () => new Option("--from <lock>", "compare this other lock with the project's lock"),
      () => new Option("--patch", "with --from: list every file as a unified diff"),
      format(CHANGE_FORMATS),
      ...HERE,
    ],
    examples: [
      ["tritter diff", "what lock and sync would follow up"],
      ["tritter diff --from main.lock --patch", "for a review"],
    ],
  },
  {
    name: "why",
    group: LOOK,
    summary: "which source wants a path, from which repository, file and pattern",
    arguments: [new Argument("<path>", "a file below the root")],
    options: HERE,
    examples: [["tritter why data/starcoder/rust/train-00000-of-00009.parquet", "where it comes from"]],
  },
  {
    name: "doctor",
    group: LOOK,
    summary: "what the next sync would meet: Node, network, token, access, disk, rate limit",
    arguments: [names()],
    options: ONLINE,
    examples: [
      ["tritter doctor", "before a long sync, or to find out why one fails"],
      ["tritter doctor --offline --json", "the machine alone, for a program"],
    ],
  },
  {
    name: "serve",
    group: OTHER,
    summary: "answer as a read-only Hub for what the lock pins, from the tree, until it is stopped",
    arguments: [names()],
    options: [
      () => new Option("--host <address>", "where to listen (default: 127.0.0.1, this machine alone)"),
      () => new Option("--port <number>", "0 is any that is free (default: 8741)").argParser(port),
      () =>
        new Option("--token <token>", "what clients must send as HF_TOKEN (default: TRITTER_SERVE_TOKEN)"),
      () => new Option("--no-token", "answer whoever reaches the address"),
      ...HERE,
    ],
    examples: [
      ["tritter serve", "then set HF_ENDPOINT=http://127.0.0.1:8741 for any client of the Hub"],
      ["TRITTER_SERVE_TOKEN=hf_secret tritter serve --host 0.0.0.0", "for other machines"],
      ["tritter serve --port 0 --json code", "for a program: it prints the address, then answers"],
    ],
  },
  {
    name: "sign",
    group: OTHER,
    summary: "sign the lock with an SSH key, beside it in tritter.lock.sig",
    options: [
      () => new Option("--key <file>", "an Ed25519 key without a passphrase (default: ~/.ssh/id_ed25519)"),
      ...HERE,
    ],
    examples: [
      ["tritter sign", "after tritter lock, or update"],
      ["tritter sign --key release_key", "with another key"],
    ],
  },
  {
    name: "verify",
    group: OTHER,
    summary: "whether the lock is signed by somebody who may",
    options: [
      allowedSigners,
      signer,
      () => new Option("--key <file>", "one public key that counts, instead of a list"),
      ...HERE,
    ],
    examples: [
      [
        "tritter verify --allowed-signers /etc/tritter/allowed_signers",
        "by a list that is not the project's",
      ],
      ["tritter verify --key alice.pub", "by one key"],
    ],
  },
  {
    name: "explain",
    group: OTHER,
    summary: "what an error code means, what leads to it and what to do; without one, all of them",
    arguments: [new Argument("[code]", "an error code, or an exit status")],
    options: [json, quiet, verbose],
    examples: [
      ["tritter explain LOCK_STALE", "one error"],
      ["tritter explain 6", "all that end with that status"],
    ],
  },
  {
    name: "schema",
    group: OTHER,
    summary: "print the JSON Schema of the manifest, or of what tritter writes, for editors and validators",
    arguments: [
      new Argument("[document]", "which one (default: manifest)").choices([
        "manifest",
        "lock",
        "facts",
        "metadata",
      ]),
    ],
    options: [],
    examples: [
      ["tritter schema > tritter.schema.json", "for an editor; tritter init then names that file"],
      ["tritter schema lock", "the other one"],
    ],
  },
  {
    name: "completion",
    group: OTHER,
    summary: "print a script that completes commands, options, sources and groups",
    arguments: [new Argument("<shell>", "the shell to write for").choices(["bash", "zsh", "fish"])],
    options: [() => new Option("--install", "write it where that shell looks for your own, and say where")],
    examples: [
      ["tritter completion bash --install", "once, for all shells to come"],
      ['eval "$(tritter completion bash)"', "in ~/.bashrc, or with zsh in ~/.zshrc"],
      ["tritter completion fish | source", "in ~/.config/fish/config.fish"],
      ["tritter completion zsh > ~/.zfunc/_tritter", "or as a file, in a folder of $fpath"],
    ],
  },
  {
    name: "git-merge",
    group: OTHER,
    summary: "merge three locks for git into the second; status 1 says that there are conflicts",
    hidden: true,
    arguments: [
      new Argument("<base>", "%O: the lock that both sides come from; empty where there was none"),
      new Argument("<ours>", "%A: ours; the result is written there"),
      new Argument("<theirs>", "%B: theirs"),
      new Argument("[path]", "%P: what messages call the lock"),
    ],
    options: [],
    examples: [["git config merge.tritter.driver", "how git calls it, once tritter init --git has run"]],
  },
  {
    name: "git-textconv",
    group: OTHER,
    summary: "print a lock as the text that git diff compares, or as it is where it is not whole",
    hidden: true,
    arguments: [new Argument("<file>", "a lock")],
    options: [],
    examples: [["tritter git-textconv tritter.lock", "what git diff sees"]],
  },
];

function jobs(text: string): number {
  const value = Number(text);
  if (/^[1-9]\d{0,3}$/.test(text)) return value;
  throw new InvalidArgumentError("It must be a whole number from 1 to 9999");
}

function exportFormat(text: string): ExportFormat {
  const known = EXPORTS.find((format) => format === text);
  if (known !== undefined) return known;
  const near = suggest(text, EXPORTS);
  const meant = near === undefined ? "" : `\n(Did you mean ${near}?)`;
  throw new InvalidArgumentError(`It must be one of ${EXPORTS.join(", ")}.${meant}`);
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError("It must be a whole number from 0 to 65535");
}

function bytes(text: string): number {
  const value = parseBytes(text);
  if (value !== undefined) return value;
  throw new InvalidArgumentError(`It must be ${BYTES_SHAPE}`);
}

/** `20M` for all, or `rust=5M`; a later one for the same name counts. */
function rate(text: string, before: readonly Rate[] = []): readonly Rate[] {
  const [, name, size = ""] = /^(?:([^=]*)=)?(.*)$/s.exec(text) ?? [];
  return [...before, { name, rate: bytes(size) }];
}

function deadline(text: string): Deadline {
  const ms = parseDuration(text);
  if (ms !== undefined) return { kind: "after", ms };
  const time = text.includes("T") ? parseAsOf(text) : undefined;
  if (time !== undefined) return { kind: "at", time: Date.parse(time) };
  throw new InvalidArgumentError(
    `It must be ${DURATION_SHAPE}, or a time with its zone as in 2026-03-01T06:00:00Z`,
  );
}
