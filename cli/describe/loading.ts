import type { DataFormat } from "../facts/formats.ts";
import { besidePaths } from "../lock/wants.ts";
import { fenced } from "./markdown.ts";
import type { Subject } from "./subject.ts";

/**
 * Python that has the very files of the lock: patterns could take another source's, and names may hold what means something in one.
 * https://huggingface.co/docs/datasets/loading, https://pandas.pydata.org/docs/user_guide/io.html
 */
export function loadingLines(subject: Subject): readonly string[] {
  const { metadata } = besidePaths(subject.locked);
  const loaded = mainFormat(subject);
  const filter = loaded === undefined ? "" : ` if file["format"] == ${JSON.stringify(loaded)}`;
  return fenced("python", [
    "import json",
    "from pathlib import Path",
    "",
    'root = Path(".")  # or where the root is',
    `described = json.loads((root / ${JSON.stringify(metadata)}).read_text("utf-8"))`,
    `files = [str(root / file["path"]) for file in described["files"]${filter}]`,
    ...(loaded === undefined ? [] : LOADERS[loaded](separatorOf(subject))),
  ]);
}

type Loadable = "parquet" | "json lines" | "csv" | "arrow" | "json" | "text";

const LOADERS: Readonly<Record<Loadable, (separator: string) => readonly string[]>> = {
  parquet: () => [
    ...datasets("parquet"),
    ...pandas("read_parquet(files[0])"),
    "",
    "import pyarrow.dataset",
    "table = pyarrow.dataset.dataset(files)",
  ],
  "json lines": () => [...datasets("json"), ...pandas("read_json(files[0], lines=True)")],
  csv: (separator) => [...datasets("csv", separator), ...pandas(`read_csv(files[0]${separator})`)],
  arrow: () => [...datasets("arrow"), ...pandas("read_feather(files[0])")],
  json: () => [...datasets("json"), ...pandas("read_json(files[0])")],
  text: () => datasets("text"),
};

function datasets(builder: string, options = ""): readonly string[] {
  return [
    "",
    "from datasets import load_dataset",
    `rows = load_dataset("${builder}", data_files=files, split="train"${options})`,
  ];
}

function pandas(call: string): readonly string[] {
  return ["", "import pandas", `frame = pandas.${call}`];
}

/** Of those that a loader is known for, the one with the most bytes; text and JSON only where there is nothing else of use. */
function mainFormat({ sum: { formats } }: Subject): Loadable | undefined {
  const known = formats.map(({ format }) => format).filter(isLoadable);
  return known.find((format) => format !== "text" && format !== "json") ?? onlyOne(formats, known);
}

function onlyOne([largest]: Subject["sum"]["formats"], [first]: readonly Loadable[]): Loadable | undefined {
  return largest?.format === first ? first : undefined;
}

function isLoadable(format: DataFormat): format is Loadable {
  return Object.hasOwn(LOADERS, format);
}

function separatorOf({ files }: Subject): string {
  const tables = files.filter(({ format }) => format === "csv");
  return tables.every(({ path }) => /\.tsv(?:\.\w+)?$/i.test(path)) ? ', sep="\\t"' : "";
}
