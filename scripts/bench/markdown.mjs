import { budgetsOf, multiple, size, time } from "./table.mjs";

/** The page's part that was measured: what on, and a row for each whom tritter was timed beside. */
export function markdownOf(summaries, { machine, runs, quick, verdicts }) {
  const rows = summaries.flatMap((summary) => rowsOf(summary, verdicts));
  const memory = summaries.map((summary) => memoryRow(summary, verdicts)).filter((row) => row !== undefined);
  return [
    `${machineText(machine)}. ${runs === 1 ? "One run" : `Medians of ${runs} runs`}${quick ? ", a tenth of the work" : ""}.`,
    "",
    ...tableOf(["workload", "beside", "tritter", "it", "ratio", "at most", "CPU ratio"], rows),
    "",
    ...tableOf(["workload", "peak memory", "at most"], memory),
  ];
}

function rowsOf({ name, rows, skipped }, verdicts) {
  const [tritter, ...others] = rows;
  const budgets = budgetsOf(verdicts, name);
  const measured = others.map(({ name: other, wall, ratio, cpuRatio, failed }) => {
    if (tritter.failed !== undefined || failed !== undefined) return [name, other, "failed", "", "", "", ""];
    const budget = budgets.find(({ what }) => what === `time, than ${other}`);
    const most = budget === undefined ? "" : multiple(budget.most);
    return [
      name,
      other,
      time(tritter.wall),
      time(wall),
      flagged(multiple(ratio), budget),
      most,
      multiple(cpuRatio),
    ];
  });
  return [...measured, ...skipped.map(({ name: other }) => [name, other, "", "not there", "", "", ""])];
}

function memoryRow({ name, rows: [{ memory }] }, verdicts) {
  if (memory === undefined) return undefined;
  const budget = budgetsOf(verdicts, name).find(({ what }) => what === "peak memory");
  return [name, flagged(size(memory), budget), size(budget?.most)];
}

function flagged(text, budget) {
  return budget?.holds === false ? `**${text}**` : text;
}

function tableOf(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map((_, at) => (at < 2 ? "---" : "--:"))), ...rows.map(line)];
}

/** A kind of machine, not which one. */
function machineText({ cpu, cores, memory, fileSystem, platform, node, tools }) {
  const there = Object.entries(tools).filter(([, { version }]) => version !== undefined && version !== "");
  const versions = there.map(([name, { version }]) => `${name} ${version}`).join(", ");
  const gib = Math.round(memory / 1024 ** 3);
  return `${cpu}, ${cores} cores, ${gib} GiB of memory, files on ${fileSystem}, ${platform}, node ${node}; ${versions}`;
}
