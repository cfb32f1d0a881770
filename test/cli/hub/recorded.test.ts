import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseRateLimit } from "../../../cli/hub/gate.ts";
import { licensesOf } from "../../../cli/hub/info.ts";
import { pointerOid } from "../../../cli/hub/pointer.ts";
import type { Commit } from "../../../schema/ids.ts";
import { failure, listAll, openTestHub } from "./support.ts";

// Answers of the real Hub, kept beside the project and not in it.
const FOLDER = fileURLToPath(new URL("../../../../shared/reference/recorded/", import.meta.url));
const absent = !existsSync(FOLDER);

interface Recorded {
  readonly request: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function recorded(name: string): Recorded {
  return JSON.parse(readFileSync(`${FOLDER}${name}.json`, "utf8"));
}

async function replay(name: string, settings: { token?: boolean } = {}) {
  const { status = 200, headers = {}, body } = recorded(name);
  const server = createServer((request, response) => {
    if (request.url === "/api/whoami-v2") return response.writeHead(200).end("{}");
    const { "content-length": _, ...others } = headers;
    response.writeHead(status, others).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return openTestHub({ endpoint, env: settings.token ? { HF_TOKEN: "x" } : {} });
}

describe.skipIf(absent)("recorded answers", () => {
  it.each([
    ["api-models-bad-revision-404", false, "REVISION_NOT_FOUND"],
    ["api-models-not-found-anonymous-401", false, "REPO_NOT_FOUND"],
    ["api-repo-not-found-authenticated-404", true, "REPO_NOT_FOUND"],
    ["api-models-commits-gated-401", false, "ACCESS_NO_TOKEN"],
    ["gated-tiny-raw-pending-403", true, "ACCESS_PENDING"],
    ["api-insufficient-permission-403", true, "ACCESS_SCOPE"],
  ])("%s means its code", async (name, token, code) => {
    const hub = await replay(name, { token });
    expect(await failure(() => hub.resolve({ type: "model", repo: "o/n" }, "main"))).toMatchObject({ code });
  });

  it.each([
    "gated-tiny-tree-root-200",
    "gated-tiny-tree-checkpoint-0-owner-200",
    "api-models-tree-whisper-cpp-excerpt-200",
  ])("%s is listed, its pointers agreeing", async (name) => {
    const hub = await replay(name);
    const files = await listAll(hub.list({ type: "model", repo: "o/n" }, "a".repeat(40) as Commit));
    expect(files.length).toBeGreaterThan(0);
    expect(files.every(({ digest }) => digest !== undefined)).toBe(true);
    const entries = recorded(name).body as {
      type: string;
      oid: string;
      lfs?: { oid: string; size: number };
    }[];
    for (const { oid, lfs } of entries)
      if (lfs !== undefined) expect(pointerOid(lfs.oid, lfs.size)).toBe(oid);
  });

  it("masked files have no digest", async () => {
    const hub = await replay("gated-tiny-tree-checkpoint-0-masked-200");
    const files = await listAll(hub.list({ type: "model", repo: "o/n" }, "a".repeat(40) as Commit));
    expect(files.some(({ digest }) => digest === undefined)).toBe(true);
  });

  it("infos name commit and licences", async () => {
    for (const name of readdirSync(FOLDER).filter((file) => /^api-(?:datasets|models)-info/.test(file))) {
      const info = recorded(name.replace(/\.json$/, "")).body as {
        cardData?: unknown;
        tags?: unknown;
        sha?: string;
      };
      expect(info.sha).toMatch(/^[0-9a-f]{40}$/);
      expect(Array.isArray(licensesOf(info.cardData, info.tags))).toBe(true);
    }
  });

  it("rate limits are read", () => {
    expect(parseRateLimit(recorded("api-models-bad-revision-404").headers?.ratelimit)).toEqual({
      bucket: "api",
      remaining: 466,
      seconds: 45,
    });
  });
});
