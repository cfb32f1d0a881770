import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import type { DiskFile } from "../../../cli/disk/port.ts";
import { type Counting, countingOf, countRows, countStream } from "../../../cli/facts/count.ts";
import type { FileFacts } from "../../../schema/facts.ts";
import { execute, lacks } from "../../support/shell.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";
import { type Zipped, zipOf } from "../../support/zip.ts";

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(() => folder.remove());

const NO_FILE = {} as DiskFile;
const never = new AbortController().signal;

async function counted(name: string, content: string | Uint8Array, signal = never): Promise<FileFacts> {
  const path = join(folder.path, name);
  await writeFile(path, content);
  const file = await nodeDisk().open(path, "r");
  try {
    const counting = countingOf(name) as Counting;
    return await countRows(file, { counting, size: Buffer.byteLength(content), signal });
  } finally {
    await file.close();
  }
}

/** Rows, or why there are none. */
async function told(name: string, content: string | Uint8Array): Promise<number | string | undefined> {
  const facts = await counted(name, content);
  return facts.kind === "unreadable" ? facts.why : facts.rows;
}

describe("countingOf()", () => {
  it.each([
    ["a.jsonl", "lines"],
    ["a/b.NDJSON", "lines"],
    ["a.jsonl.gz", "lines"],
    ["a.json.gz", "lines"],
    ["a.csv", "records"],
    ["a.tsv.gz", "records"],
    ["a.zip", "zip"],
    ["a.json", undefined],
    ["a.jsonl.zst", undefined],
    ["a.csv.bz2", undefined],
    ["a.zip.gz", undefined],
    ["a.tar", undefined],
    ["a.md", undefined],
    ["jsonl", undefined],
  ])("of %s is %s", (path, what) => {
    expect(countingOf(path)?.what).toBe(what);
  });
});

describe("rows of JSON lines", () => {
  it.each([
    ["nothing", "", 0],
    ["blank lines alone", "\n \r\n\t\n", 0],
    ["one without an end", '{"a":1}', 1],
    ["blank lines between", '{"a":1}\n\n  \n{"a":2}\r\n', 2],
    ["values of other kinds", '[1,2]\n"x"\n1\nnull\n', 4],
    ["a mark before them", '\ufeff{"a":1}\n', 1],
    ["escaped line ends", '{"a":"x\\ny"}\n', 1],
    ["JSON that is spread over lines", '{\n "a": 1\n}\n', "row 1 is no JSON value on one line"],
    ["an array of rows", '[\n{"a":1},\n{"a":2}\n]\n', "row 1 is no JSON value on one line"],
    ["a line that was cut", '{"a":1}\n{"a":', "row 2 is no JSON value on one line"],
    ["UTF-16", Buffer.from('{"a":1}\n', "utf16le"), "it is no text in UTF-8: byte 1 is 0"],
  ])("%s", async (_, content, expected) => {
    expect(await told("a.jsonl", content)).toBe(expected);
    expect(await told("a.jsonl.gz", gzipSync(content))).toBe(expected);
  });

  it("a line longer than any buffer is a row like another, and takes no memory", async () => {
    const line = `{"a":"${"x".repeat(40 * 1024 * 1024)}"}\n`;
    expect(await told("a.jsonl", line + line)).toBe(2);
  });
});

describe("rows of CSV", () => {
  it.each([
    ["nothing", "", 0],
    ["a head alone", "a,b\n", 0],
    ["rows", "a,b\n1,2\n3,4\n", 2],
    ["the last without an end", "a,b\r\n1,2\r\n3,4", 2],
    ["ends of an old Mac", "a,b\r1,2\r3,4\r", 2],
    ["empty lines between", "a,b\n\n1,2\n\r\n\n3,4\n\n", 2],
    ["quoted line ends", 'a,b\n"x\ny\r\nz",2\n3,"4\n"\n', 2],
    ["quotes in quotes", 'a,b\n"say ""hi\n""",2\n', 1],
    ["a quote within a field", 'a,b\n5" pipe,2\n6" pipe,3\n', 2],
    ["quoted after semicolons", 'a;b\n1;"x\ny"\n', 1],
    ["one column of text with commas", 'text\nhello, "world\nnext\n', 2],
    ["a field that is empty", 'a\n""\n', 1],
    ["a mark before the head", '\ufeff"a",b\n1,2\n', 1],
    ["a quote that stays open", 'a,b\n1,"2\n3,4\n', "a quote of record 2 is never closed"],
    ["binary", Buffer.from([0x61, 0x2c, 0x00, 0xff]), "it is no text in UTF-8: byte 2 is 0"],
  ])("%s", async (_, content, expected) => {
    expect(await told("a.csv", content)).toBe(expected);
    expect(await told("a.csv.gz", gzipSync(content))).toBe(expected);
  });

  it("of .tsv have tabs between fields, whatever else is in them", async () => {
    expect(await told("a.tsv", 'a,b\tc\n1,2\t"x\ny"\n')).toBe(1);
  });
});

describe("rows, however the bytes come", () => {
  async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
    const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    for (let index = 1; index < at.length; index++) yield bytes.subarray(at[index - 1], at[index]);
  }

  it("are the same", async () => {
    const text = fc.string({
      unit: fc.constantFrom('"', ",", ";", "\n", "\r", "a", " ", "{", "}"),
      maxLength: 60,
    });
    const cuts = fc.array(fc.nat(60), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(text, cuts, fc.constantFrom("a.csv", "a.jsonl"), async (content, at, name) => {
        const counting = countingOf(name) as Counting;
        const [bytes, size] = [Buffer.from(content), content.length];
        const outcome = (pieces: readonly number[]) =>
          countStream(inPieces(bytes, pieces), { counting, size }).catch((error: Error) => error.message);
        expect(await outcome(at)).toEqual(await outcome([]));
      }),
    );
  });
});

describe("gzip", () => {
  const lines = '{"a":1}\n'.repeat(50_000);

  it("may have several members", async () => {
    const members = Buffer.concat([gzipSync('{"a":1}\n{"a"'), gzipSync(":2}\n"), gzipSync("")]);
    expect(await told("a.jsonl.gz", members)).toBe(2);
  });

  it("is told where it is cut, damaged, or none at all", async () => {
    const whole = gzipSync(lines);
    expect(await told("a.jsonl.gz", whole.subarray(0, -9))).toBe("its gzip is cut short");
    const damaged = Buffer.from(whole);
    damaged[whole.length - 6] = (damaged[whole.length - 6] as number) ^ 1;
    expect(await told("a.jsonl.gz", damaged)).toBe("its gzip is damaged: incorrect data check");
    expect(await told("a.jsonl.gz", lines)).toBe("its gzip is damaged: incorrect header check");
    expect(await told("a.jsonl.gz", "")).toBe("its gzip is cut short");
  });

  it("is left where it grows beyond all measure", async () => {
    const much = Buffer.alloc(4 * 1024 * 1024, "1");
    const bomb = Buffer.concat(Array.from({ length: 257 }, () => BOMB));
    expect(gzipSync(much)).toEqual(BOMB);
    expect(await told("a.jsonl.gz", bomb)).toMatch(
      /^it grows to more than 1.1 GB of its 1.\d MB: such a bomb is not read$/,
    );
  });

  const BOMB = gzipSync(Buffer.alloc(4 * 1024 * 1024, "1"));
});

describe("what is in a zip", () => {
  const FILES: Readonly<Record<string, Zipped>> = {
    "data/": { content: "" },
    "data/a.csv": { content: 'a,b\n1,"x\ny"\n' },
    "data/b.jsonl": { content: '{"a":1}\n{"a":2}\n', store: true },
    "data/c.jsonl.gz": { content: gzipSync('{"a":1}\n') },
    "README.md": { content: "# Read me\n" },
  };

  it("is told by format, with the rows of all of it", async () => {
    expect(await counted("a.zip", zipOf(FILES))).toEqual({
      kind: "archive",
      files: 4,
      bytes: 12 + 16 + 28 + 10,
      formats: [
        { format: "json lines", files: 2, bytes: 44 },
        { format: "csv", files: 1, bytes: 12 },
        { format: "text", files: 1, bytes: 10 },
      ],
      rows: 4,
    });
  });

  it("has rows only where each file that has some can be counted", async () => {
    expect(await told("a.zip", zipOf({ ...FILES, "x.parquet": { content: "PAR1" } }))).toBeUndefined();
    expect(await told("a.zip", zipOf({ ...FILES, "in.zip": { content: "PK" } }))).toBeUndefined();
    expect(await told("a.zip", zipOf({ "README.md": { content: "#" } }))).toBeUndefined();
    expect(await counted("a.zip", zipOf({}))).toEqual({
      kind: "archive",
      files: 0,
      bytes: 0,
      formats: [],
      rows: undefined,
    });
  });

  it.each([
    ["no zip", Buffer.from("no zip at all"), /^its zip is damaged: /],
    ["one that was cut", zipOf(FILES).subarray(0, -5), /^its zip is damaged: /],
    [
      "a checksum that does not fit",
      zipOf({ "a.csv": { content: "a\n1\n", checksum: 1 } }),
      /^"a.csv" in it: its checksum is not the one beside it$/,
    ],
    [
      "a size that does not fit",
      zipOf({ "a.csv": { content: "a\n1\n".repeat(100), size: 40 } }),
      /^(?:its zip is damaged|"a.csv" in it): /,
    ],
    [
      "what is encrypted",
      zipOf({ "a.csv": { content: "a\n1\n", flags: 1 } }),
      /^"a.csv" in it is encrypted$/,
    ],
    [
      "damage within",
      zipOf({ "a/b.jsonl": { content: '{"a":\n' } }),
      /^"a\/b.jsonl" in it: row 1 is no JSON value on one line$/,
    ],
    [
      "a bomb, before it is opened",
      zipOf({ "a.csv": { content: "a\n", size: 2 ** 31 }, "b.csv": { content: "b\n" } }),
      /^it grows to more than 1.1 GB of its \d+ B: such a bomb is not read$/,
    ],
    ["names that lead out, which nobody follows", zipOf({ "../../etc/a.csv": { content: "a\n1\n2\n" } }), 2],
  ])("%s", async (_, content, expected) => {
    const answer = await told("a.zip", content);
    if (typeof expected === "number") expect(answer).toBe(expected);
    else expect(answer).toMatch(expected);
  });

  it("whatever bytes it has, is an answer", async () => {
    const whole = zipOf(FILES);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }),
        async (edits) => {
          const bytes = Buffer.from(whole);
          for (const [at, byte] of edits) bytes[at] = byte;
          expect(["archive", "unreadable"]).toContain((await counted("a.zip", bytes)).kind);
        },
      ),
    );
  });
});

describe("counting", () => {
  it("stops where it is told to", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(counted("a.jsonl", "{}\n", controller.signal)).rejects.toThrow("enough");
    await expect(counted("a.csv.gz", gzipSync("a\n1\n"), controller.signal)).rejects.toThrow("enough");
    await expect(counted("a.zip", zipOf({ "a.csv": { content: "a\n" } }), controller.signal)).rejects.toThrow(
      "enough",
    );
  });

  const large = zipOf({
    "a.csv": { content: "a,b\n" },
    "b.csv": { content: Buffer.alloc(3 * 1024 * 1024, "a,b\n"), store: true },
  });
  it.each([
    ["a.jsonl", Buffer.alloc(3 * 1024 * 1024, "1\n")],
    ["a.csv", Buffer.alloc(3 * 1024 * 1024, "a,b\n")],
    ["a.jsonl.gz", gzipSync(Buffer.from(Array.from({ length: 400_000 }, () => Math.random()).join("\n")))],
    ["a.zip", large],
  ])("of %s ends where the disk fails, or a signal comes, in the middle of it", async (name, content) => {
    const file: DiskFile = {
      ...NO_FILE,
      readAt: async (into, position) => {
        if (position > content.length / 4 && position < content.length / 2) throw during();
        return content.copy(into, 0, position, position + into.length);
      },
    };
    let during = (): Error => Object.assign(new Error("cannot read"), { code: "EIO" });
    const counting = countingOf(name) as Counting;
    const count = (signal: AbortSignal) => countRows(file, { counting, size: content.length, signal });
    await expect(count(never)).rejects.toThrow("cannot read");
    const controller = new AbortController();
    during = () => {
      controller.abort(new Error("enough"));
      return new Error("cut");
    };
    await expect(count(controller.signal)).rejects.toThrow("enough");
  });

  it("agrees with Python's csv, gzip, json and zipfile", async (context) => {
    const missing = await lacks("python3");
    if (missing !== undefined) context.skip(missing);
    const csv = 'a,b\n1,"x\ny"\n\n2,"say ""so"""\r\n5" pipe,"\r\n"\n3,last';
    const lines = '{"a": "x\\ny"}\n\n["b", 1]\n  \n"c"\n4';
    const zip = { "in/a.csv": { content: csv }, "b.jsonl": { content: lines }, "c.md": { content: "x" } };
    const files: Readonly<Record<string, string | Uint8Array>> = {
      "a.csv": csv,
      "a.csv.gz": gzipSync(csv),
      "b.tsv": csv.replaceAll(",", "\t"),
      "c.jsonl": lines,
      "c.jsonl.gz": Buffer.concat([gzipSync(lines.slice(0, 7)), gzipSync(lines.slice(7))]),
      "d.zip": zipOf(zip),
    };
    const ours: Record<string, unknown> = {};
    for (const [name, content] of Object.entries(files)) ours[name] = await told(name, content);
    const where = { cwd: folder.path, env: { PATH: process.env.PATH ?? "" } };
    const { stdout, stderr } = await execute("python3", ["-c", PYTHON, ...Object.keys(files)], where);
    expect([stderr, JSON.parse(stdout)]).toEqual(["", ours]);
    expect(ours["a.csv"]).toBe(4);
  });
});

const PYTHON = `
import csv, gzip, io, json, sys, zipfile
def rows(name, data):
    if name.endswith(".gz"):
        return rows(name[:-3], gzip.decompress(data))
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            assert archive.testzip() is None
            return sum(rows(one, archive.read(one)) for one in archive.namelist() if not one.endswith(".md"))
    if name.endswith(".jsonl"):
        return sum(json.loads(line) is not ... for line in data.split(b"\\n") if line.strip())
    text = io.StringIO(data.decode("utf-8"), newline="")
    reader = csv.reader(text, delimiter="\\t" if name.endswith(".tsv") else ",")
    return sum(1 for record in reader if record) - 1
print(json.dumps({name: rows(name, open(name, "rb").read()) for name in sys.argv[1:]}))
`;
