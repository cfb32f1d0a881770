import { readdirSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

// ARCHITECTURE.md draws the rooms and the doors; here they are enforced, by reading the imports.

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** From the ground up. A file imports from rooms below its own and from its own; never from another room of its row. */
const ROWS: readonly (readonly string[])[] = [
  ["schema"],
  ["errors"],
  ["events", "pool", "slots", "stop", "clock"],
  // The port under the nouns: every call to the file system.
  ["disk"],
  // What a verb may know of the world; it names the disk port, so it stands above it.
  ["context"],
  [
    "manifest",
    "lock",
    "hub",
    "store",
    "tree",
    "receipt",
    "git",
    "foreign",
    "nearby",
    "facts",
    "bundle",
    "export",
    "signature",
    "flight",
  ],
  ["resolve"],
  // What stands beside the data and says what it is. Pure.
  ["describe"],
  ["scan"],
  ["plan"],
  ["apply"],
  // After the tree: what the Hub's own clients look for.
  ["provide"],
  ["status"],
  // A read-only Hub: what the lock pins, from the tree. The only door for the network in. And what a report shows, as data and as a page.
  ["serve", "page"],
  // Composes the verbs into what a command does to a project; `index` exports it.
  ["project"],
  // The same functions, each loaded when it is first called.
  ["library"],
  ["report"],
  ["commands"],
  ["args"],
  // What programs call, with the defaults of the command line.
  ["verbs"],
  ["run", "index"],
  // All that main hands to the program, in one file to load.
  ["start"],
  ["main"],
];

/** Between these, only types: a verb does not call an earlier one, and a report renders values without calling what made them. */
const TYPES_ONLY: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["scan", ["resolve"]],
  ["plan", ["resolve", "scan", "disk", "hub", "store", "tree", "receipt"]],
  ["apply", ["resolve", "scan", "plan", "hub"]],
  ["provide", ["resolve", "scan", "plan", "apply"]],
  ["resolve", ["hub", "facts"]],
  [
    "report",
    [
      "facts",
      "hub",
      "store",
      "tree",
      "receipt",
      "disk",
      "resolve",
      "scan",
      "plan",
      "apply",
      "provide",
      "status",
      "page",
      "project",
    ],
  ],
  ["args", ["report"]],
];

/** What comes from outside, the rooms it may come into, and why there. */
const DOORS: Readonly<Record<string, readonly string[] | "anywhere">> = {
  // Joins and splits texts; touches nothing.
  "node:path": "anywhere",
  // Hashes in lock, store and hub; the id of a schema in facts; ids of documents and paths in export; the checksum of a packed receipt; a writer's random id in disk; ETags and the token in serve; keys and signatures in signature; the digest of its own style sheet in page, for its policy.
  "node:crypto": ["disk", "export", "facts", "hub", "lock", "page", "receipt", "serve", "signature", "store"],
  "node:fs": ["disk"],
  "node:fs/promises": ["disk"],
  // The host's name tells writers on one file system apart; the number of cores says how many threads hash.
  "node:os": ["disk", "status", "store"],
  // Hashing, and looking at many files, on all cores.
  "node:worker_threads": ["status", "store"],
  // CRC-32 of the segments of a partial; what is counted in gzip and zip.
  "node:zlib": ["facts", "store"],
  "node:stream": ["facts"],
  yauzl: ["facts"],
  // Answers as a Hub.
  "node:http": ["serve"],
  // The shape of an address that is listened at; and sockets that read into memory of their reader.
  "node:net": ["serve", "hub"],
  // Streams that wait for their turn listen to one signal.
  "node:events": ["apply"],
  // Node's own root certificates, which a private one is added to; and what a direct connection speaks.
  "node:tls": ["hub"],
  // Colours.
  "node:util": ["report"],
  // git itself, where a command is asked to speak with it.
  "node:child_process": ["git"],
  undici: ["hub"],
  "undici/lib/dispatcher/agent.js": ["hub"],
  "@huggingface/hub": ["hub"],
  // The manifest, its names when TAB is pressed, and other tools' documents.
  yaml: ["manifest", "commands", "foreign"],
  minimatch: ["schema"],
  hyparquet: ["facts"],
  // How a bill of materials is written, and which licences the SPDX list has.
  "@cyclonedx/cyclonedx-library": ["export"],
  commander: ["args", "commands"],
  ora: ["report"],
  diff: ["report"],
  // Where marks of plots go.
  "d3-hierarchy": ["page"],
  "d3-scale": ["page"],
  "d3-shape": ["page"],
};

/** Functions that change the world, and the only files that may call them. */
const CALLERS: readonly (readonly [name: string, home: string, callers: readonly string[]])[] = [
  // lock, update, sync, add, remove and rescue go through locking.
  ["writeLock", "cli/lock/write.ts", ["cli/project/locking.ts", "cli/project/mend.ts"]],
  ["treeChange", "cli/tree/change.ts", ["cli/apply.ts", "cli/provide.ts"]],
  ["openTrash", "cli/tree/trash.ts", ["cli/apply.ts", "cli/provide.ts"]],
  // Emptying the trash is what `clean` is for.
  ["emptyTrash", "cli/tree/trash.ts", ["cli/project/clean.ts"]],
  ["openHub", "cli/hub/index.ts", ["cli/project/load.ts"]],
  // The library exports it to programs; main hands it to the command line; a thread has nobody to hand it one.
  [
    "nodeDisk",
    "cli/disk/node.ts",
    ["cli/index.ts", "cli/start.ts", "cli/status/deep-lines.ts", "cli/status/rows-worker.ts", "cli/verbs.ts"],
  ],
  // Who asks for it runs git.
  ["stagesOf", "cli/git/versions.ts", ["cli/project/mend.ts"]],
  ["versionsOf", "cli/git/versions.ts", ["cli/project/mend.ts"]],
  ["historyOf", "cli/git/history.ts", ["cli/project/report.ts"]],
  ["mergeText", "cli/git/merge-file.ts", ["cli/project/git-merge.ts"]],
  ["configure", "cli/git/setup.ts", ["cli/project/git-setup.ts"]],
  // Who asks for it signs.
  ["makeSignature", "cli/signature/sshsig.ts", ["cli/project/signature.ts"]],
  // Who asks for it listens.
  ["listen", "cli/serve/server.ts", ["cli/project/serve.ts"]],
  ["openJournal", "cli/receipt/journal.ts", ["cli/project/sync.ts"]],
  ["compactReceipt", "cli/receipt/journal.ts", ["cli/project/sync.ts"]],
];

interface Import {
  /** From the project's folder: `cli/plan.ts`. */
  readonly file: string;
  /** A file of the project, or a package. */
  readonly target: string;
  /** `lazy`: by import(), when it is first needed. */
  readonly kind: "value" | "type" | "lazy";
  readonly names: readonly string[];
}

const SOURCES = readSources();
const IMPORTS = [...SOURCES.values()].flatMap(importsOf);

function readSources(): ReadonlyMap<string, ts.SourceFile> {
  const files = ["cli", "schema"].flatMap((folder) =>
    readdirSync(posix.join(PROJECT, folder), { recursive: true, encoding: "utf8" })
      .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
      .filter((name) => name.endsWith(".ts")),
  );
  return new Map(
    files.map((file) => {
      const text = readFileSync(posix.join(PROJECT, file), "utf8");
      return [file, ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)];
    }),
  );
}

function importsOf(source: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const file = source.fileName;
  const add = (specifier: string, kind: Import["kind"], names: readonly string[]) => {
    const target = specifier.startsWith(".") ? posix.join(dirname(file), specifier) : specifier;
    found.push({ file, target, kind, names });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      const elements = bindings !== undefined && ts.isNamedImports(bindings) ? bindings.elements : [];
      add(...specified(node.moduleSpecifier, node.importClause?.isTypeOnly === true, elements));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      const clause = node.exportClause;
      const elements = clause !== undefined && ts.isNamedExports(clause) ? clause.elements : [];
      add(...specified(node.moduleSpecifier, node.isTypeOnly, elements));
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(textOf(node.arguments[0]), "lazy", namesOfLazy(node));
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(textOf(node.argument.literal), "type", []);
    }
  });
  return found;
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function textOf(node: ts.Node | undefined): string {
  if (node !== undefined && ts.isStringLiteralLike(node)) return node.text;
  throw new Error("an import names its module by a plain text");
}

function specified(
  specifier: ts.Expression,
  isType: boolean,
  elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[],
): [string, Import["kind"], readonly string[]] {
  const values = elements.filter((element) => !element.isTypeOnly);
  const onlyTypes = isType || (elements.length > 0 && values.length === 0);
  return [
    textOf(specifier),
    onlyTypes ? "type" : "value",
    values.map((element) => (element.propertyName ?? element.name).text),
  ];
}

/** `(await import("./x.ts")).name`, or all that the statement destructures. */
function namesOfLazy(node: ts.CallExpression): readonly string[] {
  let at: ts.Node = node;
  while (at.parent !== undefined && !ts.isStatement(at.parent)) at = at.parent;
  const names: string[] = [];
  walk(at, (one) => {
    if (ts.isBindingElement(one) || ts.isPropertyAccessExpression(one)) names.push(one.name.getText());
  });
  return names;
}

/** `cli/plan.ts` and `cli/plan/types.ts` are one room. */
function roomOf(file: string): string {
  if (file.startsWith("schema/")) return "schema";
  return /^cli\/([^/.]+)/.exec(file)?.[1] ?? file;
}

function isOurs(target: string): boolean {
  return target.startsWith("cli/") || target.startsWith("schema/");
}

function rowOf(room: string): number {
  return ROWS.findIndex((row) => row.includes(room));
}

function told({ file, target, kind }: Import): string {
  return `${file} imports ${target} (${kind})`;
}

/** Files that loading `file` loads, and the packages they name. */
function loadedBy(file: string): { files: ReadonlySet<string>; packages: ReadonlySet<string> } {
  const files = new Set([file]);
  const packages = new Set<string>();
  for (const one of files) {
    for (const { target, kind } of IMPORTS.filter((each) => each.file === one)) {
      if (kind !== "value") continue;
      if (isOurs(target)) files.add(target);
      else packages.add(target);
    }
  }
  return { files, packages };
}

describe("layers", () => {
  it("every file stands in a room", () => {
    expect([...SOURCES.keys()].filter((file) => rowOf(roomOf(file)) < 0)).toEqual([]);
  });

  it("every room has files", () => {
    const rooms = new Set([...SOURCES.keys()].map(roomOf));
    expect(ROWS.flat().filter((room) => !rooms.has(room))).toEqual([]);
  });

  it("imports run one way, and never between rooms of one row", () => {
    const wrong = IMPORTS.filter(({ file, target }) => {
      if (!isOurs(target) || roomOf(file) === roomOf(target)) return false;
      return rowOf(roomOf(target)) >= rowOf(roomOf(file));
    });
    expect(wrong.map(told)).toEqual([]);
  });

  it("a verb and a report take only types of what they must not call", () => {
    const rules = new Map(TYPES_ONLY);
    const wrong = IMPORTS.filter(
      ({ file, target, kind }) =>
        kind !== "type" && isOurs(target) && rules.get(roomOf(file))?.includes(roomOf(target)),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  it("no file needs itself to be loaded", () => {
    const circles = IMPORTS.filter(
      ({ file, target, kind }) => kind === "value" && isOurs(target) && loadedBy(target).files.has(file),
    );
    expect(circles.map(told)).toEqual([]);
  });
});

describe("doors", () => {
  const outside = IMPORTS.filter(({ target }) => !isOurs(target));

  it("every package and every module of Node comes in by its door", () => {
    const wrong = outside.filter(({ file, target }) => {
      const door = DOORS[target];
      return door === undefined || (door !== "anywhere" && !door.includes(roomOf(file)));
    });
    expect(wrong.map(told)).toEqual([]);
  });

  it("every door is used", () => {
    const used = new Set(outside.map(({ file, target }) => `${target} ${roomOf(file)}`));
    const idle = Object.entries(DOORS).flatMap(([target, rooms]) =>
      rooms === "anywhere"
        ? []
        : rooms.filter((room) => !used.has(`${target} ${room}`)).map((room) => [target, room]),
    );
    expect(idle).toEqual([]);
  });

  it.each(CALLERS)("%s is called only where it may be", (name, home, callers) => {
    const importers = IMPORTS.filter(({ target, names }) => target === home && names.includes(name));
    expect(importers.map(({ file }) => file).sort()).toEqual([...callers].sort());
  });

  it("the process is touched by main alone, and by what programs call without one to hand in", () => {
    expect(filesNaming("process")).toEqual(["cli/main.ts", "cli/verbs.ts"]);
  });

  it("nothing writes to the console", () => {
    expect(filesNaming("console")).toEqual([]);
  });

  it("the clock is read by clock alone, and by disk to stamp a heartbeat", () => {
    expect(filesNaming("Date", isReadingClock)).toEqual(["cli/clock.ts", "cli/disk/node.ts"]);
  });

  it("planning reads no clock, no chance and no disk, and waits for nothing", () => {
    const { files, packages } = loadedBy("cli/plan.ts");
    expect([...packages]).toEqual([]);
    expect([...files].filter((file) => !["plan", "schema"].includes(roomOf(file)))).toEqual([]);
    const impure = [...files].filter((file) => {
      let found = false;
      walk(SOURCES.get(file) as ts.SourceFile, (node) => {
        found ||= ts.isAwaitExpression(node) || node.kind === ts.SyntaxKind.AsyncKeyword;
        found ||= ts.isIdentifier(node) && ["Date", "performance"].includes(node.text);
        found ||= ts.isPropertyAccessExpression(node) && node.getText() === "Math.random";
      });
      return found;
    });
    expect(impure).toEqual([]);
  });
});

describe("loading", () => {
  it("main answers --version before anything else is loaded", () => {
    expect([...loadedBy("cli/main.ts").files]).toEqual(["cli/main.ts"]);
  });

  it("the command line loads nothing heavy before it knows the command", () => {
    const packages = [...loadedBy("cli/start.ts").packages];
    expect(packages.filter((name) => !name.startsWith("node:"))).toEqual([]);
    expect([...loadedBy("cli/args.ts").packages].sort()).toEqual(["commander"]);
  });

  it("sync and check look for something to do before they load what does it", () => {
    const { files, packages } = loadedBy("cli/project/quick.ts");
    expect([...packages].filter((name) => !name.startsWith("node:"))).toEqual([]);
    const rooms = new Set([...files].map(roomOf));
    expect(["resolve", "scan", "plan", "apply", "hub"].filter((room) => rooms.has(room))).toEqual([]);
    expect([...files].filter((file) => /validate|patterns|\/read\.ts$/.test(file))).toEqual([]);
  });

  it("sync loads neither undici, nor the Hub's library, nor yaml before it needs them", () => {
    const { packages } = loadedBy("cli/project/sync.ts");
    expect(
      [...packages].filter((name) => /^(?:undici|@huggingface\/hub|yaml|ora|diff)\b/.test(name)),
    ).toEqual([]);
  });

  it("a report loads no plot before a page is made", () => {
    const { files, packages } = loadedBy("cli/project/report.ts");
    expect([...packages].filter((name) => name.startsWith("d3-"))).toEqual([]);
    expect([...files].filter((file) => file === "cli/page/html.ts")).toEqual([]);
    expect([...loadedBy("cli/page/html.ts").packages].filter((name) => name.startsWith("d3-"))).toHaveLength(
      3,
    );
  });
});

/** Files in which an identifier stands for the global of that name. */
function filesNaming(name: string, counts: (node: ts.Identifier) => boolean = () => true): string[] {
  return [...SOURCES.values()]
    .filter((source) => {
      let found = false;
      walk(source, (node) => {
        found ||= ts.isIdentifier(node) && node.text === name && !isMemberName(node) && counts(node);
      });
      return found;
    })
    .map((source) => source.fileName)
    .sort();
}

function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node)
  );
}

/** `Date.now` and `new Date()`; parsing a date reads no clock. */
function isReadingClock({ parent }: ts.Identifier): boolean {
  if (ts.isPropertyAccessExpression(parent)) return parent.name.text === "now";
  return ts.isNewExpression(parent) && (parent.arguments?.length ?? 0) === 0;
}
