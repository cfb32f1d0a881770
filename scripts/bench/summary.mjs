/** Medians of a workload's rows, the peak of their memory, and what tritter takes beside each: `ratio` 2 is twice as long. */
export function summarize({ rows, ...workload }) {
  const [tritter] = rows;
  return { ...workload, rows: rows.map((row) => summarizeRow(row, row === tritter ? undefined : tritter)) };
}

function summarizeRow({ name, samples, failed }, tritter) {
  if (failed !== undefined) return { name, failed };
  const comparable = tritter !== undefined && tritter.failed === undefined;
  return {
    name,
    wall: median(samples.map(({ wall }) => wall)),
    cpu: median(samples.map(({ cpu }) => cpu)),
    memory: largest(samples.map(({ memory }) => memory)),
    // Of the turns' own ratios: both had the same neighbours in one turn, and others in the next.
    ratio: comparable
      ? median(samples.map(({ wall }, turn) => tritter.samples[turn].wall / wall))
      : undefined,
    samples,
  };
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
