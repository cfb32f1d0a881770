import type { Finding } from "../project/doctor/finding.ts";
import type { DoctorResult } from "../project/doctor.ts";
import { formatCount } from "./format.ts";
import type { Paint } from "./paint.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

const STATES = { ok: "ok", warn: "warn", fail: "FAIL", skipped: "-" } as const;
const STATE_WIDTH = 6;
const TOPIC_WIDTH = 10;

/** A line a finding, its next step below it where it is not well, and the sum. */
export function doctorLines({ findings }: DoctorResult, { paint, verbose }: Layout): readonly string[] {
  const told = verbose ? findings : withoutCrowd(findings);
  return [...told.flatMap((finding) => linesOf(finding, paint)), totalLine(findings, paint)];
}

/** Sources that may be had need a line together. */
function withoutCrowd(findings: readonly Finding[]): readonly Finding[] {
  const granted = findings.filter(({ topic, state }) => topic === "access" && state === "ok");
  const [first] = granted;
  if (first === undefined || granted.length === 1) return findings;
  const gated = granted.filter(({ facts }) => facts.gated === "auto" || facts.gated === "manual").length;
  const message = `${formatCount(granted.length, "source")} granted${gated === 0 ? "" : `, ${gated} of them gated`}`;
  const { source: _, ...together } = first;
  return findings.flatMap((finding) => {
    if (finding === first) return [{ ...together, message }];
    return granted.includes(finding) ? [] : [finding];
  });
}

function linesOf(finding: Finding, paint: Paint): readonly string[] {
  const { topic, state, message, hint, source, code, details = [] } = finding;
  const indent = " ".repeat(STATE_WIDTH + TOPIC_WIDTH);
  const [first = "", ...rest] = [...message.split("\n"), ...details.flatMap((line) => line.split("\n"))];
  const whose = source === undefined || first.includes(`"${source}"`) ? "" : `${paint.name(safe(source))}: `;
  const coded = code === undefined ? "" : paint.dim(` [${code}]`);
  return [
    `${stateText(state, paint)}${paint.name(topic.padEnd(TOPIC_WIDTH))}${whose}${safe(first)}${coded}`,
    ...rest.map((line) => `${indent}${safe(line)}`),
    ...(hint === undefined ? [] : [`${indent}${paint.name("next:")} ${safe(hint)}`]),
  ];
}

function stateText(state: Finding["state"], paint: Paint): string {
  const text = STATES[state].padEnd(STATE_WIDTH);
  const paints = { ok: paint.good, warn: paint.warn, fail: paint.bad, skipped: paint.dim };
  return paints[state](text);
}

function totalLine(findings: readonly Finding[], paint: Paint): string {
  const count = (state: Finding["state"]) => findings.filter((finding) => finding.state === state).length;
  const [fails, warns] = [count("fail"), count("warn")];
  const doubts = warns === 0 ? "" : `, ${formatCount(warns, "warning")}`;
  if (fails > 0) return `${paint.bad("tritter sync would fail")}: ${formatCount(fails, "reason")}${doubts}`;
  return `${paint.good("nothing in the way")}${doubts}`;
}
