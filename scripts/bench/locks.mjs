// Who compares and merges locks: of two sources, each half of a repository, of which each side moved one.

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publish } from "./site.mjs";

/** The three locks of a merge, and the folder of the project they are of; `make` makes them. */
export function locksOf(context) {
  const own = join(context.folder, "locks");
  const named = (name) => join(own, `${name}.lock`);
  const [base, ours, theirs, merged] = ["base", "ours", "theirs", "merged"].map(named);
  const lock = join(own, "tritter.lock");
  const { node, tritter, env, run } = context;
  let made;
  const make = async () => {
    await mkdir(own, { recursive: true });
    await writeFile(join(own, "tritter.yaml"), manifestOf(context));
    publish(context.site, context.repo, context);
    await run([node, tritter, "lock"], { cwd: own, env });
    await copyFile(lock, base);
    publish(context.site, context.repo, context.next);
    for (const [source, side] of [
      ["even", ours],
      ["odd", theirs],
    ]) {
      await copyFile(base, lock);
      await run([node, tritter, "update", source], { cwd: own, env });
      await copyFile(lock, side);
    }
    await copyFile(ours, lock);
  };
  return {
    own,
    base,
    ours,
    theirs,
    merged,
    make: () => {
      made ??= make();
      return made;
    },
  };
}

/** Folders of a thousand files each, by turns. */
function manifestOf({ url, repo }) {
  const source = (name, digits) =>
    `  ${name}: { repo: ${repo}, include: ["data/*${digits}/**"], path: ${name} }\n`;
  const sources = `${source("even", "[02468]")}${source("odd", "[13579]")}`;
  return `version: 1\nname: bench\nroot: data\nendpoint: ${url}\nsources:\n${sources}`;
}

export function tritterCompares({ node, tritter, env }, { own, base, make }) {
  return {
    name: "tritter diff --from --patch",
    tools: [],
    command: { argv: [node, tritter, "diff", "--from", base, "--patch"], cwd: own, env },
    prepare: make,
  };
}

export function gitCompares({ tools, env }, { own, base, ours, make }) {
  const line = '"$1" diff --no-index -- "$2" "$3" > /dev/null; [ $? = 1 ]';
  return {
    name: "git diff --no-index",
    tools: ["git"],
    command: { argv: ["sh", "-c", line, "sh", tools.git.path, base, ours], cwd: own, env },
    prepare: make,
  };
}

export function tritterMerges({ node, tritter, env }, { own, base, ours, theirs, merged, make }) {
  return {
    name: "tritter git-merge",
    tools: [],
    command: { argv: [node, tritter, "git-merge", base, merged, theirs], cwd: own, env },
    prepare: make,
    before: () => copyFile(ours, merged),
  };
}

/** Line by line, knowing nothing of locks. */
export function gitMerges({ tools, env }, { own, base, ours, theirs, merged, make }) {
  return {
    name: "git merge-file",
    tools: ["git"],
    command: { argv: [tools.git.path, "merge-file", merged, base, theirs], cwd: own, env },
    prepare: make,
    before: () => copyFile(ours, merged),
  };
}
