// Who runs in a workload: { name, tools, command } and, where needed, `prepare` (once), `before` and `after` (each
// time, not measured). `after` throws where the work was not done.

import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

export function nodeItself({ node, folder, env }) {
  return { name: "node -e 0", tools: [], command: { argv: [node, "-e", "0"], cwd: folder, env } };
}

/** A folder of its own with a manifest in it, and the program to run there. */
export function tritterIn(context, args = ["sync"]) {
  const own = join(context.folder, "tritter");
  return {
    name: `tritter ${args.join(" ")}`,
    tools: [],
    own,
    data: join(own, "data", "all"),
    command: { argv: [context.node, context.tritter, ...args], cwd: own, env: context.env },
  };
}

export async function writeManifest({ url, repo }, own) {
  await mkdir(own, { recursive: true });
  const manifest = `version: 1\nname: bench\nroot: data\nendpoint: ${url}\nsources:\n  all:\n    repo: ${repo}\n`;
  await writeFile(join(own, "tritter.yaml"), manifest);
}

/** Locked, synced, and synced once more, since a file as young as the receipt is read again. */
export async function synced(context, { own, data }) {
  const { node, tritter, env, files } = context;
  await writeManifest(context, own);
  await context.run([node, tritter, "sync"], { cwd: own, env });
  await context.run([node, tritter, "sync"], { cwd: own, env });
  await allThere(data, files);
}

/** From an empty folder with a manifest, to files that are there, verified. */
export function tritterFetches(context, args) {
  const contender = tritterIn(context, args);
  const { own, data } = contender;
  return {
    ...contender,
    before: async () => {
      await remove(own);
      await writeManifest(context, own);
    },
    after: async () => {
      await allThere(data, context.files);
      await remove(own);
    },
  };
}

export function hfIn(context) {
  const own = join(context.folder, "hf");
  const data = join(own, "data");
  const { tools, env, url, repo } = context;
  return {
    name: "hf download",
    tools: ["hf"],
    own,
    data,
    command: {
      argv: [tools.hf.path, "download", repo, "--repo-type", "dataset", "--local-dir", data],
      cwd: own,
      env: {
        ...env,
        HF_ENDPOINT: url,
        HF_HOME: join(own, "home"),
        HF_HUB_DISABLE_XET: "1",
        HF_HUB_DISABLE_TELEMETRY: "1",
        HF_HUB_DISABLE_UPDATE_CHECK: "1",
        HF_HUB_DISABLE_PROGRESS_BARS: "1",
      },
    },
  };
}

export function hfFetches(context) {
  return fetches(context, hfIn(context));
}

/** One file by one connection, nothing verified. */
export function curlFetches(context) {
  const [file] = context.files;
  return fetches(context, {
    ...inFolder(context, "curl"),
    name: "curl",
    tools: ["curl"],
    argv: (data) => [context.tools.curl.path, "-sSfL", "-o", join(data, file.path), urlOf(context, file)],
  });
}

/** The shell's way to verify what comes without reading it again. */
export function curlTeeFetches(context) {
  const [file] = context.files;
  const { curl, tee, openssl } = context.tools;
  const line = '"$1" -sSfL "$2" | "$3" "$4" | "$5" dgst -sha256';
  return fetches(context, {
    ...inFolder(context, "curl-tee"),
    name: "curl | tee | openssl dgst",
    tools: ["curl", "tee", "openssl"],
    argv: (data) => [
      ...["sh", "-c", line, "sh"],
      ...[curl.path, urlOf(context, file), tee.path, join(data, file.path), openssl.path],
    ],
  });
}

/** Many at once, from a list of URLs that a lock would hold; nothing verified. */
export function curlManyFetches(context) {
  const { own, data } = inFolder(context, "curl");
  return fetches(context, {
    own,
    data,
    name: "curl -Z --parallel-max 16",
    tools: ["curl"],
    list: (file) => `url = "${urlOf(context, file)}"\noutput = "${join(data, file.path)}"\n`,
    argv: () => [
      ...[context.tools.curl.path, "-sSf", "-Z", "-L", "--parallel-max", "16"],
      ...["-K", join(own, "list")],
    ],
  });
}

export function aria2Fetches(context) {
  const { own, data } = inFolder(context, "aria2");
  return fetches(context, {
    own,
    data,
    name: "aria2c -x4 -j16",
    tools: ["aria2c"],
    list: (file) => `${urlOf(context, file)}\n out=${file.path}\n`,
    argv: () => [
      ...[context.tools.aria2c.path, "--no-conf", "-q", "-x4", "-s4", "-j16"],
      ...["-d", data, "-i", join(own, "list")],
    ],
  });
}

export function rcloneFetches(context) {
  const [file] = context.files;
  const { own, data } = inFolder(context, "rclone");
  return fetches(context, {
    own,
    data,
    name: "rclone copyurl",
    tools: ["rclone"],
    argv: () => [
      ...[context.tools.rclone.path, "--config", join(own, "rclone.conf")],
      ...["copyurl", urlOf(context, file), join(data, file.path)],
    ],
  });
}

/** The pages one after the other over one connection, every URL known beforehand. */
export function curlWalks(context, pages) {
  const { own } = inFolder(context, "curl");
  const first = `${context.url}/api/datasets/${context.repo}/tree/${context.commit}?recursive=true&expand=false&limit=1000`;
  return {
    name: "curl, page after page",
    tools: ["curl"],
    command: {
      argv: [context.tools.curl.path, "-sSf", "-K", join(own, "list")],
      cwd: own,
      env: context.env,
    },
    prepare: async () => {
      await mkdir(own, { recursive: true });
      const lines = Array.from({ length: pages }, (_, page) => {
        const url = page === 0 ? first : `${first}&cursor=${page}`;
        return `url = "${url}"\noutput = "${join(own, `${page}.json`)}"\n`;
      });
      await writeFile(join(own, "list"), lines.join(""));
    },
    after: async () => {
      const walked = (await readdir(own)).filter((name) => name.endsWith(".json"));
      if (walked.length !== pages) throw new Error(`${walked.length} pages came, and there are ${pages}`);
    },
  };
}

export function gitStatus(context, { data }) {
  const { tools, env, folder } = context;
  const gitDir = join(folder, "git");
  const git = [tools.git.path, `--git-dir=${gitDir}`, `--work-tree=${data}`];
  const own = { ...env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  const status = [...git, "status", "--porcelain"];
  return {
    name: "git status",
    tools: ["git"],
    command: { argv: status, cwd: data, env: own },
    prepare: async () => {
      await context.run([tools.git.path, "init", "-q", "--bare", gitDir], { cwd: folder, env: own });
      await context.run([...git, "config", "core.bare", "false"], { cwd: folder, env: own });
      // In one pack, as a clone has them: loose objects would be a second tree of as many files.
      await context.run([...git, "-c", "core.bigFileThreshold=1", "add", "-A"], { cwd: data, env: own });
      await context.run(status, { cwd: data, env: own });
    },
  };
}

/** Fed to as many processes as there are cores, in batches that keep all of them busy to the end. */
export function opensslHashes(context, { data }) {
  const { tools, folder, files, cores, env } = context;
  const list = join(folder, "list");
  const batch = Math.max(1, Math.min(2000, Math.floor(files.length / (4 * cores))));
  const line = '"$1" -0 -P "$2" -n "$3" "$4" dgst -sha256 < "$5"';
  return {
    name: `openssl dgst, xargs -P ${cores}`,
    tools: ["openssl", "xargs"],
    command: {
      argv: ["sh", "-c", line, "sh", tools.xargs.path, `${cores}`, `${batch}`, tools.openssl.path, list],
      cwd: data,
      env,
    },
    prepare: () => writeFile(list, files.map(({ path }) => `${path}\0`).join("")),
  };
}

function inFolder({ folder }, name) {
  return { own: join(folder, name), data: join(folder, name, "data") };
}

/** A contender that begins with nothing but a list of what to fetch, and leaves nothing. */
function fetches(context, { own, data, argv, list, ...contender }) {
  return {
    command: { argv: argv?.(data), cwd: own, env: context.env },
    ...contender,
    before: async () => {
      await remove(own);
      const folders = new Set(context.files.map(({ path }) => join(data, path, "..")));
      for (const folder of folders) await mkdir(folder, { recursive: true });
      if (list !== undefined) await writeFile(join(own, "list"), context.files.map(list).join(""));
    },
    after: async () => {
      await allThere(data, context.files);
      await remove(own);
    },
  };
}

export async function remove(folder) {
  await rm(folder, { recursive: true, force: true });
}

function urlOf({ url, repo, commit }, { path }) {
  return `${url}/datasets/${repo}/resolve/${commit}/${path}`;
}

export async function allThere(data, files) {
  for (const { path, size } of files) {
    const found = await stat(join(data, path)).catch(() => undefined);
    if (found?.size !== size) throw new Error(`${path} has ${found?.size ?? "no"} bytes instead of ${size}`);
  }
}
