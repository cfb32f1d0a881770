import { hexOf } from "../../schema/ids.ts";
import { citationOf } from "./citation.ts";
import type { Subject, SubjectFile } from "./subject.ts";

/**
 * `code.metadata.json`, for programs; docs/reports.md says what its members mean. One member, and one file, a line:
 *
 *     {
 *     "version": 1,
 *     "source": "code",
 *     …
 *     "files": [
 *     {"path":"code/a.parquet","file":"a.parquet","size":9,"sha256":"…","format":"parquet","rows":600}
 *     ]
 *     }
 */
export function metadataText(subject: Subject): string {
  const { locked, sum, files, page, accepted } = subject;
  const { carrier, rescued } = locked;
  const members = {
    version: 1,
    source: locked.name,
    folder: locked.path,
    repo: locked.repo,
    type: locked.type,
    revision: locked.revision,
    asOf: locked.asOf,
    minAge: locked.minAge,
    commit: locked.commit,
    page,
    strip: locked.strip,
    licenses: locked.licenses,
    accepted: accepted && { licenses: [accepted.accept].flat(), reason: accepted.reason },
    gated: locked.gated,
    private: locked.private,
    card: locked.card,
    carrier: carrier && { fallback: carrier.fallback, why: carrier.why, instead: carrier.instead },
    rescued: rescued?.map(({ repo, type, commit }) => ({ repo, type, commit })),
    citation: citationOf(subject).join("\n"),
    totals: {
      files: sum.files,
      bytes: sum.bytes,
      rows: sum.countedFiles === 0 ? null : sum.rows,
      countedFiles: sum.countedFiles,
    },
    formats: sum.formats,
    columns: sum.columns.map(({ name, type, files: having, values }) => ({
      name,
      type,
      files: having,
      values: values === undefined || values.length === 0 ? null : Object.fromEntries(values),
    })),
    unreadable: sum.unreadable,
  };
  const lines = Object.entries(members).map(
    ([name, value]) => `${JSON.stringify(name)}: ${json(value ?? null)},\n`,
  );
  const list = files.map((file) => json(fileOf(file))).join(",\n");
  return `{\n${lines.join("")}"files": [${list === "" ? "" : `\n${list}\n`}]\n}\n`;
}

function fileOf({ locked, path, format, rows }: SubjectFile) {
  const algorithm = locked.digest.startsWith("git:") ? "git" : "sha256";
  return {
    path,
    file: locked.path,
    size: locked.size,
    [algorithm]: hexOf(locked.digest),
    format,
    rows: rows ?? null,
  };
}

/** ASCII, so that a pager and a terminal show it as it is. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
