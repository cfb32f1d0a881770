// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how a manifest writes its variables
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Disk } from "../../../cli/disk/port.ts";
import { type ReadManifest, readManifest } from "../../../cli/manifest/read.ts";
import { renderIssues } from "../../../cli/manifest/render.ts";
import type { Manifest } from "../../../schema/manifest.ts";

const FILE = "/project/tritter.yaml";

function read(text: string | Uint8Array, env: Record<string, string> = {}): Promise<ReadManifest> {
  const bytes = Buffer.from(text);
  return readManifest({ file: FILE, disk: { read: async () => bytes } as unknown as Disk, env });
}

/** As the command line prints them. */
async function mistakes(text: string | Uint8Array, env?: Record<string, string>): Promise<string[]> {
  const result = await read(text, env);
  if (result.kind !== "invalid") throw new Error(`it is ${result.kind}`);
  return renderIssues("tritter.yaml", result.issues);
}

async function manifest(text: string | Uint8Array, env?: Record<string, string>): Promise<Manifest> {
  const result = await read(text, env);
  if (result.kind !== "ok") throw new Error((await mistakes(text, env)).join("\n"));
  return result.manifest;
}

/** A manifest of one source with these lines, from line 5 on. */
function source(...lines: string[]): string {
  return ["version: 1", "sources:", "  s:", "    repo: o/n", ...lines.map((line) => `    ${line}`), ""].join(
    "\n",
  );
}

describe("readManifest() tells of", () => {
  const rows: readonly (readonly [title: string, text: string, lines: readonly string[]])[] = [
    [
      "a merge that is not finished, and of nothing that YAML makes of it",
      `<<<<<<< HEAD\n${source("revision: a")}=======\n${source("revision: b")}>>>>>>> topic\n`,
      [
        "tritter.yaml:1:1: error: conflict markers of a merge: should be the lines of one side, or of both",
        "  1 | <<<<<<< HEAD",
        "    | ^^^^^^^",
      ],
    ],
    [
      "a number where a text belongs",
      source("revision: 1234567"),
      [
        'tritter.yaml:5:15: error: "revision" is read as a number: should be a text',
        "  5 |     revision: 1234567",
        "    |               ^^^^^^^",
        '  quote it: "1234567"',
      ],
    ],
    [
      "a commit that YAML reads as a number without end",
      source("revision: 12e4567"),
      [
        'tritter.yaml:5:15: error: "revision" is read as a number: should be a text',
        "  5 |     revision: 12e4567",
        "    |               ^^^^^^^",
        '  quote it: "12e4567"',
      ],
    ],
    [
      "a key that is nearly right",
      source("revison: main"),
      [
        'tritter.yaml:5:5: error: unknown key "revison"',
        "  5 |     revison: main",
        "    |     ^^^^^^^",
        '  did you mean "revision"?',
      ],
    ],
    [
      "a key that is nothing like any",
      source("zzzzzz: 1"),
      [
        'tritter.yaml:5:5: error: unknown key "zzzzzz"',
        "  5 |     zzzzzz: 1",
        "    |     ^^^^^^",
        "  known here: repo, type, revision, as-of, min-age, include, exclude, path, strip, names, hub-cache, local-dir, groups, expect, facts, license, follow, fallbacks",
      ],
    ],
    [
      "a value that is nearly right",
      source("type: Dataset"),
      [
        'tritter.yaml:5:11: error: "type" is Dataset: should be dataset, model, space',
        "  5 |     type: Dataset",
        "    |           ^^^^^^^",
        '  did you mean "dataset"?',
      ],
    ],
    [
      "a value that is nothing like any",
      source('names: "?"'),
      [
        'tritter.yaml:5:12: error: "names" is "?": should be portable, posix',
        '  5 |     names: "?"',
        "    |            ^^^",
      ],
    ],
    [
      "a key that stands twice",
      source("repo: o/m"),
      [
        'tritter.yaml:5:5: error: key "repo" stands twice: should stand once',
        "  5 |     repo: o/m",
        "    |     ^^^^",
      ],
    ],
    [
      "a text where a list belongs",
      source('include: "*.parquet"'),
      [
        'tritter.yaml:5:14: error: "include" is "*.parquet": should be a list',
        '  5 |     include: "*.parquet"',
        "    |              ^^^^^^^^^^^",
        '  write it as a list: ["*.parquet"]',
      ],
    ],
    [
      "a time that is none",
      source("as-of: 2026-02-30"),
      [
        'tritter.yaml:5:12: error: "as-of" is "2026-02-30": should be a day as in 2026-03-01, meant to its end in UTC, or a time with its zone as in 2026-03-01T12:00:00Z',
        "  5 |     as-of: 2026-02-30",
        "    |            ^^^^^^^^^^",
      ],
    ],
    [
      "a time without a zone",
      source("as-of: 2026-03-01T12:00:00"),
      [
        'tritter.yaml:5:12: error: "as-of" is "2026-03-01T12:00:00": should be a day as in 2026-03-01, meant to its end in UTC, or a time with its zone as in 2026-03-01T12:00:00Z',
        "  5 |     as-of: 2026-03-01T12:00:00",
        "    |            ^^^^^^^^^^^^^^^^^^^",
        '  say in which zone, as in "2026-03-01T12:00:00Z"',
      ],
    ],
    [
      "a time that YAML reads as a number: quotes would not help",
      source("as-of: 20260301"),
      [
        'tritter.yaml:5:12: error: "as-of" is read as a number: should be a day as in 2026-03-01, meant to its end in UTC, or a time with its zone as in 2026-03-01T12:00:00Z',
        "  5 |     as-of: 20260301",
        "    |            ^^^^^^^^",
      ],
    ],
    [
      "a time that an older YAML makes a date of",
      `%YAML 1.1\n---\n${source("as-of: 2026-03-01")}`,
      [
        'tritter.yaml:7:12: error: "as-of" is read as a date: should be a day as in 2026-03-01, meant to its end in UTC, or a time with its zone as in 2026-03-01T12:00:00Z',
        "  7 |     as-of: 2026-03-01",
        "    |            ^^^^^^^^^^",
        '  quote it: "2026-03-01"',
      ],
    ],
    [
      "an age without a unit, in a fallback",
      source("fallbacks:", "  - { repo: o/m, min-age: 3 }"),
      [
        'tritter.yaml:6:31: error: "min-age" is read as a number: should be a whole number and s, m, h, d or w, as in 90m, 30d or 2w',
        "  6 |       - { repo: o/m, min-age: 3 }",
        "    |                               ^",
      ],
    ],
    [
      "an age in words",
      source('min-age: "3 days"'),
      [
        'tritter.yaml:5:14: error: "min-age" is "3 days": should be a whole number and s, m, h, d or w, as in 90m, 30d or 2w',
        '  5 |     min-age: "3 days"',
        "    |              ^^^^^^^^",
      ],
    ],
    [
      "a time and an age of a commit, which has but one",
      source(`revision: "${"1".repeat(40)}"`, "as-of: 2026-03-01", "min-age: 3d"),
      [
        'tritter.yaml:6:12: error: "as-of" has nothing to choose from: "revision" is a commit',
        "  6 |     as-of: 2026-03-01",
        "    |            ^^^^^^^^^^",
        "  drop one of the two",
        'tritter.yaml:7:14: error: "min-age" has nothing to choose from: "revision" is a commit',
        "  7 |     min-age: 3d",
        "    |              ^^",
        "  drop one of the two",
      ],
    ],
    [
      "an obligation without its grace",
      source("follow: { ref: main }"),
      [
        'tritter.yaml:5:5: error: "follow" has no "grace": it is required',
        "  5 |     follow: { ref: main }",
        "    |     ^^^^^^",
      ],
    ],
    [
      "a grace without a unit, of a commit that nothing is newer than",
      source(`follow: { ref: "${"1".repeat(40)}", grace: thirty }`),
      [
        'tritter.yaml:5:20: error: "ref" is a commit, which nothing ever is newer than: should be a branch or tag',
        `  5 |     follow: { ref: "${"1".repeat(40)}", grace: thirty }`,
        `    |                    ${"^".repeat(42)}`,
        'tritter.yaml:5:71: error: "grace" is "thirty": should be a whole number and s, m, h, d or w, as in 90m, 30d or 2w',
        `  5 |     follow: { ref: "${"1".repeat(40)}", grace: thirty }`,
        `    |                                                                       ^^^^^^`,
      ],
    ],
    [
      "a grace that YAML reads as a number, in a fallback",
      source("fallbacks:", "  - { repo: o/m, follow: { ref: v2, grace: 30 } }"),
      [
        'tritter.yaml:6:48: error: "grace" is read as a number: should be a whole number and s, m, h, d or w, as in 90m, 30d or 2w',
        "  6 |       - { repo: o/m, follow: { ref: v2, grace: 30 } }",
        "    |                                                ^^",
      ],
    ],
    [
      "an accepted licence that is none",
      source("license: { accept: [], reason: r }"),
      [
        'tritter.yaml:5:24: error: "accept" is empty: should not be',
        "  5 |     license: { accept: [], reason: r }",
        "    |                        ^^",
      ],
    ],
    [
      "a key with nothing behind it",
      source("revision:"),
      [
        'tritter.yaml:5:5: error: "revision" is empty: should be a text',
        "  5 |     revision:",
        "    |     ^^^^^^^^",
      ],
    ],
    [
      "a list entry with nothing in it",
      source("include:", "  -"),
      [
        'tritter.yaml:6:8: error: "include" entry 1 is empty: should be a text',
        "  6 |       -",
        "    |        ^",
      ],
    ],
    [
      "a tab",
      "version: 1\n\tsources: {}\n",
      ["tritter.yaml:2:1: error: Tabs are not allowed as indentation", "  2 |  sources: {}", "    | ^"],
    ],
    [
      "several documents",
      "version: 1\nsources: {}\n---\nversion: 1\n",
      ["tritter.yaml:3:1: error: several documents in one file: should be one", "  3 | ---", "    | ^^^"],
    ],
    [
      "an empty file",
      "",
      [
        'tritter.yaml:1:1: error: the manifest is empty: should have "version" and "sources"',
        "  tritter init --force writes one to start from",
      ],
    ],
    [
      "a version that is a text",
      'version: "1"\nsources: {}\n',
      [
        'tritter.yaml:1:10: error: "version" is a text: should be 1',
        '  1 | version: "1"',
        "    |          ^^^",
        "  drop the quotes",
      ],
    ],
    [
      "a later version",
      "version: 2\nsources: {}\n",
      [
        'tritter.yaml:1:10: error: "version" is 2: should be 1',
        "  1 | version: 2",
        "    |          ^",
        "  a later version needs a newer tritter",
      ],
    ],
    [
      "a pasted address",
      source("# x").replace("repo: o/n", "repo: https://huggingface.co/datasets/o/n/tree/main"),
      [
        'tritter.yaml:4:11: error: "repo" is "https://huggingface.co/datasets/o/n/tree/main": should be owner/name',
        "  4 |     repo: https://huggingface.co/datasets/o/n/tree/main",
        "    |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        '  did you mean "o/n"?',
      ],
    ],
    [
      "an alias of nothing",
      "version: 1\nsources: *later\n",
      [
        'tritter.yaml:2:10: error: alias "*later" has no anchor before it',
        "  2 | sources: *later",
        "    |          ^^^^^^",
      ],
    ],
    [
      "an alias within its own anchor",
      "version: 1\nsources: &x { s: *x }\n",
      [
        'tritter.yaml:2:18: error: alias "*x" has no anchor before it',
        "  2 | sources: &x { s: *x }",
        "    |                  ^^",
      ],
    ],
    [
      "a tag that makes an object of a language",
      "version: !!js/function 1\nsources: {}\n",
      [
        "tritter.yaml:1:10: error: Unresolved tag: tag:yaml.org,2002:js/function",
        "  1 | version: !!js/function 1",
        "    |          ^^^^^^^^^^^^^",
      ],
    ],
    [
      "a source that no disk of Windows could hold",
      "version: 1\nsources:\n  aux: { repo: o/n }\n",
      [
        'tritter.yaml:3:8: error: "aux" cannot be the source\'s folder: names the Windows device AUX',
        "  3 |   aux: { repo: o/n }",
        "    |        ^^^^^^^^^^^^^",
        '  give it a "path"',
      ],
    ],
  ];

  it.each(rows)("%s", async (_, text, lines) => {
    expect(await mistakes(text)).toEqual(lines);
  });

  it.each([
    ["revision: 0x1F", "read as a number", '"0x1F"'],
    ["revision: 0o17", "read as a number", '"0o17"'],
    ["revision: 010", "read as a number", '"010"'],
    ["revision: 1.0", "read as a number", '"1.0"'],
    ["revision: .inf", "read as a number", '".inf"'],
    ["revision: 12345678901234567890123", "read as a number", '"12345678901234567890123"'],
    ["revision: true", "read as a yes-or-no value", '"true"'],
    ["path: 2024", "read as a number", '"2024"'],
    ["groups: [1]", "read as a number", '"1"'],
    ["include: [12]", "read as a number", '"12"'],
  ])("%s: it says to quote it as it is written", async (line, is, quoted) => {
    const lines = await mistakes(source(line));
    expect(lines[0]).toContain(is);
    expect(lines.at(-1)).toBe(`  quote it: ${quoted}`);
  });

  it.each<[string, string]>([
    ["[]", "the manifest is a list: should be a mapping of keys to values"],
    ["version: 1\n", 'the manifest has no "sources": it is required'],
    ["version: 1\nsources: []\n", '"sources" is a list: should be a mapping of keys to values'],
    ["version: 1\nsources: { s: o/n }\n", '"s" is o/n: should be a mapping of keys to values'],
    ["version: 1\nsources: { s: {} }\n", '"s" has no "repo": it is required'],
    ["version: 1\nsources: { 1a: { repo: o/n } }\n", 'source name "1a": should begin with a letter'],
    [
      "version: 1\nsources: { __proto__: { repo: o/n } }\n",
      'source name "__proto__": should begin with a letter',
    ],
    [`version: 1\nsources: { ${"a".repeat(101)}: { repo: o/n } }\n`, "have at most 100 characters"],
    [source("__proto__: 1"), 'unknown key "__proto__"'],
    [source("<<: { type: model }"), 'unknown key "<<"'],
    [source("? [a]\n    : 1"), "a key should be a text"],
    [source("expect: { files: 1.5 }"), '"files" is 1.5: should be a whole number'],
    [source("expect: { maxBytes: -1 }"), '"maxBytes" is too small: should be at least 0'],
    [source("expect: {}"), '"expect" is empty: should not be'],
    [source("expect: { files: 1, minFiles: 2 }"), '"minFiles" is 2: should be at most "files", which is 1'],
    [source("license: { accept: other }"), '"license" has no "reason": it is required'],
    [source("groups: [s]"), 'group "s" has the name of a source: should be another'],
    [source("groups: [a b]"), '"groups" entry 1 holds characters that are not allowed there'],
    [source("fallbacks: [{ repo: o/m, path: x }]"), 'unknown key "path"'],
    [source("fallbacks: [{ repo: o/m, groups: [x] }]"), 'unknown key "groups"'],
    [source("fallbacks: [{ repo: '../m' }]"), '"repo" is "../m": should be owner/name'],
    [
      source("fallbacks: [{ repo: o/m, include: ['['] }]"),
      'pattern "[" has a brace or bracket that is not closed',
    ],
    [source("include: ['a/../b']"), 'pattern "a/../b" has a "." or ".." segment'],
    [source("exclude: ['{a,b']"), 'pattern "{a,b" has a brace or bracket that is not closed'],
    [`policy: { deny: ["//"] }\n${source("# x")}`, 'pattern "//" has an empty segment'],
    [source("path: ../x"), '"path" is "../x": has a "." or ".." segment; should be a folder below the root'],
    [source("path: /etc"), '"path" is "/etc": is absolute'],
    [source("path: /"), '"path" is "/": is absolute'],
    [source('path: "C:"'), '"path" is "C:": begins with a drive letter'],
    [source("path: 'a\\b'"), '"path" is "a\\b": holds a backslash'],
    [source('path: "a\\0b"'), '"path" is "a\\u0000b": holds a control character'],
    [source("path: x/.git"), '"path" is "x/.git": is below ".git"'],
    [source("path: .cache/huggingface"), '"path" is ".cache/huggingface": is below ".cache/huggingface"'],
    [source("path: con"), '"path" is "con": names the Windows device CON'],
    [source("strip: ../x"), '"strip" is "../x": has a "." or ".." segment'],
    [source("strip: ./"), '"strip" is "./": should name a folder of the repository'],
    [
      "version: 1\nendpoint: ftp://x\nsources: {}",
      '"endpoint" is "ftp://x": should be an http(s) URL or a folder',
    ],
    ["version: 1\nendpoint: https://me:pw@x\nsources: {}", '"endpoint" holds a user name or password'],
    ['version: 1\nendpoint: "a\\nb"\nsources: {}', '"endpoint" holds a control character'],
    ['version: 1\nroot: "a\\0b"\nsources: {}', '"root" holds a control character'],
    ['version: 1\nname: "a\\eb"\nsources: {}', '"name" holds characters that are not allowed there'],
  ])("%j: %s", async (text, message) => {
    const [first] = await mistakes(text);
    expect(first).toMatch(/^tritter\.yaml:\d+:\d+: error: /);
    expect(first).toContain(message);
  });

  it.each(["o", "o/n", "O-1/n_2.x", "_o/n", "1/2"])("no mistake in the repository %s", async (repo) => {
    expect((await manifest(source("# x").replace("o/n", repo))).sources[0]?.repo).toBe(repo);
  });

  it.each([
    "o/n/m",
    "o/",
    "/n",
    "../n",
    "o/..",
    "o/.",
    "./n",
    "-o/n",
    "o/n-",
    "o/n.git",
    "o/a--b",
    "o/n?x",
    "o n",
    "o/${X}",
  ])("the repository %s", async (repo) => {
    const [first] = await mistakes(source("# x").replace("o/n", JSON.stringify(repo)));
    expect(first).toContain("should be owner/name");
  });

  it("everything at once, in the order of the file", async () => {
    const text = [
      "version: 2",
      "nmae: x",
      "policy: { licences: {} }",
      "sources:",
      "  s: { repo: o/n, revision: 1 }",
      "  t: { typ: model }",
    ].join("\n");
    const first = (await mistakes(text)).filter((line) => line.startsWith("tritter.yaml:"));
    expect(first.map((line) => line.split(":").slice(1, 3).join(":"))).toEqual([
      "1:10",
      "2:1",
      "3:11",
      "5:29",
      "6:3",
      "6:8",
    ]);
  });

  it("everything at once that a schema cannot say", async () => {
    const text = source("path: ../x", "strip: /y", "include: ['[', '//']", "groups: [s]");
    expect((await mistakes(text)).filter((line) => line.startsWith("tritter.yaml:"))).toHaveLength(5);
  });

  it("a hundred mistakes, and how many more there are", async () => {
    const many = `version: 1\nsources: {}\n${Array.from({ length: 5_000 }, (_, index) => `k${index}: 1\n`).join("")}`;
    const result = await read(many);
    if (result.kind !== "invalid") throw new Error(result.kind);
    expect(result.issues).toHaveLength(101);
    expect(result.issues.at(-1)?.message).toBe("and 4900 more mistakes");
    const patterns = source(`include: [${Array(300).fill('"["').join(", ")}]`);
    const ruled = await read(patterns);
    expect(ruled.kind === "invalid" && ruled.issues.at(-1)?.message).toBe("and 200 more mistakes");
  });

  it("the right line in a file of CRLF, after a byte order mark, and behind wide characters", async () => {
    const text = `\ufeff${source('path: "日本/é"', "typ: x").replaceAll("\n", "\r\n")}`;
    expect(await mistakes(text)).toEqual([
      'tritter.yaml:6:5: error: unknown key "typ"',
      "  6 |     typ: x",
      "    |     ^^^",
      '  did you mean "type"?',
    ]);
  });

  it.each(["? [a, b]", "? !!binary aGk="])(
    "a key that is no text, and lets the parser print nothing: %s",
    async (key) => {
      const printed = vi.spyOn(process, "emitWarning");
      onTestFinished(() => printed.mockRestore());
      const told = await mistakes(`version: 1\nsources: {}\n${key}\n: 1\n`);
      expect(told.join("\n")).toContain("a key should be a text");
      expect(printed).not.toHaveBeenCalled();
    },
  );

  it("shows no character that hides or turns round what it stands beside, and keeps the caret below its word", async () => {
    const [, frame = "", carets = ""] = await mistakes("version: 1\nsources: {}\n\u202e\u200bextra: 1\n");
    expect(frame).toContain("\ufffd\ufffdextra: 1");
    expect(frame.indexOf("\ufffd")).toBe(carets.indexOf("^"));
  });

  it("a window of a long line, its caret below the token", async () => {
    const text = `version: 1\nsources: { s: { repo: o/n, groups: [${"g, ".repeat(100)}], typ: model, names: posix${" ".repeat(80)}} }`;
    const [where, frame = "", carets = ""] = await mistakes(text);
    expect(where).toContain('unknown key "typ"');
    expect(frame.length).toBeLessThan(120);
    expect(frame.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1)).toBe("typ");
  });

  it("no control character or reordering mark as it is", async () => {
    const text = 'version: 1\nsources: { s: { repo: "o/\\e[2Jn", "\\u202etyp": 1 } }';
    const lines = (await mistakes(text)).concat(
      await mistakes('version: 1\nsources: { s: { repo: "o/\\e[2Jn" } }'),
    );
    expect(lines.join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
  });
});

describe("readManifest() refuses what would exhaust the machine:", () => {
  const bomb = Array.from({ length: 12 }, (_, index) =>
    index === 0
      ? "a0: &a0 [1, 1]"
      : `a${index}: &a${index} [${Array(10)
          .fill(`*a${index - 1}`)
          .join(", ")}]`,
  ).join("\n");

  it.each<[string, string, string]>([
    ["a bomb of aliases", bomb, "stands for more than 1000000 values: should be fewer"],
    [
      "one long list, taken again and again",
      `a: &a [${"1,".repeat(20_000)}]\nb: [${"*a,".repeat(60)}]`,
      "stands for more than 1000000 values: should be fewer",
    ],
    ["lists in lists", "[".repeat(20_000), "nested too deep: should be at most 100 levels"],
    [
      "mappings in mappings",
      `${"{a: ".repeat(200)}1${"}".repeat(200)}`,
      "nested too deep: should be at most 100 levels",
    ],
    [
      "a file of no person",
      `# ${"x".repeat(4 * 1024 * 1024)}`,
      "the file has 4194306 bytes: should have at most 4194304",
    ],
  ])("%s", async (_, text, message) => {
    const result = await read(text);
    expect(result.kind === "invalid" && result.issues.map((issue) => issue.message)).toEqual([message]);
  });

  it("takes 100,000 keys without comparing each with every other", async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `k${index}: 1`).join("\n");
    const result = await read(`${text}\nk5: 1\n`);
    expect(result.kind === "invalid" && result.issues.map(({ message, line }) => [message, line])).toEqual([
      ['key "k5" stands twice: should stand once', 100_001],
    ]);
  });

  it.each([
    ["UTF-16, as shells of Windows write it", Buffer.from(`\ufeff${source()}`, "utf16le")],
    ["bytes that are no text", Buffer.from([0x76, 0xff, 0xc0])],
  ])("%s", async (_, bytes) => {
    expect(await mistakes(bytes)).toEqual([
      "tritter.yaml: error: the file is not UTF-8: should be saved as that",
    ]);
  });
});

describe("readManifest() reads", () => {
  it("a missing file as missing", async () => {
    const disk = { read: async () => undefined } as unknown as Disk;
    expect(await readManifest({ file: FILE, disk, env: {} })).toEqual({ kind: "missing" });
  });

  it("a file that the disk refuses as DISK_REFUSED", async () => {
    const refused = Object.assign(new Error("no"), { code: "EACCES" });
    const disk = { read: () => Promise.reject(refused) } as unknown as Disk;
    await expect(readManifest({ file: FILE, disk, env: {} })).rejects.toMatchObject({ code: "DISK_REFUSED" });
  });

  it.each([
    "version: 1\nsources: null\n",
    "version: 1\nsources:\n  # nothing yet\n",
    "version: 1\nsources: {}\n",
  ])("%j as no sources yet", async (text) => {
    expect((await manifest(text)).sources).toEqual([]);
  });

  it("the same of LF and CRLF, with and without a byte order mark, and of JSON", async () => {
    const text = source('include: ["a*", b]', "path: p", "expect: { files: 2 }");
    const expected = await manifest(text);
    expect(await manifest(text.replaceAll("\n", "\r\n"))).toEqual(expected);
    expect(await manifest(`\ufeff${text}`)).toEqual(expected);
    const json = {
      version: 1,
      sources: { s: { repo: "o/n", include: ["a*", "b"], path: "p", expect: { files: 2 } } },
    };
    expect(await manifest(JSON.stringify(json))).toEqual(expected);
  });

  it("anchors and aliases in reason", async () => {
    const text =
      'version: 1\nsources:\n  a: { repo: o/n, include: &all ["*"] }\n  b: { repo: o/m, include: *all }\n';
    expect((await manifest(text)).sources.map(({ include }) => include)).toEqual([["*"], ["*"]]);
  });

  it("every default", async () => {
    expect(await manifest("version: 1\nsources:\n  b: { repo: o/n }\n  a: { repo: o/m }\n")).toEqual({
      file: FILE,
      owner: "../tritter.yaml",
      root: "/project/data",
      endpoint: undefined,
      mirrors: [],
      licenses: {},
      deny: [],
      sources: ["a", "b"].map((name) => ({
        name,
        repo: name === "a" ? "o/m" : "o/n",
        type: "dataset",
        revision: "main",
        include: [],
        exclude: [],
        path: name,
        strip: "",
        names: "portable",
        groups: [],
        expect: {},
        license: undefined,
        fallbacks: [],
      })),
    });
  });

  it("a source named as a member of every object", async () => {
    const { sources } = await manifest(
      "version: 1\nsources: { constructor: { repo: o/n, groups: [toString] } }\n",
    );
    expect(sources.map(({ name, path, groups }) => [name, path, groups])).toEqual([
      ["constructor", "constructor", ["toString"]],
    ]);
  });

  it("fallbacks as complete in themselves: of the source they have path and groups alone", async () => {
    const { sources } = await manifest(
      source(
        "revision: v1",
        "include: [x]",
        "exclude: [y]",
        "strip: z",
        "names: posix",
        "expect: { files: 1 }",
        "license: { accept: other, reason: r }",
        "path: p",
        "groups: [g]",
        "fallbacks: [{ repo: o/m }, { repo: o/l, type: model, strip: ./a/ }]",
      ),
    );
    const plain = {
      type: "dataset",
      revision: "main",
      include: [],
      exclude: [],
      strip: "",
      names: "portable",
      expect: {},
      license: undefined,
    };
    expect(sources[0]).toMatchObject({ path: "p", groups: ["g"] });
    expect(sources[0]?.fallbacks).toEqual([
      { ...plain, repo: "o/m" },
      { ...plain, repo: "o/l", type: "model", strip: "a" },
    ]);
  });

  it.each([
    ["data", "data/tritter.yaml".replace("data/", "../")],
    [".", "tritter.yaml"],
    ["..", "project/tritter.yaml"],
    ["/elsewhere", "../project/tritter.yaml"],
  ])("the owner of a root at %s as the file's path from there", async (root, owner) => {
    expect((await manifest(`version: 1\nroot: ${root}\nsources: {}\n`)).owner).toBe(owner);
    expect((await manifest(`version: 1\nname: mine\nroot: ${root}\nsources: {}\n`)).owner).toBe("mine");
  });

  it.each([
    ["a/b", "a/b"],
    ["./a/", "a"],
    [".//a", "a"],
    ["a//", "a"],
    [".", ""],
    ["./", ""],
  ])("path %s as %j", async (path, folder) => {
    expect((await manifest(source(`path: ${path}`))).sources[0]?.path).toBe(folder);
  });

  it("a folder that only some platforms hold where the source says names: posix", async () => {
    expect((await manifest(source("path: aux", "names: posix"))).sources[0]?.path).toBe("aux");
  });

  it.each([
    ["https://hub.example", "https://hub.example"],
    ["./hub", "/project/hub"],
    ["hub", "/project/hub"],
    ["/srv/hub", "/srv/hub"],
  ])("endpoint %s as %s", async (endpoint, expected) => {
    expect((await manifest(`version: 1\nendpoint: ${endpoint}\nsources: {}\n`)).endpoint).toBe(expected);
  });
});

describe("variables", () => {
  const root = (written: string, env: Record<string, string> = {}) =>
    manifest(`version: 1\nroot: ${JSON.stringify(written)}\nsources: {}\n`, env).then((one) => one.root);

  it.each<[string, Record<string, string>, string]>([
    ["${SCRATCH}/corpus", { SCRATCH: "/scratch" }, "/scratch/corpus"],
    ["${SCRATCH:-.}/corpus", {}, "/project/corpus"],
    ["${SCRATCH:-.}/corpus", { SCRATCH: "" }, "/project/corpus"],
    ["${SCRATCH:-.}/corpus", { SCRATCH: "/s" }, "/s/corpus"],
    ["${A}${B:-b}", { A: "a" }, "/project/ab"],
    ["a$b", {}, "/project/a$b"],
    ["${X}", { X: "$& ${Y}" }, "/project/$& ${Y}"],
  ])("in root: %s with %j is %s", async (written, env, expected) => {
    expect(await root(written, env)).toBe(expected);
  });

  it.each<[string, Record<string, string>, string]>([
    ["${SCRATCH}", {}, '"root": ${SCRATCH} is not set: set it, or give a default as in ${SCRATCH:-data}'],
    ["${SCRATCH}", { SCRATCH: "" }, '"root": ${SCRATCH} is not set'],
    ["${constructor}", {}, '"root": ${constructor} is not set'],
    ["${A", { A: "a" }, '"root": a ${ is not closed'],
    ["${}", {}, '"root": ${} is not a variable: should be ${NAME} or ${NAME:-default}'],
    ["${A-b}", {}, '"root": ${A-b} is not a variable'],
    ["${A:-}", {}, '"root": is empty once its variables are replaced'],
  ])("in root: %s with %j is a mistake", async (written, env, message) => {
    const [first] = await mistakes(`version: 1\nroot: ${JSON.stringify(written)}\nsources: {}\n`, env);
    expect(first).toContain(message);
  });

  it("stay as they are written anywhere else", async () => {
    const env = { X: "expanded" };
    const one = await manifest(
      `version: 1\nname: "\${X}"\nendpoint: ./\${X}\n${source('revision: "${X}"', "path: ${X}").split("\n").slice(1).join("\n")}`,
      env,
    );
    expect([one.owner, one.endpoint, one.sources[0]?.revision, one.sources[0]?.path]).toEqual([
      "${X}",
      "/project/${X}",
      "${X}",
      "${X}",
    ]);
    const [first] = await mistakes(source('include: ["${X}/*"]'), env);
    expect(first).toContain("variables are replaced in root alone");
  });
});
