import { describe, expect, it, onTestFinished } from "vitest";
import type { RepoRef } from "../../../cli/hub/port.ts";
import type { Commit } from "../../../schema/ids.ts";
import { type RepoOptions, startHub, type TokenUser } from "../../support/hub/index.ts";
import { failure, listAll, never, openTestHub } from "./support.ts";

const ref: RepoRef = { type: "dataset", repo: "o/n" };
const TOKEN = "hf_very_secret";

interface Options {
  readonly repo?: RepoOptions;
  /** Known to the Hub; undefined: it is not. */
  readonly user?: TokenUser;
  readonly token?: boolean;
}

async function stage({ repo: options = {}, user, token = false }: Options) {
  const server = await startHub();
  onTestFinished(() => server.close());
  const commit = server.repo("o/n", options).commit({ "x.bin": "0123456789", "README.md": "x" }) as Commit;
  if (user !== undefined) server.token(TOKEN, user);
  const hub = openTestHub({ endpoint: server.url, env: token ? { HF_TOKEN: TOKEN } : {} });
  const open = () => hub.open({ repo: ref, commit, path: "x.bin", size: 10 }, { start: 0, end: 10 }, never);
  return { server, hub, commit, open };
}

describe("refusals of a gated repository", () => {
  const gated = { gated: "manual" } as const;
  it.each([
    ["no token", { repo: gated }, "ACCESS_NO_TOKEN", ["/datasets/o/n", "/settings/tokens", "HF_TOKEN"]],
    [
      "terms not accepted",
      { repo: gated, user: {}, token: true },
      "ACCESS_TERMS",
      ["/datasets/o/n", "accept the terms"],
    ],
    [
      "a request not yet answered",
      { repo: gated, user: { pending: ["o/n"] }, token: true },
      "ACCESS_PENDING",
      ["/datasets/o/n", "wait"],
    ],
    [
      "a token without the scope",
      { repo: gated, user: { scopeless: true }, token: true },
      "ACCESS_SCOPE",
      ["/settings/tokens", "public gated"],
    ],
    ["a token nobody knows", { repo: gated, token: true }, "ACCESS_BAD_TOKEN", ["/settings/tokens", "unset"]],
  ] as const)("tell %s", async (_, options, code, hints) => {
    const { hub, commit, open } = await stage(options);
    const problem = await failure(open);
    expect(problem).toMatchObject({ code });
    expect(problem.message).toContain('cannot fetch "x.bin" of dataset "o/n": ');
    for (const hint of hints) expect(problem.hint).toContain(hint);
    expect(problem.details?.join()).toContain("the Hub says");
    expect(await hub.access(ref, commit, "x.bin")).toMatchObject({
      kind: "refused",
      problem: { code, hint: problem.hint },
    });
  });

  it("each read differently", async () => {
    const outcomes = [
      { repo: gated },
      { repo: gated, user: {}, token: true },
      { repo: gated, user: { pending: ["o/n"] }, token: true },
      { repo: gated, user: { scopeless: true }, token: true },
      { repo: gated, token: true },
    ];
    const problems = await Promise.all(outcomes.map(async (options) => failure((await stage(options)).open)));
    expect(new Set(problems.map(({ message }) => message)).size).toBe(5);
    expect(new Set(problems.map(({ hint }) => hint?.replace(/:\d+/g, ""))).size).toBe(5);
  });

  it("are none where access was granted", async () => {
    const { hub, commit, open } = await stage({ repo: gated, user: { grants: ["o/n"] }, token: true });
    (await open()).cancel();
    expect(await hub.access(ref, commit, "x.bin")).toEqual({ kind: "granted" });
    expect((await listAll(hub.list(ref, commit)))[1]?.digest).toMatch(/^sha256:/);
  });

  it("ask who the token is once a run, not once a file", async () => {
    const { server, open } = await stage({ repo: gated, token: true });
    await Promise.all([failure(open), failure(open), failure(open)]);
    expect(server.log.filter(({ kind }) => kind === "whoami")).toHaveLength(1);
  });
});

describe("access()", () => {
  it("costs one request, and none of the bytes", async () => {
    const { server, hub, commit } = await stage({});
    await hub.access(ref, commit, "x.bin");
    await hub.access(ref, commit, "README.md");
    expect(server.log.map(({ listener, kind }) => `${listener} ${kind}`)).toEqual([
      "hub resolve",
      "hub resolve",
    ]);
  });

  it("throws what is no matter of access", async () => {
    const { hub, commit } = await stage({});
    expect(await failure(() => hub.access(ref, commit, "absent"))).toMatchObject({ code: "HUB" });
    expect(await failure(() => hub.access(ref, "f".repeat(40) as Commit, "x.bin"))).toMatchObject({
      code: "PIN_GONE",
    });
  });
});

describe("refusals of a repository", () => {
  it.each([
    ["absent, without token", { repo: { private: true } }, "REPO_NOT_FOUND", "no token was sent"],
    [
      "private, with another's token",
      { repo: { private: true }, user: {}, token: true },
      "REPO_NOT_FOUND",
      "hidden from this token",
    ],
    [
      "private, with a token nobody knows",
      { repo: { private: true }, token: true },
      "ACCESS_BAD_TOKEN",
      "invalid, expired or revoked",
    ],
    ["public, with a token nobody knows", { token: true }, "ACCESS_BAD_TOKEN", "invalid, expired or revoked"],
  ] as const)("that is %s", async (_, options, code, text) => {
    const { hub } = await stage(options);
    const problem = await failure(() => hub.resolve(ref, "main"));
    expect(problem).toMatchObject({ code });
    expect(problem.message).toContain(text);
    expect(problem.hint).toMatch(/token/);
  });

  it("without a reason, to a token that is good", async () => {
    const { server, hub } = await stage({ user: {}, token: true });
    server.faults.add({ match: /datasets/, fault: { kind: "status", status: 401 } });
    expect(await failure(() => hub.resolve(ref, "main"))).toMatchObject({ code: "REPO_NOT_FOUND" });
  });

  it("that is disabled", async () => {
    const { hub, commit, open } = await stage({ repo: { disabled: true } });
    expect(await hub.resolve(ref, "main")).toMatchObject({ disabled: true });
    expect(await failure(open)).toMatchObject({ code: "ACCESS_DISABLED" });
    expect(await failure(() => listAll(hub.list(ref, commit)))).toMatchObject({ code: "ACCESS_DISABLED" });
  });

  it("that is withdrawn for legal reasons", async () => {
    const { server, open } = await stage({});
    server.faults.add({ match: /./, fault: { kind: "status", status: 451 } });
    expect(await failure(open)).toMatchObject({ code: "ACCESS_DISABLED" });
  });

  it("with a fine-grained token, in the Hub's words", async () => {
    const { server, open } = await stage({ user: {}, token: true });
    const body =
      "Please enable access to public gated repositories in your fine-grained token settings to view this repository.";
    server.faults.add({
      match: /./,
      fault: {
        kind: "status",
        status: 403,
        body,
        headers: { "content-type": "text/plain", "x-error-code": "GatedRepo" },
      },
    });
    expect(await failure(open)).toMatchObject({ code: "ACCESS_SCOPE" });
  });

  it("with a status nobody expects", async () => {
    const { server, open } = await stage({});
    server.faults.add({
      match: /./,
      fault: { kind: "status", status: 418, headers: { "x-request-id": "Root=1-abc" } },
    });
    const problem = await failure(open);
    expect(problem).toMatchObject({ code: "HUB", details: ["request id: Root=1-abc"] });
    expect(problem.message).toContain("418");
  });
});

describe("a refusal lasts", () => {
  const at = (status: number, headers: Readonly<Record<string, string>> = {}, body = "") => ({
    kind: "status" as const,
    status,
    headers,
    body,
  });
  const rows: readonly (readonly [
    title: string,
    options: Options,
    fault: ReturnType<typeof at> | undefined,
    lasting: string | undefined,
  ])[] = [
    ["where it is gated and no token is sent", { repo: { gated: "auto" } }, undefined, "gated"],
    [
      "where the terms were not accepted",
      { repo: { gated: "auto" }, user: {}, token: true },
      undefined,
      "gated",
    ],
    [
      "while a request awaits its answer",
      { repo: { gated: "manual" }, user: { pending: ["o/n"] }, token: true },
      undefined,
      "gated",
    ],
    ["where it is disabled", { repo: { disabled: true } }, undefined, "disabled"],
    ["at 451", {}, at(451), "disabled"],
    ["at a bare 401 without a token", {}, at(401), "missing"],
    [
      "where the Hub knows no such repository",
      { repo: { private: true }, user: {}, token: true },
      undefined,
      "missing",
    ],
    ["not at a bare 401 to a token that is good", { user: {}, token: true }, at(401), undefined],
    ["not at a bare 401 to a token that is not", { token: true }, at(401), undefined],
    [
      "not at a gate that meets a bad token",
      { token: true },
      at(401, { "x-error-code": "GatedRepo" }),
      undefined,
    ],
    ["not at a bare 404, which a mirror may say", {}, at(404), undefined],
    ["not at a bare 403, which a proxy may say", {}, at(403), undefined],
    ["not at a bare 403 to a token", { user: {}, token: true }, at(403), undefined],
    [
      "not where a token lacks a scope",
      { repo: { gated: "auto" }, user: { scopeless: true }, token: true },
      undefined,
      undefined,
    ],
    ["not at a status nobody expects", {}, at(418), undefined],
    ["not at 429", {}, at(429), undefined],
    ["not at 503", {}, at(503), undefined],
  ];
  it.each(rows)("%s", async (_, options, fault, lasting) => {
    const { server, open } = await stage(options);
    if (fault !== undefined) server.faults.add({ match: /o\/n/, fault });
    expect((await failure(open)).lasting).toBe(lasting);
  });
});

describe("what a refusal repeats of the Hub's words", () => {
  it("holds no token, no control characters, no HTML, and not too much", async () => {
    const { server, hub, open } = await stage({ user: {}, token: true });
    const body = `bad \u001b[31m${TOKEN}\u202e ${"x".repeat(5000)}`;
    const faults = [
      { kind: "status", status: 400, body, headers: { "content-type": "text/plain", "x-request-id": TOKEN } },
      {
        kind: "status",
        status: 403,
        body: JSON.stringify({ error: body }),
        headers: { "content-type": "application/json" },
      },
      { kind: "status", status: 404, body: `<html>${body}` },
      { kind: "status", status: 503, body, headers: { "x-request-id": TOKEN } },
    ] as const;
    for (const fault of faults) {
      const handle = server.faults.add({ match: /./, fault });
      const said = JSON.stringify([await failure(open), hub.events]);
      handle.remove();
      expect(said).not.toContain(TOKEN);
      expect(said).not.toContain("\\u001b");
      expect(said).not.toContain("\u202e");
      expect(said).not.toContain("<html>");
      expect(said).not.toContain("x".repeat(400));
    }
  });
});
