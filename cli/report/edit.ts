import { basename } from "node:path";
import type { Edited } from "../project/editing.ts";
import { changeLines, patternLines } from "./changes.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** The manifest's patch, what became of the lock, and what was written. */
export async function editLines(edited: Edited, dryRun: boolean, layout: Layout): Promise<readonly string[]> {
  const { before, after, locked, project } = edited;
  const { paint } = layout;
  const { textPatchLines } = await import("./patch.ts");
  const resolution = locked?.resolution;
  return [
    ...textPatchLines(basename(project.manifest.file), { before, after }, paint),
    ...patternLines(resolution?.patterns ?? [], paint),
    ...changeLines(resolution?.changes ?? [], layout),
    ...writtenLines(edited, dryRun),
  ];
}

function writtenLines({ project, wrote, locked }: Edited, dryRun: boolean): readonly string[] {
  const did = dryRun ? "would write" : "wrote";
  const manifest = wrote || dryRun ? [`${did} ${safe(project.manifest.file)}`] : [];
  const lock = locked?.wrote || (dryRun && locked !== undefined) ? [`${did} ${safe(project.lockFile)}`] : [];
  return [...manifest, ...lock];
}
