// What folders and groups of code corpora call programming languages: the names of GitHub's Linguist, which The Stack and
// github-code use too, and the few endings that stand for them. https://github.com/github-linguist/linguist

const NAMES = [
  ..."Ada Agda Apex Assembly AWK Batchfile C C# C++ Clojure CMake COBOL CoffeeScript CSS Cuda Dart Dockerfile Elixir Elm".split(
    " ",
  ),
  ..."Erlang F# Fortran GLSL Go Groovy Haskell HCL HTML Idris Isabelle Java JavaScript JSON Julia Kotlin Lean Lua".split(
    " ",
  ),
  ..."Makefile Maple Markdown Mathematica MATLAB Nim Nix OCaml Pascal Perl PHP PowerShell Prolog Python QML R Racket".split(
    " ",
  ),
  ..."reStructuredText Ruby Rust SAS Scala Scheme Shell Smalltalk Solidity SPARQL SQL Stan Stata Svelte Swift".split(
    " ",
  ),
  ..."SystemVerilog Tcl Tcsh TeX Thrift TypeScript Verilog VHDL Vue XSLT YAML Yacc Zig".split(" "),
  "Common Lisp",
  "Emacs Lisp",
  "Protocol Buffer",
  "Standard ML",
  "Visual Basic",
];

const SHORT: Readonly<Record<string, string>> = {
  cpp: "C++",
  csharp: "C#",
  "c-sharp": "C#",
  cs: "C#",
  fsharp: "F#",
  golang: "Go",
  hs: "Haskell",
  js: "JavaScript",
  kt: "Kotlin",
  py: "Python",
  rb: "Ruby",
  rs: "Rust",
  sh: "Shell",
  ts: "TypeScript",
};

const KNOWN: ReadonlyMap<string, string> = new Map([
  ...NAMES.flatMap((name) => [
    [name.toLowerCase(), name] as const,
    [name.toLowerCase().replaceAll(" ", "-"), name] as const,
  ]),
  ...Object.entries(SHORT),
]);

/** `rust`, `Rust`, `rs` → `Rust`; undefined for what is no name of a programming language. */
export function languageNamed(text: string): string | undefined {
  return KNOWN.get(text.toLowerCase());
}

/**
 * The language that the file itself, or else a folder, the nearest first, is named after: `apr/test/Rust.jsonl`, `go/train-0.parquet`.
 * A file `c.parquet` is more often the third one than one of C, which has to be `C.parquet`.
 */
export function languageInPath(path: string): string | undefined {
  const segments = path.split("/");
  const stem = (segments.pop() ?? "").replace(/\..*$/s, "");
  const named = /^[a-z]$/.test(stem) ? [] : [stem];
  for (const name of [...named, ...segments.reverse()]) {
    const language = languageNamed(name);
    if (language !== undefined) return language;
  }
  return undefined;
}
