import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRepoId, readAddress } from "../../schema/address.ts";

const ALL = { kind: "all" };
const file = (path: string) => ({ kind: "file", path });
const folder = (path: string) => ({ kind: "folder", path });
const path = (text: string) => ({ kind: "path", path: text });
const HUB = "https://huggingface.co";

const GOOD: readonly (readonly [
  text: string,
  type: string | undefined,
  repo: string,
  revision: string | undefined,
  part: object,
])[] = [
  ["owner/name", undefined, "owner/name", undefined, ALL],
  ["squad", undefined, "squad", undefined, ALL],
  ["owner/name@v1.0", undefined, "owner/name", "v1.0", ALL],
  ["owner/name@refs/pr/3", undefined, "owner/name", "refs/pr/3", ALL],
  ["datasets/owner/name", "dataset", "owner/name", undefined, ALL],
  ["datasets/squad", "dataset", "squad", undefined, ALL],
  ["models/owner/name@main", "model", "owner/name", "main", ALL],
  ["spaces/owner/name", "space", "owner/name", undefined, ALL],
  // hf://, by the rules of the Hub's own file system.
  ["hf://owner/name", "model", "owner/name", undefined, ALL],
  ["hf://owner/name@rev", "model", "owner/name", "rev", ALL],
  ["hf://models/owner/name", "model", "owner/name", undefined, ALL],
  ["hf://datasets/o/n", "dataset", "o/n", undefined, ALL],
  ["hf://datasets/o/n/data/*.parquet", "dataset", "o/n", undefined, path("data/*.parquet")],
  ["hf://datasets/o/n@v1/data/", "dataset", "o/n", "v1", path("data/")],
  [
    "hf://datasets/o/n@refs/convert/parquet/default/train",
    "dataset",
    "o/n",
    "refs/convert/parquet",
    path("default/train"),
  ],
  ["hf://datasets/o/n@refs/pr/12", "dataset", "o/n", "refs/pr/12", ALL],
  ["hf://datasets/o/n@refs%2Fpr%2F12/x", "dataset", "o/n", "refs/pr/12", path("x")],
  ["hf://datasets/o/n@a%2Fb/x", "dataset", "o/n", "a/b", path("x")],
  ["hf://datasets/o/n/a@b.txt", "dataset", "o/n", undefined, path("a@b.txt")],
  ["hf://spaces/o/n/app.py", "space", "o/n", undefined, path("app.py")],
  // Pages.
  [`${HUB}/o/n`, "model", "o/n", undefined, ALL],
  [`${HUB}/o/n/`, "model", "o/n", undefined, ALL],
  [`${HUB}/gpt2`, "model", "gpt2", undefined, ALL],
  [`${HUB}/gpt2/tree/main`, "model", "gpt2", "main", ALL],
  [`${HUB}/datasets/squad/tree/main/plain_text`, "dataset", "squad", "main", folder("plain_text")],
  [`${HUB}/datasets/o/n`, "dataset", "o/n", undefined, ALL],
  [`${HUB}/datasets/o/n/tree/main`, "dataset", "o/n", "main", ALL],
  [`${HUB}/datasets/o/n/tree/main/data/train`, "dataset", "o/n", "main", folder("data/train")],
  [
    `${HUB}/datasets/o/n/tree/refs%2Fconvert%2Fparquet/default`,
    "dataset",
    "o/n",
    "refs/convert/parquet",
    folder("default"),
  ],
  [`${HUB}/datasets/o/n/tree/refs/pr/1/default`, "dataset", "o/n", "refs/pr/1", folder("default")],
  [`${HUB}/datasets/o/n/tree/refs%2Fpr%2F1`, "dataset", "o/n", "refs/pr/1", ALL],
  [`${HUB}/datasets/o/n/blob/main/data/x.parquet`, "dataset", "o/n", "main", file("data/x.parquet")],
  [`${HUB}/datasets/o/n/resolve/main/x.parquet?download=true`, "dataset", "o/n", "main", file("x.parquet")],
  [`${HUB}/o/n/raw/v1/a%20b%5B1%5D.txt#L10`, "model", "o/n", "v1", file("a b[1].txt")],
  [`${HUB}/o/n/commit/${"a".repeat(40)}`, "model", "o/n", "a".repeat(40), ALL],
  [`${HUB}/o/n/commits/dev`, "model", "o/n", "dev", ALL],
  [`${HUB}/spaces/o/n/blob/main/C%2B%2B/app.py`, "space", "o/n", "main", file("C++/app.py")],
  ["http://huggingface.co/o/n", "model", "o/n", undefined, ALL],
  ["huggingface.co/datasets/o/n/tree/main", "dataset", "o/n", "main", ALL],
  ["hf.co/o/n", "model", "o/n", undefined, ALL],
  ["HTTPS://HuggingFace.co/datasets/o/n", "dataset", "o/n", undefined, ALL],
  // Another Hub in use.
  ["http://127.0.0.1:8080/datasets/o/n/tree/main/d", "dataset", "o/n", "main", folder("d")],
  ["https://mirror.test/hf/datasets/o/n/blob/main/d/x", "dataset", "o/n", "main", file("d/x")],
  ["https://mirror.test/hf/o/n", "model", "o/n", undefined, ALL],
];

const BAD: readonly (readonly [text: string, why: string])[] = [
  ["", 'names no repository: "" should be owner/name'],
  ["a b/c", 'names no repository: "a b/c"'],
  ["./folder", 'names no repository: "./folder"'],
  ["ftp://o/n", "is no address of a Hub"],
  ["C:\\data", "is no address of a Hub"],
  ["o/n/data", "has more than owner/name"],
  ["o/n@", "has no revision behind the @"],
  ["o/n\u001b[2J", "holds a control character"],
  ["hf://gpt2", 'names no repository: "gpt2"'],
  ["hf://", 'names no repository: ""'],
  ["hf://o/n@", "has no revision behind the @"],
  ["hf://o/n@%zz", "has a revision that is not percent-encoded"],
  ["hf://o/n/a//b", "has an empty folder in its path"],
  ["hf://buckets/o/n", "names a bucket, which has no commits to pin"],
  ["https://github.com/o/n", "is a page of github.com, which is not the Hub in use"],
  ["https://huggingface.co:444/o/n", "is a page of huggingface.co:444, which is not the Hub in use"],
  ["https://mirror.test/o/n", "is a page of mirror.test, which is not the Hub in use"],
  [
    "https://huggingface.co.evil.test/o/n",
    "is a page of huggingface.co.evil.test, which is not the Hub in use",
  ],
  ["https://[", "is not a URL"],
  [`${HUB}`, "is not the page of a repository"],
  [`${HUB}/docs/hub`, "is not the page of a repository"],
  [`${HUB}/datasets`, "is not the page of a repository"],
  [`${HUB}/api/datasets/o/n`, "is not the page of a repository"],
  [`${HUB}/datasets/o/n/viewer/default/train`, 'is the page "viewer" of a repository, which names no files'],
  [`${HUB}/datasets/o/n/discussions/3`, 'is the page "discussions" of a repository'],
  [`${HUB}/datasets/o/n/tree`, "has no revision behind /tree"],
  [`${HUB}/datasets/o/n/tree/main/%zz`, "is not percent-encoded as URLs are"],
  [`${HUB}/datasets/o/n%20x`, 'names no repository: "o/n x"'],
];

const OTHERS = ["not a URL", "http://127.0.0.1:8080", "https://mirror.test/hf/"];

describe("readAddress()", () => {
  it.each(GOOD)("%s", (text, type, repo, revision, part) => {
    expect(readAddress(text, OTHERS)).toEqual({ kind: "ok", address: { type, repo, revision, part } });
  });

  it.each(BAD)("%j is a mistake: it %s", (text, why) => {
    const read = readAddress(text, OTHERS);
    expect(read.kind).toBe("mistake");
    expect(read.kind === "mistake" && read.why).toContain(why);
  });

  it("says what to give instead of a page that names no files", () => {
    expect(readAddress(`${HUB}/datasets/o/n/viewer`, [])).toMatchObject({
      hint: "for the whole repository give datasets/o/n",
    });
    expect(readAddress("o/n/data", [])).toMatchObject({
      hint: "for some of its files give hf://o/n/data, or the repository and --include",
    });
  });

  it("never throws, and never lets through a name that the Hub would refuse", () => {
    const part = fc.constantFrom(
      "hf://",
      HUB,
      "/",
      "datasets",
      "o",
      "n",
      "@",
      "tree",
      "main",
      "%2F",
      "%",
      "?",
      "#",
      "..",
      "é",
      " ",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const read = readAddress(parts.join(""), []);
        if (read.kind === "ok") expect(isRepoId(read.address.repo)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
