import type { Clock } from "../clock.ts";
import { TritterError } from "../errors.ts";
import type { Emit, Requested, TritterEvent } from "../events.ts";
import type { HttpEndpoint } from "./endpoint.ts";
import type { HubEnvironment } from "./environment.ts";
import { type Answer, type Course, exchange } from "./exchange.ts";
import { createGate } from "./gate.ts";
import { type Headers, header } from "./headers.ts";
import { readText } from "./incoming.ts";
import type { Lanes } from "./lanes.ts";
import { answersAreOk, isRetryable, type Refusals, type Subject } from "./refusals.ts";
import { type Attempt, persist } from "./retry.ts";
import { clean, pathTold } from "./text.ts";
import type { Token } from "./token.ts";
import type { Transport } from "./transport.ts";
import { networkError, troubleOf } from "./trouble.ts";

/** What every request to an HTTP Hub shares: redirects, the token's reach, the rate gate, retries. */
export interface Client {
  readonly endpoint: HttpEndpoint;
  readonly clock: Clock;
  /** Follows redirects by hand and answers with the last status; no retry. Throws NETWORK, HUB, RATE_LIMITED. */
  follow(request: Request): Promise<Landed>;
  /** As `follow`, with trouble that may pass as a value to `persist` on. */
  attempt(request: Request): Promise<Attempt<Landed>>;
  /** A 2xx body as text, after retries. Throws what the Hub's refusal means. */
  getText(
    url: string,
    request: { readonly subject: Subject; readonly signal: AbortSignal },
  ): Promise<TextAnswer>;
  /** `tries`: unset: as many as pay where nobody else can be asked. */
  persist<Value>(
    work: (attempt: number) => Promise<Attempt<Value>>,
    signal: AbortSignal,
    tries?: number,
  ): Promise<Value>;
}

export interface Request {
  readonly url: URL;
  readonly subject: Subject;
  readonly signal: AbortSignal;
  /** Beside those every request carries. */
  readonly headers: Readonly<Record<string, string>>;
  /** A redirect to such a URL is the answer, and is not followed. */
  readonly stopBefore?: (url: URL) => boolean;
  /** Set only where bytes of files are asked for, of which as many come at once as pay. */
  readonly lanes?: Lanes;
  /** What is told of the request: the bytes it asks for, unless that is all, and which attempt it is; default: the first. */
  readonly told?: {
    readonly range: Requested["range"];
    readonly attempt: number;
    /** Called where an answer, or its bytes, did not come. */
    readonly broke?: () => void;
  };
  /** Much is to come, and is only lent to who takes it. */
  readonly isBulk?: boolean;
}

export interface Landed extends Answer {
  /** Where the answer came from. */
  readonly url: URL;
  /** The server said when to come back, and the rate gate waits for it. */
  readonly paced: boolean;
}

export interface TextAnswer {
  readonly text: string;
  readonly headers: Headers;
  readonly url: URL;
}

/** What an answer says besides what was asked. */
export interface Heard {
  readonly status: number;
  readonly url: URL;
  readonly headers: Headers;
}

interface ClientSettings {
  readonly endpoint: HttpEndpoint;
  readonly environment: HubEnvironment;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly transport: () => Promise<Transport>;
  readonly token: () => Promise<Token>;
  readonly refusals: Refusals;
  readonly onAnswer?: ((answer: Heard) => void) | undefined;
}

/** What the first request finds out for all. */
interface Wire {
  readonly transport: Transport;
  /** Headers of every request, and of one to the Hub itself. */
  readonly elsewhere: Readonly<Record<string, string>>;
  readonly toHub: Readonly<Record<string, string>>;
  /** Never told to anyone. */
  readonly secret: string | undefined;
}

/** No headers beside those of every request. */
export const NONE: Request["headers"] = {};

const MOST_HOPS = 5;
/** bytes; a page of 1000 entries has about 300 kB */
const LARGEST_PAGE = 64 * 1024 * 1024;

export function createClient(settings: ClientSettings): Client {
  const { endpoint, environment, clock, emit, refusals } = settings;
  const gate = createGate({ clock, emit });
  let wire: Wire | undefined;
  const client: Client = {
    endpoint,
    clock,
    follow,
    attempt,
    getText,
    persist: (work, signal, tries) => persist(work, { clock, emit, signal, tries }),
  };
  return client;

  async function wired(): Promise<Wire> {
    const token = await settings.token();
    // Compressed answers break ranges, lengths and hashes.
    const elsewhere = { "accept-encoding": "identity", "user-agent": settings.userAgent };
    const secret = token.kind === "sent" ? token.value : undefined;
    const toHub = secret === undefined ? elsewhere : { ...elsewhere, authorization: `Bearer ${secret}` };
    return { transport: await settings.transport(), elsewhere, toHub, secret };
  }

  async function follow(request: Request): Promise<Landed> {
    let url = request.url;
    let onHub = url.origin === endpoint.origin;
    for (let hop = 0; ; hop++) {
      const answer = await once(url, onHub, request);
      const next = redirectOf(answer, request.subject);
      if (next === undefined || request.stopBefore?.(next)) return answer;
      answer.body.cancel();
      if (hop === MOST_HOPS) throw tooManyHops(request.subject);
      // Once a redirect has left the Hub, nothing it leads to gets the token back.
      onHub &&= next.origin === endpoint.origin;
      url = next;
    }
  }

  async function once(url: URL, onHub: boolean, request: Request): Promise<Landed> {
    const { headers, signal, subject, lanes } = request;
    wire ??= await wired();
    const { secret } = wire;
    const base = onHub ? wire.toHub : wire.elsewhere;
    const entering = gate.enter(url, signal);
    const permit = entering instanceof Promise ? await entering : entering;
    try {
      const turning = lanes?.enter(url.origin, signal);
      const lane = turning instanceof Promise ? await turning : turning;
      const { transport } = wire;
      const direct = request.isBulk === true ? transport.directFor(url) : undefined;
      const answer = await exchange(direct ?? transport.dispatcherFor(url), {
        url,
        headers: headers === NONE ? base : { ...base, ...headers },
        signal,
        lane,
        headersTimeout: environment.metadataTimeout,
        bodyTimeout: environment.downloadTimeout,
        explain: (error) => explain(error, subject.action, url.host),
        now: clock.now,
        over: (course) => {
          if (course.end === "broken") request.told?.broke?.();
          emit(requested(url, request, { course, secret }));
        },
      });
      settings.onAnswer?.({ status: answer.status, headers: answer.headers, url });
      const { status, headers: heard, body } = answer;
      return { status, headers: heard, body, url, paced: permit.leave(answer) };
    } catch (error) {
      permit.leave();
      throw error;
    }
  }

  function redirectOf({ status, headers, url: from }: Landed, subject: Subject): URL | undefined {
    const location = REDIRECTS.has(status) ? header(headers, "location") : undefined;
    if (location === undefined) return undefined;
    if (!URL.canParse(location, from.href)) throw badRedirect(subject, "is no URL");
    const next = new URL(location, from);
    if (!/^https?:$/.test(next.protocol)) throw badRedirect(subject, `leads to "${clean(next.protocol)}"`);
    if (next.protocol === "http:" && endpoint.url.startsWith("https:"))
      throw badRedirect(subject, "leaves https");
    next.username = "";
    next.password = "";
    return next;
  }

  async function attempt(request: Request): Promise<Attempt<Landed>> {
    try {
      const landed = await follow(request);
      if (!isRetryable(landed.status)) return { kind: "done", value: landed };
      landed.body.cancel();
      const error = await refusals.temporary(landed, request.subject);
      return { kind: "again", error, paced: landed.paced };
    } catch (error) {
      return again(error, request.signal);
    }
  }

  function getText(
    url: string,
    { subject, signal }: { subject: Subject; signal: AbortSignal },
  ): Promise<TextAnswer> {
    const request = { url: new URL(url), subject, signal, headers: { accept: "application/json" } };
    const work = (number: number) =>
      orAgain<TextAnswer>(signal, async () => {
        const got = await attempt({ ...request, told: { range: undefined, attempt: number } });
        if (got.kind === "again") return got;
        const { status, headers, body, url } = got.value;
        if (!answersAreOk(status)) throw await refusals.refusal(got.value, subject);
        const text = await readText(body, LARGEST_PAGE, () => oversized(subject));
        return { kind: "done", value: { text, headers, url } };
      });
    return client.persist(work, signal);
  }
}

/** Connection trouble that may pass becomes a value; the rest is thrown. */
export async function orAgain<Value>(
  signal: AbortSignal,
  work: () => Promise<Attempt<Value>>,
): Promise<Attempt<Value>> {
  try {
    return await work();
  } catch (error) {
    return again(error, signal);
  }
}

function again(error: unknown, signal: AbortSignal): Attempt<never> {
  if (signal.aborted || !(error instanceof TritterError) || error.code !== "NETWORK") throw error;
  if (troubleOf(error.cause)?.fatal) throw error;
  return { kind: "again", error, paced: false };
}

function explain(error: unknown, action: string, host: string): unknown {
  // Whoever read it has found out what is wrong.
  if (error instanceof TritterError) return error;
  const trouble = troubleOf(error);
  return trouble === undefined ? error : networkError(trouble, action, { host, cause: error });
}

function requested(
  url: URL,
  { told }: Request,
  { course, secret }: { course: Course; secret: string | undefined },
): TritterEvent {
  const { at, status, bytes, firstMs, tookMs, end, error } = course;
  return {
    kind: "requested",
    at,
    method: "GET",
    host: url.host,
    path: pathTold(url.pathname, secret),
    range: told?.range,
    status,
    bytes,
    firstMs,
    tookMs,
    attempt: told?.attempt ?? 1,
    end,
    why: error === undefined ? undefined : clean(messageOf(error), secret),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const BETWEEN = "a proxy or mirror may stand between; try another endpoint";

function badRedirect({ action }: Subject, how: string): TritterError {
  const message = `${action}: the Hub redirects to an address that ${how}`;
  return new TritterError({ code: "HUB", message, hint: BETWEEN });
}

function tooManyHops({ action }: Subject): TritterError {
  return new TritterError({
    code: "HUB",
    message: `${action}: the Hub redirects more than ${MOST_HOPS} times`,
    hint: BETWEEN,
  });
}

function oversized({ action }: Subject): TritterError {
  return new TritterError({
    code: "HUB",
    message: `${action}: the Hub's answer is larger than ${LARGEST_PAGE} bytes`,
    hint: BETWEEN,
  });
}
