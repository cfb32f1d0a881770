import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { readEnvironment } from "../../../cli/hub/environment.ts";
import { isLoopback, readToken, tokenAllowedAt } from "../../../cli/hub/token.ts";
import { failure, tempFolder } from "./support.ts";

describe("tokenAllowedAt()", () => {
  it.each([
    ["https://huggingface.co", {}, "yes"],
    ["http://huggingface.co", {}, "host"],
    ["https://huggingface.co.evil.example", {}, "host"],
    ["https://cdn.huggingface.co", {}, "host"],
    ["https://huggingface.co:8443", {}, "host"],
    ["https://m.example", {}, "host"],
    ["https://m.example", { endpoints: ["https://m.example/hf"] }, "yes"],
    ["https://m.example", { endpoints: ["https://m.example:443"] }, "yes"],
    ["https://m.example", { endpoints: ["https://m.example:8443"] }, "host"],
    ["https://m.example", { endpoints: ["http://m.example"] }, "host"],
    ["http://m.example", { endpoints: ["http://m.example"] }, "plain"],
    ["https://m.example", { hosts: ["m.example"] }, "yes"],
    ["https://m.example:8443", { hosts: ["m.example"] }, "host"],
    ["https://m.example:8443", { hosts: ["m.example:8443"] }, "yes"],
    ["http://m.example", { hosts: ["m.example"] }, "plain"],
    ["https://sub.m.example", { hosts: ["m.example"] }, "host"],
    ["http://127.0.0.1:9", {}, "yes"],
    ["http://127.9.9.9", {}, "yes"],
    ["http://[::1]:9", {}, "yes"],
    ["http://localhost:9", {}, "yes"],
    ["http://localhost.evil.example", {}, "host"],
    ["http://127.0.0.1.evil.example", {}, "host"],
    ["https://m.example", { endpoints: ["no url", undefined], hosts: ["///"] }, "host"],
  ] as const)("of %s with %j is %s", (origin, trust, expected) => {
    expect(tokenAllowedAt(origin, { endpoints: [], hosts: [], ...trust })).toBe(expected);
  });
});

describe("isLoopback()", () => {
  it.each([["0.0.0.0"], ["128.0.0.1"], ["127.0.0.1.example"], ["example"]])("denies %s", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe("readToken()", () => {
  const trust = { endpoints: [], hosts: [] };
  const disk = nodeDisk();
  const read = (env: Record<string, string>, origin = "https://huggingface.co") =>
    readToken(origin, readEnvironment(env), { disk, trust });

  it("reads the file of HF_HOME, stripped", async () => {
    const home = await tempFolder();
    await writeFile(join(home, "token"), " hf_file\r\n");
    expect(await read({ HF_HOME: home })).toEqual({ kind: "sent", value: "hf_file" });
    expect(await read({ HF_HOME: home, HF_TOKEN: "own" })).toEqual({ kind: "sent", value: "own" });
  });

  it("reads the file of HF_TOKEN_PATH, though it be a link", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "secret"), "tok\n");
    await symlink(join(folder, "secret"), join(folder, "link"));
    expect(await read({ HF_TOKEN_PATH: join(folder, "link") })).toEqual({ kind: "sent", value: "tok" });
  });

  it("finds none without file, in an empty file, and where it is forbidden", async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, "token"), "\n");
    expect(await read({ HF_HOME: folder })).toEqual({ kind: "none" });
    expect(await read({ HF_TOKEN_PATH: join(folder, "absent") })).toEqual({ kind: "none" });
    expect(await read({ HF_TOKEN: "x", HF_HUB_DISABLE_IMPLICIT_TOKEN: "TRUE" })).toEqual({ kind: "none" });
  });

  it("withholds it from others, and from plain http", async () => {
    expect(await read({ HF_TOKEN: "x" }, "https://m.example")).toEqual({ kind: "withheld", why: "host" });
    const plain = readToken("http://m.example", readEnvironment({ HF_TOKEN: "x" }), {
      disk,
      trust: { ...trust, hosts: ["m.example"] },
    });
    expect(await plain).toEqual({ kind: "withheld", why: "plain" });
  });

  it("refuses one that cannot be a header, without repeating it", async () => {
    const problem = await failure(() => read({ HF_TOKEN: "sec ret" }));
    expect(problem.code).toBe("ACCESS_BAD_TOKEN");
    expect(JSON.stringify(problem)).not.toContain("sec ret");
  });
});
