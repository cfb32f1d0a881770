import type { LockedCarrier, Refuge } from "../../schema/lock.ts";
import { timeText } from "../../schema/time.ts";
import type { ListedSource, ListResult } from "../project/list.ts";
import { formatBytes, formatCount, formatNumber, shortCommit } from "./format.ts";
import type { Paint } from "./paint.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";
import { tableLines } from "./table.ts";

/** A table of the sources, and below it what they add up to. */
export function listLines(list: ListResult, layout: Layout): readonly string[] {
  const { sources } = list;
  if (sources.length === 0) return ["no sources"];
  const { paint, width, verbose } = layout;
  const state = (text: string) => (text === "locked" ? paint.good(text) : paint.warn(text));
  const columns = [
    { title: "SOURCE", cells: sources.map((source) => safe(source.name)), least: 12, paint: paint.name },
    { title: "REPOSITORY", cells: sources.map(repository), least: 16, dropped: 2 },
    { title: "COMMIT", cells: sources.map((source) => commit(source, verbose)), dropped: 3 },
    {
      title: "FILES",
      cells: sources.map((source) => formatNumber(source.files)),
      align: "right" as const,
      dropped: 1,
    },
    { title: "SIZE", cells: sources.map((source) => formatBytes(source.bytes)), align: "right" as const },
    { title: "STATE", cells: sources.map((source) => source.state), paint: state },
    {
      title: "GROUPS",
      cells: sources.map((source) => source.groups.map(safe).join(",")),
      least: 8,
      dropped: 5,
    },
    { title: "PATH", cells: sources.map((source) => safe(source.path || ".")), least: 12, dropped: 4 },
  ];
  return [
    ...tableLines(columns, width, paint.dim),
    ...carriedLines(sources, paint),
    totalLine(list),
    ...reportLines(list),
  ];
}

function repository(source: ListedSource): string {
  const type = source.type === "dataset" ? "" : `${source.type}s/`;
  return safe(`${type}${source.repo}@${source.revision}${timeText(source)}`);
}

function carriedLines(sources: readonly ListedSource[], paint: Paint): readonly string[] {
  return sources.flatMap(({ name, carrier, rescued }) =>
    [
      ...(carrier === undefined ? [] : [carriedText(carrier)]),
      ...(rescued === undefined ? [] : [rescuedText(rescued)]),
    ].map((text) => `${paint.name(safe(name))}: ${paint.warn(safe(text))}`),
  );
}

/** `its commit is gone, rescued to dataset o/mirror at abc1234` */
export function rescuedText(rescued: readonly Refuge[]): string {
  const places = rescued.map(({ type, repo, commit }) => `${type} ${repo} at ${shortCommit(commit)}`);
  return `its commit is gone, rescued to ${places.join(", ")}`;
}

/** `from its fallback 1, instead of dataset o/n main, which was gated` */
export function carriedText({ fallback, why, instead }: LockedCarrier): string {
  return `from its fallback ${fallback}, instead of ${instead}, which was ${why}`;
}

function commit(source: ListedSource, verbose: boolean): string {
  if (source.commit === undefined) return "-";
  return verbose ? source.commit : shortCommit(source.commit);
}

function reportLines({ index }: ListResult): readonly string[] {
  return index === undefined ? [] : [`described beside each folder, and in ${safe(index)}`];
}

function totalLine({ sources }: ListResult): string {
  const files = sources.reduce((sum, source) => sum + source.files, 0);
  const bytes = sources.reduce((sum, source) => sum + source.bytes, 0);
  return `${formatCount(sources.length, "source")}, ${formatCount(files, "file")}, ${formatBytes(bytes)}`;
}
