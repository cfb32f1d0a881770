import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** What is measured against, served by and measured with, and how each tells its version. */
const TOOLS = {
  hf: ["--version"],
  curl: ["--version"],
  aria2c: ["--version"],
  rclone: ["--version"],
  git: ["--version"],
  openssl: ["version"],
  xargs: ["--version"],
  tee: ["--version"],
  nginx: ["-v"],
  time: ["--version"],
};

/** Name → { path, version }, or { why } where it cannot be used. `named`: paths that the person gave. */
export async function findTools(named, env) {
  const found = await Promise.all(
    Object.entries(TOOLS).map(async ([name, args]) => [name, await findTool(name, args, { named, env })]),
  );
  return Object.fromEntries(found);
}

async function findTool(name, args, { named, env }) {
  const path = named[name] === undefined ? await onPath(name, env) : resolve(named[name]);
  if (path === undefined) return { why: `${name} is not on the PATH` };
  try {
    const { stdout, stderr } = await exec(path, args, { env, timeout: 60_000 });
    // GNU's alone tells memory; the others know no --version.
    if (name === "time") await exec(path, ["-f", "%M", "true"], { env });
    return { path, version: /\d+(\.\d+)+\w*/.exec(`${stdout}${stderr}`)?.[0] ?? "" };
  } catch (error) {
    if (named[name] !== undefined) throw new Error(`cannot run "${path}": ${error.message.trim()}`);
    return { why: `${path} does not run: ${error.message.trim().split("\n")[0]}` };
  }
}

async function onPath(name, env) {
  // Where Debian keeps servers, which is on the PATH of root alone.
  const folders = [...(env.PATH ?? "").split(delimiter), "/usr/sbin"].filter((folder) => folder !== "");
  for (const folder of folders) {
    const path = join(folder, name);
    const there = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}
