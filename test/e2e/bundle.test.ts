import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { appendFile, cp, mkdir, readFile, rm, symlink, unlink, utimes, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileHead } from "../../cli/bundle/tar-write.ts";
import { runHere } from "../support/here.ts";
import { type LoopbackHub, startHub, type Tree } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";
import { hfClient } from "../support/python.ts";
import { readTree, type TemporaryFolder, temporaryFolder } from "../support/trees.ts";

const exec = promisify(execFile);
const hf = await hfClient();

/** Another server than any: what asks it has asked too much. */
const NOWHERE = "http://127.0.0.1:9";

const LONG_NAME = `b/${"long/".repeat(30)}näme.txt`;
const ONE: Tree = {
  "a/one.parquet": { size: 5_000, seed: 1 },
  "a/large.parquet": { size: 9 * 1024 * 1024 + 77, seed: 2 },
  "a/twin.parquet": { size: 5_000, seed: 1 },
  "b/empty.txt": "",
  [LONG_NAME]: "a long way down\n",
  "README.md": "---\nlicense: mit\n---\n",
};
const TWO: Tree = { ...ONE, "a/one.parquet": { size: 5_500, seed: 3 }, "b/new.txt": "new\n" };
const SOURCES =
  "sources:\n  code: { repo: o/code }\n  some: { repo: o/code, include: ['a/one*'], groups: [few] }";

let hub: LoopbackHub;
let home: Project;
let away: Project;
let stick: TemporaryFolder;

beforeEach(async () => {
  hub = await startHub();
  hub.repo("o/code").commit(ONE);
  home = await makeProject(hub);
  await home.manifest(SOURCES);
  away = await makeProject(NOWHERE, { HF_ENDPOINT: NOWHERE });
  stick = await temporaryFolder();
  await at(home, "sync");
  hub.clearLog();
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await Promise.all([home.remove(), away.remove(), stick.remove()]);
  await hub.close();
});

/** Runs and expects a status. */
async function at(project: Project, ...line: (string | number)[]) {
  const wanted = line.find((word) => typeof word === "number") ?? 0;
  const ran = await runHere(
    project,
    line.filter((word) => typeof word === "string"),
  );
  expect(ran, `tritter ${line.join(" ")}\n${ran.stdout}${ran.stderr}`).toMatchObject({ status: wanted });
  return ran;
}

/** Digests, since bytes of megabytes are nothing to show where they differ. */
async function contents(project: Project): Promise<Record<string, string>> {
  const files = Object.entries(await project.tree());
  return Object.fromEntries(
    files.map(([path, bytes]) => [path, hash("sha256", Buffer.from(bytes, "latin1"))]),
  );
}

const digestsIn = async (folder: string) =>
  Object.fromEntries(
    Object.entries(await readTree(folder)).map(([path, bytes]) => [path, hash("sha256", bytes)]),
  );

const put = (name: string) => join(stick.path, name);

/** Both sides hold the same, the far one believes it, proves it, and nobody was asked. */
async function expectSame(): Promise<void> {
  expect(await contents(away)).toEqual(await contents(home));
  expect(await away.lock()).toBe(await home.lock());
  expect((await at(away, "sync", "--locked")).stdout).toContain("nothing to do");
  await at(away, "check", "--deep");
  expect(await away.state()).not.toContainEqual(expect.stringContaining("store/"));
  expect(hub.log).toEqual([]);
}

/** Upstream moves and home follows; what the lock was before stands in `sent.lock`. */
async function moveOn(): Promise<void> {
  await cp(home.lockFile, join(home.folder, "sent.lock"));
  hub.repo("o/code").commit(TWO);
  await at(home, "update");
  await at(home, "sync");
  hub.clearLog();
}

describe("a bundle", () => {
  it.each(["folder", "whole.tar"])("as %s makes another project the same, with no network", async (form) => {
    const made = await at(home, "bundle", "create", put(form));
    expect(made.stdout).toMatch(/^bundled 6 files, 9.4 MB into .*\nit is sha256:[0-9a-f]{64}\n$/);
    const applied = await at(away, "bundle", "apply", put(form));
    expect(applied.stdout).toContain(
      `wrote ${join(away.folder, "tritter.yaml")}\nwrote ${away.lockFile}\nsynced 7 files`,
    );
    await expectSame();
    const again = await at(away, "bundle", "apply", put(form));
    expect(again.stdout).toContain("nothing to do");
  });

  it("is the same bytes for the same lock, through a pipe too, and as a tar what it is as a folder", async () => {
    await at(home, "bundle", "create", put("one.tar"));
    await at(home, "bundle", "create", put("folder"));
    const { output, stderr, stdout } = await at(home, "bundle", "create", "-");
    expect([stdout, stderr]).toEqual([
      "",
      expect.stringContaining("bundled 6 files, 9.4 MB into standard output"),
    ]);
    expect(output.equals(await readFile(put("one.tar")))).toBe(true);
    await mkdir(put("unpacked"));
    await exec("tar", ["-xf", put("one.tar"), "-C", put("unpacked")]);
    expect(await digestsIn(put("unpacked"))).toEqual(await digestsIn(put("folder")));
    await at(away, "bundle", "apply", put("unpacked"));
    await expectSame();
  });

  it("goes through a pipe from program to program", async () => {
    const main = join(import.meta.dirname, "../../dist/main.js");
    const line = `"${process.execPath}" "${main}" bundle create - | (cd "${away.folder}" && "${process.execPath}" "${main}" bundle apply -)`;
    await exec("/bin/sh", ["-c", line], { cwd: home.folder, env: { ...home.env } });
    await expectSame();
    const broken = `"${process.execPath}" "${main}" bundle create - | head -c 3000 > /dev/null; exit \${PIPESTATUS[0]}`;
    const ran = await exec("bash", ["-c", broken], { cwd: home.folder, env: { ...home.env } }).catch(
      (error) => error,
    );
    expect([ran.code, ran.stderr]).toEqual([
      12,
      expect.stringContaining("whoever read it has stopped (EPIPE)"),
    ]);
  }, 120_000);

  it("holds the sources that were named, and a sync of those is what applies it", async () => {
    await at(home, "bundle", "create", put("few.tar"), "few");
    await at(away, "bundle", "apply", put("few.tar"));
    expect(Object.keys(await away.tree())).toEqual(["some/a/one.parquet"]);
  });

  it("takes a digest that two paths want once, and from whichever still has it", async () => {
    await writeFile(join(home.root, "code/a/one.parquet"), Buffer.alloc(5_000));
    await unlink(join(home.root, "some/a/one.parquet"));
    await at(home, "bundle", "create", put("folder"));
    const tree = await digestsIn(put("folder"));
    const [one, twin] = ["one", "twin"].map(
      (name) => Object.entries(tree).find(([path]) => path.endsWith(`a/${name}.parquet`))?.[1],
    );
    expect(one).toEqual(twin);
  });

  it("is written on: what is there and proved stays, what is wrong is written anew, what is foreign is named", async () => {
    await at(home, "bundle", "create", put("folder"));
    const before = await digestsIn(put("folder"));
    const [first = "", second = ""] = ["large.parquet", "README.md"].map((name) =>
      Object.keys(before).find((path) => path.endsWith(name)),
    );
    await unlink(join(put("folder"), first));
    await writeFile(join(put("folder"), second), "wrong bytes");
    await unlink(put("folder/tritter-bundle.json"));
    expect((await at(home, "bundle", "create", put("folder"))).stdout).toMatch(/: 4 there already/);
    expect(await digestsIn(put("folder"))).toEqual(before);
    await writeFile(put("folder/mine.txt"), "mine");
    const { stderr } = await at(home, "bundle", "create", put("folder"), 4);
    expect(stderr).toContain('"mine.txt" there is no part of the bundle');
    await moveOn();
    const other = await at(home, "bundle", "create", put("folder"), 2);
    expect(other.stderr).toContain("it holds another bundle");
  });

  it.each(["folder", "bad.tar"])(
    "as %s is refused where the tree is not what the lock says, with every path",
    async (form) => {
      await unlink(join(home.root, "code/b/empty.txt"));
      await appendFile(join(home.root, "code/README.md"), "more");
      await unlink(join(home.root, "code/a/large.parquet"));
      await symlink("/etc/hostname", join(home.root, "code/a/large.parquet"));
      const { stderr } = await at(home, "bundle", "create", put(form), 4);
      expect(stderr.match(/^error\[\w+\]: .*/gm)).toEqual([
        expect.stringMatching(/DRIFT.*"code\/README.md": it has 25 bytes, the lock says 21/),
        expect.stringMatching(/DRIFT.*"code\/a\/large.parquet": a symlink is there/),
        expect.stringMatching(/DRIFT.*"code\/b\/empty.txt": it is not there/),
      ]);
      expect(await readTree(stick.path)).toEqual({});
    },
  );

  it.each(["folder", "bad.tar"])("as %s believes no time stamp", async (form) => {
    const files = ["code/README.md", `code/${LONG_NAME}`].map((path) => join(home.root, path));
    for (const file of files) {
      const bytes = await readFile(file);
      bytes[3]! ^= 1;
      const old = new Date(Date.now() - 1_000);
      await writeFile(file, bytes);
      await utimes(file, old, old);
    }
    const { stderr } = await at(home, "bundle", "create", put(form), 5);
    expect(stderr.match(/error\[DIGEST_MISMATCH\]: cannot bundle/g)).toHaveLength(2);
    expect(Object.keys(await readTree(stick.path))).not.toContainEqual(
      expect.stringMatching(/tar|bundle.json|README/),
    );
  });

  it("is refused for a lock that is stale, missing, or not allowed", async () => {
    await home.manifest(`${SOURCES}\n  more: { repo: o/more }`);
    await at(home, "bundle", "create", put("x"), 3);
    await home.manifest(`policy: { licenses: { allow: [apache-2.0] } }\n${SOURCES}`);
    await at(home, "bundle", "create", put("x"), 9);
    await home.unlock();
    await at(home, "bundle", "create", put("x"), 3);
    expect(await readTree(stick.path)).toEqual({});
  });

  it.skipIf("skip" in hf)("is a cache that hf reads offline", async () => {
    const python = join((hf as { hf: string }).hf, "../python");
    await at(home, "bundle", "create", put("folder"));
    const script =
      "from huggingface_hub import snapshot_download, hf_hub_download\n" +
      "print(snapshot_download('o/code', repo_type='dataset', local_files_only=True))\n" +
      "print(hf_hub_download('o/code', 'README.md', repo_type='dataset'))";
    const env = {
      PATH: process.env.PATH,
      HF_HUB_CACHE: put("folder"),
      HF_HOME: put("hf"),
      HF_HUB_OFFLINE: "1",
    };
    const { stdout } = await exec(python, ["-c", script], { env });
    const [snapshot = "", readme = ""] = stdout.trim().split("\n");
    const code = Object.entries(await contents(home)).filter(([path]) => path.startsWith("code/"));
    const read = Object.entries(await digestsIn(snapshot)).map(([path, digest]) => [`code/${path}`, digest]);
    expect(Object.fromEntries(read)).toEqual(Object.fromEntries(code));
    expect(readme).toBe(join(snapshot, "README.md"));
  });

  it("is a Hub for tritter too: whole repositories can be locked anew from it, parts cannot", async () => {
    await at(home, "bundle", "create", put("folder"));
    await away.write("tritter.yaml", `version: 1\nsources:\n  code: { repo: o/code, include: ["b/**"] }\n`);
    await at(away, "sync", "--endpoint", put("folder"));
    expect(Object.keys(await away.tree())).toHaveLength(2);
    await at(home, "bundle", "create", put("part"), "some");
    await away.unlock();
    await at(away, "lock", "--endpoint", put("part"), 7);
  });
});

describe("a bundle of what is new since a lock", () => {
  beforeEach(moveOn);

  it.each(["folder", "new.tar"])("as %s brings a tree from there to here", async (form) => {
    await cp(join(home.folder, "tritter.yaml"), join(away.folder, "tritter.yaml"));
    await cp(join(home.folder, "sent.lock"), away.lockFile);
    await at(away, "sync", "--locked", "--endpoint", hub.url);
    hub.clearLog();
    const made = await at(home, "bundle", "create", put(form), "--since", "sent.lock");
    expect(made.stdout).toMatch(/bundled 2 files, 5.5 kB into .*: 5 left out/);
    await at(away, "bundle", "apply", put(form));
    await expectSame();
  });

  it.each(["folder", "new.tar"])(
    "as %s says what lacks where the old blobs are not, after doing the rest",
    async (form) => {
      await at(home, "bundle", "create", put(form), "--since", "sent.lock");
      // By programs of their own, so that what they leave is a dead writer's.
      const { stderr, status } = await away.run("bundle", "apply", put(form));
      expect(status).toBe(7);
      expect(stderr).toMatch(
        /error\[BUNDLE_INCOMPLETE\]: cannot end at the lock: neither the bundle ".*" nor this disk has 4 files of it/,
      );
      expect(stderr).toContain("\n  code/README.md\n");
      expect(stderr).toMatch(/hint: the bundle leaves out what the lock sha256:[0-9a-f]{64} has/);
      const here = await away.tree();
      expect(Object.keys(here)).toEqual([
        "code/a/one.parquet",
        "code/b/empty.txt",
        "code/b/new.txt",
        "some/a/one.parquet",
      ]);
      const told = JSON.parse((await away.run("bundle", "apply", put(form), "--json")).stdout);
      expect(told.missing).toEqual(Object.keys(await home.tree()).filter((path) => !(path in here)));
      await at(home, "bundle", "create", put("whole.tar"));
      await at(away, "bundle", "apply", put("whole.tar"));
      await expectSame();
    },
  );

  it("is refused for a lock that is not there", async () => {
    await at(home, "bundle", "create", put("x"), "--since", "no.lock", 2);
  });
});

describe("the documents of a bundle", () => {
  beforeEach(async () => void (await at(home, "bundle", "create", put("b.tar"))));

  it("leave a manifest be that asks for the same, with a root of its own", async () => {
    await away.write("tritter.yaml", `version: 1\nroot: elsewhere\n${SOURCES}\n`);
    const { stderr } = await at(away, "bundle", "apply", put("b.tar"));
    expect(stderr).toContain("stays as it is: it asks for what the bundle's lock has");
    expect(Object.keys(await readTree(join(away.folder, "elsewhere/code")))).toHaveLength(6);
  });

  it("take the place of others only by force, and those are kept", async () => {
    const mine = "version: 1\nsources:\n  mine: { repo: o/mine }\n";
    await away.write("tritter.yaml", mine);
    const { stderr } = await at(away, "bundle", "apply", put("b.tar"), 4);
    expect(stderr).toContain("mine: is not in the lock");
    expect(await away.tree()).toEqual({});
    await away.write("data/code/README.md", "mine too");
    await at(away, "bundle", "apply", put("b.tar"), "--force");
    await expectSame();
    expect((await away.read("tritter.yaml.before")).toString()).toBe(mine);
    expect(await away.trash()).toEqual(["mine too"]);
  });

  it("do not say where to write, outside of where they are", async () => {
    await home.write("tritter.yaml", `version: 1\nname: test\nroot: "\${WHERE:-../other}"\n${SOURCES}\n`);
    await rm(home.root, { recursive: true });
    await runHere(home, ["sync"], { env: { WHERE: "data", HF_ENDPOINT: hub.url } });
    hub.clearLog();
    const made = await runHere(home, ["bundle", "create", put("far.tar")], { env: { WHERE: "data" } });
    expect(made.status).toBe(0);
    const { stderr } = await at(away, "bundle", "apply", put("far.tar"), 4);
    expect(stderr).toMatch(/its manifest puts files into ".*other", outside of/);
    expect(await readTree(away.folder)).toEqual({});
  });
});

describe("wrong bytes in a bundle", () => {
  /** Another byte in README.md, wherever it is. */
  async function damage(form: string): Promise<void> {
    const file = form === "folder" ? await inFolder("README.md") : put(form);
    const bytes = await readFile(file);
    bytes[bytes.indexOf("license: mit")]! ^= 1;
    await writeFile(file, bytes);
  }

  async function inFolder(name: string): Promise<string> {
    const path = Object.keys(await readTree(put("folder"))).find((one) => one.endsWith(name)) ?? "";
    return join(put("folder"), path);
  }

  it.each(["folder", "b.tar"])("as %s are named, and everything else is done", async (form) => {
    await at(home, "bundle", "create", put(form));
    await damage(form);
    const { stderr } = await at(away, "bundle", "apply", put(form), 5);
    expect(stderr.match(/error\[\w+\].*/g)).toEqual([expect.stringMatching(/DIGEST_MISMATCH.*README\.md"/)]);
    expect(Object.keys(await away.tree())).toHaveLength(6);
    await rm(put(form), { recursive: true });
    await at(home, "bundle", "create", put(form));
    await at(away, "bundle", "apply", put(form));
    await expectSame();
  });

  it("are those of another length too, and files that are gone are missing", async () => {
    await at(home, "bundle", "create", put("folder"));
    await appendFile(await inFolder("README.md"), "more");
    await unlink(await inFolder("large.parquet"));
    const { stderr } = await at(away, "bundle", "apply", put("folder"), 5);
    expect(stderr).toMatch(/DIGEST_MISMATCH.*README\.md.*its size is not what the lock says/);
    expect(stderr).toMatch(/BUNDLE_INCOMPLETE.* has one file of it/);
    expect(Object.keys(await away.tree())).toHaveLength(5);
  });

  it("in a document end it before anything is written", async () => {
    await at(home, "bundle", "create", put("folder"));
    await appendFile(put("folder/tritter.lock"), " ");
    const { stderr } = await at(away, "bundle", "apply", put("folder"), 5);
    expect(stderr).toContain('cannot use "tritter.lock" of the bundle');
    expect(await readTree(away.folder)).toEqual({});
  });
});

describe("any part of a bundle", () => {
  /** Small, so that a part is tried in a blink; two paths want one content. */
  const FEW: Tree = { "a.txt": "one\n", "b/b.txt": "one\n", "c.bin": { size: 3_000, seed: 5 }, "d.txt": "" };
  type Fate = "whole" | "gone" | "cut" | "longer" | "changed" | "folder" | "link";
  const FATES: readonly Fate[] = [
    "whole",
    "whole",
    "whole",
    "gone",
    "cut",
    "longer",
    "changed",
    "folder",
    "link",
  ];
  let parts: readonly { readonly path: string; readonly bytes: Buffer }[];
  let all: Record<string, string>;
  let lock: string;

  beforeEach(async () => {
    hub.repo("o/few").commit(FEW);
    await home.manifest("sources:\n  few: { repo: o/few }");
    await home.unlock();
    await at(home, "sync", "--prune");
    await at(home, "bundle", "create", put("few"));
    await at(home, "bundle", "create", put("few.tar"));
    [all, lock] = [await contents(home), await home.lock()];
    const files = Object.entries(await readTree(put("few")));
    parts = files.map(([path, bytes]) => ({ path, bytes })).filter(({ bytes }) => bytes.length > 0);
    expect(parts.length).toBeGreaterThan(4);
    hub.clearLog();
  });

  /** Whatever was handed over: no wrong byte, no word of the whole where something lacks, and the whole bundle ends right after it. */
  async function expectHonest({ status }: { status: number }): Promise<void> {
    const tree = await contents(away);
    expect(Object.entries(tree).filter(([path, bytes]) => all[path] !== bytes)).toEqual([]);
    const isWhole = Object.keys(tree).length === Object.keys(all).length;
    if (status === 0) expect(isWhole).toBe(true);
    else expect([2, 5, 7, 12]).toContain(status);
    const written = await away.lock().catch(() => lock);
    expect(written).toBe(lock);
    await at(away, "bundle", "apply", put("few"));
    expect(await contents(away)).toEqual(all);
    expect((await at(away, "sync", "--locked")).stdout).toContain("nothing to do");
    expect(hub.log).toEqual([]);
    await Promise.all([away.wipe(), away.unlock(), rm(join(away.folder, "tritter.yaml"), { force: true })]);
  }

  async function meet(file: string, fate: Fate, bytes: Buffer): Promise<void> {
    await rm(file);
    const other = Buffer.from(bytes);
    other[other.length >> 1]! ^= 1;
    if (fate === "folder") await mkdir(file);
    else if (fate === "link") await symlink(join(home.folder, "tritter.yaml"), file);
    else if (fate === "cut") await writeFile(file, bytes.subarray(0, bytes.length - 1));
    else if (fate === "longer") await writeFile(file, Buffer.concat([bytes, Buffer.from("x")]));
    else if (fate === "changed") await writeFile(file, other);
  }

  it("as a folder, files being gone or damaged in any way, is applied as far as it goes", async () => {
    const fates = fc.array(fc.constantFrom(...FATES), { minLength: parts.length, maxLength: parts.length });
    await fc.assert(
      fc.asyncProperty(fates, async (drawn) => {
        await rm(put("part"), { recursive: true, force: true });
        await cp(put("few"), put("part"), { recursive: true });
        for (const [index, { path, bytes }] of parts.entries()) {
          const fate = drawn[index] ?? "whole";
          if (fate !== "whole") await meet(join(put("part"), path), fate, bytes);
        }
        await expectHonest(await runHere(away, ["bundle", "apply", put("part")]));
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it("as a folder, with exactly these blobs: each subset places what it holds, and says what lacks", async () => {
    const blobs = parts.filter(({ path }) => /\/(?:snapshots|blobs)\//.test(path));
    expect(blobs.map(({ path }) => path)).toHaveLength(3);
    for (let subset = 0; subset < 2 ** blobs.length; subset++) {
      await rm(put("part"), { recursive: true, force: true });
      await cp(put("few"), put("part"), { recursive: true });
      const gone = blobs.filter((_, index) => ((subset >> index) & 1) === 0);
      for (const { path } of gone) await unlink(join(put("part"), path));
      const ran = await runHere(away, ["bundle", "apply", put("part")]);
      // Of twins, either is enough.
      const kept = blobs.filter((blob) => !gone.includes(blob));
      const lacks = gone.some(({ bytes }) => !kept.some((blob) => blob.bytes.equals(bytes)));
      expect(ran.status).toBe(lacks ? 7 : 0);
      await expectHonest(ran);
    }
  }, 60_000);

  it("as a tar with bytes changed anywhere, from a file or a pipe, is applied as far as it goes", async () => {
    const whole = await readFile(put("few.tar"));
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(damage, fc.boolean(), async (bits, piped) => {
        const input = Buffer.from(whole);
        for (const [at, mask] of bits) input[at]! ^= mask;
        await writeFile(put("part.tar"), input);
        await expectHonest(
          await runHere(away, ["bundle", "apply", piped ? "-" : put("part.tar")], { input }),
        );
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe("a tar that is cut", () => {
  it("gives what it holds, and goes on where the cut was", async () => {
    await at(home, "bundle", "create", put("b.tar"));
    const whole = await readFile(put("b.tar"));
    const middle = whole.length / 2;
    await writeFile(put("half.tar"), whole.subarray(0, middle));
    const { stderr, status } = await away.run("bundle", "apply", put("half.tar"));
    expect(status).toBe(7);
    expect(stderr).toMatch(/cannot read the bundle ".*" to its end: it is cut short\n {2}\d files still/);
    // One segment of the large file at least outlived it.
    expect(await away.state()).toContainEqual(expect.stringMatching(/store\/.*\/partial\/.*\/data$/));
    const ran = await runHere(away, ["bundle", "apply", "-"], { input: whole });
    expect(ran).toMatchObject({ status: 0 });
    await expectSame();
  });

  it("anywhere, never does harm and never passes for the whole", async () => {
    await unlink(join(home.root, "code/a/large.parquet"));
    hub.repo("o/code").commit({ ...ONE, "a/large.parquet": { size: 70_000, seed: 4 } });
    await at(home, "update");
    await at(home, "sync");
    await at(home, "bundle", "create", put("b.tar"));
    const whole = await readFile(put("b.tar"));
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length }), fc.boolean(), async (length, piped) => {
        const input = whole.subarray(0, length);
        await writeFile(put("cut.tar"), input);
        const { status } = await runHere(away, ["bundle", "apply", piped ? "-" : put("cut.tar")], { input });
        const [tree, all] = [await contents(away), await contents(home)];
        expect(Object.entries(tree).filter(([path, bytes]) => all[path] !== bytes)).toEqual([]);
        expect(status).toBe(Object.keys(tree).length === Object.keys(all).length ? 0 : 7);
        if (status === 0) await Promise.all([away.wipe(), away.unlock()]);
      }),
      { numRuns: 12 },
    );
  });

  it("is fetched on by curl -C -, since the same lock is the same bytes", async () => {
    await at(home, "bundle", "create", put("b.tar"));
    const whole = await readFile(put("b.tar"));
    const server = serving(async () => (await runHere(home, ["bundle", "create", "-"])).output);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await writeFile(put("got.tar"), whole.subarray(0, 4_000_000));
      expect(await away.run("bundle", "apply", put("got.tar"))).toMatchObject({ status: 7 });
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/b.tar`;
      await exec("curl", ["-sS", "-C", "-", "-o", put("got.tar"), url]);
      expect((await readFile(put("got.tar"))).equals(whole)).toBe(true);
    } finally {
      server.close();
    }
    await at(away, "bundle", "apply", put("got.tar"));
    await expectSame();
  });

  /** Makes the tar anew for each request, and answers with the range of it that is asked for. */
  function serving(make: () => Promise<Buffer>): Server {
    return createServer(async (request, response) => {
      const bytes = await make();
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
      response.writeHead(start > 0 ? 206 : 200, start > 0 ? range : {}).end(bytes.subarray(start));
    });
  }
});

describe("the tar", () => {
  it("holds sizes beyond 8 GiB and names beyond 100 bytes as other programs read them", async () => {
    const size = 9 * 1024 ** 3;
    const path = `${"deep/".repeat(40)}ä.parquet`;
    const head = fileHead({ path, size });
    await writeFile(put("huge.tar"), head);
    await exec("truncate", ["-s", String(head.length + size + 1024), put("huge.tar")]);
    const { stdout } = await exec("tar", ["--quoting-style=literal", "-tvf", put("huge.tar")], {
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    });
    expect(stdout).toContain(`${size} 1970-01-01 00:00 ${path}`);
  });
});
