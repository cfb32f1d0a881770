import type { DatedCommit, OutdatedResult, OutdatedSource } from "../project/outdated.ts";
import { fileCounts, termsTexts } from "./changes.ts";
import { dataTexts } from "./data.ts";
import { formatAge, formatBytes, formatCount, formatFiles, formatNumber, shortCommit } from "./format.ts";
import { type Paint, paintFor } from "./paint.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";
import { tableLines } from "./table.ts";

/** A table of the sources that update would move, or all where everything is asked for, and what cannot be compared below it. */
export function outdatedLines(result: OutdatedResult, layout: Layout): readonly string[] {
  const { sources, now } = result;
  const { paint, width, verbose } = layout;
  const compared = sources.filter(({ pinned, state }) => pinned !== undefined && state !== "stale");
  const rows = compared.filter(({ state }) => verbose || state !== "current");
  const right = { align: "right" as const };
  const columns = [
    { title: "SOURCE", cells: rows.map(({ name }) => safe(name)), least: 8, paint: paint.name },
    { title: "PINNED", cells: rows.map(({ pinned }) => commitText(pinned, now)) },
    { title: "WANTED", cells: rows.map((row) => wantedText(row, now)), paint: paint.warn },
    { title: "BEHIND", cells: rows.map(behindText), ...right, dropped: 1 },
    {
      title: "FILES",
      cells: rows.map(filesCell),
      dropped: 3,
    },
    {
      title: "FETCH",
      cells: rows.map(({ change }) => (change === undefined ? "" : formatBytes(change.transfer.fetch.bytes))),
      ...right,
      dropped: 2,
    },
  ];
  const table = rows.length === 0 ? [] : tableLines(columns, width, paint.dim);
  const below = sources.flatMap((source) => [
    ...termsLines(source, layout),
    ...dataLines(source, layout),
    ...excused(source, layout),
  ]);
  return [...table, ...below, totalLine(sources, layout)];
}

/** `9fc30b5 (3mo)` */
function commitText(commit: DatedCommit | undefined, now: number): string {
  if (commit === undefined) return "?";
  const age = commit.date === undefined ? "" : ` (${formatAge(now - Date.parse(commit.date))})`;
  return `${shortCommit(commit.commit)}${age}`;
}

function wantedText({ state, wanted }: OutdatedSource, now: number): string {
  return state === "current" || state === "fresh" ? state : commitText(wanted, now);
}

/** `+11 -1 ~1 =1` */
function filesCell({ change }: OutdatedSource): string {
  if (change === undefined) return "";
  return fileCounts(change, { paint: PLAIN, renamed: (count) => `=${count}` }).join(" ");
}

/** Cells are cut before they are painted. */
const PLAIN: Paint = paintFor(false);

function behindText({ history }: OutdatedSource): string {
  switch (history?.kind) {
    case undefined:
    case "unknown":
      return "?";
    case "forward":
      return formatNumber(history.count);
    case "back":
      return `${formatNumber(history.count)} ahead`;
    case "far":
      return `>${formatNumber(history.count)}`;
    case "apart":
      return history.gone ? "gone" : "apart";
    default:
      return history satisfies never;
  }
}

/** What a licence or a gate would become is told here, as update tells it: nobody should learn of it only afterwards. */
function termsLines({ name, change }: OutdatedSource, { paint }: Layout): readonly string[] {
  const { before, after } = change ?? {};
  const texts = before === undefined || after === undefined ? [] : termsTexts(before, after);
  return texts.length === 0 ? [] : [`${paint.name(safe(name))}: ${paint.warn(texts.join(", "))}`];
}

function dataLines({ name, change }: OutdatedSource, layout: Layout): readonly string[] {
  const texts = change?.data === undefined ? [] : dataTexts(change.data, layout);
  return texts.length === 0 ? [] : [`${layout.paint.name(safe(name))}: ${texts.join("; ")}`];
}

function excused({ name, state, minAge }: OutdatedSource, { paint }: Layout): readonly string[] {
  const why: Readonly<Partial<Record<OutdatedSource["state"], string>>> = {
    stale: "not compared: the manifest names another repository or revision by now (tritter lock)",
    unlocked: "not compared: not in the lock yet (tritter lock)",
    fresh: `stays: the pin is not ${minAge} old yet, and what is older is older than the pin`,
  };
  return why[state] === undefined ? [] : [`${paint.name(safe(name))}: ${why[state]}`];
}

function totalLine(sources: readonly OutdatedSource[], { paint }: Layout): string {
  const moving = sources.filter(({ state }) => state === "outdated");
  const unknown = sources.filter(({ state }) => state === "unknown").length;
  const all = formatCount(sources.length, "source");
  const doubt = unknown === 0 ? "" : `, ${formatNumber(unknown)} not known`;
  if (moving.length === 0) return unknown === 0 ? `${paint.good("up to date")}: ${all}` : `${all}${doubt}`;
  const fetch = moving.reduce(
    (sum, { change }) => ({
      files: sum.files + (change?.transfer.fetch.files ?? 0),
      bytes: sum.bytes + (change?.transfer.fetch.bytes ?? 0),
    }),
    { files: 0, bytes: 0 },
  );
  return `${formatNumber(moving.length)} of ${all} outdated${doubt}; to fetch: ${formatFiles(fetch)}`;
}
