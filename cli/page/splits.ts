/** As the Hub's own viewer reads names. https://huggingface.co/docs/hub/datasets-file-names-and-splits */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  train: ["train", "training"],
  validation: ["validation", "valid", "val", "dev"],
  test: ["test", "testing", "eval", "evaluation"],
};

const SPLITS = new Map(Object.entries(WORDS).flatMap(([split, words]) => words.map((word) => [word, split])));

const WORD = new RegExp(`(?<![a-z])(?:${[...SPLITS.keys()].join("|")})(?![a-z])`, "i");

/**
 * The split that the file, else the nearest folder, names as a word of its own: `data/train-00000-of-00009.parquet`,
 * `validation/a.jsonl`. Of several words in one name the first counts. undefined where none does.
 */
export function splitInPath(path: string): string | undefined {
  for (const segment of path.split("/").reverse()) {
    const word = WORD.exec(segment)?.[0];
    if (word !== undefined) return SPLITS.get(word.toLowerCase());
  }
  return undefined;
}
