import type { LockedSource } from "../../schema/lock.ts";
import { timeText } from "../../schema/time.ts";
import type { SourceChange } from "../resolve/changes.ts";
import type { History } from "../resolve/history.ts";
import type { PatternCount } from "../resolve/select.ts";
import { dataTexts } from "./data.ts";
import { formatBytes, formatCount, formatFiles, formatNumber, shortCommit } from "./format.ts";
import { rescuedText } from "./list.ts";
import { distanceText, moveLines } from "./moves.ts";
import type { Paint } from "./paint.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** `starcoder-rust: pin moved 9fc30b5..def5678, 40 commits, files +1 -2 ~3, 18.9 GB (+1.2 GB)`, and below it what that means. */
export function changeLines(changes: readonly SourceChange[], layout: Layout): readonly string[] {
  const { paint } = layout;
  return changes.flatMap((change) => [
    `${paint.name(safe(change.source))}: ${changeText(change, paint)}`,
    ...dataLines(change, layout),
    ...moveLines(change, layout),
  ]);
}

/** `  + rust/*.parquet: 9 files, 2.9 GB` below the name of its source, `-` for what is excluded. */
export function patternLines(patterns: readonly PatternCount[], paint: Paint): readonly string[] {
  const lines: string[] = [];
  let source: string | undefined;
  for (const pattern of patterns) {
    if (pattern.source !== source) lines.push(`${paint.name(safe(pattern.source))} selects`);
    source = pattern.source;
    const sign = pattern.kind === "include" ? paint.good("+") : paint.bad("-");
    lines.push(`  ${sign} ${safe(pattern.pattern)}: ${formatFiles(pattern)}`);
  }
  return lines;
}

function dataLines({ data }: SourceChange, layout: Layout): readonly string[] {
  return data === undefined ? [] : dataTexts(data, layout).map((text) => `  ${text}`);
}

export function bytesOf(source: LockedSource | undefined): number {
  return (source?.files ?? []).reduce((sum, file) => sum + file.size, 0);
}

/** `pin moved 9fc30b5 → def5678, files +1 -2 ~3, 18.9 GB (+1.2 GB)` */
export function changeText(change: SourceChange, paint: Paint): string {
  const { before, after } = change;
  if (after === undefined) return `${paint.bad("dropped")}, ${sizeText(before)}`;
  if (before === undefined) return `${paint.good("added")} at ${pinText(after)}, ${sizeText(after)}`;
  const renamed = change.from === undefined ? [] : [`renamed from ${safe(change.from)}`];
  return [
    ...renamed,
    ...identityTexts(before, after),
    ...pinTexts(before, after, change.history),
    ...termsTexts(before, after),
    ...placementTexts(before, after),
    filesText(change, paint),
  ]
    .filter((text) => text !== "")
    .join(", ");
}

function identityTexts(before: LockedSource, after: LockedSource): readonly string[] {
  const texts: string[] = [];
  if (before.repo !== after.repo || before.type !== after.type) {
    texts.push(`now ${after.type} ${safe(after.repo)} instead of ${before.type} ${safe(before.repo)}`);
  }
  if (before.revision !== after.revision) {
    texts.push(`revision ${safe(before.revision)} → ${safe(after.revision)}`);
  }
  const [was, is] = [timeText(before).trim(), timeText(after).trim()];
  if (was !== is) texts.push(`${was || "any time"} → ${is || "any time"}`);
  if (before.carrier?.fallback !== after.carrier?.fallback) texts.push(carrierText(after));
  return texts;
}

function pinTexts(
  before: LockedSource,
  after: LockedSource,
  history: History | undefined,
): readonly string[] {
  if (before.commit === after.commit) return [];
  const range = `${shortCommit(before.commit)}..${shortCommit(after.commit)}`;
  return [`pin moved ${range}`, distanceText(history)];
}

/** `licence mit → other`, `gated open → auto` */
export function termsTexts(before: LockedSource, after: LockedSource): readonly string[] {
  const texts: string[] = [];
  if (before.licenses.join() !== after.licenses.join())
    texts.push(`licence ${licenseText(before)} → ${licenseText(after)}`);
  return [...texts, ...gateTexts(before, after)];
}

function gateTexts(before: LockedSource, after: LockedSource): readonly string[] {
  const [old, now] = [before, after].map(({ gated }) => gated || "open");
  if (old !== now) return [`gated ${old} → ${now}`];
  return before.gate === after.gate || before.gate === undefined ? [] : ["another text at the gate"];
}

function carrierText(after: LockedSource): string {
  if (after.carrier === undefined) return "no longer from a fallback";
  return `from fallback ${after.carrier.fallback} (${safe(after.carrier.why)})`;
}

function placementTexts(before: LockedSource, after: LockedSource): readonly string[] {
  const texts: string[] = [];
  if (JSON.stringify(before.rescued) !== JSON.stringify(after.rescued)) texts.push(rescueText(after));
  if (before.path !== after.path) texts.push(`moved from "${safe(before.path)}" to "${safe(after.path)}"`);
  if (before.strip !== after.strip)
    texts.push(`strips "${safe(after.strip)}" instead of "${safe(before.strip)}"`);
  return texts;
}

function rescueText({ rescued }: LockedSource): string {
  return rescued === undefined ? "from its own commit" : rescuedText(rescued);
}

/** `+1`, `-2`, `~3`: files added, removed and changed, then those renamed as `renamed` says it; those of which there are some. */
export function fileCounts(
  { files: { added, removed, changed, renamed: moved } }: SourceChange,
  { paint, renamed }: { paint: Paint; renamed: (count: string) => string },
): readonly string[] {
  return [
    ...(added.length > 0 ? [paint.good(`+${formatNumber(added.length)}`)] : []),
    ...(removed.length > 0 ? [paint.bad(`-${formatNumber(removed.length)}`)] : []),
    ...(changed.length > 0 ? [paint.warn(`~${formatNumber(changed.length)}`)] : []),
    ...(moved.length > 0 ? [renamed(formatNumber(moved.length))] : []),
  ];
}

function filesText(change: SourceChange, paint: Paint): string {
  const counts = fileCounts(change, { paint, renamed: (count) => `${count} renamed` });
  if (counts.length === 0) return "same files";
  const after = bytesOf(change.after);
  const grown = after - bytesOf(change.before);
  const by = grown === 0 ? "" : ` (${grown > 0 ? "+" : "-"}${formatBytes(Math.abs(grown))})`;
  return `files ${counts.join(" ")}, ${formatBytes(after)}${by}`;
}

function pinText(source: LockedSource): string {
  const carried = source.carrier === undefined ? "" : `, ${carrierText(source)}`;
  return `${shortCommit(source.commit)} (${safe(source.repo)} at ${safe(source.revision)}${carried})`;
}

function sizeText(source: LockedSource | undefined): string {
  return `${formatCount(source?.files.length ?? 0, "file")}, ${formatBytes(bytesOf(source))}`;
}

function licenseText(source: LockedSource): string {
  return source.licenses.length === 0 ? "unknown" : source.licenses.map(safe).join("+");
}
