import type { LoopbackHub } from "./hub/index.ts";
import type { Project } from "./project.ts";

/** Sources by what will be wrong with them. */
const SOURCES = [
  "drifted",
  "dropped",
  "expected",
  "fine",
  "gated",
  "gone",
  "licensed",
  "outdated",
  "relicensed",
  "stale",
] as const;

export type Fault = Exclude<(typeof SOURCES)[number], "fine">;

/** Fills the Hub and syncs a project of these sources, in which nothing is wrong yet. */
export async function syncEverything(hub: LoopbackHub, project: Project): Promise<void> {
  for (const name of SOURCES) {
    const license = name === "licensed" ? "other" : "mit";
    hub.repo(`o/${name}`, { license }).commit({ "a.txt": `${name}\n` });
  }
  await project.manifest(manifestLines([]));
  const { status, stderr } = await project.run("sync");
  if (status !== 0) throw new Error(stderr);
}

/** Makes these things wrong. */
export async function breakProject(
  hub: LoopbackHub,
  project: Project,
  faults: readonly Fault[],
): Promise<void> {
  if (faults.includes("drifted")) await project.write("data/drifted/a.txt", "another\n");
  if (faults.includes("outdated")) hub.repo("o/outdated").commit({ "a.txt": "newer\n" });
  if (faults.includes("relicensed")) hub.repo("o/relicensed").update({ license: "gpl-3.0" });
  if (faults.includes("gated")) hub.repo("o/gated").update({ gated: "auto" });
  if (faults.includes("gone")) {
    const [, pinned = ""] = /"gone": \{[^}]*?"commit": "(\w+)"/.exec(await project.lock()) ?? [];
    hub.repo("o/gone").commit({ "a.txt": "rewritten\n" });
    hub.repo("o/gone").forget(pinned);
  }
  await project.manifest(manifestLines(faults));
}

/** One field a line, so that places can be told apart. */
function manifestLines(faults: readonly Fault[]): string {
  const policy = faults.includes("licensed") ? ["policy:", "  licenses: { allow: [mit] }"] : [];
  const edits: Readonly<Record<string, string>> = {
    ...(faults.includes("expected") && { expected: "    expect: { files: 9 }" }),
    ...(faults.includes("stale") && { stale: '    include: ["*.txt"]' }),
  };
  const sources = SOURCES.filter((name) => name !== "dropped" || !faults.includes(name)).flatMap((name) => [
    `  ${name}:`,
    `    repo: o/${name}`,
    ...(edits[name] === undefined ? [] : [edits[name]]),
  ]);
  return [...policy, "sources:", ...sources].join("\n");
}
