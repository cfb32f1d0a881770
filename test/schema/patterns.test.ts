import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern, exactPattern, nearMisses } from "../../schema/patterns.ts";

function matches(pattern: string, path: string): boolean {
  const compiled = compilePattern(pattern);
  if (compiled.kind === "mistake") throw new Error(`${pattern} ${compiled.why}`);
  return compiled.matches(path);
}

const ROWS: readonly (readonly [pattern: string, takes: readonly string[], leaves: readonly string[]])[] = [
  // Without a slash: the file's name, at any depth.
  ["*.parquet", ["a.parquet", "x/y/z.parquet", ".parquet"], ["a.parquet/x", "a.PARQUET", "a.parquet.txt"]],
  ["README.md", ["README.md", "a/b/README.md"], ["readme.md", "README.md/x", "XREADME.md"]],
  ["*", ["a", ".hidden", "a/b"], []],
  ["**", ["a", ".hidden", "a/b"], []],
  ["train-?.txt", ["train-1.txt", "a/train-x.txt", "train-é.txt"], ["train-.txt", "train-12.txt"]],
  ["data", ["data", "a/data"], ["data/x"]],
  // With one: from the repository's root.
  ["/a.txt", ["a.txt"], ["x/a.txt"]],
  ["/*.txt", ["a.txt"], ["x/a.txt"]],
  ["data/*.parquet", ["data/a.parquet"], ["a.parquet", "x/data/a.parquet", "data/x/a.parquet"]],
  ["data/*", ["data/a", "data/.hidden"], ["data", "data/a/b"]],
  ["a/?/c", ["a/b/c"], ["a//c", "a/bb/c", "a/b/c/d"]],
  // A folder.
  ["dir/", ["dir/a", "dir/a/b", "dir/.hidden"], ["dir", "x/dir/a", "dirx/a"]],
  ["a/b/", ["a/b/c"], ["a/b", "x/a/b/c"]],
  ["/dir/", ["dir/a"], ["x/dir/a"]],
  ["{a,b}/", ["a/x", "b/x/y"], ["c/x", "a"]],
  // ** crosses.
  ["data/**", ["data/a", "data/a/b", "data/.hidden/x"], ["data", "x/data/a"]],
  ["**/a.txt", ["a.txt", "x/a.txt", "x/y/a.txt"], ["xa.txt"]],
  ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "z", "a/bz", "b/a/z"]],
  ["**/x/**", ["x/a", "a/x/b/c"], ["x", "a/x"]],
  ["/**", ["a", "a/b"], []],
  // Classes.
  ["[abc].txt", ["a.txt", "x/c.txt"], ["d.txt", "ab.txt", "A.txt"]],
  ["f-0000[0-3]", ["f-00000", "f-00003"], ["f-00004", "f-0000"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[]a]x", ["]x", "ax"], ["bx"]],
  ["[\\]]", ["]"], ["\\", "a"]],
  ["[a\\-c]", ["a", "-", "c"], ["b"]],
  ["[*?]", ["*", "?"], ["a"]],
  ["[😀]", ["😀"], ["😁"]],
  ["[:a]", [":", "a"], ["b"]],
  ["[[!]", ["[", "!"], ["a"]],
  ["[a,b]", ["a", ",", "b"], ["c"]],
  ["?", ["a", "😀"], ["ab", ""]],
  // Alternatives.
  ["*.{json,txt}", ["a.json", "x/b.txt"], ["a.", "a.json,txt"]],
  ["{train,test}/*", ["train/a", "test/b"], ["dev/a", "x/train/a"]],
  ["a{,b}", ["a", "ab"], ["a,b"]],
  ["{a,b{c,d}}", ["a", "bc", "bd"], ["b", "bcd"]],
  ["{a}", ["{a}"], ["a"]],
  ["{[ab],c}", ["a", "b", "c"], ["d"]],
  ["{a.\\b.c,d}", ["a.b.c", "d"], ["a"]],
  ["{0,1,2,3,4,5,6,7,8,9}".repeat(3), ["012", "x/999"], ["01"]],
  ["{*.p,q/*.j}", ["z.p", "q/x.j"], ["z/x.p"]],
  // Escapes and what is a plain character here.
  ["a\\*b", ["a*b"], ["axb", "a\\*b"]],
  ["\\[a\\]", ["[a]"], ["a"]],
  ["\\{a,b\\}", ["{a,b}"], ["a", "b"]],
  ["\\{1..3\\}", ["{1..3}"], ["1"]],
  ["a\\\\", ["a\\"], ["a"]],
  ["!a", ["!a"], ["b", "a"]],
  ["#a", ["#a"], []],
  ["@(a|b)", ["@(a|b)"], ["a", "b"]],
  ["+(a)", ["+(a)"], ["a", "aa"]],
  ["*(a)", ["(a)", "x(a)"], ["aa", ""]],
  ["^a$.(x)|y", ["^a$.(x)|y"], ["a"]],
  ["a]", ["a]"], ["a"]],
  ["[$]{a,b}", ["$a", "$b"], ["a", "\u0024{a,b}"]],
  ["~/x", ["~/x"], []],
  ["$x", ["$x"], []],
];

describe("compilePattern()", () => {
  it.each(ROWS)("%j takes %j and leaves %j", (pattern, takes, leaves) => {
    for (const path of takes) expect([path, matches(pattern, path)]).toEqual([path, true]);
    for (const path of leaves) expect([path, matches(pattern, path)]).toEqual([path, false]);
  });

  it.each([
    ["", "is empty"],
    ["/", "is empty"],
    ["a".repeat(1_000), undefined],
    ["a".repeat(1_001), "is longer than 1000 characters"],
    ["a\u0000b", "holds a control character"],
    ["a\nb", "holds a control character"],
    ["a\\", "ends with a lone backslash"],
    ["a\\\\\\", "ends with a lone backslash"],
    ["../x", 'has a "." or ".." segment'],
    ["a/./b", 'has a "." or ".." segment'],
    [".", 'has a "." or ".." segment'],
    ["a//b", "has an empty segment"],
    ["a//", "has an empty segment"],
    ["//", "has an empty segment"],
    ["[[:alpha:]]", "has a character class by name: list the characters instead"],
    ["[a[:digit:]]", "has a character class by name: list the characters instead"],
    ["[!a]b", "has a negated class: list the characters that are meant, or use exclude"],
    ["[^a]b", "has a negated class: list the characters that are meant, or use exclude"],
    ["{1..3}", "has a range in braces: list the alternatives instead, as in {1,2}"],
    ["{10..20}", "has a range in braces: list the alternatives instead, as in {1,2}"],
    ["x{a..c}y", "has a range in braces: list the alternatives instead, as in {1,2}"],
    ["[abc", "has a brace or bracket that is not closed"],
    ["[a/b]", "has a brace or bracket that is not closed"],
    ["{a,b", "has a brace or bracket that is not closed"],
    ["a}", "has a brace or bracket that is not closed"],
    ["}{", "has a brace or bracket that is not closed"],
    ["[{]", "has a brace within brackets: escape it outside of them, as in \\{"],
    ["{[a,b],c}", "has a comma within brackets within braces: write the alternatives out"],
    ["\u0024{LANG}/*", "has a ${: variables are replaced in root alone; a $ before a brace is written [$]"],
    ["\\\u0024{a,b}", "has a ${: variables are replaced in root alone; a $ before a brace is written [$]"],
    ["{a,b}".repeat(10), "has more than 1000 alternatives"],
    [`${"{a,b}".repeat(10)},c`, "has more than 1000 alternatives"],
    [`${"{".repeat(20)}${",}".repeat(20)}`.slice(0, 900), undefined],
    [
      `{${Array.from({ length: 400 }, () => "{,}").join(",")}}`.slice(0, 900),
      "has a brace or bracket that is not closed",
    ],
    [
      `{${Array.from({ length: 150 }, () => "{,,,}{,}")
        .join(",")
        .slice(0, 800)}`,
      "has a brace or bracket that is not closed",
    ],
    ["**/".repeat(101), "has more than 100 times **"],
  ])("refuses %j: %s", (pattern, why) => {
    const compiled = compilePattern(pattern);
    if (why === undefined) expect(compiled.kind).toBe("ok");
    else expect(compiled).toEqual({ kind: "mistake", why });
  });

  it("takes what a plain reading of its grammar takes", () => {
    const atoms = fc.constantFrom(
      "a",
      "b",
      ".",
      "*",
      "?",
      "[ab]",
      "{a,b}",
      "a{,b*}",
      "\\*",
      "/",
      "**/",
      "/**",
    );
    const patterns = fc.array(atoms, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
    const paths = fc.array(fc.constantFrom("a", "b", ".", "*", "/"), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(
        patterns,
        paths.map((parts) => parts.join("")),
        (pattern, path) => {
          const compiled = compilePattern(pattern);
          fc.pre(
            compiled.kind === "ok" && path.split("/").every((segment) => !["", ".", ".."].includes(segment)),
          );
          if (compiled.kind === "ok") expect(compiled.matches(path)).toBe(plainly(pattern, path));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  const name = "a".repeat(240);
  const deep = `${"a/".repeat(1_900)}b`;
  it.each([
    ["many stars", `${"*a".repeat(400)}*b`, name],
    ["stars and classes", `${"*[ab]".repeat(150)}*c*d`, `${name}d`],
    ["stars and question marks", `${"*a?".repeat(250)}*c*d`, `${name}d`],
    [
      "stars of a plain text with meaning in regular expressions",
      `${"*+a".repeat(100)}*c*d`,
      `${"+a".repeat(110)}d`,
    ],
    ["folders between **", `${"**/a/".repeat(99)}c/**/b`, deep],
    ["folders with stars between **", `${"**/*a/".repeat(99)}c/**/b`, deep],
    ["alternatives", `${"{a,aa}".repeat(9)}*c*d`, `${name}d`],
    ["alternatives with stars", `${"{*a,*b}".repeat(9)}*c*d`, `${name}d`],
  ])("answers at once where a backtracking matcher never ends: %s", (_, pattern, path) => {
    expect(matches(pattern, path)).toBe(false);
  });
});

/** The dialect by the book and without regard for time: alternatives written out, then character by character. */
function plainly(pattern: string, path: string): boolean {
  const anchored = pattern.includes("/");
  const target = anchored ? path : path.slice(path.lastIndexOf("/") + 1);
  const whole = pattern.replace(/^\//, "").replace(/\/$/, "/**");
  return writtenOut(whole).some((one) => {
    const segments = one.split("/");
    return segmentsMatch(segments, target.split("/"));
  });
}

function writtenOut(pattern: string): string[] {
  const brace = /\{([^{}]*)\}/.exec(pattern);
  if (brace === null) return [pattern];
  const [before, after] = [pattern.slice(0, brace.index), pattern.slice(brace.index + brace[0].length)];
  return (brace[1] ?? "").split(",").flatMap((one) => writtenOut(before + one + after));
}

function segmentsMatch([first, ...rest]: string[], path: string[]): boolean {
  if (first === undefined) return path.length === 0;
  if (first === "**") {
    const least = rest.length === 0 ? 1 : 0;
    return (
      path.some((_, index) => index >= least && segmentsMatch(rest, path.slice(index))) ||
      (path.length >= least && segmentsMatch(rest, []))
    );
  }
  const [segment, ...below] = path;
  return segment !== undefined && segmentMatches(first, segment) && segmentsMatch(rest, below);
}

function segmentMatches(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  const [head, tail] = [pattern[0], pattern.slice(1)];
  if (head === "*")
    return segmentMatches(tail, name) || (name !== "" && segmentMatches(pattern, name.slice(1)));
  if (name === "") return false;
  if (head === "?") return segmentMatches(tail, name.slice(1));
  if (head === "[") return "ab".includes(name[0] ?? "x") && segmentMatches(pattern.slice(4), name.slice(1));
  if (head === "\\") return tail[0] === name[0] && segmentMatches(tail.slice(1), name.slice(1));
  return head === name[0] && segmentMatches(tail, name.slice(1));
}

describe("exactPattern()", () => {
  it.each([
    "a.txt",
    "a/b.txt",
    "*?[x].{a,b}",
    "{a/b,c}",
    "$x/\u0024{y}",
    "!a",
    "#a",
    "@(a|b)",
    "-",
    ".hidden",
  ])("takes %j and nothing else", (path) => {
    const pattern = exactPattern(path);
    expect(matches(pattern, path)).toBe(true);
    for (const other of [`x/${path}`, `${path}/x`, `${path}x`, `x${path}`, "abc", path.replace(/\W/g, "a")])
      if (other !== path) expect([other, matches(pattern, other)]).toEqual([other, false]);
  });
});

describe("nearMisses()", () => {
  it.each<[string, string[], string[]]>([
    ["data/*.Parquet", ["README.md", "data/a.parquet", "x.bin"], ["data/a.parquet"]],
    [
      "rust/*.parquet",
      ["data/rust/a.parquet", "go/b.parquet", "c.txt"],
      ["data/rust/a.parquet", "go/b.parquet"],
    ],
    ["trian-*.json", ["train-1.json", "b.txt"], ["train-1.json"]],
    ["*.zzz", ["a.b", "c"], []],
    ["x", [], []],
    // The name alone, where no word is shared or there is none.
    ["folder/?-?", ["z/a-b", "zz/cc"], ["z/a-b"]],
    ["x/*", ["a/b"], ["a/b"]],
    // More words of as many, and no single letters.
    ["one/two/x-*", ["two/a", "one/two/b", "c"], ["one/two/b", "two/a"]],
    ["q-zz", ["qaa", "b"], []],
    // The name before any number of words.
    ["aa/bb/cc-?", ["aa/bb/x", "z/cc-1"], ["z/cc-1", "aa/bb/x"]],
    // Of as many words, the extension.
    ["k1.t/no-*.csv", ["csv/x.bin", "y/z.csv"], ["y/z.csv", "csv/x.bin"]],
    // A last part that is no pattern by itself.
    ["{x/alpha,y}", ["q/alpha"], ["q/alpha"]],
  ])("of %j among %j are %j", (pattern, paths, near) => {
    expect(nearMisses(pattern, paths)).toEqual(near);
  });

  it("are looked for among the first 20,000 paths", () => {
    const paths = Array.from({ length: 20_000 }, (_, index) => `${index}`);
    expect(nearMisses("word", [...paths.slice(1), "a/word"])).toEqual(["a/word"]);
    expect(nearMisses("word", [...paths, "a/word"])).toEqual([]);
  });

  it("are at most three, the nearest first, and the same in whatever order the files come", () => {
    const paths = ["data/c.parquet", "b.parquet", "data/a.parquet", "data/b.parquet", "a.parquet"];
    expect(nearMisses("Data/*.parquet", paths)).toEqual([
      "data/a.parquet",
      "data/b.parquet",
      "data/c.parquet",
    ]);
    expect(nearMisses("Data/*.parquet", paths.toReversed())).toEqual(nearMisses("Data/*.parquet", paths));
  });
});
