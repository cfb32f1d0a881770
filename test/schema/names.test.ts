import { posix, resolve, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aligned,
  type Collision,
  findCollisions,
  foldKey,
  judgeName,
  printable,
} from "../../schema/names.ts";

const HOSTILE: readonly (readonly [name: string, why: string])[] = [
  ["", "is empty"],
  ["/", "is absolute"],
  ["/etc/passwd", "is absolute"],
  ["//server/share/x", "is absolute"],
  ["\\\\server\\share", "holds a backslash"],
  ["a\\b", "holds a backslash"],
  ["a/..\\..\\b", "holds a backslash"],
  ["C:", "begins with a drive letter"],
  ["c:x", "begins with a drive letter"],
  ["Z:/x", "begins with a drive letter"],
  ["..", 'has a "." or ".." segment'],
  ["../x", 'has a "." or ".." segment'],
  ["a/../b", 'has a "." or ".." segment'],
  ["a/..", 'has a "." or ".." segment'],
  [".", 'has a "." or ".." segment'],
  ["./a", 'has a "." or ".." segment'],
  ["a/./b", 'has a "." or ".." segment'],
  ["a//b", "has an empty segment"],
  ["a/", "has an empty segment"],
  ["a\u0000b", "holds a control character"],
  ["a\nb", "holds a control character"],
  ["a\u001b[2Jb", "holds a control character"],
  ["a\u007fb", "holds a control character"],
  ["a\u0085b", "holds a control character"],
  ["a\ud800b", "is not valid Unicode"],
  ["\udc00", "is not valid Unicode"],
  [".git", 'is below ".git"'],
  [".git/hooks/post-checkout", 'is below ".git"'],
  ["sub/.git/config", 'is below ".git"'],
  [".GIT/config", 'is below ".git"'],
  [".Git /config", 'is below ".git"'],
  [".git./config", 'is below ".git"'],
  [".git. . /config", 'is below ".git"'],
  [".g\u200cit/config", 'is below ".git"'],
  [".git\ufeff/config", 'is below ".git"'],
  ["\u2060.git/config", 'is below ".git"'],
  [".gıt/config", 'is below ".git"'],
  ["git~1/config", 'is below ".git"'],
  ["GIT~2/config", 'is below ".git"'],
  [".git::$INDEX_ALLOCATION/config", 'is below ".git"'],
  [".git:stream", 'is below ".git"'],
  ["git~12/config", 'is below ".git"'],
  [".git:a\u2028b", 'is below ".git"'],
  [".tritter", 'is below ".tritter"'],
  ["a/.Tritter/receipt", 'is below ".tritter"'],
  [".tritter./x", 'is below ".tritter"'],
  ["TRITTE~1/x", 'is below ".tritter"'],
  ["tritte~10", 'is below ".tritter"'],
  [".cache/huggingface", 'is below ".cache/huggingface"'],
  [".cache/huggingface/download/x.lock", 'is below ".cache/huggingface"'],
  ["a/.Cache/HuggingFace/x", 'is below ".cache/huggingface"'],
  ["cache~1/huggingface", 'is below ".cache/huggingface"'],
  [".cache/huggin~1/x", 'is below ".cache/huggingface"'],
  ["CACHE~12/HUGGIN~34", 'is below ".cache/huggingface"'],
  ["a".repeat(256), "has a segment longer than 255 bytes"],
  [`x/${"é".repeat(128)}`, "has a segment longer than 255 bytes"],
  [`x/${"日".repeat(86)}/y`, "has a segment longer than 255 bytes"],
  [`${"a/".repeat(2_048)}b`, "is longer than 4096 bytes"],
];

const UNPORTABLE: readonly (readonly [name: string, why: string])[] = [
  ["CON", "names the Windows device CON"],
  ["con.txt", "names the Windows device CON"],
  ["a/Aux", "names the Windows device AUX"],
  ["nul .txt", "names the Windows device NUL"],
  ["prn/x", "names the Windows device PRN"],
  ["COM1", "names the Windows device COM1"],
  ["lpt9.tar.gz", "names the Windows device LPT9"],
  ["com¹", "names the Windows device COM¹"],
  ["con.\u2028x", "names the Windows device CON"],
  ["CONIN$", "names the Windows device CONIN$"],
  ["a<b", "holds <, which Windows does not allow"],
  ["a>b", "holds >, which Windows does not allow"],
  ["ab:c", "holds :, which Windows does not allow"],
  ['a"b', 'holds ", which Windows does not allow'],
  ["a|b", "holds |, which Windows does not allow"],
  ["what?", "holds ?, which Windows does not allow"],
  ["a*", "holds *, which Windows does not allow"],
  ["a.", "has a segment that ends with a dot or a space, which Windows drops"],
  ["a ", "has a segment that ends with a dot or a space, which Windows drops"],
  ["a. /b", "has a segment that ends with a dot or a space, which Windows drops"],
  ["...", "has a segment that ends with a dot or a space, which Windows drops"],
];

const FINE = [
  "a",
  "rust/train-00000-of-00009.parquet",
  ".gitattributes",
  ".gitignore",
  "git/config",
  "a.git",
  ".cache/x",
  ".cache/a/huggingface",
  "huggingface/.cache",
  "with space.txt",
  "C#.jsonl",
  "50%.txt",
  "~",
  "-rf",
  "console.log",
  "com10",
  "com",
  "nullable",
  "..a",
  "a..b",
  "日本/データ.txt",
  "caf\u0065\u0301.txt",
  "😀",
  // Near to what is refused, in names that are looked at closely.
  "x .git",
  "my git~1",
  "x .tritter",
  "x tritte~1",
  ".tritters",
  ".cache2/huggingface",
  "x .cache/huggingface",
  ".cache/huggingface2",
  ".cache/my huggingface",
  "console/bacon",
  `${"a/".repeat(2_047)}bc`,
  "$HOME/x",
  "a".repeat(255),
  "__proto__",
  "constructor",
];

describe("judgeName()", () => {
  it.each(HOSTILE)("refuses %j whatever the source says: %s", (name, why) => {
    expect(judgeName(name)).toEqual({ kind: "hostile", why });
  });

  it.each(UNPORTABLE)("calls %j unportable: %s", (name, why) => {
    expect(judgeName(name)).toEqual({ kind: "unportable", why, path: name });
  });

  it.each(FINE)("takes %j as it is", (name) => {
    expect(judgeName(name)).toEqual({ kind: "ok", path: name });
  });

  it("accepts nothing that would lie outside the root, or that another spelling of a path would reach", () => {
    const pieces = fc.constantFrom(
      "a",
      "B",
      "..",
      ".",
      "/",
      "//",
      "\\",
      "C:",
      " ",
      "\u0000",
      ".git",
      "~",
      "é",
      ":",
    );
    const names = fc.oneof(
      fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(names, (name) => {
        const judged = judgeName(name);
        if (judged.kind === "hostile") return;
        expect(judged.path).toBe(name);
        expect(posix.normalize(name)).toBe(name);
        expect(resolve("/root", name).startsWith("/root/")).toBe(true);
        expect(win32.resolve("D:\\root", name).toLowerCase().startsWith("d:\\root\\")).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("calls portable only what Windows keeps as it is", () => {
    const pieces = fc.constantFrom("a", "con", "NUL", ".", " ", "/", ":", "?", "x.txt", "lpt1");
    fc.assert(
      fc.property(
        fc.array(pieces, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("")),
        (name) => {
          if (judgeName(name).kind !== "ok") return;
          for (const segment of name.split("/")) {
            expect(segment).not.toMatch(/[<>:"|?*]|[. ]$/);
            expect(segment.toLowerCase()).not.toMatch(/^(?:con|nul|lpt1)(?:$|[. ])/);
          }
        },
      ),
    );
  });
});

describe("foldKey()", () => {
  it.each([
    ["A", "a"],
    ["É", "e\u0301"],
    ["straße", "STRASSE"],
    ["ẞ", "ß"],
    ["ΣΑΣ", "σας"],
    ["K", "k"],
    ["ſ", "S"],
    ["ﬁ", "FI"],
    ["Å", "å"],
    ["ϐ", "β"],
    ["ꭰ", "Ꭰ"],
  ])("makes one of %j and %j", (a, b) => {
    expect(foldKey(a)).toBe(foldKey(b));
  });

  it.each([
    ["a", "b"],
    ["e", "é"],
    ["1", "①"],
    ["a/b", "a-b"],
  ])("keeps %j and %j apart", (a, b) => {
    expect(foldKey(a)).not.toBe(foldKey(b));
  });

  it("makes one of every character, its other cases and its decomposed form", () => {
    const apart: string[] = [];
    for (let code = 0; code <= 0x1ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      const forms = [character.toLowerCase(), character.toUpperCase(), character.normalize("NFD")];
      if (forms.some((form) => foldKey(form) !== foldKey(character))) apart.push(code.toString(16));
    }
    expect(apart).toEqual([]);
  });

  it("makes one of what Unicode's simple case folding makes one", () => {
    const apart: string[] = [];
    for (let code = 0x80; code <= 0x1ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      for (const other of [character.toLowerCase(), character.toUpperCase()]) {
        if (other === character) continue;
        const same = new RegExp(`^${character}$`, "iu").test(other);
        if (same && foldKey(other) !== foldKey(character)) apart.push(code.toString(16));
      }
    }
    expect(apart).toEqual([]);
  });
});

describe("findCollisions()", () => {
  const found = (...paths: string[]) =>
    findCollisions(paths.map((path, index) => ({ path, source: `s${index}` }))).map(
      ({ kind, paths: [a, b], sources: [s, t] }) => `${kind} ${a}(${s}) ${b}(${t})`,
    );

  it.each<[string[], string[]]>([
    [["a", "b", "a/b"].slice(0, 2), []],
    [["a", "a"], ["equal a(s0) a(s1)"]],
    [["a", "A"], ["folded a(s0) A(s1)"]],
    [["é", "e\u0301"], ["folded é(s0) e\u0301(s1)"]],
    [["a", "a/b"], ["parent a(s0) a/b(s1)"]],
    [["a/b/c/d", "a/b"], ["parent a/b(s1) a/b/c/d(s0)"]],
    [["a", "a/b", "a/c"], ["parent a(s0) a/b(s1)"]],
    [["A", "a/b"], ["folded-parent A(s0) a/b(s1)"]],
    [["a/b", "a/c", "ab"], []],
    // The second of each pair must not hide behind the first.
    [
      ["A", "a", "a"],
      ["folded A(s0) a(s1)", "equal a(s1) a(s2)"],
    ],
    [
      ["A", "a", "a", "a"],
      ["folded A(s0) a(s1)", "equal a(s1) a(s2)", "equal a(s1) a(s3)"],
    ],
    [
      ["A", "a", "a/x"],
      ["folded A(s0) a(s1)", "parent a(s1) a/x(s2)"],
    ],
    [
      ["AA", "aa", "Aa/x", "aa/y"],
      ["folded AA(s0) aa(s1)", "folded-parent AA(s0) Aa/x(s2)", "parent aa(s1) aa/y(s3)"],
    ],
    [["__proto__", "__proto__/x"], ["parent __proto__(s0) __proto__/x(s1)"]],
  ])("of %j tells %j", (paths, expected) => {
    expect(found(...paths)).toEqual(expected);
  });

  it("finds a pair exactly where a look at every pair does", () => {
    const paths = fc.array(
      fc
        .array(fc.constantFrom("a", "A", "b", "é", "e\u0301"), { minLength: 1, maxLength: 3 })
        .map((parts) => parts.join("/")),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(paths, (list) => {
        const kinds = new Set(
          findCollisions(list.map((path) => ({ path, source: "s" }))).map(({ kind }) => kind),
        );
        expect(kinds).toEqual(new Set(everyPair(list)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes 100,000 spellings of one name, and as many folders, in linear work", () => {
    const spelt = (index: number) =>
      [...index.toString(2).padStart(17, "0")].map((bit) => (bit === "1" ? "A" : "a")).join("");
    const paths = Array.from({ length: 100_000 }, (_, index) => spelt(index));
    expect(findCollisions(paths.map((path) => ({ path, source: "s" })))).toHaveLength(99_999);
    const below = paths.map((path) => ({ path: `${path}/x/y/z`, source: "s" }));
    expect(findCollisions(below)).toHaveLength(99_999);
  });
});

function everyPair(paths: readonly string[]): Collision["kind"][] {
  const kinds: Collision["kind"][] = [];
  const fold = (path: string) => path.normalize("NFC").toLowerCase();
  for (const [index, a] of paths.entries()) {
    for (const [later, b] of paths.entries()) {
      if (later > index && a === b) kinds.push("equal");
      if (later > index && a !== b && fold(a) === fold(b)) kinds.push("folded");
      if (b.startsWith(`${a}/`)) kinds.push("parent");
      // A folder with a file of its very name is told as that, not again for every other spelling.
      else if (fold(b).startsWith(`${fold(a)}/`) && !paths.includes(prefixOf(b, a)))
        kinds.push("folded-parent");
    }
  }
  return kinds;
}

/** The folders of `path`, as many as `other` has segments. */
function prefixOf(path: string, other: string): string {
  return path.split("/").slice(0, other.split("/").length).join("/");
}

describe("printable()", () => {
  it.each([
    ["plain é 日本 😀", "plain é 日本 😀"],
    ["a\u001b[31mb", "a\\u001b[31mb"],
    ["a\nb\r\tc", "a\\u000ab\\u000d\\u0009c"],
    ["\u009b2J", "\\u009b2J"],
    ["a\u202egnp.exe", "a\\u202egnp.exe"],
    ["a\u061cb", "a\\u061cb"],
    ["a\u200bb\u2066c\ufeff", "a\\u200bb\\u2066c\\ufeff"],
    ["line\u2028end", "line\\u2028end"],
    ["lone \ud800 and \udc00", "lone \\ud800 and \\udc00"],
  ])("shows %j as %s", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("cuts what is too long for a line, never within a character", () => {
    expect(printable("x".repeat(300))).toBe(`${"x".repeat(200)}…`);
    expect(printable(`${"x".repeat(199)}😀y`)).toBe(`${"x".repeat(199)}…`);
    expect(printable("x".repeat(200))).toBe("x".repeat(200));
    expect(printable(`😀${"x".repeat(300)}`)).toBe(`😀${"x".repeat(198)}…`);
  });
});

describe("aligned()", () => {
  it("keeps one column a character", () => {
    expect(aligned("a\tb\u001b[31mc\u0085\u2028d")).toBe("a b [31mc  d");
    expect(aligned("x\u202ey\u200bz \ud800!")).toBe("x�y�z �!");
    expect(aligned("plain é 日本 😀")).toBe("plain é 日本 😀");
  });
});
