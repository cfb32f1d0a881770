import { describe, expect, it } from "vitest";
import type { Disk } from "../../../cli/disk/port.ts";
import { problemsOf } from "../../../cli/errors.ts";
import { listingDigest } from "../../../cli/lock/digests.ts";
import { readLock, readLockText } from "../../../cli/lock/read.ts";
import { serialiseLock } from "../../../cli/lock/write.ts";
import type { TreePath } from "../../../schema/ids.ts";
import type { LockedFile, LockedSource } from "../../../schema/lock.ts";
import { commitOf, digestOf, entryOf, fileOf, lockOf, sourceOf } from "../../support/documents.ts";
import { lockIn, readBytes } from "./documents.ts";

const good = serialiseLock(
  lockOf(
    entryOf(sourceOf("code"), [fileOf("a.parquet", { size: 100 }), fileOf("b.parquet", { size: 200 })]),
    entryOf(sourceOf("docs"), [fileOf("x.md", { digest: digestOf("b", "git") })]),
  ),
);

async function refusal(text: string | Uint8Array) {
  const read = await readBytes(text).catch((error: unknown) => error);
  if (!(read instanceof Error)) throw new Error("it was read");
  const [problem] = problemsOf(read);
  if (problem === undefined) throw new Error("no problem");
  return problem;
}

/** A lock with one source of these files, its listing fitting them: edited with care. */
function forged(files: readonly LockedFile[], parts: Partial<LockedSource> = {}): string {
  return serialiseLock(lockOf(entryOf(sourceOf("code"), files, parts)));
}

describe("readLock() calls LOCK_EDITED", () => {
  it.each<[string, string, string]>([
    [
      "another size",
      good.replace('"size":100', '"size":101'),
      'source "code": its files do not match its "listing"',
    ],
    [
      "another digest",
      good.replace('"git":"bbbb', '"git":"cccc'),
      'source "docs": its files do not match its "listing"',
    ],
    [
      "another path",
      good.replace("a.parquet", "aa.parquet"),
      'source "code": its files do not match its "listing"',
    ],
    [
      "a line less",
      good.replace(/\{"path":"a.parquet".*\n/, ""),
      'source "code": its files do not match its "listing"',
    ],
    ["lines in another order", swapped(good), '"a.parquet" is out of order or stands twice'],
    [
      "a line twice",
      good.replace(/(\{"path":"a.parquet".*\n)/, "$1$1"),
      'source "code": "a.parquet" is out of order or stands twice',
    ],
    [
      "a key twice",
      good.replace('"type": "dataset"', '"type": "dataset", "type": "model"'),
      '"type" stands twice (line 5)',
    ],
    ["a source twice", good.replace('"docs": {', '"code": {'), '"code" stands twice (line 13)'],
    [
      "conflict markers",
      `<<<<<<< ours\n${good}=======\n${good}>>>>>>> theirs\n`,
      "it holds conflict markers of a merge (line 1)",
    ],
    [
      "conflict markers in the midst",
      good.replace('{"path":"b', '||||||| base\r\n{"path":"b'),
      "it holds conflict markers of a merge (line 11)",
    ],
  ])("a lock with %s", async (_, text, why) => {
    const problem = await refusal(text);
    expect(problem.code).toBe("LOCK_EDITED");
    expect(problem.message).toContain("edited by hand or badly merged");
    expect(problem.message).toContain(why);
    expect(problem.hint).toContain("tritter lock --resolve ours, or theirs");
  });

  it("lines of two commits, put together by a merge of text", async () => {
    const ours = forged([fileOf("a", { digest: digestOf("1") }), fileOf("b", { digest: digestOf("2") })]);
    const theirs = forged([fileOf("a", { digest: digestOf("3") }), fileOf("b", { digest: digestOf("4") })], {
      commit: commitOf("2"),
    });
    const line = (text: string) => /\{"path":"b".*\n/.exec(text)?.[0] ?? "";
    expect((await refusal(ours.replace(line(ours), line(theirs)))).code).toBe("LOCK_EDITED");
  });
});

function swapped(text: string): string {
  return text.replace(/(\{"path":"a.*\}),\n(\{"path":"b.*\})\n/, "$2,\n$1\n");
}

describe("readLock() calls LOCK_INVALID", () => {
  it.each<[string, string | Uint8Array, string]>([
    ["half a file", good.slice(0, good.length / 2), "not valid JSON: "],
    ["nothing", "", "not valid JSON: "],
    ["no JSON", "version: 1\nsources: {}\n", "not valid JSON: "],
    ["a byte order mark", `\ufeff${good}`, "not valid JSON: "],
    ["a list", "[]", "must be object"],
    ["null", "null", "must be object"],
    ["no sources", '{"version":1}', "must have required property 'sources'"],
    [
      "a version that is a text",
      good.replace('"version": 1', '"version": "1"'),
      "/version must be equal to constant",
    ],
    [
      "a masked digest",
      good.replace(/"sha256":"a+"/, `"sha256":"${"*".repeat(64)}"`),
      "line 10: /sources/code/files/0/sha256 must match pattern",
    ],
    [
      "a commit that is none",
      good.replace("1".repeat(40), "main"),
      "line 4: /sources/code/commit must match pattern",
    ],
    [
      "a size beyond what a number holds",
      good.replace('"size":200', '"size":1e999'),
      "line 11: /sources/code/files/1/size must be integer",
    ],
    [
      "a size below nothing",
      good.replace('"size":200', '"size":-1'),
      "line 11: /sources/code/files/1/size must be >= 0",
    ],
    [
      "a size of 2^53",
      good.replace('"size":200', '"size":9007199254740992'),
      "line 11: /sources/code/files/1/size must be <= 9007199254740991",
    ],
    [
      "two digests of a file",
      good.replace('"git":"', `"sha256":"${"a".repeat(64)}","git":"`),
      "must match exactly one schema in oneOf",
    ],
    [
      "a source named __proto__",
      good.replace('"docs": {', '"__proto__": {'),
      "/sources property name must be valid",
    ],
    [
      "members nested without end",
      good.replace('"version": 1,', `"version": 1,\n"x": ${"[".repeat(1e5)}${"]".repeat(1e5)},`),
      "line 3: nested too deep",
    ],
  ])("a lock with %s", async (_, text, detail) => {
    const problem = await refusal(text);
    expect(problem.code).toBe("LOCK_INVALID");
    expect(problem.details?.join("\n")).toContain(detail);
    expect(JSON.stringify(problem)).not.toMatch(/[\u0000-\u001f]/);
  });

  it.each([
    ["../evil", 'has a "." or ".." segment'],
    ["/etc/passwd", "is absolute"],
    ["C:/x", "begins with a drive letter"],
    ["a\\b", "holds a backslash"],
    ["a\u0000b", "holds a control character"],
    ["a\u001b[2Jb", "holds a control character"],
    [".git/hooks/x", 'is below ".git"'],
    [".tritter/x", 'is below ".tritter"'],
    [".cache/huggingface/x", 'is below ".cache/huggingface"'],
    ["a//b", "has an empty segment"],
  ])("the name %j even where the listing was forged to fit", async (path, why) => {
    const problem = await refusal(forged([fileOf(path)]));
    expect(problem.code).toBe("LOCK_INVALID");
    expect(problem.details?.[0]).toContain(why);
    expect(problem.details?.[0]).not.toMatch(/[\u0000-\u001f]/);
  });

  it.each<[string, readonly LockedFile[], Partial<LockedSource>, string]>([
    ["a folder outside the root", [fileOf("a")], { path: "../x" }, 'path "../x" has a "." or ".." segment'],
    ["an absolute folder", [fileOf("a")], { path: "/etc" }, 'path "/etc" is absolute'],
    ["tritter's own folder", [fileOf("a")], { path: ".tritter/trash" }, 'is below ".tritter"'],
    ["a hostile strip", [fileOf("a")], { strip: ".." }, 'path ".." has a "." or ".." segment'],
    ["a file outside strip", [fileOf("ab/c")], { strip: "a" }, 'file "ab/c" is outside "a"'],
    ["a file that is strip", [fileOf("a")], { strip: "a" }, 'file "a" is outside "a"'],
    [
      "a folder and a file that are hostile together",
      [fileOf("huggingface/x")],
      { path: "x/.cache" },
      'would be written to a place that is below ".cache/huggingface"',
    ],
    [
      "a folder and a file that are too long together",
      [fileOf(`${"b/".repeat(1_500)}b`)],
      { path: `${"a/".repeat(1_000)}a` },
      "would be written to a place that is longer than 4096 bytes",
    ],
  ])("%s", async (_, files, parts, detail) => {
    const problem = await refusal(forged(files, parts));
    expect(problem.code).toBe("LOCK_INVALID");
    expect(problem.details?.[0]).toContain(detail);
  });

  it("and tells of twenty flaws, and how many more there are", async () => {
    const files = Array.from({ length: 500 }, (_, index) => fileOf(`..${index}/../x`)).sort((a, b) =>
      a.path < b.path ? -1 : 1,
    );
    const { details } = await refusal(forged(files));
    expect(details).toHaveLength(21);
    expect(details?.at(-1)).toBe("and 480 more");
    const sizes = good.replaceAll(/"size":\d+/g, '"size":-1');
    expect((await refusal(sizes)).details?.length).toBeGreaterThan(2);
  });

  it("a file larger than any lock, without looking into it", async () => {
    const huge = Object.defineProperty(Buffer.alloc(0), "length", { value: 500 * 1024 * 1024 });
    const disk = { read: async () => huge } as unknown as Disk;
    await expect(readLock({ file: "/x.lock", disk })).rejects.toMatchObject({
      code: "LOCK_INVALID",
      details: ["it has 524288000 bytes: should have at most 419430400"],
    });
  });

  it("and says where, and what to do", async () => {
    const problem = await refusal(good.replace('"size":200', '"size":-1'));
    const line = good.split("\n").findIndex((one) => one.includes('"size":200')) + 1;
    const message = expect.stringMatching(/^not a lock that tritter wrote: \/sources\/code\/files\/1\/size /);
    expect(problem).toMatchObject({
      message: 'cannot use "/project/tritter.lock": it is not a lock that tritter wrote',
      hint: "restore it from version control, or delete it and run tritter lock",
      places: [{ file: "/project/tritter.lock", line, column: 1, message }],
    });
    expect(problem.details).toEqual([expect.stringContaining(`line ${line}: /sources/code/files/1/size `)]);
  });

  it("and finds the line of a name that a JSON pointer escapes, and of a file behind the tenth", async () => {
    const files = Array.from({ length: 12 }, (_, index) => fileOf(`f${String(index).padStart(2, "0")}`));
    const text = serialiseLock(lockOf(entryOf(sourceOf("a/b~c"), files)));
    const broken = text.replace(/("path":"f11","size":)1/, "$1-1");
    const line = text.split("\n").findIndex((one) => one.includes('"f11"')) + 1;
    expect((await refusal(broken)).places?.at(-1)).toMatchObject({ line });
  });

  it("and of twenty-one flaws tells them all, of more the first twenty with their lines", async () => {
    const flawed = (count: number) => {
      const files = Array.from({ length: count }, (_, index) => fileOf(`f${String(index).padStart(2, "0")}`));
      return refusal(forged(files).replaceAll('"size":1,', '"size":-1,'));
    };
    const few = await flawed(21);
    expect(few.details).toHaveLength(21);
    expect(few.details?.every((one) => one.startsWith("line "))).toBe(true);
    const many = await flawed(22);
    expect([many.details?.length, many.details?.at(-1), many.places?.length]).toEqual([21, "and 2 more", 20]);
  });

  it("and tells whom to ask where a merge may have left it so", async () => {
    expect((await refusal(good.slice(0, -3))).hint).toBe(
      "if a merge left it so, run tritter lock --resolve ours, or theirs; or restore it from version control",
    );
    const edited = await refusal(good.replace('"size":100', '"size":101'));
    expect(edited.places).toEqual([{ file: "/project/tritter.lock", line: 4, column: 1 }]);
    expect(edited.hint).toContain("or restore it from version control");
  });
});

describe("readLockText()", () => {
  it("gives the text as it stands, however broken, or nothing", async () => {
    const disk = (bytes: Buffer | undefined) => ({ read: async () => bytes }) as unknown as Disk;
    expect(await readLockText({ file: "/x.lock", disk: disk(Buffer.from("<<<<<<< é")) })).toBe("<<<<<<< é");
    expect(await readLockText({ file: "/x.lock", disk: disk(undefined) })).toBeUndefined();
  });
});

describe("readLock()", () => {
  it.each([2, 0, 1.5, 1e300])("refuses version %d with what is needed", async (version) => {
    const problem = await refusal(good.replace('"version": 1', `"version": ${version}`));
    expect(problem).toMatchObject({ code: "LOCK_VERSION", hint: "install a newer tritter" });
    expect(problem.message).toContain(`it has version ${version}, this tritter reads version 1`);
  });

  it("looks at the version before anything that a later one may have changed", async () => {
    expect((await refusal('{"version":2,"sources":[]}')).code).toBe("LOCK_VERSION");
  });

  it("takes the same lock with CRLF, or written on one line", async () => {
    const expected = await lockIn(good);
    expect(await lockIn(good.replaceAll("\n", "\r\n"))).toEqual(expected);
    expect(await lockIn(JSON.stringify(JSON.parse(good)))).toEqual(expected);
  });

  it.each([
    [{ refuge: 3 }, 'is said to be in "rescued" 3, which is not there'],
    [{ path: "../x" as TreePath }, 'has "../x" as its "from", which has a "." or ".." segment'],
  ])("refuses a file from %o", async (from, why) => {
    const rescued = [{ repo: "o/m", type: "dataset", commit: commitOf("e") }] as const;
    const source = entryOf(sourceOf("s"), [fileOf("a", { from })], { rescued });
    await expect(lockIn(serialiseLock(lockOf(source)))).rejects.toMatchObject({
      code: "LOCK_INVALID",
      details: [`source "s": file "a" ${why}`],
    });
  });

  it("refuses a file from elsewhere where nothing was rescued", async () => {
    const source = entryOf(sourceOf("s"), [fileOf("a", { from: { path: "b" as TreePath } })]);
    await expect(lockIn(serialiseLock(lockOf(source)))).rejects.toMatchObject({ code: "LOCK_INVALID" });
  });

  it("keeps members it does not know as they are, and warns once of all", async () => {
    const files = [
      fileOf("a", { extra: { xet: "f00", later: { b: [1, "é"], a: null } } }),
      fileOf("b", { extra: { xet: "f01" } }),
    ];
    const entry = entryOf(sourceOf("code"), files, {
      extra: { name: "evil", seal: { sha: "x" }, "\u001b[2J": 1 },
    });
    const text = serialiseLock({
      ...lockOf(entry),
      extra: JSON.parse('{"__proto__":{"polluted":true},"later":[]}'),
    });
    const read = await readBytes(text);
    if (read.kind !== "ok") throw new Error(read.kind);
    expect(serialiseLock(read.lock)).toBe(text);
    expect(read.lock.sources[0]?.name).toBe("code");
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(read.warnings).toEqual([
      'the lock holds members that this version does not know and keeps as they are: "\\u001b[2J", "__proto__", "later", "name", "seal", "xet"',
    ]);
    expect((await readBytes(good)) as object).toMatchObject({ warnings: [] });
  });

  it("takes files that would have one place on disk: two branches may meet so, and the manifest mends it", async () => {
    const lock = lockOf(
      entryOf(sourceOf("a", { path: "x" }), [fileOf("A"), fileOf("a"), fileOf("a/x"), fileOf("y/z")]),
      entryOf(sourceOf("b", { path: "x/y" }), [fileOf("z")]),
    );
    expect(await lockIn(serialiseLock(lock))).toEqual(lock);
  });

  it("sorts the sources by name, however they stand", async () => {
    const document = JSON.parse(good) as { sources: Record<string, unknown> };
    const turned = { ...document, sources: Object.fromEntries(Object.entries(document.sources).reverse()) };
    expect((await lockIn(JSON.stringify(turned))).sources.map(({ name }) => name)).toEqual(["code", "docs"]);
  });

  it("takes an entry without files", async () => {
    expect((await lockIn(forged([]))).sources[0]?.files).toEqual([]);
    expect(good).toContain(listingDigest([fileOf("x.md", { digest: digestOf("b", "git") })]));
  });

  it("says what the disk refused, and what is missing", async () => {
    const failing = {
      read: () => Promise.reject(Object.assign(new Error("no"), { code: "EACCES" })),
    } as unknown as Disk;
    await expect(readLock({ file: "/x.lock", disk: failing })).rejects.toMatchObject({
      code: "DISK_REFUSED",
      message: expect.stringContaining('read "/x.lock"'),
    });
    const empty = { read: async () => undefined } as unknown as Disk;
    expect(await readLock({ file: "/x.lock", disk: empty })).toEqual({ kind: "missing" });
  });
});
