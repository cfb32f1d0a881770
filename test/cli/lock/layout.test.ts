import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FileLine, layoutOf, parseFileLine } from "../../../cli/lock/layout.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import { hexOf } from "../../../schema/ids.ts";
import type { Lock } from "../../../schema/lock.ts";
import { digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { locks } from "./documents.ts";

type Files = Readonly<Record<string, readonly (FileLine | undefined)[]>>;

function filesByLayout(text: string): Files | undefined {
  const bytes = Buffer.from(text);
  const layout = layoutOf(bytes);
  if (layout === undefined) return undefined;
  return Object.fromEntries(
    layout.map(({ name, path, strip, from, to }) => {
      const lines = bytes.toString("utf8", from, to).split("\n").slice(0, -1);
      return [`${name} ${path} ${strip}`, lines.map(parseFileLine)];
    }),
  );
}

function filesOf(lock: Pick<Lock, "sources">): Files {
  return Object.fromEntries(
    lock.sources.map(({ name, path, strip, files }) => [
      `${name} ${path} ${strip}`,
      files.map(({ path: file, size, digest }) => ({
        path: file as string,
        size,
        algorithm: digest.startsWith("git:") ? ("git" as const) : ("sha256" as const),
        hex: hexOf(digest),
      })),
    ]),
  );
}

const LOCK = lockOf(
  entryOf(sourceOf("a"), [fileOf("1.txt"), fileOf("é/2.txt", { size: 0, digest: digestOf("b", "git") })]),
  entryOf(sourceOf("empty"), []),
  entryOf(sourceOf("z", { strip: "in" }), [fileOf("in/3.txt", { size: 999_999_999_999 })]),
);
const TEXT = serialiseLock(LOCK);

describe("layoutOf()", () => {
  it("finds the lines of every source, and where they go", () => {
    expect(filesByLayout(TEXT)).toEqual(filesOf(LOCK));
    expect(filesByLayout(serialiseLock(lockOf()))).toEqual({});
  });

  const other: [what: string, text: string][] = [
    ["not laid out in lines", JSON.stringify(JSON.parse(TEXT))],
    ["laid out by another program", JSON.stringify(JSON.parse(TEXT), undefined, 1)],
    ["with a file outside of the lines", TEXT.replace('"files": [\n{', '"files": [{')],
    ["with a list of files elsewhere", TEXT.replace('"repo"', '"more": {\n"files": [\n]},\n"repo"')],
    ["with the files of a source twice", TEXT.replace('"files": [', '"files": [\n]},\n"files": [')],
    ["with a source twice", TEXT.replace('"empty": {', '"a": {')],
    ["of a later version", TEXT.replace('"version": 1', '"version": 2')],
    ["with a source that goes nowhere", TEXT.replace('"path": "a",', "")],
    ["with a source that goes to no path", TEXT.replace('"path": "a"', '"path": 7')],
    ["with a strip that is none", TEXT.replace('"strip": "in"', '"strip": ["in"]')],
    ["with files that are no list", TEXT.replace('"files": [', '"files": 7, "files ": [')],
    [
      "with the lines of a file in another member",
      TEXT.replace('\n"files": [', '\n"more": {\n"files": [').replace("\n]}", '\n]}, "files": 7}'),
    ],
    ["torn", TEXT.slice(0, -20)],
    ["that is empty", ""],
  ];
  it.each(other)("finds nothing in a lock %s", (_, text) => {
    expect(layoutOf(Buffer.from(text))).toBeUndefined();
  });

  it("finds what a parser finds, or nothing, whatever becomes of the text", () => {
    const cut = fc.record({
      at: fc.nat(),
      from: fc.nat(),
      length: fc.nat({ max: 200 }),
      lines: fc.boolean(),
    });
    let [texts, found] = [0, 0];
    fc.assert(
      fc.property(locks, fc.array(cut, { maxLength: 2 }), (lock, cuts) => {
        let text = serialiseLock(lock);
        texts += 1;
        for (const { at, from, length, lines } of cuts) {
          // Moves a piece of it, or whole lines of it, to another place.
          const parts = lines ? text.split("\n") : [...text];
          const piece = parts.splice(from % parts.length, lines ? length % 5 : length);
          parts.splice(at % (parts.length + 1), 0, ...piece);
          text = parts.join(lines ? "\n" : "");
        }
        const files = filesByLayout(text);
        // A line with members of later versions is no line that is known.
        if (files === undefined || Object.values(files).flat().includes(undefined)) return;
        found += 1;
        const parsed = JSON.parse(text) as { sources: Record<string, never> };
        const read = Object.entries<Record<string, never>>(parsed.sources).map(([name, source]) => ({
          ...source,
          name,
          strip: source.strip ?? "",
          files: (
            source.files as never as { path: string; size: number; sha256?: string; git?: string }[]
          ).map(({ path, size, sha256, git }) => ({
            path,
            size,
            digest: sha256 === undefined ? `git:${git}` : `sha256:${sha256}`,
          })),
        }));
        expect(files).toEqual(filesOf({ sources: read as never }));
      }),
      { numRuns: 500 },
    );
    expect(found / texts).toBeGreaterThan(0.05);
  });
});

describe("parseFileLine()", () => {
  const line = `{"path":"a/é.txt","size":12,"sha256":"${"a".repeat(64)}"}`;

  it("reads a line as tritter writes it, with its comma or without", () => {
    const file = { path: "a/é.txt", size: 12, algorithm: "sha256", hex: "a".repeat(64) };
    expect([parseFileLine(line), parseFileLine(`${line},`)]).toEqual([file, file]);
    expect(parseFileLine(line.replace(/"sha256".*/, `"git":"${"b".repeat(40)}"}`))).toEqual({
      ...file,
      algorithm: "git",
      hex: "b".repeat(40),
    });
  });

  it.each([
    ["something before", ` ${line}`],
    ["something behind", `${line},,`],
    ["no path", line.replace("a/é.txt", "")],
    ["an escape", line.replace("a/", "a\\u002f")],
    ["another member", line.replace('"size"', '"more":1,"size"')],
    ["a size that no number holds", line.replace("12", "1".repeat(16))],
    ["a short digest", line.replace("aa", "a")],
  ])("reads none with %s", (_, text) => {
    expect(parseFileLine(text)).toBeUndefined();
  });
});
