import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  encodePath,
  encodeSegment,
  isRepoName,
  ontoEndpoint,
  pageUrl,
  resolveUrl,
  treeUrl,
} from "../../../cli/hub/urls.ts";
import type { Commit } from "../../../schema/ids.ts";
import { failure } from "./support.ts";

const commit = "a".repeat(40) as Commit;
const dataset = { type: "dataset", repo: "o/n" } as const;

describe("encodePath()", () => {
  const segment = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => !text.includes("/") && !/^\.{1,2}$/.test(text));

  it("comes back unchanged from a URL, whatever the names", () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const path = segments.join("/");
        const url = new URL(`https://h.example/datasets/o/n/resolve/${commit}/${encodePath(path)}`);
        expect(url.search + url.hash).toBe("");
        expect(url.pathname.split("/").slice(6).map(decodeURIComponent).join("/")).toBe(path);
      }),
    );
  });

  it("writes awkward names as the Hub's own client does", () => {
    expect(encodePath("data/a b#c?d%20e.txt")).toBe("data/a%20b%23c%3Fd%2520e.txt");
  });

  it.each(["a//b", "/a", "a/", "a/../b", "./a", "", "a\ud800"])(
    "refuses %j, which a URL would change",
    async (path) => {
      expect(await failure(() => encodePath(path))).toMatchObject({ code: "NAME_REFUSED" });
    },
  );
});

describe("urls", () => {
  it("follow the shapes of the three repository types", () => {
    const base = "https://h.example/hf";
    expect(pageUrl(base, dataset)).toBe("https://h.example/hf/datasets/o/n");
    expect(pageUrl(base, { type: "model", repo: "gpt2" })).toBe("https://h.example/hf/gpt2");
    expect(resolveUrl(base, { type: "space", repo: "o/n" }, { commit, path: "a b" })).toBe(
      `${base}/spaces/o/n/resolve/${commit}/a%20b`,
    );
    expect(treeUrl(base, dataset, { commit, prefix: "a b/c", recursive: true })).toContain(
      `/api/datasets/o/n/tree/${commit}/a%20b/c?recursive=true`,
    );
  });

  it("encode every slash of a revision", () => {
    expect(encodeSegment("refs/pr/3")).toBe("refs%2Fpr%2F3");
  });
});

describe("isRepoName()", () => {
  it.each(["o/n", "gpt2", "o.x/n_1-2", "..x/y", "o/..n"])("accepts %s", (name) => {
    expect(isRepoName(name)).toBe(true);
  });
  it.each(["", "o/", "/n", "o/n/m", "..", "o/..", "../n", ".", "o n", "o/n?x", "o/n%2f", "o\\n", "ö/n"])(
    "denies %j",
    (name) => {
      expect(isRepoName(name)).toBe(false);
    },
  );
});

describe("ontoEndpoint()", () => {
  it.each([
    [
      "https://h.example/api/datasets/o/n/tree/x?cursor=1",
      "https://h.example/api/datasets/o/n/tree/x?cursor=1",
    ],
    [
      "https://huggingface.co/api/datasets/o/n/tree/x?cursor=a%2Bb",
      "https://h.example/api/datasets/o/n/tree/x?cursor=a%2Bb",
    ],
    ["/api/datasets/o/n/tree/x?cursor=1", "https://h.example/api/datasets/o/n/tree/x?cursor=1"],
    ["https://evil.example/elsewhere", undefined],
    ["https://[", undefined],
  ])("puts %s at %s", (link, url) => {
    expect(ontoEndpoint(link, "https://h.example", "dataset")).toBe(url);
  });

  it("keeps the path of a mirror", () => {
    const base = "https://h.example/artifactory/api/hf";
    expect(ontoEndpoint("https://huggingface.co/api/models/o/n/tree/x?cursor=1", base, "model")).toBe(
      `${base}/api/models/o/n/tree/x?cursor=1`,
    );
  });
});
