import type { GeneratedPath, WantedPath, WhyResult } from "../project/why.ts";
import { formatBytes } from "./format.ts";
import { safe } from "./safe.ts";
import { padEnd } from "./width.ts";

/** Who wants a path and why, who placed it, and what is there, one `name  value` a line. */
export function whyLines(result: WhyResult): readonly string[] {
  const facts = [
    ["path", result.path],
    ...wantedFacts(result),
    ["placed", placedText(result)],
    ["disk", DISK[result.disk]],
  ] as const;
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${padEnd(name, width)}  ${safe(value)}`);
}

const DISK: Readonly<Record<WhyResult["disk"], string>> = {
  same: "what the lock wants",
  differs: "another content",
  missing: "nothing there",
  "not-a-file": "not a file",
};

function wantedFacts({ wanted, generated }: WhyResult): readonly (readonly [string, string])[] {
  if (generated !== undefined) return generatedFacts(generated);
  if (wanted === undefined) return [["wanted", "by no source of the lock"]];
  const fallback = wanted.fallback === undefined ? "" : `, fallback ${wanted.fallback}`;
  return [
    ["source", `${wanted.source}${fallback}`],
    ["repository", `${wanted.type} ${wanted.repo} at ${wanted.revision}`],
    ["commit", wanted.commit],
    ["file there", wanted.remote],
    ...refugeFacts(wanted),
    ["selected by", wanted.pattern ?? "everything is included"],
    ...contentFacts(wanted),
  ];
}

function generatedFacts(generated: GeneratedPath): readonly (readonly [string, string])[] {
  return [
    ["describes", generated.source === undefined ? "all sources" : `source ${generated.source}`],
    ["made from", "lock and facts, since the manifest has reports: beside"],
    ...contentFacts(generated),
  ];
}

function contentFacts({ size, digest }: Pick<GeneratedPath, "size" | "digest">) {
  return [
    ["size", `${formatBytes(size)} (${size} bytes)`],
    ["digest", digest],
  ] as const;
}

function refugeFacts({ refuge }: WantedPath): readonly (readonly [string, string])[] {
  if (refuge === undefined) return [];
  const { type, repo, commit, path } = refuge;
  return [["rescued to", `${path} of ${type} ${repo} at ${commit}`]];
}

function placedText({ placed, others }: WhyResult): string {
  const shared = others.length === 0 ? "" : `, also by ${others.join(", ")}`;
  if (placed === undefined) return others.length === 0 ? "not by tritter" : `by ${others.join(", ")}`;
  if (placed.origin === "adopted") return `adopted: it was there before${shared}`;
  if (placed.origin === "generated") return `written by tritter${shared}`;
  return `fetched for ${placed.source}${shared}`;
}
