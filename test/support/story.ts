import type { LoopbackHub } from "./hub/index.ts";

/** What a page's story begins with, and what happens in it by the names that the page has for it: on which day, and what. */
export interface Story {
  readonly begins: string;
  readonly events: Readonly<Record<string, readonly [day: string, act: () => void]>>;
}

/** Lays out the Hub of docs/story.md. Its days are ahead of ours, so that no file in the story is from its future. */
export function tellStory(hub: LoopbackHub): Story {
  const rust = hub.repo("acme/rust-clean", { license: "apache-2.0" });
  const rustAt = (seeds: readonly number[], day: string, title: string) =>
    rust.commit(
      { "README.md": "# Rust, cleaned\n", "load.py": "print()\n", ...shards("data/train", seeds) },
      on(day, title),
    );
  const python = hub.repo("bigco/python-vetted", { license: "other", gated: "auto" });
  const pythonAt = (seeds: readonly number[], day: string, title: string) =>
    python.commit({ "README.md": "# Python, vetted\n", ...shards("python/part", seeds) }, on(day, title));
  rustAt([1, 2, 3], "2031-02-01", "Add three shards");
  pythonAt([11, 12], "2031-01-10", "First release");
  hub
    .repo("opencode/python-open", { license: "mit" })
    .commit({ "README.md": "# Python\n", ...shards("data/py", [21, 22]) }, on("2031-01-05", "Two shards"));
  hub
    .repo("opencode/guides", { license: "mit" })
    .commit(
      { "README.md": "# Guides\n", "en/style.md": "Be short.\n", "en/tests.md": "Test first.\n" },
      on("2031-01-02", "Guides"),
    );
  let pinned = "";
  return {
    begins: "2031-03-01",
    events: {
      "a shard is added to acme/rust-clean": [
        "2031-03-05",
        () => void rustAt([1, 4, 3, 5], "2031-03-04", "Deduplicate, and add a shard"),
      ],
      "acme/rust-clean moves": [
        "2031-03-10",
        () => void rustAt([1, 4, 6, 5], "2031-03-09", "Drop what does not parse"),
      ],
      "acme/rust-clean moves again": [
        "2031-03-12",
        () => {
          pinned = rustAt([7, 4, 6, 5], "2031-03-11", "Fix the encoding of a shard");
        },
      ],
      "bigco lets you in": ["2031-03-15", () => hub.token("hf_yours", { grants: ["bigco/python-vetted"] })],
      "acme/rust-clean has another licence": ["2031-03-18", () => rust.update({ license: "cc-by-nc-4.0" })],
      "acme/rust-clean has its licence back": ["2031-03-20", () => rust.update({ license: "apache-2.0" })],
      "acme/rust-clean squashes its history": [
        "2031-03-25",
        () => {
          rust.deleteRef("main");
          rustAt([7, 4, 6, 5], "2031-03-24", "Super-squash branch 'main'");
          rust.forget(pinned);
        },
      ],
      "bigco takes somebody out": [
        "2031-04-02",
        () => void pythonAt([11, 13], "2031-04-01", "Take out what was asked for"),
      ],
      "a month passes": ["2031-05-03", () => {}],
    },
  };
}

function on(day: string, title: string) {
  return { date: `${day}T09:00:00.000Z`, title };
}

/** Of a size that a reader can count with. */
function shards(prefix: string, seeds: readonly number[]) {
  const names = seeds.map((seed, index) => [`${prefix}-${index}.parquet`, { size: 1_000_000, seed }]);
  return Object.fromEntries(names) as Record<string, { size: number; seed: number }>;
}
