import { describe, expect, it } from "vitest";
import { newMetrics } from "../../../cli/serve/metrics.ts";
import { route } from "../../../cli/serve/route.ts";
import { newShare } from "../../../cli/serve/share.ts";
import { doorkeeper, isLoopback } from "../../../cli/serve/token.ts";

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;

describe("doorkeeper()", () => {
  it.each([
    ["Bearer hf_secret", "welcome"],
    ["bearer hf_secret", "welcome"],
    [basic("me:hf_secret"), "welcome"],
    [basic(":hf_secret"), "welcome"],
    ["Bearer hf_secret ", "unknown"],
    ["Bearer hf_secre", "unknown"],
    ["Bearer hf_secretx", "unknown"],
    ["Bearer", "unknown"],
    ["hf_secret", "unknown"],
    [basic("hf_secret:"), "unknown"],
    ["", "unknown"],
    [undefined, "anonymous"],
  ])("meets %s as %s", (authorization, caller) => {
    expect(doorkeeper("hf_secret")(authorization)).toBe(caller);
  });

  it("asks nobody where there is no token", () => {
    expect(doorkeeper(undefined)(undefined)).toBe("welcome");
    expect(doorkeeper(undefined)("Bearer any")).toBe("welcome");
  });
});

describe("isLoopback()", () => {
  it.each(["127.0.0.1", "127.1.2.3:80", "localhost", "LOCALHOST:8741", "::1", "[::1]", "[::1]:8741"])(
    "takes %s for this machine",
    (host) => expect(isLoopback(host)).toBe(true),
  );

  it.each(["0.0.0.0", "::", "192.168.0.1", "localhost.example", "127.0.0.1.example:80", "example", ""])(
    "takes %s for another",
    (host) => expect(isLoopback(host)).toBe(false),
  );
});

describe("newShare()", () => {
  const KIB = 1024;

  it("gives few streams much and thousands little, within its budget and a little for each", () => {
    const share = newShare(8 * KIB * KIB);
    expect(share.take(KIB * KIB * KIB).length).toBe(512 * KIB);
    const sizes = Array.from({ length: 1_000 }, () => share.take(KIB * KIB).length);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes.at(-1)).toBe(16 * KIB);
    expect(share.held).toBeLessThanOrEqual((8 * KIB + 1_000 * 16) * KIB);
  });

  it("takes no more than is wanted, and hands out again what came back", () => {
    const share = newShare();
    const small = share.take(100);
    expect(small.length).toBe(16 * KIB);
    share.give(small);
    expect(share.held).toBe(0);
    expect(share.take(1)).toBe(small);
    share.forget(small);
    expect(share.held).toBe(0);
    expect(share.take(1)).not.toBe(small);
  });
});

describe("metrics", () => {
  it("are told in Prometheus' text form", () => {
    const metrics = newMetrics();
    metrics.count("tree", 200);
    metrics.count("tree", 200);
    metrics.count("resolve", 404);
    metrics.countBytes(1_000);
    const files = { right: 3, unproved: 2, missing: 1, changed: 0 };
    const lines = metrics.text({ connections: 7, files, version: "1.2.3" }).trimEnd().split("\n");
    expect(lines.filter((line) => !line.startsWith("#"))).toEqual([
      'tritter_serve_build_info{version="1.2.3"} 1',
      'tritter_serve_requests_total{route="resolve",status="404"} 1',
      'tritter_serve_requests_total{route="tree",status="200"} 2',
      "tritter_serve_sent_bytes_total 1000",
      "tritter_serve_connections 7",
      'tritter_serve_files{state="right"} 3',
      'tritter_serve_files{state="unproved"} 2',
      'tritter_serve_files{state="missing"} 1',
      'tritter_serve_files{state="changed"} 0',
    ]);
    const families = lines.filter((line) => line.startsWith("# TYPE")).map((line) => line.split(" ")[2]);
    expect(new Set(families).size).toBe(families.length);
    expect(lines.filter((line) => line.startsWith("# HELP"))).toHaveLength(families.length);
  });
});

describe("route()", () => {
  it.each([
    ["/api/datasets/o/n", { kind: "info", type: "dataset", name: "o/n", revision: undefined, path: "" }],
    ["/api/models/gpt2/tree/main/a%2Fb", { kind: "tree", type: "model", name: "gpt2", path: "a/b" }],
    ["/api/spaces/o/n/revision/refs%2Fpr%2F3", { kind: "info", type: "space", revision: "refs/pr/3" }],
    ["/datasets/o/n/resolve/main/a%20b/c", { kind: "resolve", type: "dataset", name: "o/n", path: "a b/c" }],
    ["/o/n/resolve/v1/x", { kind: "resolve", type: "model", name: "o/n", revision: "v1", path: "x" }],
    ["/datasets/o/n/resolve/main/%2e%2e/x", { kind: "resolve", path: "../x" }],
    ["/datasets/o/n/resolve/main/%ff", { kind: "malformed" }],
    ["/api/datasets/o/n/tree/%", { kind: "malformed" }],
    ["/api/datasets/o/n/constructor/main", { kind: "other" }],
    ["/api/__proto__/o/n", { kind: "other" }],
    ["/datasets/o/n/resolve/main", { kind: "other" }],
    ["/datasets/o/n", { kind: "other" }],
    ["http://elsewhere/datasets/o/n/resolve/main/x", { kind: "other" }],
    ["", { kind: "other" }],
    ["*", { kind: "other" }],
  ])("reads %s", (path, wanted) => {
    expect(route(path)).toMatchObject(wanted);
  });
});
