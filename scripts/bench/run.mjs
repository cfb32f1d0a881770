import { mkdir, rm } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { startHub } from "./hub.mjs";
import { measure, run } from "./measure.mjs";
import { addCommit, publish, sizeOnDisk, totalSize } from "./site.mjs";

/**
 * Runs one workload and returns { name, title, server, rows, skipped }. Rows: { name, samples } or { name, failed };
 * skipped: { name, why }. `settings`: { place, scale, runs, server, tools, env, node, tritter, signal, say }.
 */
export async function runWorkload(workload, settings) {
  const { place, scale, tools, signal, say } = settings;
  const folder = join(place, workload.name);
  await mkdir(folder);
  say(`${workload.name}: preparing`);
  let hub;
  try {
    const repo = `bench/${workload.name}`;
    const site = join(folder, "site");
    const made = workload.plan && (await makeSite(site, { repo, workload, scale, signal }));
    const nginx = serverOf(workload, settings) === "nginx" ? tools.nginx.path : undefined;
    hub = made && (await startHub({ ...made, nginx, site, scratch: join(folder, "nginx"), signal }));
    const context = {
      ...settings,
      ...made,
      site,
      repo,
      folder,
      url: hub?.url,
      tally: hub?.tally,
      cores: availableParallelism(),
      run: (argv, { cwd, env }) => run(argv, { cwd, env, signal }),
    };
    const all = workload.contenders(context).map((contender) => ({ ...contender, samples: [] }));
    const skipped = all.flatMap(({ name, tools: needs }) => missing(name, needs, tools));
    const contenders = all.filter(({ name }) => !skipped.some((other) => other.name === name));
    await measureAll(contenders, { ...settings, workload, folder });
    return {
      name: workload.name,
      title: workload.title(scale),
      server: hub && serverOf(workload, settings),
      rows: contenders.map(({ name, samples, failed }) => ({ name, samples, failed })),
      skipped,
    };
  } finally {
    await hub?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Bytes of disk that a workload takes at most: the files twice, and what clients and git note about each. */
export function roomFor({ plan, onlyListing }, scale) {
  const files = plan?.(scale) ?? [];
  return (
    256 * 1024 ** 2 + (onlyListing ? 0 : sizeOnDisk(files) + totalSize(files) + files.length * 16 * 1024)
  );
}

function serverOf({ distance }, { server, tools }) {
  return server === "node" || distance !== undefined || tools.nginx.path === undefined ? "node" : "nginx";
}

async function makeSite(site, { repo, workload, scale, signal }) {
  const made = await addCommit(site, {
    repo,
    plan: workload.plan(scale),
    bytes: !workload.onlyListing,
    signal,
  });
  const next =
    workload.next &&
    (await addCommit(site, {
      repo,
      plan: workload.next(scale),
      bytes: !workload.onlyListing,
      earlier: made,
      signal,
    }));
  publish(site, repo, made);
  const listings = [made, ...(next === undefined ? [] : [next])];
  return {
    ...made,
    next,
    pageCounts: Object.fromEntries(listings.map(({ commit, pages }) => [commit, pages])),
    distance: workload.distance,
  };
}

function missing(name, needs, tools) {
  const why = needs.filter((tool) => tools[tool].path === undefined).map((tool) => tools[tool].why);
  return why.length === 0 ? [] : [{ name, why: why.join("; ") }];
}

/** By turns, and another first each time, so that what else the machine does hits all alike. */
async function measureAll(contenders, { workload, folder, runs, tools, signal, say }) {
  const options = {
    timer: tools.time.path,
    report: join(folder, "time"),
    repeat: workload.repeat,
    signal,
  };
  const attempt = async (contender, act) => {
    if (contender.failed !== undefined) return;
    try {
      await act();
    } catch (error) {
      signal.throwIfAborted();
      contender.failed = error.message;
    }
  };
  for (const contender of contenders) await attempt(contender, async () => contender.prepare?.());
  for (let turn = 0; turn < runs; turn++) {
    for (const at of contenders.keys()) {
      const contender = contenders[(at + turn) % contenders.length];
      await attempt(contender, async () => {
        await contender.before?.();
        say(`${workload.name}: ${contender.name}, ${turn + 1} of ${runs}`);
        const sample =
          contender.least === undefined ? await measure(contender.command, options) : contender.least;
        await contender.after?.();
        contender.samples.push(sample);
      });
    }
  }
}
