// What tritter may take, mostly as a multiple of what another takes beside it.

const HF = "hf download";
const MB = 1e6;

const RATIOS = [
  { workload: "version", than: /^node/, most: () => 1.5 },
  { workload: "noop-10", than: /^node/, most: () => 3 },
  { workload: "noop-10k", than: HF, most: () => 1 / 50 },
  { workload: "noop-100k", than: /^git status/, most: () => 3 },
  { workload: "file-1g", than: HF, most: () => 1 },
  { workload: "file-1g", than: /^curl$/, most: (cores) => (cores >= 4 ? 1.4 : 2) },
  { workload: "file-1g", than: /^curl \|/, most: () => 0.8 },
  { workload: "small", than: HF, most: () => 1 / 10 },
  { workload: "small", than: /^curl/, most: () => 3 },
  { workload: "deep-large", than: /^openssl/, most: () => 1 / 0.95 },
  { workload: "deep-small", than: /^openssl/, most: () => 1 / 0.95 },
  { workload: "lock-100k", than: /^curl/, most: () => 1.3 },
  { workload: "diff-100k", than: /^curl/, most: () => 1.3 },
  { workload: "merge-100k", than: /^curl/, most: () => 1.3 },
  { workload: "latency-small-50", than: /at once$/, most: () => 1.5 },
  { workload: "latency-small-200", than: /at once$/, most: () => 1.5 },
  { workload: "capped-large", than: /^16 connections/, most: () => 1 / 0.8 },
  { workload: "slow-server", than: /^64 connections/, most: () => 1 / 0.8 },
];

/** Bytes. A worker a core. */
function mostMemory(workload, cores) {
  return /-100k$|^deep-small$/.test(workload) ? 350 * MB : 200 * MB + cores * 10 * MB;
}

/**
 * How the summaries of workloads stand to the budgets: { workload, what, most, is, unit, holds }; `is` and `holds` are
 * undefined where it was not measured. Budgets of workloads that did not run are left out.
 */
export function judge(summaries, cores) {
  return summaries.flatMap(({ name, rows, skipped }) => {
    const ratios = RATIOS.filter(({ workload }) => workload === name).map(({ than, most }) => {
      const fits = ({ name: other }) => (typeof than === "string" ? other === than : than.test(other));
      const row = [...rows.slice(1), ...skipped].find(fits);
      return verdict(name, { what: `time, than ${row.name}`, unit: "×", most: most(cores), is: row.ratio });
    });
    const { memory } = rows[0];
    return [
      ...ratios,
      verdict(name, { what: "peak memory", unit: "bytes", most: mostMemory(name, cores), is: memory }),
    ];
  });
}

function verdict(workload, { what, unit, most, is }) {
  return { workload, what, unit, most, is, holds: is === undefined ? undefined : is <= most };
}
