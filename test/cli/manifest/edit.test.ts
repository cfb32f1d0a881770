import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addSource, removeSource } from "../../../cli/manifest/edit.ts";
import { parseManifest } from "../../../cli/manifest/read.ts";
import type { Stanza } from "../../../cli/manifest/stanza.ts";

const STANZA: Stanza = { repo: "o/new", include: ["data/*.parquet"], groups: ["code"] };

function added(text: string, stanza: Stanza = STANZA, name = "new"): string {
  const edited = addSource(text, { name, stanza, comment: [] });
  return edited.kind === "ok" ? edited.text : edited.why;
}

function removed(text: string, name: string): string {
  const edited = removeSource(text, name);
  return edited.kind === "ok" ? edited.text : edited.why;
}

const BLOCK = '  new:\n    repo: o/new\n    include: ["data/*.parquet"]\n    groups: [code]\n';
const FLOW = 'new: { repo: o/new, include: ["data/*.parquet"], groups: [code] }';

/** `+` is where the new lines go; `back` is left out where removing it gives the text again. */
const ADDED: readonly (readonly [what: string, before: string, after: string, back?: string])[] = [
  ["a block mapping", "sources:\n  a:\n    repo: x\n", `sources:\n  a:\n    repo: x\n${BLOCK}`],
  [
    "something behind the sources",
    "sources:\n  a: { repo: x }\n\npolicy: {}\n",
    `sources:\n  a: { repo: x }\n  ${FLOW}\n\npolicy: {}\n`,
  ],
  [
    "comments behind the last source",
    "sources:\n  a:\n    repo: x # x\n    # of a\n\n      # of a too\n  # b:\n  #   repo: y\n\n# end\n",
    `sources:\n  a:\n    repo: x # x\n    # of a\n\n      # of a too\n${BLOCK}  # b:\n  #   repo: y\n\n# end\n`,
  ],
  [
    "blank lines between sources",
    "sources:\n\n  # A\n  a:\n    repo: x\n\n\n  # B\n  b:\n    repo: y\n\nname: n\n",
    `sources:\n\n  # A\n  a:\n    repo: x\n\n\n  # B\n  b:\n    repo: y\n\n\n${BLOCK}\nname: n\n`,
  ],
  [
    "Windows' line ends",
    "sources:\r\n  a:\r\n    repo: x\r\n",
    `sources:\r\n  a:\r\n    repo: x\r\n${BLOCK.replaceAll("\n", "\r\n")}`,
  ],
  [
    "no line end at the end",
    "sources:\n  a:\n    repo: x",
    `sources:\n  a:\n    repo: x\n${BLOCK.trimEnd()}`,
  ],
  [
    "no line end at the end, of Windows",
    "sources:\r\n  a:\r\n    repo: x",
    `sources:\r\n  a:\r\n    repo: x\r\n${BLOCK.trimEnd().replaceAll("\n", "\r\n")}`,
  ],
  [
    "an end of the document",
    "---\nsources:\n  a:\n    repo: x\n...\n",
    `---\nsources:\n  a:\n    repo: x\n${BLOCK}...\n`,
  ],
  [
    "a block scalar",
    "sources:\n  a:\n    repo: x\n    license:\n      reason: |\n        text\n\nname: n\n",
    `sources:\n  a:\n    repo: x\n    license:\n      reason: |\n        text\n${BLOCK}\nname: n\n`,
  ],
  [
    "a block scalar that keeps its blank lines",
    "sources:\n  a:\n    license:\n      reason: |+\n        text\n\n\n",
    `sources:\n  a:\n    license:\n      reason: |+\n        text\n\n\n${BLOCK}`,
  ],
  [
    "a value over several lines",
    "sources:\n  a:\n    repo: x\n    include: [a,\n      b] # ab\n",
    `sources:\n  a:\n    repo: x\n    include: [a,\n      b] # ab\n${BLOCK}`,
  ],
  [
    "the commented template",
    "sources:\n  # a:\n  #   repo: x\n",
    `sources:\n${BLOCK}  # a:\n  #   repo: x\n`,
  ],
  [
    "a key that stands alone",
    "name: n\nsources: # none\npolicy: {}",
    `name: n\nsources: # none\n${BLOCK}policy: {}`,
  ],
  ["a key that stands alone at the end", "name: n\nsources:", `name: n\nsources:\n${BLOCK.trimEnd()}`],
  [
    "null",
    "sources: ~ # none\nname: n\n",
    `sources: # none\n${BLOCK}name: n\n`,
    "sources: # none\nname: n\n",
  ],
  ["no key", "name: n\n# end\n", `name: n\nsources:\n${BLOCK}# end\n`, "name: n\nsources:\n# end\n"],
  ["an empty flow mapping", "sources: {} # none\n", `sources: { ${FLOW} } # none\n`],
  ["a flow mapping", "sources: { a: { repo: x } }\n", `sources: { a: { repo: x }, ${FLOW} }\n`],
  [
    "a flow mapping with a comma at its end",
    "sources: { a: { repo: x }, }\n",
    `sources: { a: { repo: x }, ${FLOW}, }\n`,
  ],
  [
    "a tight flow mapping",
    "sources: {a: {repo: x}}\n",
    `sources: {a: {repo: x}, ${FLOW.replaceAll("{ ", "{").replaceAll(" }", "}")}}\n`,
  ],
  [
    "a flow mapping over lines",
    "sources: {\n  # a\n  a: { repo: x }, # x\n  b: { repo: y } # y\n}\n",
    `sources: {\n  # a\n  a: { repo: x }, # x\n  b: { repo: y }, # y\n  ${FLOW}\n}\n`,
  ],
  [
    "a flow mapping over lines, each with a comma",
    "sources: {\n  a: { repo: x }, # x\n}\n",
    `sources: {\n  a: { repo: x }, # x\n  ${FLOW},\n}\n`,
  ],
  [
    "a flow mapping closed behind its last source",
    "sources: {\n  a: { repo: x } }\n",
    `sources: {\n  a: { repo: x },\n  ${FLOW} }\n`,
  ],
  [
    "JSON",
    '{"sources": {"a": {"repo": "x"}}}',
    '{"sources": {"a": {"repo": "x"}, "new": {"repo": "o/new", "include": ["data/*.parquet"], "groups": ["code"]}}}',
  ],
  [
    "JSON without sources",
    '{"name": "n"}\n',
    `{"name": "n", "sources": { "new": { "repo": "o/new", "include": ["data/*.parquet"], "groups": ["code"] } }}\n`,
    '{"name": "n", "sources": {}}\n',
  ],
  [
    "sources in flow style within block style",
    "sources:\n    a: {repo: x, include: ['z']}\n",
    "sources:\n    a: {repo: x, include: ['z']}\n    new: {repo: o/new, include: ['data/*.parquet'], groups: [code]}\n",
  ],
  [
    "lists in block style",
    "sources:\n  a:\n    repo: x\n    include:\n    - 'z'\n",
    "sources:\n  a:\n    repo: x\n    include:\n    - 'z'\n  new:\n    repo: o/new\n    include:\n    - 'data/*.parquet'\n    groups:\n    - code\n",
  ],
  [
    "an anchor",
    "sources: &all # all\n  a: &a\n    repo: x\nname: *a\n",
    `sources: &all # all\n  a: &a\n    repo: x\n${BLOCK}name: *a\n`,
  ],
  [
    "keys that are marked",
    "? sources\n:\n  ? a\n  : repo: x\n",
    `? sources\n:\n  ? a\n  : repo: x\n${BLOCK}`,
  ],
];

describe("addSource()", () => {
  it.each(ADDED.map(([what, before, after, back = before]) => [what, before, after, back] as const))(
    "behind %s changes nothing else, and removeSource() takes it back",
    (_, before, after, back) => {
      expect(added(before)).toBe(after);
      expect(removed(after, "new")).toBe(back);
    },
  );

  it.each([
    ["an alias", "a: &a { x: {} }\nsources: *a\n", '"sources" is no mapping written out there'],
    ["a list", "sources: [a]\n", '"sources" is no mapping written out there'],
    ["a null in a flow mapping", "{ sources: ~ }\n", "it is written in a way that leaves no room for it"],
    ["a list for a document", "- a\n", "it is no mapping"],
  ])("refuses %s", (_, text, why) => {
    expect(added(text)).toBe(why);
  });

  it("writes the comment of a source above it", () => {
    const edited = addSource("sources:\n", { name: "new", stanza: { repo: "o/n" }, comment: ["one", "two"] });
    expect(edited).toEqual({ kind: "ok", text: "sources:\n  # one\n  # two\n  new:\n    repo: o/n\n" });
    expect(removed("sources:\n  # one\n  # two\n  new:\n    repo: o/n\n", "new")).toBe("sources:\n");
  });

  it.each<[string, string]>([
    ["1234567", '"1234567"'],
    ["12e4567", '"12e4567"'],
    ["0x1f", '"0x1f"'],
    ["1.0", '"1.0"'],
    ["2024-01-01", '"2024-01-01"'],
    [".5", '".5"'],
    ["null", '"null"'],
    ["off", '"off"'],
    ["-x", '"-x"'],
    ["a: b", '"a: b"'],
    ["a #b", '"a #b"'],
    ["9fc30b578cedaec69e47302df72cf00feed7c8c4", '"9fc30b578cedaec69e47302df72cf00feed7c8c4"'],
    ["v1.0", "v1.0"],
    ["refs/pr/1", "refs/pr/1"],
    ["20/1", "20/1"],
    ["é", '"é"'],
  ])("writes the revision %j as %s", (revision, written) => {
    expect(added("sources:\n", { repo: "o/n", revision })).toContain(`    revision: ${written}\n`);
  });

  it("quotes a name that YAML, or an older YAML, would not read as a text", () => {
    expect(added("sources:\n", { repo: "o/n" }, "null")).toBe('sources:\n  "null":\n    repo: o/n\n');
    expect(added("sources:\n", { repo: "o/n" }, "y")).toContain('  "y":\n');
  });

  it("writes a long list of patterns one a line", () => {
    const include = Array.from({ length: 9 }, (_, index) => `data/train-0000${index}.parquet`);
    expect(added("sources:\n", { repo: "o/n", include })).toContain(
      '    include:\n      - "data/train-00000.parquet"\n      - "data/train-00001.parquet"\n',
    );
  });

  it("writes every field in the order of the README", () => {
    const all: Stanza = {
      groups: ["g"],
      strip: "d",
      path: "p q",
      exclude: ["*.py"],
      include: ["d/*"],
      revision: "v1",
      type: "model",
      repo: "o/n",
    };
    expect(added("sources:\n", all)).toBe(
      'sources:\n  new:\n    repo: o/n\n    type: model\n    revision: v1\n    include: ["d/*"]\n    exclude: ["*.py"]\n    path: "p q"\n    strip: d\n    groups: [g]\n',
    );
  });
});

describe("removeSource()", () => {
  const text =
    "sources:\n  # of all\n\n  # of a\n  a:\n    repo: x\n    # of a too\n\n  # of b\n  b:\n    repo: y\n\n  c:\n    repo: z\n\n# end\n";

  it.each([
    ["a", "sources:\n  # of all\n\n  # of b\n  b:\n    repo: y\n\n  c:\n    repo: z\n\n# end\n"],
    [
      "b",
      "sources:\n  # of all\n\n  # of a\n  a:\n    repo: x\n    # of a too\n\n  c:\n    repo: z\n\n# end\n",
    ],
    [
      "c",
      "sources:\n  # of all\n\n  # of a\n  a:\n    repo: x\n    # of a too\n\n  # of b\n  b:\n    repo: y\n\n# end\n",
    ],
  ])("takes %s with its own comments", (name, after) => {
    expect(removed(text, name)).toBe(after);
  });

  it.each([
    [
      "the first without a blank line above",
      "sources:\n  a: { repo: x }\n\n  b: { repo: y }\n",
      "a",
      "sources:\n  b: { repo: y }\n",
    ],
    [
      "the first of tight ones",
      "sources:\n  a: { repo: x }\n  b: { repo: y }\n",
      "a",
      "sources:\n  b: { repo: y }\n",
    ],
    ["the only one", "sources:\n  a: { repo: x }\n\nname: n\n", "a", "sources:\n\nname: n\n"],
    [
      "one set apart above only",
      "sources:\n  a: { repo: x }\n\n  b: { repo: y }\n  c: { repo: z }\n",
      "b",
      "sources:\n  a: { repo: x }\n\n  c: { repo: z }\n",
    ],
    [
      "one below a comment at the margin",
      "sources:\n  a: { repo: x }\n# aside\n  b: { repo: y }\n",
      "b",
      "sources:\n  a: { repo: x }\n# aside\n",
    ],
    [
      "a source with an anchor",
      "sources:\n  a: &a { repo: x }\n  b: { repo: y }\n",
      "a",
      "sources:\n  b: { repo: y }\n",
    ],
    [
      "the first in flow style",
      "sources: { a: { repo: x }, b: { repo: y } }\n",
      "a",
      "sources: { b: { repo: y } }\n",
    ],
    [
      "the last in flow style",
      "sources: { a: { repo: x }, b: { repo: y } }\n",
      "b",
      "sources: { a: { repo: x } }\n",
    ],
    [
      "the last with a comma behind",
      "sources: { a: { repo: x }, b: { repo: y }, }\n",
      "b",
      "sources: { a: { repo: x }, }\n",
    ],
    ["the only one in flow style", "sources: { a: { repo: x }, }\n", "a", "sources: {}\n"],
    [
      "the only one beside a comment",
      "sources: { # all\n  a: { repo: x }\n}\n",
      "a",
      "sources: { # all\n}\n",
    ],
    [
      "the first of lines in flow style",
      "sources: {\n  # a\n  a: { repo: x }, # x\n  # b\n  b: { repo: y }, # y\n}\n",
      "a",
      "sources: {\n  # b\n  b: { repo: y }, # y\n}\n",
    ],
    [
      "the last of lines in flow style",
      "sources: {\n  a: { repo: x }, # x\n  # b\n  b: { repo: y } # y\n}\n",
      "b",
      "sources: {\n  a: { repo: x } # x\n}\n",
    ],
    [
      "one that shares its line",
      "sources: {\n  a: { repo: x }, b: { repo: y },\n  c: { repo: z } }\n",
      "a",
      "sources: {\n  b: { repo: y },\n  c: { repo: z } }\n",
    ],
    [
      "the last before the brace",
      "sources: {\n  a: { repo: x },\n  b: { repo: y } }\n",
      "b",
      "sources: {\n  a: { repo: x } }\n",
    ],
    [
      "of JSON",
      '{"sources": {"a": {"repo": "x"}, "b": {"repo": "y"}}}',
      "b",
      '{"sources": {"a": {"repo": "x"}}}',
    ],
  ])("takes %s", (_, before, name, after) => {
    expect(removed(before, name)).toBe(after);
  });

  it("refuses what others stand on", () => {
    expect(removed("sources:\n  a: &a { repo: x }\n  b: *a\n", "a")).toBe(
      "it is written in a way that leaves no room for it",
    );
  });
});

describe("a manifest edited", () => {
  const comment = fc.constantFrom(
    "",
    "  # of it\n",
    "    # deeper\n",
    "# at the margin\n",
    "\n",
    "\n  # of it\n",
    "  # not of it\n\n",
  );
  const block = fc.constantFrom(
    "    repo: o/a\n",
    "    repo: o/a # why\n",
    "    repo: o/a\n    include: [a,\n      b]\n",
    "    repo: o/a\n    license:\n      accept: x\n      reason: |\n        long\n\n        text\n",
    "    repo: o/a\n    license:\n      accept: x\n      reason: >+\n        kept\n\n",
    "    repo: o/a\n    include:\n      - 'a'\n      - b\n",
    "    # first\n    repo: o/a\n    # last\n",
  );
  const blockSource = fc.tuple(comment, block).map(
    ([above, body]) =>
      (name: string) =>
        `${above}  ${name}:\n${body}`,
  );
  const flowSource = comment.map(
    (above) => (name: string) => `${above}  ${name}: { repo: o/a, include: ["*.txt"] } # ${name}\n`,
  );
  const sources = fc
    .array(fc.oneof(blockSource, flowSource), { maxLength: 4 })
    .map(
      (list) =>
        `sources:${list.length === 0 ? " # none" : ""}\n${list.map((one, index) => one(`s${index}`)).join("")}`,
    );
  const flowSources = fc
    .tuple(
      fc.array(fc.constantFrom("{ repo: o/a }", "{repo: o/b}", '{ repo: o/c, include: ["x"], }'), {
        maxLength: 3,
      }),
      fc.constantFrom(["", ""], [", ", " "], ["\n  ", "\n"]),
      fc.boolean(),
    )
    .map(([list, [gap = "", end = ""], comma]) => {
      if (list.length === 0) return "sources: {}\n";
      const entries = list.map(
        (one, index) => `${index === 0 ? gap.replace(",", "") : gap || " "}s${index}: ${one}`,
      );
      return `sources: {${entries.join(",")}${comma ? "," : ""}${end}}\n`;
    });
  const head = fc.constantFrom(
    "version: 1\n",
    "# a\nversion: 1\nname: n\n\n",
    "---\nversion: 1\npolicy:\n  deny: ['*.py']\n",
  );
  const tail = fc.constantFrom("", "\n", "\n# end\n", "name: t\n", "\npolicy: {}\n", "  # indented\n");
  const manifest = fc
    .tuple(head, fc.oneof(sources, flowSources), tail, fc.boolean(), fc.boolean())
    .filter(
      ([first, , last]) =>
        !(first.includes("name") && last.includes("name")) &&
        !(first.includes("policy") && last.includes("policy")),
    )
    .map(([first, middle, last, windows, cut]) => {
      const text = `${first}${middle}${last}`;
      const lines = windows ? text.replaceAll("\n", "\r\n") : text;
      return cut ? lines.replace(/\r?\n$/, "") : lines;
    });

  it("has every line it had, in order, and is the same bytes once the source is gone again", async () => {
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(manifest, async (text) => {
        const read = await parseManifest(text, { file: "/p/tritter.yaml", env: {} });
        fc.pre(read.kind === "ok");
        tried += 1;
        const after = addSource(text, { name: "new", stanza: STANZA, comment: [] });
        expect(after.kind).toBe("ok");
        if (after.kind !== "ok") return;
        const again = await parseManifest(after.text, { file: "/p/tritter.yaml", env: {} });
        expect(again.kind === "ok" && again.manifest.sources.map(({ name }) => name)).toContain("new");
        if (!text.includes("sources: {"))
          expect(isWithin(text.split(/\r?\n/), after.text.split(/\r?\n/))).toBe(true);
        expect(removeSource(after.text, "new")).toEqual({ kind: "ok", text });
      }),
      { numRuns: 500 },
    );
    expect(tried).toBeGreaterThan(200);
  });

  it("loses one source at a time, and no comment of another", async () => {
    await fc.assert(
      fc.asyncProperty(manifest, fc.nat(3), async (text, index) => {
        const name = `s${index}`;
        const read = await parseManifest(text, { file: "/p/tritter.yaml", env: {} });
        fc.pre(read.kind === "ok" && read.manifest.sources.some((source) => source.name === name));
        const after = removeSource(text, name);
        expect(after.kind).toBe("ok");
        if (after.kind !== "ok") return;
        for (const kept of ["# at the margin", "  # not of it", "# end"])
          expect(after.text.split(kept)).toHaveLength(text.split(kept).length);
      }),
      { numRuns: 300 },
    );
  });

  function isWithin(part: readonly string[], whole: readonly string[]): boolean {
    let at = 0;
    for (const line of whole) if (line === part[at]) at += 1;
    return at === part.length;
  }
});
