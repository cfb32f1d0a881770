// biome-ignore-all lint/suspicious/noTemplateCurlyInString: how a shell writes its variables
import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateScript } from "../../../cli/foreign/evaluate.ts";
import { sourceOf } from "../../../cli/foreign/values.ts";

/** Words of each run of `x`, as a shell would hand them over; a gap as it is written. */
function runs(script: string): string[][] {
  const { runs: all } = evaluateScript(script, { folder: "scripts" });
  return all.map(({ words }) => words.map(sourceOf)).filter(([program]) => program === "x");
}

/** What every shell agrees on. */
const WORDS: readonly (readonly [script: string, ...runs: (readonly string[])[]])[] = [
  ["x a b", ["a", "b"]],
  ["x  a\tb  # c d", ["a", "b"]],
  ["x a#b '#c'", ["a#b", "#c"]],
  ["x a \\\n  b", ["a", "b"]],
  ["x 'a b' \"c d\" e\\ f", ["a b", "c d", "e f"]],
  ["x '' \"\"", ["", ""]],
  ["x a'b'\"c\"d", ["abcd"]],
  ['x "a\\"b\\$c\\d"', ['a"b$c\\d']],
  ["x 'a\\b$c'", ["a\\b$c"]],
  ["x a; x b && x c || x d", ["a"], ["b"], ["c"]],
  ["x a | cat; x b &\nwait", ["a"], ["b"]],
  ["A=1 B='2 3'; x $A ${B} \"$B\" $A$B", ["1", "2", "3", "2 3", "12", "3"]],
  ["A=a; A+=b; x $A", ["ab"]],
  ["A=; x a$A'' $A \"$A\"", ["a", ""]],
  ['unset N; x ${N:-d} "${N:-d e}" ${N-f}', ["d", "d e", "f"]],
  ["N=; x ${N:-d}", ["d"]],
  ["N=v; x ${N:-d}", ["v"]],
  [
    "M=o/n.x/y.z; x ${M##*/} ${M#*/} ${M%/*} ${M%%/*} ${M%.z} ${M%.q}",
    ["y.z", "n.x/y.z", "o/n.x", "o", "o/n.x/y", "o/n.x/y.z"],
  ],
  ['M=a/b/c; x ${M//\\//-} ${M/\\//_} ${M/b/q} "${M//b}"', ["a-b-c", "a_b/c", "a/q/c", "a//c"]],
  ["for m in o/a o/b; do x ${m#o/}; done", ["a"], ["b"]],
  ["export A=1; readonly B=2; x $A$B", ["12"]],
  ["L=(a 'b c' d); x \"${L[@]}\" ${L[1]} ${L[0]} $L", ["a", "b c", "d", "b", "c", "a", "a"]],
  ['L=(a); L+=(b); for i in "${L[@]}"; do x $i; done', ["a"], ["b"]],
  ["for i in a b; do\n  for j in 1 2; do x $i$j; done\ndone", ["a1"], ["a2"], ["b1"], ["b2"]],
  ["x {a,b}/{1..3}", ["a/1", "a/2", "a/3", "b/1", "b/2", "b/3"]],
  [
    "x {08..10} {3..1} {a} {a,} '{a,b}' {0..4..2}",
    ["08", "09", "10", "3", "2", "1", "{a}", "a", "{a,b}", "0", "2", "4"],
  ],
  ["P=p; x ${P}{a,b}", ["pa", "pb"]],
  ["for i in $(seq 2); do x $i; done", ["1"], ["2"]],
  ["for i in $(seq -w 8 10); do x $i; done", ["08"], ["09"], ["10"]],
  ["for i in $(seq 0 2 4); do x $i; done", ["0"], ["2"], ["4"]],
  ["x $(printf 'f-%05d-of-%s.txt' 3 9) `echo q`", ["f-00003-of-9.txt", "q"]],
  ['x "$(basename a/b/c)"', ["c"]],
  ['f() { x "$1" "${2:-none}"; }; f a; f b c', ["a", "none"], ["b", "c"]],
  ["function f { local r=$1; shift; x $r \"$@\" $#; }\nf a 'b c' d", ["a", "b c", "d", "2"]],
  ["if true; then x a; fi; while false; do x b; done", ["a"]],
  ["case a in\n  a|b) x a ;;\nesac", ["a"]],
  ["(x a); { x b; }", ["a"], ["b"]],
  ["A=1; (A=2; x $A); x $A", ["2"], ["1"]],
  ["cat <<EOF >/dev/null\nx heredoc $A\nEOF\nx a", ["a"]],
  ["cat <<-'E' >/dev/null\n\tx no\n\tE\nx a", ["a"]],
  ["x a 2>/dev/null 1>&1; x b 2>/dev/null <<< 'in'", ["a"], ["b"]],
  ["bash -c 'x a; x b'", ["a"], ["b"]],
  ["eval 'x a'", ["a"]],
  ["x $'a\\tb'", ["a\tb"]],
  ['x "a\nb"', ["a\nb"]],
  ["time x a", ["a"]],
];

describe("evaluateScript()", () => {
  it.each(WORDS.map(([script, ...wanted]) => [script, wanted] as const))("%j", (script, wanted) => {
    const taken = runs(script).map(([, ...words]) => words);
    // Every branch is gone through, and bash takes one.
    expect(
      taken.filter((words) => wanted.some((one) => JSON.stringify(one) === JSON.stringify(words))),
    ).toEqual(wanted);
    if (!/\|\||while/.test(script)) expect(taken).toEqual(wanted);
  });

  it("agrees with bash on all of these", ({ skip }) => {
    if (!hasBash()) skip();
    for (const [script, ...wanted] of WORDS) {
      const prelude = "x() { printf '%s\\0' \"$@\"; printf '\\1\\0'; }; export -f x\n";
      const out = execFileSync("bash", ["-c", prelude + script.replace(/^time /, "")], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      const said = out
        .toString()
        .split("\0\u0001\0")
        .map((run) => run.replace(/^\u0001\0/, ""))
        .filter((run) => run !== "");
      expect([script, said.map((run) => run.split("\0"))]).toEqual([script, wanted]);
    }
  });

  it.each([
    ["x $1 $HOME ~/a $(date) ${A%b} $((1 + 1))", ["$1", "$HOME", "~/a", "$(date)", "${A%b}", "$((1 + 1))"]],
    ["while read r; do x $r; done < list", ["$r"]],
    ["for i in $(ls); do x a-$i; done", ["a-$(ls)"]],
    ["for ((i = 0; i < 3; i++)); do x $i; done", ["$i"]],
    ["if a; then M=1; else M=2; fi; x $M", ["$M"]],
    ["if a; then M=1; fi; x $M", ["1"]],
    ["M=1; if a; then M=2; fi; x $M", ["$M"]],
    ["x <(cat a)", []],
    ['x "$@" ${1:-d}', ["$@", "${1:-d}"]],
  ])("leaves open what only running %j would tell", (script, words) => {
    const [run = []] = runs(script);
    expect(run.slice(1, words.length + 1)).toEqual(words);
  });

  it.each([
    ["cd data && x", "data"],
    ["cd data; cd ../b/; x", "b"],
    ["cd /a/b; x", "/a/b"],
    ["cd $S/c; x", "$S/c"],
    ["(cd a); x", ""],
    ["pushd a; cd b; x", "a/b"],
    ['cd "$(dirname "$0")"; x', "scripts"],
    ['D="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"; cd "$D"; x', "."],
    ["cd a; D=$PWD; cd /; cd $D; x", "a"],
    ["R=$(pwd); cd a; cd $R/../b; x", "../b"],
    ["cd -; x", undefined],
    ["if t; then cd a; fi; x", undefined],
  ])("knows the folder after %j", (script, folder) => {
    const { runs: all } = evaluateScript(script, { folder: "scripts" });
    const { cwd } = all.find(({ words }) => sourceOf(words[0] ?? []) === "x") ?? {};
    expect(cwd && sourceOf(cwd)).toBe(folder);
  });

  it("says on which lines a command stands, and whether it may not run", () => {
    const { runs: all } = evaluateScript("a\n\nif b; then\n  c 1 \\\n    2 \\\n    3\nfi\nbash -c 'd\ne'\n", {
      folder: ".",
    });
    expect(
      all.map(({ words, line, endLine, conditional }) => [
        sourceOf(words[0] ?? []),
        line,
        endLine,
        conditional,
      ]),
    ).toEqual([
      ["a", 1, 1, false],
      ["b", 3, 3, true],
      ["c", 4, 6, true],
      ["d", 8, 8, false],
      ["e", 9, 9, false],
    ]);
  });

  it.each([
    ["x 'a", "a ' is not closed", 1],
    ['x a\ny "b', 'a " is not closed', 2],
    ["x $(a", "$( is not closed", 1],
    ["x ${a", "${ is not closed", 1],
    ["A=(a", "a list in parentheses is not closed", 1],
    [`x ${"$(".repeat(60)}`, "it is nested too deep", 1],
  ])("tells where %j stops making sense, and keeps what stands before", (script, why, line) => {
    const { broken, runs: all } = evaluateScript(script, { folder: "." });
    expect(broken).toEqual([{ line, why }]);
    expect(all.length).toBe(line - 1);
  });

  it("ends, however a script loops and calls itself", () => {
    const ten = "{0..9}";
    const loops = `for a in ${ten}${ten}${ten}; do for b in ${ten}${ten}${ten}; do x $a$b; done; done`;
    const many = evaluateScript(loops, { folder: "." });
    expect(many.broken).toEqual([{ line: 1, why: "it has more words than are looked at" }]);
    expect(runs("f() { x a; f; f; }\nf").length).toBeGreaterThan(10);
    expect(runs(`x ${ten.repeat(30)}`)[0]?.length).toBeLessThanOrEqual(1_001);
  });

  it.each([
    ["braces that nobody closes", `x ${"{".repeat(100_000)}`],
    ["braces in braces", `x ${"{a,".repeat(90)}b${"}".repeat(90)}`],
    ["a long word of a long list", `x {1..1000}${"a".repeat(100_000)}`],
    ["a word of many gaps", `x ${"$1".repeat(100_000)}`],
    ["a text of many gaps", `x "${"$1 ".repeat(100_000)}"`],
    ["many words", `x${" a".repeat(300_000)}`],
    ["many commands", "x\n".repeat(300_000)],
    ["many commands in one", `if a; then ${"x;".repeat(300_000)} fi`],
    ["a variable that doubles itself", `A=aaaaaaaa\n${"A=$A$A$A$A\n".repeat(100)}x "$A"`],
    ["a list that doubles itself", `L=(a b)\n${'L=("${L[@]}" "${L[@]}")\n'.repeat(40)}x "\${L[@]}"`],
    ["many substitutions", `x ${"$(a) ".repeat(50_000)}`],
    ["many heredocs", `x ${"<<A ".repeat(20_000)}\n`],
    ["functions in functions", `f() {${" f() {".repeat(50_000)}`],
    ["open parentheses", "(".repeat(100_000)],
    ["open cases", "case a in a) ".repeat(20_000)],
  ])("gets to an end with %s", (_, script) => {
    expect(evaluateScript(script, { folder: "." }).runs.length).toBeLessThan(200_000);
  });

  it("reads anything without a failure", () => {
    const piece = fc.constantFrom(
      ..."$ ( ) { } [ ] ' \" ` \\ ; & | < > # = \n \t a 1 , . ~ ! * ? @ / -".split(" "),
      " ",
      "$(",
      "${",
      "$((",
      "))",
      "<<E\n",
      "E\n",
      "for i in ",
      "do ",
      "done\n",
      "if ",
      "then ",
      "fi\n",
      "case ",
      " in ",
      ";;",
      "esac\n",
      "f() ",
      "function ",
      "A=(",
      "A=",
      "${A[@]}",
      "$A",
      "{1..3}",
      "{a,b}",
      "cd ",
      "x ",
      "while ",
      "until ",
      "select ",
      "eval ",
      "bash -c ",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect(evaluateScript(pieces.join(""), { folder: "." }).runs).toBeDefined();
      }),
      { numRuns: 3_000 },
    );
  });
});

function hasBash(): boolean {
  try {
    execFileSync("bash", ["-c", "true"]);
    return true;
  } catch {
    return false;
  }
}
