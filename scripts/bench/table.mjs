/** Lines of text for one summary. */
export function tableOf({ name, title, rows, skipped }) {
  const width = Math.max(24, ...rows.map((row) => row.name.length));
  const head = line(width, ["", "median", "from … to", "CPU", "memory", "tritter takes", "of CPU"]);
  return [
    `${name}: ${title}`,
    head,
    ...rows.map((row) =>
      row.failed === undefined ? line(width, cellsOf(row)) : `  ${row.name}: failed: ${row.failed}`,
    ),
    ...skipped.map((other) => `  ${other.name}: skipped, ${other.why}`),
    "",
  ];
}

function cellsOf({ name, wall, cpu, memory, ratio, cpuRatio, samples }) {
  const walls = samples.map((sample) => sample.wall);
  const spread = `${time(Math.min(...walls))} … ${time(Math.max(...walls))}`;
  return [
    name,
    time(wall),
    spread,
    cpu === undefined ? "" : time(cpu),
    size(memory),
    multiple(ratio),
    multiple(cpuRatio),
  ];
}

export function budgetLines(verdicts) {
  return verdicts.map(({ workload, what, unit, most, is, holds }) => {
    const show = unit === "bytes" ? size : multiple;
    const said = holds === undefined ? "not measured" : holds ? "holds" : "MISSED";
    return `  ${said.padEnd(12)}  ${workload.padEnd(17)}  ${what}: ${is === undefined ? "?" : show(is)}, at most ${show(most)}`;
  });
}

export function budgetsOf(verdicts, name) {
  return verdicts.filter(({ workload }) => workload === name);
}

const WIDTHS = [9, 19, 9, 9, 15, 9];

function line(width, [first, ...cells]) {
  const right = cells.map((cell, index) => cell.padStart(WIDTHS[index]));
  return `  ${first.padEnd(width)}${right.join("")}`.trimEnd();
}

export function time(seconds) {
  return seconds < 0.995
    ? `${Math.round(seconds * 1000)} ms`
    : `${seconds.toFixed(seconds < 9.95 ? 2 : 1)} s`;
}

export function size(bytes) {
  return bytes === undefined ? "" : `${Math.round(bytes / 1e6)} MB`;
}

export function multiple(ratio) {
  return ratio === undefined ? "" : `${ratio < 0.0995 ? ratio.toFixed(3) : ratio.toFixed(2)} ×`;
}
