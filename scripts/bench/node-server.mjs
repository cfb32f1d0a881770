// A site served by Node: near, or as far away as `delay`, `rate` and `redirect` say.

import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * `delay`: ms before each answer, however many are asked for at once; `pageDelay`: the same before pages of listings;
 * `rate`: bytes a second of each connection; `redirect`: bytes of files come from another port, as the Hub's do from
 * its CDN. Returns the url, and `tally`, which says what was asked for since it was called last.
 */
export async function serveHere(settings) {
  const { delay = 0, pageDelay = 0, redirect = false } = settings;
  const seen = tallies();
  const elsewhere = redirect ? await listen(serverOf("cdn", answerBytes)) : undefined;
  const url = await listen(serverOf("hub", answer));
  return { url, tally: seen.take };

  function serverOf(where, respond) {
    const server = createServer((request, response) => {
      const left = seen.enter(where, request);
      response.on("close", left);
      sleep(delay)
        .then(() => respond(request, response))
        .catch(() => response.destroy());
    });
    server.keepAliveTimeout = 60_000;
    return server;
  }

  async function answer(request, response) {
    const { pathname, searchParams } = new URL(request.url, url);
    const [, api, resolve] = /^\/(?:(api)\/)?datasets\/[^/]+\/[^/]+(\/.*)?$/.exec(pathname) ?? [];
    const [verb, revision = "main"] = (resolve ?? "/revision").slice(1).split("/");
    if (api === undefined && verb === "resolve") {
      if (elsewhere === undefined) return answerBytes(request, response);
      return response.writeHead(302, { location: `${elsewhere}${pathname}`, "content-length": 0 }).end();
    }
    if (api !== undefined && verb === "tree") {
      await sleep(pageDelay);
      const page = Number(searchParams.get("cursor") ?? 0);
      const next = `<${url}${pathname}?recursive=true&expand=false&limit=1000&cursor=${page + 1}>; rel="next"`;
      const headers = page + 1 < settings.pageCounts[revision] ? { link: next, ...JSON_TYPE } : JSON_TYPE;
      const file = join(settings.site, "tree", revision, `${page}.json`);
      return send(request, response, { file, headers });
    }
    if (api !== undefined && verb === "revision") {
      const file = join(settings.site, "info", `${revision}.json`);
      return send(request, response, { file, headers: JSON_TYPE });
    }
    response.writeHead(404).end();
  }

  async function answerBytes(request, response) {
    const [, , , , , revision, ...path] = new URL(request.url, url).pathname.split("/");
    const file = join(settings.site, "files", revision, ...path.map(decodeURIComponent));
    const headers = { "x-repo-commit": revision };
    return send(request, response, { file, headers, rate: settings.rate });
  }
}

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

/** Requests by method and place, the most for one file that were no ranges, and the most at once. */
function tallies() {
  let now = fresh();
  let open = 0;
  return {
    enter: (where, { method, url, headers }) => {
      open += 1;
      now.mostAtOnce = Math.max(now.mostAtOnce, open);
      const kind = `${where} ${method}`;
      now.requests[kind] = (now.requests[kind] ?? 0) + 1;
      const path = url.split("/resolve/")[1];
      if (path !== undefined && headers.range === undefined) {
        const times = (now.files.get(path) ?? 0) + 1;
        now.files.set(path, times);
        now.mostPerFile = Math.max(now.mostPerFile, times);
      }
      return () => {
        open -= 1;
      };
    },
    take: () => {
      const { files: _, ...taken } = now;
      now = fresh();
      return taken;
    },
  };
}

function fresh() {
  return { requests: {}, mostPerFile: 0, mostAtOnce: 0, files: new Map() };
}

async function send(request, response, { file, headers, rate }) {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return response.writeHead(404).end();
  const etag = `"${Math.floor(found.mtimeMs / 1000).toString(16)}-${found.size.toString(16)}"`;
  const range = rangeOf(request.headers.range, found.size);
  if (range === "refused") return response.writeHead(416, { "content-range": `bytes */${found.size}` }).end();
  const { start, end } = range ?? { start: 0, end: found.size };
  const all = { ...headers, etag, "accept-ranges": "bytes", "content-length": end - start };
  if (range === undefined) response.writeHead(200, all);
  else response.writeHead(206, { ...all, "content-range": `bytes ${start}-${end - 1}/${found.size}` });
  if (request.method === "HEAD" || start === end) return response.end();
  if (rate !== undefined) return sendSlowly(request, response, { file, start, end, rate });
  if (found.size <= LARGE_READS) return response.end((await readFile(file)).subarray(start, end));
  const bytes = createReadStream(file, { start, end: end - 1, highWaterMark: LARGE_READS });
  bytes.on("error", () => response.destroy());
  response.on("close", () => bytes.destroy());
  bytes.pipe(response);
}

/** Connection → ms at which it may send more. */
const due = new WeakMap();

async function sendSlowly({ socket }, response, { file, start, end, rate }) {
  const bytes = await open(file, "r");
  try {
    for (let at = start; at < end && !response.destroyed; ) {
      const chunk = Buffer.allocUnsafe(Math.min(SLOW_READS, end - at));
      await bytes.read(chunk, 0, chunk.length, at);
      at += chunk.length;
      const waits = (due.get(socket) ?? 0) - performance.now();
      if (waits >= 1) await sleep(waits);
      // What a late timer cost is caught up on, and what an idle connection did not use is lost.
      due.set(
        socket,
        Math.max(due.get(socket) ?? 0, performance.now() - LATE_MS) + (chunk.length / rate) * 1000,
      );
      if (!response.write(chunk)) await drained(response);
    }
    response.end();
  } finally {
    await bytes.close();
  }
}

/** Or closed. */
function drained(response) {
  if (response.destroyed) return undefined;
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

const JSON_TYPE = { "content-type": "application/json" };
const LARGE_READS = 1024 ** 2;
const SLOW_READS = 256 * 1024;
const LATE_MS = 20;

/** [start, end) of one range; undefined: the whole file. */
function rangeOf(header, size) {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (first === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : "refused";
}
