import { isAbsolute } from "node:path";
import { isRepoId } from "../../schema/address.ts";
import { DURATION_SHAPE, parseDuration } from "../../schema/duration.ts";
import { parseCommit } from "../../schema/ids.ts";
import type { Issue } from "../../schema/issues.ts";
import type { CarrierDocument, ManifestDocument, SourceDocument } from "../../schema/manifest.ts";
import { judgeName, printable } from "../../schema/names.ts";
import { compilePattern } from "../../schema/patterns.ts";
import { PERCENT_SHAPE, parsePercent } from "../../schema/quantity.ts";
import { AS_OF_SHAPE, parseAsOf } from "../../schema/time.ts";
import { andMore, MOST_ISSUES } from "./mistakes.ts";
import type { SourceText } from "./source-text.ts";

type Path = readonly (string | number)[];
type Report = (path: Path, message: string, hint?: string) => void;

/** What a schema cannot say. Each rule pushes what it finds, so that all mistakes are told at once. */
export function checkRules(document: ManifestDocument, source: SourceText): Issue[] {
  const found: { path: Path; message: string; hint: string | undefined }[] = [];
  const report: Report = (path, message, hint) => found.push({ path, message, hint });
  controlRule(["root"], document.root, report);
  endpointRule(["endpoint"], document.endpoint, report);
  for (const [index, endpoint] of (document.endpoints ?? []).entries())
    endpointRule(["endpoints", index], endpoint, report);
  if (document.endpoint !== undefined && document.endpoints !== undefined)
    report(["endpoints"], '"endpoint" and "endpoints" are both given: should be one of them');
  patternRule(["policy", "deny"], document.policy?.deny, report);
  for (const [name, entry] of Object.entries(document.sources ?? {})) {
    carrierRules(["sources", name], entry, report);
    pathRule(["sources", name], { name, entry }, report);
    localDirRule(["sources", name], entry, report);
    for (const [index, fallback] of (entry.fallbacks ?? []).entries())
      carrierRules(["sources", name, "fallbacks", index], fallback, report);
  }
  groupRule(document.sources ?? {}, report);
  const issues = found.slice(0, MOST_ISSUES).map(({ path, message, hint }): Issue => {
    const { line, column, frame } = source.locate(path);
    return { severity: "error", message, line, column, frame, ...(hint !== undefined && { hint }) };
  });
  return [...issues, ...andMore(found.length)];
}

function carrierRules(at: Path, carrier: CarrierDocument, report: Report): void {
  repoRule([...at, "repo"], carrier.repo, report);
  patternRule([...at, "include"], carrier.include, report);
  patternRule([...at, "exclude"], carrier.exclude, report);
  stripRule([...at, "strip"], carrier.strip, report);
  timeRule(at, carrier, report);
  followRule([...at, "follow"], carrier, report);
  dataRule(at, carrier, report);
  const { files, minFiles } = carrier.expect ?? {};
  if (files !== undefined && minFiles !== undefined && minFiles > files) {
    report(
      [...at, "expect", "minFiles"],
      `"minFiles" is ${minFiles}: should be at most "files", which is ${files}`,
    );
  }
}

/** Expectations of data that nothing is known of would refuse every lock. */
function dataRule(at: Path, { expect = {}, facts }: CarrierDocument, report: Report): void {
  const { dropAtMost, min, max } = expect.rows ?? {};
  if (dropAtMost !== undefined && parsePercent(dropAtMost) === undefined)
    report(
      [...at, "expect", "rows", "dropAtMost"],
      `"dropAtMost" is "${printable(dropAtMost)}": should be ${PERCENT_SHAPE}`,
    );
  if (min !== undefined && max !== undefined && min > max)
    report([...at, "expect", "rows", "min"], `"min" is ${min}: should be at most "max", which is ${max}`);
  const needing = DATA_FIELDS.find((field) => expect[field] !== undefined);
  if (needing !== undefined && facts === undefined)
    report(
      [...at, "expect", needing],
      `"${needing}" is judged on what the files say: the source should have facts`,
      "add to the source: facts: parquet, or facts: rows",
    );
}

const DATA_FIELDS = ["rows", "schema", "columns", "languages"] as const;

function repoRule(at: Path, repo: string, report: Report): void {
  if (isRepoId(repo)) return;
  const pasted =
    /(?:^|\/)(?:(datasets|models|spaces)\/)?([\w.-]+\/[\w.-]+?)(?:\/(?:tree|blob|resolve)\/.*)?\/?$/.exec(
      repo.replace(/^https?:\/\/[^/]+/, ""),
    );
  const hint = pasted?.[2] === undefined ? undefined : `did you mean "${pasted[2]}"${typeHint(pasted[1])}?`;
  report(at, `"repo" is "${printable(repo)}": should be owner/name`, hint);
}

function typeHint(folder: string | undefined): string {
  return folder === undefined || folder === "datasets" ? "" : ` with type: ${folder.slice(0, -1)}`;
}

function patternRule(at: Path, patterns: readonly string[] | undefined, report: Report): void {
  for (const [index, pattern] of (patterns ?? []).entries()) {
    const compiled = compilePattern(pattern);
    if (compiled.kind === "mistake")
      report([...at, index], `pattern "${printable(pattern)}" ${compiled.why}`);
  }
}

function pathRule(at: Path, { name, entry }: { name: string; entry: SourceDocument }, report: Report): void {
  const folder = entry.path ?? name;
  const plain = cleanFolder(folder);
  if (plain === "") return;
  const judged = judgeName(plain);
  if (judged.kind === "ok" || (judged.kind === "unportable" && entry.names === "posix")) return;
  if (entry.path !== undefined)
    report(
      [...at, "path"],
      `"path" is "${printable(folder)}": ${judged.why}; should be a folder below the root`,
    );
  else report(at, `"${printable(name)}" cannot be the source's folder: ${judged.why}`, 'give it a "path"');
}

function stripRule(at: Path, folder: string | undefined, report: Report): void {
  if (folder === undefined) return;
  const plain = cleanFolder(folder);
  const judged = judgeName(plain);
  if (plain === "") report(at, `"strip" is "${printable(folder)}": should name a folder of the repository`);
  else if (judged.kind === "hostile")
    report(at, `"strip" is "${printable(folder)}": ${judged.why}; should be a folder of the repository`);
}

/** `hf download --local-dir` looks for a file under its path in the repository. */
function localDirRule(at: Path, entry: SourceDocument, report: Report): void {
  if (entry["local-dir"] === undefined) return;
  const carriers = [entry, ...(entry.fallbacks ?? [])];
  const which = carriers.findIndex(({ strip = "" }) => cleanFolder(strip) !== "");
  if (which < 0) return;
  const whose = which === 0 ? "this source drops" : `fallback ${which} drops`;
  report(
    [...at, "local-dir"],
    `"local-dir" cannot be with "strip": hf looks for files under their paths in the repository, of which ${whose} the folder "${printable(carriers[which]?.strip ?? "")}"`,
    "leave out one of the two",
  );
}

function timeRule(at: Path, carrier: CarrierDocument, report: Report): void {
  const { "as-of": asOf, "min-age": minAge, revision = "" } = carrier;
  if (asOf !== undefined && parseAsOf(asOf) === undefined) {
    const zoned = parseAsOf(`${asOf}Z`) === undefined ? undefined : `say in which zone, as in "${asOf}Z"`;
    report([...at, "as-of"], `"as-of" is "${printable(asOf)}": should be ${AS_OF_SHAPE}`, zoned);
  }
  if (minAge !== undefined && parseDuration(minAge) === undefined)
    report([...at, "min-age"], `"min-age" is "${printable(minAge)}": should be ${DURATION_SHAPE}`);
  if (parseCommit(revision) === undefined) return;
  for (const field of ["as-of", "min-age"] as const)
    if (carrier[field] !== undefined)
      report(
        [...at, field],
        `"${field}" has nothing to choose from: "revision" is a commit`,
        "drop one of the two",
      );
}

function followRule(at: Path, { follow }: CarrierDocument, report: Report): void {
  if (follow === undefined) return;
  const { ref, grace } = follow;
  if (parseCommit(ref) !== undefined)
    report([...at, "ref"], '"ref" is a commit, which nothing ever is newer than: should be a branch or tag');
  if (parseDuration(grace) === undefined)
    report([...at, "grace"], `"grace" is "${printable(grace)}": should be ${DURATION_SHAPE}`);
}

function controlRule(at: Path, text: string | undefined, report: Report): void {
  if (text !== undefined && /[\u0000-\u001f\u007f-\u009f]/.test(text))
    report(at, `"${at[0]}" holds a control character: should not`);
}

/** `./a/` and `a` are one folder; "" is the root itself. What is absolute stays so, and is refused. */
export function cleanFolder(folder: string): string {
  if (folder.startsWith("/")) return folder;
  const plain = folder.replace(/^(?:\.\/+)+/, "").replace(/\/+$/, "");
  return plain === "." ? "" : plain;
}

function endpointRule(at: Path, endpoint: string | undefined, report: Report): void {
  controlRule(at, endpoint, report);
  if (endpoint === undefined || !/^[a-z][a-z0-9+.-]*:/i.test(endpoint) || isAbsolute(endpoint)) return;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    report(at, `"${at[0]}" is "${printable(endpoint)}": should be an http(s) URL or a folder`);
  } else if (url.username !== "" || url.password !== "") {
    report(at, `"${at[0]}" holds a user name or password: should not; a token belongs into HF_TOKEN`);
  }
}

/** Commands take names of both kinds, so one name may not mean two things. */
function groupRule(sources: Readonly<Record<string, SourceDocument>>, report: Report): void {
  for (const [name, { groups }] of Object.entries(sources)) {
    for (const [index, group] of (groups ?? []).entries()) {
      if (Object.hasOwn(sources, group)) {
        report(
          ["sources", name, "groups", index],
          `group "${printable(group)}" has the name of a source: should be another`,
        );
      }
    }
  }
}
