import { generateKeyPairSync } from "node:crypto";
import { appendFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../cli/disk/node.ts";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { inProcess } from "../support/in-process.ts";
import { isShownAs, readPage, stepsOf } from "../support/pages.ts";
import { makeProject, type Project } from "../support/project.ts";
import { bash, writeTritter } from "../support/shell.ts";
import { hasSshKeygen } from "../support/ssh.ts";
import { readTree, type TemporaryFolder, temporaryFolder } from "../support/trees.ts";

// Keys are PKCS#8, so that little here needs ssh-keygen: cli/signature/signature.test.ts has the two agree.

let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;
let elsewhere: TemporaryFolder;

beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/code");
  repo.commit({ "a.txt": "a", "b.parquet": "bbb" });
  project = await makeProject(hub);
  elsewhere = await temporaryFolder();
  await project.manifest("sources:\n  code: { repo: o/code }");
  for (const name of ["alice", "mallory"]) {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    await writeFile(join(elsewhere.path, name), privateKey.export({ type: "pkcs8", format: "pem" }));
    await writeFile(join(elsewhere.path, `${name}.pub`), publicKey.export({ type: "spki", format: "pem" }));
    const { x = "" } = publicKey.export({ format: "jwk" });
    const blob = Buffer.concat([
      Buffer.from("0000000b7373682d6564323535313900000020", "hex"),
      Buffer.from(x, "base64url"),
    ]);
    lines[name] = `ssh-ed25519 ${blob.toString("base64")}`;
  }
  await allow(`alice@example.com ${lines.alice}`);
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  await elsewhere.remove();
  expect(violations).toEqual([]);
});

const lines: Record<string, string> = {};
const at = (name: string) => join(elsewhere.path, name);
const allow = (...all: string[]) => writeFile(at("allowed"), `${all.join("\n")}\n`);
const sign = (name = "alice") => project.run("sign", "--key", at(name));
const ALLOWED = () => ["--allowed-signers", at("allowed")];
const refusal = (why: string) => ({
  status: 5,
  stderr: expect.stringMatching(`error\\[SIGNATURE_REFUSED\\]: cannot trust ".*tritter.lock": ${why}`),
});

describe("tritter sign and verify", () => {
  it("signs the lock as it is, and says who did", async () => {
    expect(await sign()).toMatchObject({ status: 3, stderr: expect.stringContaining("LOCK_MISSING") });
    await project.run("lock");
    expect(await sign()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^signed tritter.lock by ssh-ed25519 SHA256:\S+: wrote .*tritter\.lock\.sig\n$/,
      ),
    });
    const { mtimeNs } = await stat(`${project.lockFile}.sig`, { bigint: true });
    expect(await sign()).toMatchObject({ status: 0, stdout: expect.stringContaining("says so already") });
    expect((await stat(`${project.lockFile}.sig`, { bigint: true })).mtimeNs).toBe(mtimeNs);
    expect(await project.run("verify", ...ALLOWED())).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^good signature of tritter.lock by alice@example.com, with ssh-ed25519 SHA256:\S+\n$/,
      ),
    });
    const { stdout } = await project.runWith({ TRITTER_ALLOWED_SIGNERS: at("allowed") }, "verify", "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      exit: 0,
      principals: "alice@example.com",
      signer: { type: "ssh-ed25519" },
    });
    expect(await project.run("verify", "--key", at("alice.pub"))).toMatchObject({ status: 0 });
  });

  it("refuses what does not hold, each by what it is", async () => {
    await project.run("lock");
    expect(await project.run("verify", ...ALLOWED())).toMatchObject(refusal("there is no signature"));
    await sign("mallory");
    expect(await project.run("verify", ...ALLOWED())).toMatchObject(
      refusal("it is signed by ssh-ed25519 SHA256:\\S+, a key that is not let in by"),
    );
    expect(await project.run("verify", "--key", at("alice.pub"))).toMatchObject(refusal("it is signed by"));
    await sign();
    for (const [line, why] of [
      [`alice namespaces="git" ${lines.alice}`, "line 1: the key is for git, and not for tritter-lock"],
      [
        `alice valid-before="20200101Z" ${lines.alice}`,
        "line 1: the key was valid until 2020-01-01T00:00:00Z",
      ],
      [`alice cert-authority ${lines.alice}`, "line 1: cert-authority"],
    ] as const) {
      await allow(line);
      const ran = await project.run("verify", ...ALLOWED());
      expect([ran.status, ran.stderr]).toEqual([5, expect.stringContaining(why)]);
    }
    await allow(`alice ${lines.alice}`, `bob ${lines.mallory}`);
    expect(await project.run("verify", ...ALLOWED(), "--signer", "bob")).toMatchObject({ status: 5 });
    expect(await project.run("verify", ...ALLOWED(), "--signer", "alice")).toMatchObject({ status: 0 });
    await appendFile(project.lockFile, " ");
    expect(await project.run("verify", ...ALLOWED())).toMatchObject(
      refusal("its bytes are not the ones that were signed"),
    );
    const text = (await project.read("tritter.lock.sig")).toString();
    await project.write("tritter.lock.sig", text.slice(0, 100));
    expect(await project.run("verify", ...ALLOWED())).toMatchObject(
      refusal('".*tritter.lock.sig" is no signature of SSH'),
    );
    await project.write("tritter.lock.sig", "x".repeat(70_000));
    expect(await project.run("verify", ...ALLOWED())).toMatchObject(
      refusal('".*tritter.lock.sig" has more than 65536 bytes'),
    );
    for (const line of [
      ["verify"],
      ["verify", ...ALLOWED(), "--key", at("alice.pub")],
      ["verify", "--allowed-signers", "none"],
      ["sign", "--key", "tritter.yaml"],
      ["sign"],
    ])
      expect([line, (await project.run(...line)).status]).toEqual([line, 2]);
  });

  it("says that a signature fits no more, once the lock is written anew", async () => {
    await project.run("lock");
    await sign();
    expect((await project.run("lock")).stderr).toBe("");
    repo.commit({ "a.txt": "A" });
    expect((await project.run("update")).stderr).toContain(
      "note: tritter.lock.sig no longer fits the lock: sign it again with tritter sign\n",
    );
  });
});

describe("sync and check --require-signature", () => {
  it("touch no disk and open no socket for a lock that is not to be trusted, with nothing to do as with all", async () => {
    await project.run("lock");
    hub.clearLog();
    const sync = () => project.run("sync", "--require-signature", ...ALLOWED());
    expect(await sync()).toMatchObject({ ...refusal("there is no signature"), stdout: "" });
    await sign("mallory");
    expect(await sync()).toMatchObject({ ...refusal("it is signed by"), stdout: "" });
    expect([hub.log, await stat(project.root).catch(() => "none")]).toEqual([[], "none"]);
    await sign();
    expect(await sync()).toMatchObject({ status: 0 });
    expect(await sync()).toMatchObject({ status: 0, stdout: expect.stringContaining("nothing to do") });
    const state = await project.state();
    hub.clearLog();
    // Nothing is to be done, and a packed receipt says so: the signature counts all the same.
    await sign("mallory");
    expect(await sync()).toMatchObject({ ...refusal("it is signed by"), stdout: "" });
    expect(await project.run("sync", ...ALLOWED(), "--dry-run")).toMatchObject({ status: 5 });
    expect(await project.run("sync")).toMatchObject({ status: 0 });
    const check = await project.run("check", "--json", ...ALLOWED());
    expect([check.status, JSON.parse(check.stdout).problems]).toEqual([
      5,
      [expect.objectContaining({ code: "SIGNATURE_REFUSED" })],
    ]);
    expect(await project.run("check", "--deep", ...ALLOWED())).toMatchObject({
      status: 5,
      stdout: expect.stringContaining("disk equals the lock"),
    });
    await sign();
    expect(await project.run("check", ...ALLOWED())).toMatchObject({ status: 0 });
    expect([hub.log, await project.state()]).toEqual([[], state]);
  });

  it("never write a lock that nobody signed, and tell where the list is the project's own", async () => {
    await project.run("lock");
    await sign();
    await project.manifest("sources:\n  code: { repo: o/code, include: ['*.txt'] }");
    expect(await project.run("sync", ...ALLOWED())).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("LOCK_STALE"),
    });
    expect(await project.run("sync", "--require-signature")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("nothing says whose signature counts"),
    });
    await project.write("signers", `alice ${lines.alice}\n`);
    expect((await project.run("verify", "--allowed-signers", "signers")).stderr).toMatch(
      /^note: ".*signers" is in the project's own folder/,
    );
  });

  it("believe no lock that was put there after its signature was checked", async () => {
    await project.run("lock");
    await sign();
    const disk = nodeDisk();
    let reads = 0;
    const swapping = Object.create(disk, {
      read: {
        value: async (path: string) => {
          const bytes = await disk.read(path);
          if (path !== project.lockFile || ++reads === 1 || bytes === undefined) return bytes;
          return Buffer.concat([bytes, Buffer.from("\n")]);
        },
      },
    });
    const { exit, problems } = await inProcess(project, { disk: swapping }).sync({
      signature: { allowedSigners: at("allowed") },
    });
    expect([exit, problems[0]?.message]).toEqual([
      5,
      expect.stringContaining("it changed since its signature was checked"),
    ]);
    await rm(project.root, { recursive: true, force: true });
  });
});

describe("bundle", () => {
  it("carries the signature, and apply asks for it before anything is written", async () => {
    await project.run("sync");
    const far = await makeProject("https://hub.invalid");
    try {
      const to = (form: string) => join(elsewhere.path, form);
      const apply = (form: string, ...args: string[]) =>
        far.run("bundle", "apply", to(form), "--require-signature", ...ALLOWED(), ...args);
      await project.run("bundle", "create", to("bare.tar"));
      expect(await apply("bare.tar")).toMatchObject({
        status: 5,
        stderr: expect.stringContaining("there is no signature"),
      });
      await sign("mallory");
      await project.run("bundle", "create", to("other.tar"));
      expect(await apply("other.tar")).toMatchObject({
        status: 5,
        stderr: expect.stringContaining("a key that is not let in by"),
      });
      expect(await readTree(far.folder)).toEqual({});
      await sign();
      for (const form of ["good.tar", "good"]) {
        expect(await project.run("bundle", "create", to(form))).toMatchObject({ status: 0 });
        expect(await apply(form)).toMatchObject({ status: 0, stderr: "" });
        expect(await far.read("tritter.lock.sig")).toEqual(await project.read("tritter.lock.sig"));
        expect(await far.run("sync", ...ALLOWED())).toMatchObject({
          status: 0,
          stdout: expect.stringContaining("nothing to do"),
        });
        for (const file of ["tritter.lock", "tritter.lock.sig", "tritter.yaml"])
          await rm(join(far.folder, file));
        await far.wipe();
      }
      expect(await project.run("bundle", "create", to("x.tar"), ...ALLOWED())).toMatchObject({ status: 2 });
      await project.write(
        "tritter.lock",
        `${(await project.lock()).replace('"version": 1', '"version":  1')}`,
      );
      const left = await project.run("bundle", "create", to("loose.tar"));
      expect(left).toMatchObject({
        status: 0,
        stderr: expect.stringContaining('tritter.lock.sig" is left out'),
      });
    } finally {
      await far.remove();
    }
  }, 30_000);
});

const noSsh = !(await hasSshKeygen());

describe.skipIf(noSsh)("docs/signing.md (needs openssh-client)", () => {
  it("does what it says, line by line", async () => {
    const bin = join(elsewhere.path, "bin");
    await writeTritter(join(bin, "tritter"));
    const env = {
      ...project.env,
      HOME: elsewhere.path,
      PATH: `${bin}:${process.env.PATH}`,
      HF_ENDPOINT: hub.url,
      TRITTER_ALLOWED_SIGNERS: at("trust/allowed_signers"),
    };
    let ran = 0;
    for (const step of stepsOf(await readPage("docs/signing.md"))) {
      if (step.kind === "write") await project.write(step.file, step.text);
      if (step.kind !== "run") continue;
      const { status, stdout, stderr } = await bash(step.line, { cwd: project.folder, env });
      expect([step.line, status, stderr]).toEqual([step.line, step.status, expect.any(String)]);
      if (step.output !== undefined)
        expect([step.line, isShownAs(stdout + stderr, step.output), stdout + stderr]).toEqual([
          step.line,
          true,
          stdout + stderr,
        ]);
      ran += 1;
    }
    expect(ran).toBeGreaterThan(9);
  }, 30_000);
});
