import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createDirect, type Direct } from "../../../cli/hub/direct.ts";
import { type Course, exchange } from "../../../cli/hub/exchange.ts";
import { makeCertificates } from "../../support/hub/index.ts";

const GOING = new AbortController().signal;
const TIMES = { headersTimeout: 5_000, bodyTimeout: 5_000 };

interface Peer {
  readonly origin: string;
  /** Heads of requests, over all connections. */
  readonly asked: string[];
  readonly connections: Socket[];
}

/** A server that hands each request's socket to `answer`, with how many there were before. */
async function peer(
  answer: (socket: Socket, before: number) => void,
  { server = createServer(), event = "connection" }: { server?: Server; event?: string } = {},
): Promise<Peer> {
  const asked: string[] = [];
  const connections: Socket[] = [];
  server.on(event, (socket: Socket) => {
    connections.push(socket);
    socket.on("error", () => {});
    socket.setEncoding("latin1").on("data", (text: string) => {
      asked.push(text);
      answer(socket, asked.length - 1);
    });
  });
  return { origin: `http://127.0.0.1:${await listening(server)}`, asked, connections };
}

/** As `peer`, in TLS; `ca` vouches for it. */
async function securePeer(answer: (socket: Socket) => void) {
  const certificates = await makeCertificates();
  if ("skip" in certificates) return certificates;
  onTestFinished(() => certificates.remove());
  const server = createTlsServer({ key: certificates.key, cert: certificates.cert });
  const { origin } = await peer(answer, { server, event: "secureConnection" });
  const url = origin.replace("http://127.0.0.1", "https://localhost");
  return { url, ca: [await readFile(certificates.caFile, "utf8")] };
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function direct(options: Partial<Parameters<typeof createDirect>[0]> = {}): Direct {
  const made = createDirect({ connectTimeout: 5_000, keepAlive: 5_000, ca: undefined, ...options });
  onTestFinished(() => made.destroy());
  return made;
}

interface Asking {
  readonly path?: string;
  readonly signal?: AbortSignal;
  readonly times?: Partial<typeof TIMES>;
  readonly headers?: Record<string, string>;
  readonly over?: (course: Course) => void;
}

function ask(
  from: Direct,
  origin: string,
  { path = "/x", signal = GOING, times, headers = {}, over = () => {} }: Asking = {},
) {
  const url = new URL(path, origin);
  return exchange(from, {
    url,
    headers,
    signal,
    ...TIMES,
    ...times,
    lane: undefined,
    explain: (error) => error,
    now: () => 0,
    over,
  });
}

async function textOf(from: Direct, origin: string, asking: Asking = {}): Promise<string> {
  const { body } = await ask(from, origin, asking);
  const chunks: Uint8Array[] = [];
  await body.read((chunk) => {
    chunks.push(chunk);
    return undefined;
  });
  return Buffer.concat(chunks).toString("latin1");
}

const lengthed = (text: string, ...fields: string[]) =>
  ["HTTP/1.1 200 OK", `content-length: ${text.length}`, ...fields, "", text].join("\r\n");
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe("a direct connection", () => {
  it("asks in HTTP/1.1, and once more on the same connection", async () => {
    const { origin, asked, connections } = await peer((socket, before) =>
      socket.write(lengthed(`answer ${before}`)),
    );
    const from = direct();
    expect(await textOf(from, origin, { path: "/a?b=c", headers: { range: "bytes=0-1" } })).toBe("answer 0");
    expect(await textOf(from, origin)).toBe("answer 1");
    const { host } = new URL(origin);
    expect(asked[0]).toBe(
      `GET /a?b=c HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\nrange: bytes=0-1\r\n\r\n`,
    );
    expect(connections.length).toBe(1);
  });

  it.each([
    ["of a length", lengthed("hello")],
    ["in chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"],
    ["after early hints", `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${lengthed("hello")}`],
  ])("reads a body %s, however it is cut, and keeps the connection", async (_, text) => {
    const { origin, connections } = await peer(async (socket) => {
      socket.setNoDelay(true);
      for (const byte of text) {
        socket.write(byte);
        await pause(0);
      }
    });
    const from = direct();
    expect([await textOf(from, origin), await textOf(from, origin)]).toEqual(["hello", "hello"]);
    expect(connections.length).toBe(1);
  });

  it("reads a body that ends with the connection", async () => {
    const { origin, connections } = await peer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello"));
    const from = direct();
    expect([await textOf(from, origin), await textOf(from, origin)]).toEqual(["hello", "hello"]);
    expect(connections.length).toBe(2);
  });

  it.each([
    ["says so", lengthed("hello", "connection: close")],
    ["sends more than it announced", `${lengthed("hello")}more`],
    ["speaks HTTP/1.0", lengthed("hello").replace("1.1", "1.0")],
  ])("is not used again where the server %s", async (_, text) => {
    const { origin, connections } = await peer((socket) => socket.write(text));
    const from = direct();
    expect([await textOf(from, origin), await textOf(from, origin)]).toEqual(["hello", "hello"]);
    expect(connections.length).toBe(2);
  });

  it("that was closed while nobody used it is replaced, even where that shows only when it is asked", async () => {
    const { origin, asked } = await peer((socket, before) => {
      if (before === 1) socket.destroy();
      else socket.write(lengthed(`answer ${before}`));
    });
    const from = direct();
    expect([await textOf(from, origin), await textOf(from, origin)]).toEqual(["answer 0", "answer 2"]);
    expect(asked.length).toBe(3);
  });

  it("that a new server closes at once is an error, and no second try", async () => {
    const { origin, asked } = await peer((socket) => socket.end());
    await expect(textOf(direct(), origin)).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
    expect(asked.length).toBe(1);
  });

  it.each([
    ["no HTTP", "220 ready\r\n\r\n", "UND_ERR_SOCKET"],
    ["a head without an end", "HTTP/1.1 200 OK\r\n".padEnd(200_000, "a: b\r\n"), "UND_ERR_SOCKET"],
    ["two lengths", lengthed("hello", "content-length: 7"), "UND_ERR_SOCKET"],
    ["nothing", "", "UND_ERR_HEADERS_TIMEOUT"],
    ["half a head", "HTTP/1.1 200 OK\r\ncont", "UND_ERR_HEADERS_TIMEOUT"],
    ["half a body", lengthed("hello").slice(0, -2), "UND_ERR_BODY_TIMEOUT"],
  ])("ends with an error where the answer is %s", async (_, text, code) => {
    const { origin } = await peer((socket) => socket.write(text));
    const times = { headersTimeout: 200, bodyTimeout: 200 };
    await expect(textOf(direct(), origin, { times })).rejects.toMatchObject({ code });
  });

  it.each([
    ["ends at once", () => "HTTP/1.1 100 Continue\r\n\r\n".repeat(100_000) + lengthed("hello")],
    ["has no end", undefined],
  ])("takes a flood of heads that only announce one for an error, where it %s", async (_, flood) => {
    const { origin } = await peer((socket) => {
      if (flood !== undefined) return void socket.write(flood());
      const go = () => {
        while (!socket.destroyed && socket.write("HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000)));
      };
      socket.on("drain", go);
      go();
    });
    await expect(textOf(direct(), origin)).rejects.toThrow("the answer's head is too long");
  });

  it("asks anew where the kept connection was closed for bytes that came unasked", async () => {
    const { origin, connections } = await peer((socket, before) => {
      socket.write(lengthed("hello"));
      if (before === 0) setTimeout(() => socket.write("more"), 20);
    });
    const from = direct();
    expect(await textOf(from, origin)).toBe("hello");
    while (connections[0]?.destroyed !== true) await pause(5);
    expect([await textOf(from, origin), connections.length]).toEqual(["hello", 2]);
  });

  it("tells of a body that breaks off", async () => {
    const { origin } = await peer((socket) => socket.end(lengthed("hello").slice(0, -2)));
    await expect(textOf(direct(), origin)).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
  });

  it("does not take a slow reader for a silent server", async () => {
    const { origin } = await peer((socket) => socket.write(lengthed("hello")));
    const { body } = await ask(direct(), origin, { times: { bodyTimeout: 100 } });
    const read: string[] = [];
    await body.read((chunk) => {
      read.push(Buffer.from(chunk).toString());
      return pause(400);
    });
    expect(read.join("")).toBe("hello");
  });

  it("says that nobody listens, and that there is no such name", async () => {
    const closed = createServer();
    const port = await listening(closed);
    closed.close();
    await expect(textOf(direct(), `http://127.0.0.1:${port}`)).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    await expect(textOf(direct(), "http://nowhere.invalid")).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN)$/),
    });
  });

  it("sends no header that would end its line", async () => {
    const { origin, asked } = await peer((socket) => socket.write(lengthed("hello")));
    const headers = { range: "bytes=0-1\r\nhost: other" };
    await expect(textOf(direct(), origin, { headers })).rejects.toMatchObject({
      code: "UND_ERR_INVALID_ARG",
    });
    expect(asked).toEqual([]);
  });

  it("is closed by an abort, at each moment", async () => {
    const { origin, connections } = await peer((socket, before) => {
      if (before > 0) socket.write(lengthed("hello").slice(0, -2));
    });
    const from = direct();
    for (const headOnly of [true, false]) {
      const stop = new AbortController();
      const reason = new Error("enough");
      const answer = ask(from, origin, { signal: stop.signal });
      if (headOnly) {
        await pause(50);
        stop.abort(reason);
        await expect(answer).rejects.toBe(reason);
      } else {
        const { body } = await answer;
        const read = body.read(() => undefined);
        stop.abort(reason);
        await expect(read).rejects.toBe(reason);
      }
      const socket = connections.at(-1) as Socket;
      if (!socket.closed) await once(socket, "close");
    }
  });

  it("breaks with all others when they are destroyed, and opens no more", async () => {
    const { origin } = await peer(() => {});
    const from = direct();
    const waiting = textOf(from, origin);
    await pause(50);
    from.destroy();
    await expect(waiting).rejects.toMatchObject({ code: "UND_ERR_DESTROYED" });
    await expect(textOf(from, origin)).rejects.toMatchObject({ code: "UND_ERR_DESTROYED" });
  });

  it("tells that an exchange is over, whenever its body is cancelled", async () => {
    const { origin } = await peer((socket) => socket.end(`HTTP/1.1 403 No\r\n\r\n${"x".repeat(100_000)}`));
    const from = direct();
    for (let turns = 0; turns < 120; turns++) {
      let end: Course["end"] | undefined;
      const over = (course: Course) => {
        end = course.end;
      };
      const { body } = await ask(from, origin, { over });
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      body.cancel();
      while (end === undefined) await pause(0);
      expect(["whole", "dropped"]).toContain(end);
    }
  });

  it("takes little more memory than the bytes, where small pieces of them are kept", async () => {
    const { origin } = await peer(async (socket) => {
      socket.setNoDelay(true);
      socket.write("HTTP/1.1 403 No\r\ncontent-length: 300\r\n\r\n");
      for (let sent = 0; sent < 300; sent++) {
        socket.write("x");
        await pause(0);
      }
    });
    const { body } = await ask(direct(), origin);
    const kept: Uint8Array[] = [];
    await body.read((chunk) => {
      kept.push(chunk);
      return undefined;
    });
    expect(kept.length).toBeGreaterThan(20);
    const memory = new Set(kept.map(({ buffer }) => buffer));
    expect([...memory].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(1024 * 1024);
  });

  it("speaks TLS to whom an authority vouches for, and to nobody else", async (context) => {
    const secure = await securePeer((socket) => socket.write(lengthed("hello")));
    if ("skip" in secure) return context.skip(secure.skip);
    const { url, ca } = secure;
    const from = direct({ ca });
    expect([await textOf(from, url), await textOf(from, url)]).toEqual(["hello", "hello"]);
    await expect(textOf(direct(), url)).rejects.toMatchObject({
      code: expect.stringMatching(/CERT|SELF_SIGNED|UNABLE_TO/),
    });
  });
});

describe("a body that is lent", () => {
  const CONTENT = Buffer.from(Array.from({ length: 700_000 }, (_, at) => (at * 7) % 251));
  const HEAD = `HTTP/1.1 200 OK\r\ncontent-length: ${CONTENT.length}\r\n\r\n`;

  it("comes whole, into the memory that the reader has for it and beside it, however it pauses", async () => {
    const { origin } = await peer((socket) => {
      socket.write(HEAD);
      socket.write(CONTENT);
    });
    const from = direct();
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300_000 }))),
        fc.infiniteStream(fc.nat(4)),
        fc.boolean(),
        async (rooms, pauses, shared) => {
          const { body } = await ask(from, origin);
          body.lend();
          const memory = new Uint8Array(
            shared ? new SharedArrayBuffer(CONTENT.length) : new ArrayBuffer(CONTENT.length),
          );
          let [at, inPlace] = [0, 0];
          const take = (chunk: Uint8Array) => {
            if (chunk.buffer === memory.buffer && chunk.byteOffset === at) inPlace += chunk.length;
            else memory.set(chunk, at);
            at += chunk.length;
            return pauses.next().value === 0 ? pause(1) : undefined;
          };
          await body.read(take, () => memory.subarray(at, at + (rooms.next().value ?? 0)));
          expect(at).toBe(CONTENT.length);
          expect(inPlace).toBeGreaterThanOrEqual(0);
          expect(Buffer.from(memory).equals(CONTENT)).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is the reader's until what it waits for is done, in TLS too, where more may come after a pause", async (context) => {
    const secure = await securePeer((socket) => {
      socket.write(HEAD);
      socket.write(CONTENT);
    });
    if ("skip" in secure) return context.skip(secure.skip);
    const from = direct({ ca: secure.ca });
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 100_000 }))),
        fc.infiniteStream(fc.nat(2)),
        async (rooms, waits) => {
          const { body } = await ask(from, secure.url);
          body.lend();
          const memory = new Uint8Array(new SharedArrayBuffer(CONTENT.length));
          let at = 0;
          const put = (chunk: Uint8Array) => {
            if (chunk.buffer !== memory.buffer || chunk.byteOffset !== at) memory.set(chunk, at);
            at += chunk.length;
          };
          const take = (chunk: Uint8Array) => {
            if (waits.next().value === 0) return pause(1).then(() => put(chunk));
            put(chunk);
            return undefined;
          };
          await body.read(take, () => memory.subarray(at, at + (rooms.next().value ?? 0)));
          expect(Buffer.from(memory).equals(CONTENT)).toBe(true);
        },
      ),
      { numRuns: 15 },
    );
  });

  it("breaks with what its reader fails with where it is asked for memory", async () => {
    const { origin } = await peer((socket) => {
      socket.write(HEAD);
      socket.write(CONTENT);
    });
    const { body } = await ask(direct(), origin);
    body.lend();
    const read = body.read(
      () => undefined,
      () => {
        throw new RangeError("no memory");
      },
    );
    await expect(read).rejects.toThrow("no memory");
  });

  it.each(["cancelled", "aborted", "refused"])(
    "writes nothing more to that memory once it is %s",
    async (how) => {
      let all: Socket | undefined;
      const { origin } = await peer((socket) => {
        all = socket;
        socket.write(HEAD);
        socket.write(CONTENT.subarray(0, 1_000));
      });
      const stop = new AbortController();
      const { body } = await ask(direct(), origin, { signal: stop.signal });
      body.lend();
      const memory = new Uint8Array(CONTENT.length);
      let at = 0;
      const read = body.read(
        (chunk) => {
          if (chunk.buffer !== memory.buffer) memory.set(chunk, at);
          at += chunk.length;
          if (at === 1_000 && how === "refused") throw new Error("no more");
          return undefined;
        },
        () => memory.subarray(at),
      );
      read.catch(() => {});
      while (at < 1_000) await pause(5);
      if (how === "cancelled") body.cancel();
      if (how === "aborted") stop.abort(new Error("enough"));
      memory.fill(0);
      all?.write(CONTENT.subarray(1_000));
      await pause(50);
      expect(memory.every((byte) => byte === 0)).toBe(true);
      if (how === "cancelled") await read;
      else await expect(read).rejects.toThrow(how === "aborted" ? "enough" : "no more");
    },
  );
});
