/**
 * Medians of a workload's rows, the peak of their memory, and what tritter takes beside each: `ratio` 2 is twice as
 * long, `cpuRatio` 2 is twice the work for the processor.
 */
export function summarize({ rows, ...workload }) {
  const [tritter] = rows;
  return { ...workload, rows: rows.map((row) => summarizeRow(row, row === tritter ? undefined : tritter)) };
}

function summarizeRow({ name, samples, failed }, tritter) {
  if (failed !== undefined) return { name, failed };
  const comparable = tritter !== undefined && tritter.failed === undefined;
  // Of the turns' own ratios: both had the same neighbours in one turn, and others in the next.
  const beside = (figure) =>
    comparable
      ? median(samples.map((sample, turn) => quotient(tritter.samples[turn][figure], sample[figure])))
      : undefined;
  return {
    name,
    wall: median(samples.map(({ wall }) => wall)),
    cpu: median(samples.map(({ cpu }) => cpu)),
    memory: largest(samples.map(({ memory }) => memory)),
    ratio: beside("wall"),
    cpuRatio: beside("cpu"),
    samples,
  };
}

/** undefined where one is not known, or is less than the clock counts. */
function quotient(a, b) {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

function largest(values) {
  return values.includes(undefined) ? undefined : Math.max(...values);
}

/** undefined where one is not known. */
function median(values) {
  if (values.includes(undefined)) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}
