import type { Commit } from "../../schema/ids.ts";
import { TritterError } from "../errors.ts";
import type { Client, Landed, Request } from "./client.ts";
import { NONE, orAgain } from "./client.ts";
import { header, parseContentRange } from "./headers.ts";
import type { Lanes } from "./lanes.ts";
import type { Access, Body, ByteRange, RemoteFile, RepoRef } from "./port.ts";
import { answersAreOk, type Refusals, type Subject } from "./refusals.ts";
import type { Attempt } from "./retry.ts";
import { clean } from "./text.ts";
import { resolveUrl } from "./urls.ts";

/** Opens ranges of files, and keeps in memory where a redirect led for the further ranges of a large one. */
export function createDownloads(
  client: Client,
  refusals: Refusals,
  { lanes, tries }: { readonly lanes: Lanes; readonly tries: number | undefined },
) {
  /** File → its signed URL elsewhere; a promise while the first range finds out. Never stored: it expires within the hour. */
  const places = new Map<string, Promise<URL | undefined>>();
  /** Attempts at what broke on its way, by file and where it was to end. */
  const broken = new Map<string, number>();
  return { open, access };

  function open(file: RemoteFile, range: ByteRange, signal: AbortSignal): Promise<Body> {
    const subject = new FileSubject(file.repo, file.commit, file.path);
    const whole = range.start === 0 && range.end === file.size;
    const headers = whole ? NONE : { range: `bytes=${range.start}-${range.end - 1}` };
    const resolve = new URL(resolveUrl(client.endpoint.url, file.repo, file));
    const isBulk = range.lent === true && range.end - range.start >= BULK;
    // It comes up to the same end, however often it breaks.
    const key = () => `${keyOf(file)} ${range.end}`;
    const before = broken.size === 0 ? 0 : (broken.get(key()) ?? 0);
    const work = async (number: number) => {
      const attempt = before + number;
      const broke = () => noteBreak(key(), attempt);
      const told = { range: whole ? undefined : range, attempt, broke };
      const request = { url: resolve, subject, signal, headers, lanes, isBulk, told };
      const got = whole ? await client.attempt(request) : await viaPlace(keyOf(file), request);
      return got.kind === "again" ? got : inspect(got.value, { file, range, request });
    };
    return client.persist(work, signal, tries);
  }

  function noteBreak(key: string, attempt: number): void {
    broken.set(key, attempt);
    const [oldest] = broken.keys();
    if (broken.size > MOST_BROKEN && oldest !== undefined) broken.delete(oldest);
  }

  /** From the remembered place if there is one and it still answers, else from the Hub. */
  async function viaPlace(key: string, request: Request): Promise<Attempt<Landed>> {
    const earlier = places.get(key);
    if (earlier === undefined) return findPlace(key, request);
    const known = await earlier;
    request.signal.throwIfAborted();
    if (known === undefined) return client.attempt(request);
    const got = await client.attempt({ ...request, url: known });
    if (got.kind === "done" && !EXPIRED.has(got.value.status)) return got;
    if (places.get(key) === earlier) places.delete(key);
    if (got.kind === "again") return got;
    got.value.body.cancel();
    return viaPlace(key, request);
  }

  /** Asks the Hub; who asks for another range of the file meanwhile waits for where that leads. */
  async function findPlace(key: string, request: Request): Promise<Attempt<Landed>> {
    const { promise, tell } = later<URL | undefined>();
    remember(key, promise);
    let place: URL | undefined;
    try {
      const got = await client.attempt(request);
      if (got.kind === "done" && answersAreOk(got.value.status)) place = elsewhere(got.value.url);
      return got;
    } finally {
      if (place === undefined && places.get(key) === promise) places.delete(key);
      tell(place);
    }
  }

  function elsewhere(url: URL): URL | undefined {
    return url.origin === client.endpoint.origin ? undefined : url;
  }

  function remember(key: string, place: Promise<URL | undefined>): void {
    places.set(key, place);
    const [oldest] = places.keys();
    if (places.size > MOST_PLACES && oldest !== undefined) places.delete(oldest);
  }

  function inspect(
    landed: Landed,
    { file, range, request: { subject, signal } }: { file: RemoteFile; range: ByteRange; request: Request },
  ): Attempt<Body> | Promise<Attempt<Body>> {
    if (!answersAreOk(landed.status)) return orAgain(signal, () => refused(landed, { file, subject }));
    const { start, end, problem, final } = cut(landed, { file, range });
    if (problem !== undefined) {
      landed.body.cancel();
      const error = new TritterError({
        code: "HUB",
        message: `${subject.action}: ${problem}`,
        hint: "a proxy or mirror may stand between; try another endpoint",
      });
      if (final) throw error;
      return { kind: "again", error, paced: false };
    }
    const { body } = landed;
    if (range.lent === true) body.lend();
    body.expect(end - start, (received) => brokenOff(subject, { received, expected: end - start }));
    return {
      kind: "done",
      value: { start, read: (take, room) => body.read(take, room), cancel: () => body.cancel() },
    };
  }

  async function refused(
    landed: Landed,
    { file, subject }: { file: RemoteFile; subject: Subject },
  ): Promise<Attempt<Body>> {
    if (landed.status === 416) {
      landed.body.cancel();
      throw new TritterError({
        code: "HUB",
        message: `${subject.action}: the Hub has fewer bytes than the ${file.size} of the lock`,
        hint: SIZE_HINT,
      });
    }
    if (elsewhere(landed.url) === undefined) throw await refusals.refusal(landed, subject);
    landed.body.cancel();
    // A signature may have expired on the way, so ask the Hub for another.
    const message = `${subject.action}: "${landed.url.host}" answers with status ${landed.status}`;
    return {
      kind: "again",
      error: new TritterError({
        code: "HUB",
        message,
        hint: "try again later; what is fetched so far stays",
      }),
      paced: false,
    };
  }

  async function access(
    repo: RepoRef,
    { commit, path, signal }: { commit: Commit; path: string; signal: AbortSignal },
  ): Promise<Access> {
    const subject = new FileSubject(repo, commit, path);
    const url = new URL(resolveUrl(client.endpoint.url, repo, { commit, path }));
    // Past the gate the Hub sends to where the bytes are; that they come is not asked.
    const stopBefore = (next: URL) =>
      next.origin !== client.endpoint.origin || next.pathname.includes("/api/resolve-cache/");
    const request = { url, subject, signal, headers: { range: "bytes=0-0" }, stopBefore };
    const landed = await client.persist(
      (attempt) => client.attempt({ ...request, told: { range: { start: 0, end: 1 }, attempt } }),
      signal,
    );
    // An empty file has no first byte.
    if (landed.status < 400 || landed.status === 416) {
      landed.body.cancel();
      return { kind: "granted" };
    }
    const error = await refusals.refusal(landed, subject);
    if (!error.code.startsWith("ACCESS_") && error.code !== "REPO_NOT_FOUND") throw error;
    const { code, message, hint, details, lasting } = error;
    const known = { ...(hint !== undefined && { hint }), ...(lasting !== undefined && { lasting }) };
    return { kind: "refused", problem: { code, message, details, ...known } };
  }
}

/** bytes from which on it pays to leave the client that serves all else */
const BULK = 1024 * 1024;
const MOST_PLACES = 256;
const MOST_BROKEN = 1_024;
/** What a place says once its signature no longer counts. */
const EXPIRED = new Set([400, 401, 403, 404, 410]);
const SIZE_HINT =
  "the file at the pinned commit cannot change, so a mirror or proxy serves another; try another endpoint";

/** Which bytes [start, end) the answer holds, or what is wrong with it. `final`: asking again cannot help. */
function cut({ status, headers }: Landed, { file, range }: { file: RemoteFile; range: ByteRange }) {
  const wrong = (problem: string, final = false) => ({ start: 0, end: 0, problem, final });
  const encoding = header(headers, "content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity")
    return wrong(`the bytes come encoded as "${clean(encoding)}", though that was refused`);
  const size = (total: number) =>
    wrong(`size differs from the lock: the Hub has ${total} bytes, the lock ${file.size}`, true);
  if (status === 200) {
    const length = header(headers, "content-length");
    if (length !== undefined && Number(length) !== file.size) return size(Number(length));
    return { start: 0, end: file.size, problem: undefined, final: false };
  }
  const got = status === 206 ? parseContentRange(header(headers, "content-range")) : undefined;
  if (got === undefined) return wrong(`the Hub answers a range with status ${status} and no range`);
  if (got.total !== undefined && got.total !== file.size) return size(got.total);
  if (got.start !== range.start || got.end !== range.end) {
    return wrong(`bytes ${got.start} to ${got.end} came instead of ${range.start} to ${range.end}`);
  }
  return { ...range, problem: undefined, final: false };
}

function brokenOff(
  { action }: Subject,
  { received, expected }: { received: number; expected: number },
): TritterError {
  const message = `${action}: ${received} bytes came instead of ${expected}`;
  return new TritterError({ code: "NETWORK", message, hint: "try again; what is fetched so far stays" });
}

/** One for each request, and its words for few: so a class, since V8 makes a shape of its own of each object literal with a getter. */
class FileSubject implements Subject {
  readonly repo: RepoRef;
  readonly commit: Commit;
  readonly #path: string;

  constructor(repo: RepoRef, commit: Commit, path: string) {
    this.repo = repo;
    this.commit = commit;
    this.#path = path;
  }

  get action(): string {
    const { type, repo } = this.repo;
    return `cannot fetch "${clean(this.#path)}" of ${type} "${clean(repo)}"`;
  }
}

function keyOf({ repo, commit, path }: RemoteFile): string {
  return `${repo.type}/${repo.repo}@${commit}/${path}`;
}

function later<Value>(): { promise: Promise<Value>; tell: (value: Value) => void } {
  let tell: (value: Value) => void = () => {};
  const promise = new Promise<Value>((resolve) => {
    tell = resolve;
  });
  return { promise, tell };
}
