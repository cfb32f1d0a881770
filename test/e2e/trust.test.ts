import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type LoopbackHub, makeCertificates, startHub } from "../support/hub/index.ts";
import { makeProject, type Project, type Ran } from "../support/project.ts";
import { startProxy } from "../support/proxy.ts";

const TOKEN = "hf_AbCdSecretSecretSecret0123456789";
/** As it might appear: itself, a long piece of it, in Base64, as an escaped URL part. */
const TRACES = [
  TOKEN,
  TOKEN.slice(5, 25),
  Buffer.from(TOKEN).toString("base64").slice(0, 30),
  Buffer.from(`:${TOKEN}`).toString("base64").slice(4, 34),
];

let hub: LoopbackHub;
let project: Project;

beforeEach(async () => {
  hub = await startHub();
  hub.token(TOKEN, { grants: ["o/gated"] });
  hub.repo("o/gated", { gated: "auto" }).commit({ "a.parquet": { size: 50_000, seed: 1 }, "n.md": "note\n" });
  hub.repo("o/open").commit({ "b.parquet": { size: 60_000, seed: 2 } });
  project = await makeProject(hub);
  await project.manifest("sources:\n  gated: { repo: o/gated }\n  open: { repo: o/open }");
});

afterEach(async () => {
  const { violations } = hub;
  await hub.close();
  await project.remove();
  expect(violations).toEqual([]);
});

function tracesIn(text: string): string[] {
  return TRACES.filter((trace) => text.includes(trace));
}

describe("the token", () => {
  const commands = [
    ["lock"],
    ["sync", "--dry-run"],
    ["sync"],
    ["sync"],
    ["check", "--upstream"],
    ["check", "--deep"],
    ["update", "--dry-run"],
    ["update"],
    ["list"],
    ["diff"],
    ["why", "data/open/b.parquet"],
    ["clean"],
  ];

  it("is in no output, no file and no request to another host, whatever a command meets", async () => {
    const ran: Ran[] = [];
    const each = async (env: Record<string, string>) => {
      for (const command of commands) {
        ran.push(await project.runWith(env, ...command, "--verbose"));
        ran.push(await project.runWith(env, ...command, "--json"));
      }
    };
    await each({ HF_TOKEN: TOKEN });
    expect(ran.map(({ status }) => status)).toEqual(ran.map(() => 0));

    // Answers that repeat what they were sent, as a proxy's error page may.
    const echo = (status: number) =>
      hub.faults.add({
        match: /./,
        fault: {
          kind: "status",
          status,
          body: JSON.stringify({ error: `not with Bearer ${TOKEN} (${TOKEN.slice(5, 25)})` }),
          headers: { "x-request-id": TOKEN, "x-error-message": `no: ${TOKEN}`, location: `/${TOKEN}` },
        },
      });
    await project.manifest("sources:\n  gated: { repo: o/gated, revision: other }\n  more: { repo: o/open }");
    for (const status of [401, 403, 404, 451, 400, 302]) {
      const fault = echo(status);
      for (const command of [["lock"], ["sync"], ["check", "--upstream"], ["update"]]) {
        for (const how of ["--verbose", "--json"]) {
          const failed = await project.runWith({ HF_TOKEN: TOKEN }, ...command, how);
          expect(failed.status).not.toBe(0);
          ran.push(failed);
        }
      }
      fault.remove();
    }
    // A token that cannot be sent at all.
    ran.push(await project.runWith({ HF_TOKEN: `${TOKEN}\nx` }, "lock", "--verbose"));

    for (const { stdout, stderr } of ran) expect(tracesIn(stdout + stderr)).toEqual([]);
    const files = (await readdir(project.folder, { recursive: true, withFileTypes: true })).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(4);
    for (const { parentPath, name } of files) {
      expect(tracesIn((await readFile(join(parentPath, name))).toString("latin1"))).toEqual([]);
      expect(tracesIn(name)).toEqual([]);
    }
    const elsewhere = hub.log.filter(({ listener }) => listener === "cdn");
    expect(elsewhere.length).toBeGreaterThan(0);
    for (const request of elsewhere) expect(tracesIn(JSON.stringify(request))).toEqual([]);
    // In the header and nowhere else, where it belongs.
    const home = hub.log.filter(({ listener }) => listener === "hub");
    expect(new Set(home.map(({ authorization }) => authorization))).toContain(`Bearer ${TOKEN}`);
    for (const { path } of home.filter(({ status }) => status === 200)) expect(tracesIn(path)).toEqual([]);
  }, 120_000);

  it("is not sent to an endpoint that only the manifest names, nor over plain http, and the message says what would", async () => {
    const proxy = await startProxy({ port: Number(new URL(hub.url).port) });
    const env = { HF_TOKEN: TOKEN, HTTP_PROXY: proxy.url };
    await project.write(
      "tritter.yaml",
      "version: 1\nendpoint: http://mirror.invalid\nsources:\n  gated: { repo: o/gated }\n",
    );
    const refused = await project.runWith(env, "lock");
    expect(refused).toMatchObject({ status: 6 });
    expect(refused.stderr).toContain("TRITTER_TOKEN_HOSTS=mirror.invalid");
    const plain = await project.runWith(env, "lock", "--endpoint", "http://mirror.invalid");
    expect(plain).toMatchObject({ status: 6 });
    expect(plain.stderr).toContain("https");
    expect(proxy.seen.length).toBeGreaterThan(0);
    expect(hub.log.length).toBeGreaterThan(0);
    for (const request of hub.log) expect(tracesIn(JSON.stringify(request))).toEqual([]);
  });

  it("is sent over https to a host that was allowed, whose private authority is known", async (context) => {
    const certificates = await makeCertificates();
    if ("skip" in certificates) return context.skip(certificates.skip);
    onTestFinished(() => certificates.remove());
    const secure = await startHub({ https: certificates });
    onTestFinished(() => secure.close());
    secure.token(TOKEN, { grants: ["o/gated"] });
    secure.repo("o/gated", { gated: "auto" }).commit({ "a.parquet": { size: 50_000, seed: 1 } });
    const proxy = await startProxy({ port: Number(new URL(secure.url).port) });
    // The root's dot makes it a name that is not loopback's to us, and localhost's to the certificate.
    await project.write(
      "tritter.yaml",
      "version: 1\nroot: data\nendpoint: https://localhost.\nsources:\n  gated: { repo: o/gated }\n",
    );
    const env = { HF_TOKEN: TOKEN, HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: certificates.caFile };
    const withheld = await project.runWith(env, "sync");
    expect(withheld).toMatchObject({ status: 6 });
    expect(withheld.stderr).toContain("TRITTER_TOKEN_HOSTS=localhost.");
    for (const request of secure.log) expect(request.authorization).toBeUndefined();
    expect(await project.runWith({ ...env, TRITTER_TOKEN_HOSTS: "localhost." }, "sync")).toMatchObject({
      status: 0,
    });
    expect(Object.keys(await project.tree())).toEqual(["gated/a.parquet"]);
    expect(secure.violations).toEqual([]);
    const { NODE_EXTRA_CA_CERTS: _, ...stranger } = { ...env, TRITTER_TOKEN_HOSTS: "localhost." };
    expect(await project.runWith(stranger, "check", "--upstream")).toMatchObject({ status: 7 });
  });
});

describe("a repository that is not open", () => {
  it.each([
    ["no token", "", {}, "ACCESS_NO_TOKEN", "/datasets/o/shut"],
    ["terms not accepted", TOKEN, {}, "ACCESS_TERMS", "/datasets/o/shut"],
    ["a request that waits", TOKEN, { pending: ["o/shut"] }, "ACCESS_PENDING", "/datasets/o/shut"],
    ["a token that nobody knows", "hf_unknown", {}, "ACCESS_BAD_TOKEN", "/settings/tokens"],
    ["a repository that is missing", TOKEN, {}, "REPO_NOT_FOUND", "o/shut"],
  ])("is told apart by %s, with the next step", async (what, token, user, code, step) => {
    hub.token(TOKEN, user);
    if (!what.includes("missing"))
      hub.repo("o/shut", { gated: "manual" }).commit({ "a.bin": { size: 9, seed: 1 } });
    await project.manifest("sources:\n  shut: { repo: o/shut }");
    const ran = await project.runWith({ HF_TOKEN: token }, "sync");
    expect(ran.status).toBe(6);
    expect(ran.stderr).toContain(code);
    expect(ran.stderr).toContain(step);
    expect(await project.state()).toEqual([]);
    const json = JSON.parse((await project.runWith({ HF_TOKEN: token }, "sync", "--json")).stdout);
    expect(json).toMatchObject({ exit: 6, problems: [{ code, source: "shut" }] });
    expect(json.problems[0].hint).not.toBe("");
  });
});

describe("offline", () => {
  it.each([
    ["--offline", {}, ["--offline"]],
    ["HF_HUB_OFFLINE", { HF_HUB_OFFLINE: "1" }, []],
  ])("by %s opens no socket, and names what is not here", async (_, env, flags) => {
    const missing = await project.runWith({ HF_TOKEN: TOKEN, ...env }, "lock", ...flags);
    expect(missing).toMatchObject({ status: 7 });
    expect(missing.stderr).toContain("OFFLINE");
    expect(hub.log).toEqual([]);
    expect(await project.runWith({ HF_TOKEN: TOKEN }, "sync")).toMatchObject({ status: 0 });
    hub.clearLog();
    expect(await project.runWith(env, "sync", ...flags)).toMatchObject({ status: 0 });
    expect(await project.runWith(env, "check", "--deep", ...flags)).toMatchObject({ status: 0 });
    await project.write("data/open/b.parquet", "damaged");
    const lacking = await project.runWith(env, "sync", ...flags);
    expect(lacking).toMatchObject({ status: 7 });
    expect(lacking.stderr).toContain("open/b.parquet");
    expect(hub.log).toEqual([]);
    expect((await project.tree())["open/b.parquet"]).toBe("damaged");
  });
});
