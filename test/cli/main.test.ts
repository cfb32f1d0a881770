import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../package.json", import.meta.url));

let folder: string;
let server: Server;
let url: string;
let asked: Promise<unknown>;

/** A Hub that takes questions and never answers. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "main-"));
  server = createServer(() => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  asked = once(server, "request");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(join(folder, "tritter.yaml"), "version: 1\nsources:\n  a: { repo: owner/name }\n");
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

function start(...args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: folder };
  return spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
}

async function end(child: ChildProcess): Promise<{ exit: number | null; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const [exit] = await once(child, "close");
  return { exit, stdout, stderr };
}

describe("main", () => {
  it("prints the version before it loads anything else", async () => {
    const { version } = JSON.parse(await readFile(PACKAGE, "utf8"));
    for (const word of ["--version", "-V", "version"]) {
      expect(await end(start(word))).toEqual({ exit: 0, stdout: `${version}\n`, stderr: "" });
    }
    expect(await readFile(MAIN, "utf8")).not.toMatch(/^import\s/m);
  });

  it("ends with the status of what went wrong", async () => {
    expect((await end(start("--help"))).exit).toBe(0);
    expect((await end(start("synk"))).exit).toBe(2);
    const missing = await end(start("sync", "--manifest", "none.yaml"));
    expect(missing).toMatchObject({ exit: 2, stdout: "" });
    expect(missing.stderr).toMatch(/^error\[MANIFEST_MISSING\]: /);
  });

  it("stays quiet where nobody reads on", async () => {
    const child = start("--help");
    child.stdout?.destroy();
    expect(await end(child)).toEqual({ exit: 0, stdout: "", stderr: "" });
  });

  it.skipIf(!existsSync("/dev/full"))("fails where what it prints cannot be written", async () => {
    const full = await open("/dev/full", "w");
    const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", full.fd, "inherit"] });
    const [exit] = await once(child, "close");
    await full.close();
    expect(exit).toBe(12);
  });

  it("stops cleanly on SIGTERM and says how to go on", async () => {
    const child = start("lock", "--endpoint", url);
    const ended = end(child);
    await asked;
    child.kill("SIGTERM");
    const { exit, stderr } = await ended;
    expect(exit).toBe(143);
    expect(stderr).toContain("error[INTERRUPTED]: stopped by SIGTERM");
  });
});
