import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { peek } from "../../../cli/manifest/peek.ts";
import { parseManifest } from "../../../cli/manifest/read.ts";

const SOURCES = "sources:\n  a: { repo: o/n }\n";

const TOLD: [text: string, name: string | undefined, root: string | undefined][] = [
  ["", undefined, undefined],
  ["name: corpus\n", "corpus", undefined],
  ["root: data # here\nname: corpus\n", "corpus", "data"],
  ["root: ../a b/c\r\n", undefined, "../a b/c"],
  [`root: \${SCRATCH:-data}/corpus   # there\n`, undefined, `\${SCRATCH:-data}/corpus`],
  [`root: "/mnt/a # b"\n`, undefined, "/mnt/a # b"],
  ["root: '/mnt/a: b' # there\n", undefined, "/mnt/a: b"],
  ["root: a#b\n", undefined, "a#b"],
  ["# name: corpus\n", undefined, undefined],
];

const LEFT_TO_A_PARSER: [what: string, text: string][] = [
  ["an escape", 'root: "a\\x20b"\n'],
  ["a quote in quotes", "root: 'it''s'\n"],
  ["a block", "root: >\n  data\n"],
  ["an alias", "root: *here\n"],
  ["a tag", "root: !!str data\n"],
  ["nothing", "root:   # not yet\n"],
  ["a mapping", "root: a: b\n"],
  ["the key twice", "root: a\nroot: b\n"],
];

describe("peek()", () => {
  it.each(TOLD)("tells of %j", async (text, name, root) => {
    expect(peek(text)).toEqual({ name, root });
    const read = await parseManifest(`version: 1\n${text}${SOURCES}`, { file: "/p/tritter.yaml", env: {} });
    expect(read).toMatchObject({ kind: "ok", peekable: true });
  });

  it("takes no member of another for one of the manifest", () => {
    expect(peek("sources:\n  name: { repo: o/n }\n  root: { repo: o/m }\n")).toEqual({
      name: undefined,
      root: undefined,
    });
  });

  it.each(LEFT_TO_A_PARSER)("leaves to a parser: %s", (_, text) => {
    expect(peek(text)).toBeUndefined();
  });

  const trap: [what: string, text: string][] = [
    ["a flow mapping", "{ version: 1, root: there, sources: { a: { repo: o/n } } }\n"],
    ["a quoted key", `version: 1\n"root": there\n${SOURCES}`],
    ["a value on two lines", `version: 1\nroot: here\n  and there\n${SOURCES}`],
    ["a value on the line below", `version: 1\nroot:\n  there\n${SOURCES}`],
  ];
  it.each(trap)("is not believed of %s", async (_, text) => {
    const read = await parseManifest(text, { file: "/p/tritter.yaml", env: {} });
    expect(read).toMatchObject({ kind: "ok", peekable: false });
  });

  it("says what the parser says wherever it is believed", async () => {
    const word = fc.stringMatching(/^[ -~é]{1,12}$/);
    const style = fc.constantFrom("PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE", "BLOCK_FOLDED");
    await fc.assert(
      fc.asyncProperty(fc.option(word), word, style, async (name, root, defaultStringType) => {
        const members = { version: 1, ...(name !== null && { name }), root, sources: { a: { repo: "o/n" } } };
        const text = stringify(members, { defaultStringType } as never);
        const read = await parseManifest(text, { file: "/p/tritter.yaml", env: {} });
        if (read.kind !== "ok" || !read.peekable) return;
        expect(peek(text)).toEqual({ name: name ?? undefined, root });
      }),
    );
  });
});
