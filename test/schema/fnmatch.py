"""Writes what Python's own fnmatch says of every pattern and path below, as the table that fnmatch.test.ts reads."""

import fnmatch
import json

PATTERNS = [
    "", "*", "**", "?", "??", "*.parquet", "*.PARQUET", "data/*", "data/*.parquet", "data/**", "**/*.json", "*/*",
    "*/x.json", "config.json", "model-*.safetensors", "model-*-of-*.safetensors", "train-0000?.parquet", "*rust*",
    "data*/x*", "a*b*c", "*a*a*a*a*b", "a?b", "a*", "*a", ".*", "*.*", "/x", "x/", "[abc]", "[!abc]", "[a-c]*",
    "[!a-c]*", "[a-]", "[-a]", "[!-a]", "[--a]", "[a-c-e]", "[c-a]", "[!c-a]", "[c-bx]", "[z-ab]", "[]]", "[]a]x",
    "[!]]", "[!]", "[]", "[", "a[", "a]", "[[]", "[[a]", "[!", "[a", "[^a]", "[a^]", "[/]", "a[/]b", "a[!x]b",
    "[*]", "[?]", "[\\]", "\\*", "a\\b", "{a,b}", "{a}", "x{1..3}", "[a&&b]", "[a~~b]", "[a||b]", "$", "^", "a.b",
    "a+", "(a|b)", "é*", "[à-ü]", "?😀", "😀?", "[😀-😂]", "[!😀]", "*\n*", "a b", "[ ]", "[0-9][0-9]*", "[A-z]",
    "[a-a]", "[a-b-c-d]", "[-]", "[!-]", "[---]", "***a***", "*?*", "?*?",
]

PATHS = [
    "", "a", "b", "c", "d", "e", "x", "z", "-", "]", "[", "^", "&", "~", "|", "$", "\\", "*", "?", "!", "/", ".",
    ".hidden", "a.b", "axb", "a/b", "ab", "abc", "a-b", "aXbYc", "a[", "a]", "[a", "]x", "ax", "a b", " ", "a+", "aa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaab", "(a|b)", "{a,b}", "{a}", "x{1..3}", "x1",
    "b.parquet", "data/b.parquet", "data/x/b.parquet", "data/.parquet", "data", "data/", "database/x/y", "data2/x",
    "b.json", "x.json", "y/x.json", "y/z/x.json", "config.json", "sub/config.json", "model-1.safetensors",
    "model-00001-of-00002.safetensors", "model-a/b.safetensors", "train-00001.parquet", "train-0000/.parquet",
    "src/rust/x.rs", "rust", "é", "élan", "à", "ü", "ÿ", "😀", "😁", "😂", "😃", "a😀", "😀a", "a\nb", "0", "01", "12x",
    "_", "A", "Z", "a\\b", "x/", "/x",
]

TABLE = {pattern: [path for path in PATHS if fnmatch.fnmatchcase(path, pattern)] for pattern in PATTERNS}
print(json.dumps({"paths": PATHS, "table": TABLE}, ensure_ascii=False, indent=0, separators=(",", ":")))
