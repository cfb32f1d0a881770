import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { generatedContent } from "./content.ts";
import { type Fault, type FaultHandle, type LoopbackHub, startHub } from "./index.ts";

const SIZE = 100_000;
const BYTES = generatedContent(SIZE, 1).read(0, SIZE);
const API = "/api/datasets/o/n";

let hub: LoopbackHub;

beforeEach(async () => {
  hub = await startHub({ pageSize: 2 });
  hub.repo("o/n").commit({ "a.bin": { size: SIZE, seed: 1 }, b: "2", c: "3", d: "4", e: "5" });
});
afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await hub.close();
});

const cdn = (fault: Fault, times?: number): FaultHandle =>
  hub.faults.add({ match: /a\.bin/, kind: "cdn", fault, ...(times && { times }) });

/** The file through its redirect, as a client that follows by itself would have it. */
const fetchFile = (range?: string): Promise<Response> =>
  fetch(`${hub.url}/datasets/o/n/resolve/main/a.bin`, { headers: range === undefined ? {} : { range } });

const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

/** What arrives before the connection breaks, and whether it breaks. */
async function drain(response: Response): Promise<{ length: number; broken: boolean }> {
  let length = 0;
  try {
    for await (const chunk of response.body!) length += chunk.length;
    return { length, broken: false };
  } catch {
    return { length, broken: true };
  }
}

describe("faults of bodies", () => {
  it("cut closes the connection after that many bytes, as often as told", async () => {
    const fault = cdn({ kind: "cut", after: 1234 }, 1);
    const response = await fetchFile();
    expect(response.headers.get("content-length")).toBe(String(SIZE));
    expect(await drain(response)).toEqual({ length: 1234, broken: true });
    expect(hub.log.at(-1)).toMatchObject({ bytes: 1234, status: 200 });
    expect(fault.hits).toBe(1);
    expect((await bytesOf(await fetchFile())).equals(BYTES)).toBe(true);
  });

  it("cut at zero bytes still sends the head", async () => {
    cdn({ kind: "cut", after: 0 });
    expect(await drain(await fetchFile())).toEqual({ length: 0, broken: true });
  });

  it("cut waits for a body that is long enough", async () => {
    const fault = cdn({ kind: "cut", after: 1234 }, 1);
    expect((await bytesOf(await fetchFile("bytes=0-99"))).length).toBe(100);
    expect(fault.hits).toBe(0);
  });

  it("short announces and sends too little", async () => {
    cdn({ kind: "short", by: 10 });
    const response = await fetchFile();
    expect(response.headers.get("content-length")).toBe(String(SIZE - 10));
    expect(await drain(response)).toEqual({ length: SIZE - 10, broken: false });
  });

  it("stall sends nothing more and keeps the connection", async () => {
    cdn({ kind: "stall", after: 500 });
    const reader = (await fetchFile()).body!.getReader();
    let length = 0;
    while (length < 500) length += (await reader.read()).value!.length;
    const more = reader.read().then(
      () => "more",
      () => "closed",
    );
    const waited = new Promise((resolve) => setTimeout(() => resolve("nothing"), 50));
    expect([length, await Promise.race([more, waited])]).toEqual([500, "nothing"]);
    await reader.cancel();
  });

  it("drip sends all of it, little by little", async () => {
    cdn({ kind: "drip", bytes: 30_000, everyMs: 1 });
    expect((await bytesOf(await fetchFile())).equals(BYTES)).toBe(true);
  });

  it("ignore-range answers 200 with the whole", async () => {
    cdn({ kind: "ignore-range" });
    const response = await fetchFile("bytes=10-19");
    expect([response.status, response.headers.get("content-range")]).toEqual([200, null]);
    expect((await bytesOf(response)).equals(BYTES)).toBe(true);
  });

  it("content-range lies in the header alone", async () => {
    cdn({ kind: "content-range", value: "bytes 20-29/100000" });
    const response = await fetchFile("bytes=10-19");
    expect(response.headers.get("content-range")).toBe("bytes 20-29/100000");
    expect((await bytesOf(response)).equals(BYTES.subarray(10, 20))).toBe(true);
  });

  it("shift-range answers for another range than asked", async () => {
    cdn({ kind: "shift-range", by: 5 });
    const response = await fetchFile("bytes=10-19");
    expect(response.headers.get("content-range")).toBe("bytes 5-14/100000");
    expect((await bytesOf(response)).equals(BYTES.subarray(5, 15))).toBe(true);
  });

  it("gzip compresses the whole in spite of identity and range", async () => {
    cdn({ kind: "gzip" });
    const response = await fetch(`${hub.url}/datasets/o/n/resolve/main/a.bin`, {
      headers: { range: "bytes=0-9", "accept-encoding": "identity" },
    });
    expect([response.status, response.headers.get("content-encoding")]).toEqual([200, "gzip"]);
    expect((await bytesOf(response)).equals(BYTES)).toBe(true);
  });

  it("corrupt changes one byte of the file, whatever the range, and no header", async () => {
    const fault = cdn({ kind: "corrupt", at: 15 });
    const whole = await fetchFile();
    expect(whole.headers.get("content-length")).toBe(String(SIZE));
    expect(differences(await bytesOf(whole), BYTES)).toEqual([15]);
    expect(differences(await bytesOf(await fetchFile("bytes=10-19")), BYTES.subarray(10, 20))).toEqual([5]);
    expect(differences(await bytesOf(await fetchFile("bytes=20-29")), BYTES.subarray(20, 30))).toEqual([]);
    expect(fault.hits).toBe(2);
  });
});

describe("addresses of the CDN", () => {
  const address = async (): Promise<string> => {
    const response = await fetch(`${hub.url}/datasets/o/n/resolve/main/a.bin`, { redirect: "manual" });
    return response.headers.get("location") ?? "";
  };

  it("are used up after so many bytes, each by itself", async () => {
    cdn({ kind: "used-up", after: 150 });
    const [first, second] = [await address(), await address()];
    const range = (url: string) => fetch(url, { headers: { range: "bytes=0-99" } });
    expect(await drain(await range(first))).toEqual({ length: 100, broken: false });
    expect(await drain(await range(first))).toEqual({ length: 50, broken: true });
    const third = await range(first);
    expect([third.status, await third.text()]).toEqual([403, expect.stringContaining("expired")]);
    expect(await drain(await range(second))).toEqual({ length: 100, broken: false });
  });

  it("hold for as long as they were signed for, by the clock that was given", async () => {
    let now = Date.UTC(2030, 0, 1);
    const own = await startHub({ now: () => now, signatureSeconds: 60 });
    own.repo("o/n").commit({ "a.bin": { size: 10, seed: 1 } });
    const response = await fetch(`${own.url}/datasets/o/n/resolve/main/a.bin`, { redirect: "manual" });
    const url = response.headers.get("location") ?? "";
    expect((await fetch(url)).status).toBe(200);
    now += 60_000;
    expect((await fetch(url)).status).toBe(403);
    await own.close();
  });
});

describe("resetConnections()", () => {
  it("resets so many connections before a word is said", async () => {
    const own = await startHub();
    own.resetConnections(1);
    const ask = () => fetch(`${own.url}/api/whoami-v2`);
    await expect(ask()).rejects.toThrow();
    expect(own.log).toEqual([]);
    expect((await ask()).status).toBe(401);
    await own.close();
  });
});

describe("faults in place of answers", () => {
  const strike = async (fault: Fault): Promise<Response> => {
    hub.faults.add({ match: /./, fault, times: 1 });
    return fetch(`${hub.url}${API}`, { redirect: "manual" });
  };

  it.each([500, 502, 503, 504])("status %i comes with HTML", async (status) => {
    const response = await strike({ kind: "status", status });
    expect([response.status, response.headers.get("content-type")]).toEqual([status, "text/html"]);
    expect(await response.text()).toContain("<html>");
    expect(response.headers.get("ratelimit")).toBeNull();
    expect((await fetch(`${hub.url}${API}`)).status).toBe(200);
  });

  it("too-many comes with or without headers", async () => {
    const bare = await strike({ kind: "too-many" });
    expect([bare.status, bare.headers.get("ratelimit")]).toEqual([429, null]);
    const told = await strike({ kind: "too-many", wait: 7, bucket: "api", retryAfter: 9 });
    expect([told.headers.get("ratelimit"), told.headers.get("retry-after")]).toEqual(['"api";r=0;t=7', "9"]);
  });

  it("expired says so in XML", async () => {
    const response = await strike({ kind: "expired" });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain("Request has expired");
  });

  it("reset ends the connection without a word", async () => {
    await expect(strike({ kind: "reset" })).rejects.toThrow();
    expect(hub.log.at(-1)).toMatchObject({ status: 0, bytes: 0 });
  });

  it("silence lets a client wait until it goes", async () => {
    hub.faults.add({ match: /./, fault: { kind: "silence" } });
    await expect(fetch(`${hub.url}${API}`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
  });

  it("redirect sends elsewhere, redirect-loop to the same place", async () => {
    const elsewhere = await strike({ kind: "redirect", to: "http://localhost:9/x", status: 307 });
    expect([elsewhere.status, elsewhere.headers.get("location")]).toEqual([307, "http://localhost:9/x"]);
    hub.faults.add({ match: /./, fault: { kind: "redirect-loop" } });
    await expect(fetch(`${hub.url}${API}?x=1`)).rejects.toThrow();
    expect(hub.log.at(-1)!.path).toBe(`${API}?x=1`);
  });

  it("act happens before the answer", async () => {
    const act = (): void => void hub.repo("o/n").commit({ z: "1" });
    const before = ((await (await fetch(`${hub.url}${API}`)).json()) as { sha: string }).sha;
    const response = await strike({ kind: "act", act });
    expect(((await response.json()) as { sha: string }).sha).not.toBe(before);
  });

  it("headers are set and removed", async () => {
    hub.faults.add({
      match: /resolve/,
      fault: { kind: "headers", set: { "x-linked-etag": undefined, "x-hf-warning": "topic; words" } },
    });
    const { headers } = await fetch(`${hub.url}/datasets/o/n/resolve/main/a.bin`, { redirect: "manual" });
    expect([headers.get("x-linked-etag"), headers.get("x-hf-warning")]).toEqual([null, "topic; words"]);
    expect(headers.get("x-linked-size")).toBe(String(SIZE));
  });
});

describe("faults of listings", () => {
  const page = (query = ""): Promise<Response> => fetch(`${hub.url}${API}/tree/main${query}`);
  const tree = (fault: Fault): FaultHandle => hub.faults.add({ match: /./, kind: "tree", fault });

  it("no-link hides that there is more", async () => {
    tree({ kind: "no-link" });
    expect((await page()).headers.get("link")).toBeNull();
  });

  it("repeat-cursor leads from the second page to itself", async () => {
    tree({ kind: "repeat-cursor" });
    const second = /<(.+)>/.exec((await page()).headers.get("link")!)![1]!;
    expect((await fetch(second)).headers.get("link")).toBe(`<${second}>; rel="next"`);
  });

  it("malformed is no JSON, though complete as a body", async () => {
    tree({ kind: "malformed" });
    const text = await (await page()).text();
    expect(() => JSON.parse(text)).toThrow();
  });

  it("mask hides digests, rewrite changes anything", async () => {
    const masked = tree({ kind: "mask" });
    const [entry] = (await (await page()).json()) as { lfs: { oid: string } }[];
    expect(entry!.lfs.oid).toBe("*".repeat(64));
    masked.remove();
    tree({ kind: "rewrite", body: (text) => text.replace("a.bin", "../../evil") });
    expect(await (await page()).text()).toContain('"../../evil"');
  });

  it("skip lets the first matches pass", async () => {
    hub.faults.add({ match: /./, kind: "tree", skip: 1, times: 1, fault: { kind: "status", status: 500 } });
    const statuses = [(await page()).status, (await page()).status, (await page()).status];
    expect(statuses).toEqual([200, 500, 200]);
    hub.faults.add({ match: /./, fault: { kind: "status", status: 500 } });
    hub.faults.clear();
    expect((await page()).status).toBe(200);
  });
});

describe("close()", () => {
  it("ends connections that are still open", async () => {
    const own = await startHub();
    const socket = connect(Number(new URL(own.url).port), "127.0.0.1");
    const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()).on("error", () => {}));
    await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
    socket.write("GET /api/datasets/o/n HTTP/1.1\r\nhost: x\r\n\r\n");
    await new Promise<void>((resolve) => socket.once("data", () => resolve()));
    await own.close();
    await ended;
    expect(socket.destroyed).toBe(true);
  });
});

function differences(a: Buffer, b: Buffer): number[] {
  return [...a.keys()].filter((index) => a[index] !== b[index]);
}
