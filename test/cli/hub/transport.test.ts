import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RepoRef } from "../../../cli/hub/port.ts";
import type { Commit } from "../../../schema/ids.ts";
import { makeCertificates, startHub } from "../../support/hub/index.ts";
import { listen, startProxy } from "../../support/proxy.ts";
import { startSocks } from "../../support/socks.ts";
import { failure, never, openTestHub, readAll, tempFolder } from "./support.ts";

const ref: RepoRef = { type: "dataset", repo: "o/n" };
const commit = "a".repeat(40) as Commit;
const file = { repo: ref, commit, path: "a.txt", size: 2 };
const whole = { start: 0, end: 2 };

describe("redirects", () => {
  it("lose the token on another port, and do not get it back on the way home", async () => {
    const seen: (string | undefined)[] = [];
    const other = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${home.url}/back?with=query` }).end();
    });
    const home = await listen((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === "/back?with=query") return response.end("a\n");
      if (request.url === "/same") return response.writeHead(307, { location: other.url }).end();
      return response.writeHead(308, { location: "/same" }).end();
    });
    const hub = openTestHub({ endpoint: home.url, env: { HF_TOKEN: "secret" } });
    expect((await readAll(await hub.open(file, whole, never))).toString()).toBe("a\n");
    expect(seen).toEqual(["Bearer secret", "Bearer secret", undefined, undefined]);
  });

  it("do not leave https", async () => {
    const certificates = await makeCertificates();
    if ("skip" in certificates) return;
    onTestFinished(() => certificates.remove());
    const server = await startHub({ https: certificates });
    onTestFinished(() => server.close());
    server.faults.add({ match: /./, fault: { kind: "redirect", to: "http://127.0.0.1:1/" } });
    const hub = openTestHub({ endpoint: server.url, env: { SSL_CERT_FILE: certificates.caFile } });
    const problem = await failure(() => hub.open(file, whole, never));
    expect(problem).toMatchObject({ code: "HUB" });
    expect(problem.message).toContain("leaves https");
  });
});

describe("https", () => {
  it("trusts a private authority that SSL_CERT_FILE names, and no other", async (context) => {
    const certificates = await makeCertificates();
    if ("skip" in certificates) return context.skip(certificates.skip);
    onTestFinished(() => certificates.remove());
    const server = await startHub({ https: certificates });
    onTestFinished(() => server.close());
    const made = server.repo("o/n").commit({ "a.bin": "a\n" }) as Commit;
    const trusting = openTestHub({ endpoint: server.url, env: { SSL_CERT_FILE: certificates.caFile } });
    expect(await trusting.resolve(ref, "main")).toMatchObject({ commit: made });
    expect(
      (await readAll(await trusting.open({ ...file, commit: made, path: "a.bin" }, whole, never))).toString(),
    ).toBe("a\n");
    const wary = openTestHub({ endpoint: server.url });
    const problem = await failure(() => wary.resolve(ref, "main"));
    expect(problem).toMatchObject({ code: "NETWORK" });
    expect(problem.hint).toContain("SSL_CERT_FILE");
    expect(wary.clock.slept).toEqual([]);
  });

  it("says so where the file of SSL_CERT_FILE is missing", async () => {
    const folder = await tempFolder();
    const hub = openTestHub({
      endpoint: "https://127.0.0.1:1",
      env: { SSL_CERT_FILE: join(folder, "absent.pem") },
    });
    const problem = await failure(() => hub.resolve(ref, "main"));
    expect(problem).toMatchObject({ code: "USAGE" });
    expect(problem.message).toContain("absent.pem");
  });
});

/** Forwards plain requests and tunnels CONNECT, whatever host was named, to one port of loopback. */
describe("proxies", () => {
  const stage = async () => {
    const server = await startHub();
    onTestFinished(() => server.close());
    const made = server.repo("o/n").commit({ "a.txt": "a\n" }) as Commit;
    const proxy = await startProxy({ port: Number(new URL(server.url).port) });
    return { server, proxy, made, at: { ...file, commit: made } };
  };

  it.each(["HTTP_PROXY", "http_proxy", "ALL_PROXY"])(
    "are used for plain http as %s says, redirects too",
    async (name) => {
      const { proxy, made, at } = await stage();
      const hub = openTestHub({
        endpoint: "http://hub.invalid",
        env: { [name]: `http://user:pa%20ss@127.0.0.1:${proxy.port}`, HF_TOKEN: "secret" },
      });
      expect(await hub.resolve(ref, "main")).toMatchObject({ commit: made });
      expect((await readAll(await hub.open(at, whole, never))).toString()).toBe("a\n");
      expect(proxy.seen).toHaveLength(3);
      expect(proxy.seen[0]).toMatch(/^GET http:\/\/hub\.invalid\/api\/datasets/);
      expect(new Set(proxy.authorizations)).toEqual(
        new Set([`Basic ${Buffer.from("user:pa ss").toString("base64")}`]),
      );
    },
  );

  it("tunnel https", async (context) => {
    const certificates = await makeCertificates();
    if ("skip" in certificates) return context.skip(certificates.skip);
    onTestFinished(() => certificates.remove());
    const server = await startHub({ https: certificates });
    onTestFinished(() => server.close());
    server.repo("o/n").commit({ "a.txt": "a\n" });
    const proxy = await startProxy({ port: Number(new URL(server.url).port) });
    const env = { HTTPS_PROXY: proxy.url, SSL_CERT_FILE: certificates.caFile };
    // Not loopback to us, who then may ask a proxy; localhost to the certificate.
    const hub = openTestHub({ endpoint: "https://localhost.", env });
    expect(await hub.resolve(ref, "main")).toMatchObject({ repo: "o/n" });
    expect(proxy.seen).toEqual(["CONNECT localhost.:443"]);
    const other = await failure(() =>
      openTestHub({ endpoint: "https://hub.invalid", env }).resolve(ref, "main"),
    );
    expect(other.message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  it("may speak SOCKS 5, for plain http and for https", async (context) => {
    const { server, made, at } = await stage();
    const plain = await startSocks({ port: Number(new URL(server.url).port) });
    const hub = openTestHub({ endpoint: "http://hub.invalid", env: { ALL_PROXY: plain.url } });
    expect(await hub.resolve(ref, "main")).toMatchObject({ commit: made });
    expect((await readAll(await hub.open(at, whole, never))).toString()).toBe("a\n");
    expect(new Set(plain.seen)).toEqual(new Set(["hub.invalid:80"]));
    const certificates = await makeCertificates();
    if ("skip" in certificates) return context.skip(certificates.skip);
    onTestFinished(() => certificates.remove());
    const secure = await startHub({ https: certificates });
    onTestFinished(() => secure.close());
    secure.repo("o/n").commit({ "a.txt": "a\n" });
    const tunnel = await startSocks({ port: Number(new URL(secure.url).port) });
    const env = { HTTPS_PROXY: tunnel.url, SSL_CERT_FILE: certificates.caFile };
    const other = openTestHub({ endpoint: "https://localhost.", env });
    expect(await other.resolve(ref, "main")).toMatchObject({ repo: "o/n" });
    expect(tunnel.seen).toEqual(["localhost.:443"]);
  });

  it("are not used for loopback, nor for what NO_PROXY names", async () => {
    const { server, proxy, made } = await stage();
    const env = { ALL_PROXY: proxy.url, NO_PROXY: "other.invalid,.hub.invalid" };
    expect(await openTestHub({ endpoint: server.url, env }).resolve(ref, "main")).toMatchObject({
      commit: made,
    });
    expect(
      await failure(() => openTestHub({ endpoint: "http://hub.invalid", env }).resolve(ref, "main")),
    ).toMatchObject({ code: "NETWORK" });
    expect(proxy.seen).toEqual([]);
  });

  it("of the process itself do not count", async () => {
    const { proxy } = await stage();
    const before = process.env.http_proxy;
    process.env.http_proxy = proxy.url;
    onTestFinished(() => {
      if (before === undefined) delete process.env.http_proxy;
      else process.env.http_proxy = before;
    });
    await failure(() =>
      openTestHub({ endpoint: "http://hub.invalid", env: { HTTPS_PROXY: proxy.url } }).resolve(ref, "main"),
    );
    expect(proxy.seen).toEqual([]);
  });

  it.each(["http://user:secret@", "gopher://user:secret@h", "http://us er:secret@h:x"])(
    "that cannot be used are refused without repeating them: %s",
    async (proxy) => {
      const problem = await failure(() =>
        openTestHub({ endpoint: "http://hub.invalid", env: { HTTP_PROXY: proxy } }).resolve(ref, "main"),
      );
      expect(problem).toMatchObject({ code: "USAGE" });
      expect(JSON.stringify(problem)).not.toContain("secret");
    },
  );

  it("that refuse are named as the cause", async () => {
    const refusing = await listen((_, response) => response.writeHead(407).end());
    refusing.server.on("connect", (_, socket) =>
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
    );
    const hub = openTestHub({ endpoint: "https://hub.invalid", env: { HTTPS_PROXY: refusing.url } });
    const problem = await failure(() => hub.resolve(ref, "main"));
    expect(problem).toMatchObject({ code: "NETWORK" });
    expect(problem.message).toContain("407");
    expect(hub.clock.slept).toEqual([]);
    const plain = openTestHub({ endpoint: "http://hub.invalid", env: { HTTP_PROXY: refusing.url } });
    const forwarded = await failure(() => plain.resolve(ref, "main"));
    expect(forwarded).toMatchObject({ code: "NETWORK", hint: problem.hint });
    expect(forwarded.message).toContain("the proxy refused the connection with status 407");
  });
});

describe("openHub()", () => {
  it("sends no token to an endpoint that only the manifest names, and says how to allow it", async () => {
    const server = await startHub();
    onTestFinished(() => server.close());
    const made = server.repo("o/n", { gated: "auto" }).commit({ "a.txt": "a\n" }) as Commit;
    const proxy = await startProxy({ port: Number(new URL(server.url).port) });
    const env = { HF_TOKEN: "secret", HTTP_PROXY: proxy.url };
    const hub = openTestHub({ endpoint: "http://hub.invalid:8080", env });
    await hub.resolve(ref, "main");
    const problem = await failure(() => hub.open({ ...file, commit: made }, whole, never));
    expect(problem).toMatchObject({
      code: "ACCESS_NO_TOKEN",
      hint: 'if you trust "hub.invalid:8080" with your token, set TRITTER_TOKEN_HOSTS=hub.invalid:8080',
    });
    const plain = openTestHub({ endpointFlag: "http://hub.invalid:8080", env });
    expect((await failure(() => plain.open({ ...file, commit: made }, whole, never))).hint).toContain(
      "https only",
    );
    expect(server.log.map(({ authorization }) => authorization)).toEqual(server.log.map(() => undefined));
  });

  it("reads the token file of HF_HOME", async () => {
    const server = await startHub();
    onTestFinished(() => server.close());
    server.repo("o/n", { private: true }).commit({ "a.txt": "a\n" });
    server.token("from-file", { grants: ["o/n"] });
    const home = await tempFolder();
    await writeFile(join(home, "token"), "from-file\n");
    const hub = openTestHub({ env: { HF_ENDPOINT: server.url, HF_HOME: home } });
    expect(await hub.resolve(ref, "main")).toMatchObject({ private: true });
    const silent = openTestHub({
      env: { HF_ENDPOINT: server.url, HF_HOME: home, HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" },
    });
    expect(await failure(() => silent.resolve(ref, "main"))).toMatchObject({ code: "REPO_NOT_FOUND" });
  });

  it("opens no socket offline", async () => {
    let connections = 0;
    const { server, url } = await listen((_, response) => response.end());
    server.on("connection", () => connections++);
    const hub = openTestHub({ endpoint: url, offline: true, env: { HF_HUB_CACHE: await tempFolder() } });
    for (const ask of [() => hub.resolve(ref, "main"), () => hub.open(file, whole, never)]) {
      expect(await failure(ask)).toMatchObject({ code: "OFFLINE" });
    }
    expect(connections).toBe(0);
  });

  it("lets go of the connection when aborted, before the answer and within the body", async () => {
    let open = 0;
    const { server, url } = await listen((asked, response) => {
      if (asked.url?.endsWith("a.txt")) response.writeHead(200, { "content-length": 2 }).write("a");
    });
    server.on("connection", (socket) => {
      open++;
      socket.on("close", () => open--);
    });
    const hub = openTestHub({ endpoint: url });
    const stop = new AbortController();
    const body = await hub.open(file, whole, stop.signal);
    const silent = hub.open({ ...file, path: "b.txt" }, whole, stop.signal).catch((error: unknown) => error);
    await expect.poll(() => open).toBe(2);
    stop.abort(new Error("stop"));
    await expect(readAll(body)).rejects.toThrow("stop");
    expect(await silent).toBe(stop.signal.reason);
    await expect.poll(() => open).toBe(0);
  });

  it("names what is wrong with a host that cannot be reached", async () => {
    const { server, url, port } = await listen(() => {});
    await new Promise((resolve) => server.close(resolve));
    const problem = await failure(() => openTestHub({ endpoint: url }).resolve(ref, "main"));
    expect(problem.message).toBe(
      `cannot resolve dataset "o/n" at "main": "127.0.0.1:${port}": connection refused (ECONNREFUSED)`,
    );
    expect(problem.hint).toContain("--offline");
  });

  it("tells plain http where TLS was asked for from a certificate that is not trusted", async () => {
    const { port } = await listen((_, response) => response.end());
    const hub = openTestHub({ endpoint: `https://127.0.0.1:${port}` });
    const problem = await failure(() => hub.resolve(ref, "main"));
    expect(problem.message).toContain("it does not answer in TLS");
    expect(problem.message).not.toContain("certificate");
  });

  it("opens no more sockets to an origin than it may", async () => {
    let open = 0;
    let most = 0;
    const { server, url } = await listen((_, response) => setTimeout(() => response.end("a\n"), 20));
    server.on("connection", (socket) => {
      most = Math.max(most, ++open);
      socket.on("close", () => open--);
    });
    const hub = openTestHub({ endpoint: url, connections: 3 });
    await Promise.all(Array.from({ length: 12 }, async () => readAll(await hub.open(file, whole, never))));
    expect(most).toBe(3);
  });

  it("names its origin in the User-Agent, and nothing that would end the header", async () => {
    let agent: string | undefined;
    const { url } = await listen((asked, response) => {
      agent = asked.headers["user-agent"];
      response.end("a\n");
    });
    const hub = openTestHub({ endpoint: url, env: { HF_HUB_USER_AGENT_ORIGIN: "lab\r\nx: y" } });
    await readAll(await hub.open(file, whole, never));
    expect(agent).toBe("tritter/1.2.3; node/20.0.0; labx: y");
  });
});
