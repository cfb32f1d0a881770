import { connect, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Dechunker, type Head, LARGEST_HEAD, Malformed, parseHead } from "./head.ts";
import type { Dispatcher } from "./undici.ts";

/**
 * HTTP/1.1 for many bytes from one place: a socket reads into the same memory again and again, and its reader takes them from
 * there. undici has memory made for each 64 KiB, and copies them once to parse them; that is three quarters of the
 * processor's time of a large body.
 */
export interface Direct {
  /** As undici's, for GET without a body; where `onResponseData` returns true, the chunk's memory is used again at once. */
  dispatch(question: DirectQuestion, handler: DirectHandler): void;
  /** Breaks what is under way. */
  destroy(): void;
}

export interface DirectQuestion {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** ms until headers must have come */
  readonly headersTimeout: number;
  /** ms the body may stay silent; does not run while paused */
  readonly bodyTimeout: number;
}

export interface DirectHandler {
  onRequestStart(controller: Dispatcher.DispatchController): void;
  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Head["headers"]): void;
  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): boolean | undefined;
  /** Where the next bytes of the body are wanted; undefined: anywhere. */
  room(): Uint8Array | undefined;
  onResponseEnd(): void;
  onResponseError(controller: Dispatcher.DispatchController | null, error: Error): void;
}

export interface DirectOptions {
  /** ms until a connection must be there */
  readonly connectTimeout: number;
  /** ms that one is kept for the next request */
  readonly keepAlive: number;
  /** Certificates to trust instead of Node's own. */
  readonly ca: readonly string[] | undefined;
}

/** bytes read at once, at most; of each connection */
const BUFFER = 256 * 1024;
/** bytes that are still worth reading into, where somebody keeps what came before them */
const LEAST = 64 * 1024;

export function createDirect(options: DirectOptions): Direct {
  const all = new Set<Connection>();
  /** By origin, the one used last at the end: it may be the fastest, and is the least likely to be closed. */
  const idle = new Map<string, Connection[]>();
  /** By origin: https://nodejs.org/api/tls.html#session-resumption */
  const sessions = new Map<string, Buffer>();
  let destroyed = false;

  const keep = (connection: Connection) => {
    const list = idle.get(connection.origin) ?? [];
    idle.set(connection.origin, list);
    list.push(connection);
  };
  const take = (connection: Connection) => {
    const list = idle.get(connection.origin) ?? [];
    if (list.includes(connection)) list.splice(list.indexOf(connection), 1);
  };
  const forget = (connection: Connection) => {
    all.delete(connection);
    take(connection);
  };
  const fresh = (origin: string): Connection => {
    const connection = new Connection(origin, { options, sessions, keep, forget });
    all.add(connection);
    return connection;
  };
  return {
    dispatch(question, handler) {
      const { origin } = question;
      const anew = () => {
        if (destroyed) handler.onResponseError(null, failure("UND_ERR_DESTROYED", "destroyed"));
        else fresh(origin).ask(question, handler, undefined);
      };
      const kept = idle.get(origin)?.findLast(({ isOpen }) => isOpen);
      if (kept === undefined || destroyed) return anew();
      take(kept);
      // It may just have been closed by the other side, which says nothing of a new one.
      kept.ask(question, handler, anew);
    },
    destroy() {
      destroyed = true;
      for (const connection of all) connection.destroy(failure("UND_ERR_DESTROYED", "destroyed"));
    },
  };
}

interface Surroundings {
  readonly options: DirectOptions;
  readonly sessions: Map<string, Buffer>;
  readonly keep: (connection: Connection) => void;
  readonly forget: (connection: Connection) => void;
}

/** One request, from its being sent to the end of its answer. */
interface Exchange {
  readonly question: DirectQuestion;
  readonly handler: DirectHandler;
  readonly controller: Controller;
  /** Asks once more, elsewhere; undefined once bytes came, or where that would be no better. */
  again: (() => void) | undefined;
  head: Head | undefined;
  /** What came of the head so far, and of those before it that only announce it. */
  start: Buffer;
  /** Where it begins in that. */
  from: number;
  /** bytes of the body to come, where its length is known */
  left: number;
  chunks: Dechunker | undefined;
  timer: NodeJS.Timeout | undefined;
}

class Connection {
  readonly origin: string;
  readonly #around: Surroundings;
  readonly #socket: Socket;
  #buffer = Buffer.allocUnsafeSlow(BUFFER);
  /** What is read into: that, or the reader's own. */
  #into: Uint8Array = this.#buffer;
  #exchange: Exchange | undefined;
  #error: Error | undefined;
  #hasEnded = false;
  #connected = false;

  constructor(origin: string, around: Surroundings) {
    this.origin = origin;
    this.#around = around;
    const onread: OnReadOpts = {
      buffer: () => {
        this.#into = this.#room() ?? this.#buffer;
        return this.#into;
      },
      callback: (count) => {
        this.#read(this.#into.subarray(0, count));
        return this.#exchange?.controller.paused !== true;
      },
    };
    this.#socket = this.#connect(new URL(origin), onread);
    const { connectTimeout } = around.options;
    const timer = setTimeout(
      () => this.destroy(failure("UND_ERR_CONNECT_TIMEOUT", "no connection in time")),
      connectTimeout,
    );
    this.#socket.once(origin.startsWith("https:") ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      this.#connected = true;
      this.#send();
    });
    this.#socket.on("error", (error) => {
      this.#error ??= error;
    });
    this.#socket.on("end", () => {
      this.#hasEnded = true;
    });
    this.#socket.on("timeout", () => this.#silent());
    this.#socket.on("close", () => {
      clearTimeout(timer);
      this.#closed();
    });
  }

  /** As far as is known here. */
  get isOpen(): boolean {
    return !this.#hasEnded && !this.#socket.destroyed;
  }

  #connect({ protocol, hostname, port }: URL, onread: OnReadOpts): Socket {
    const host = hostname.replace(/^\[|\]$/g, "");
    const common = { host, noDelay: true, keepAlive: true, onread };
    if (protocol === "http:") return connect({ ...common, port: Number(port || 80) });
    const { options, sessions } = this.#around;
    const socket = connectTls({
      ...common,
      port: Number(port || 443),
      ALPNProtocols: ["http/1.1"],
      ...(isIP(host) === 0 && { servername: host }),
      ...(options.ca !== undefined && { ca: [...options.ca] }),
      ...(sessions.has(this.origin) && { session: sessions.get(this.origin) as Buffer }),
    });
    socket.on("session", (session) => sessions.set(this.origin, session));
    return socket;
  }

  ask(question: DirectQuestion, handler: DirectHandler, again: (() => void) | undefined): void {
    const controller = new Controller(this.#socket, question, () => this.#exchange);
    this.#exchange = {
      question,
      handler,
      controller,
      again,
      head: undefined,
      start: Buffer.alloc(0),
      from: 0,
      left: 0,
      chunks: undefined,
      timer: undefined,
    };
    this.#socket.ref();
    this.#socket.setTimeout(0);
    if (this.#connected) this.#send();
  }

  destroy(error: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #send(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { question, handler, controller } = exchange;
    handler.onRequestStart(controller);
    if (controller.aborted) return;
    const { path, headers, headersTimeout } = question;
    const lines = Object.entries({ host: new URL(this.origin).host, connection: "keep-alive", ...headers });
    const text = [`GET ${path} HTTP/1.1`, ...lines.map(([name, value]) => `${name}: ${value}`), "", ""];
    if (text.some((line) => UNSENDABLE.test(line))) {
      this.destroy(failure("UND_ERR_INVALID_ARG", "a header cannot be sent"));
      return;
    }
    exchange.timer = setTimeout(
      () => this.destroy(failure("UND_ERR_HEADERS_TIMEOUT", "no answer in time")),
      headersTimeout,
    );
    this.#socket.write(text.join("\r\n"), "latin1");
  }

  /** Asked for anew after each read, so that nothing is read into memory that its owner has back. */
  #room(): Uint8Array | undefined {
    const { head, chunks, left, handler } = this.#exchange ?? {};
    if (head === undefined || handler === undefined || left === undefined || chunks !== undefined)
      return undefined;
    const room = handler.room();
    if (room === undefined || room.length === 0) return undefined;
    return room.length > left ? room.subarray(0, left) : room;
  }

  /** `bytes` are where they were read into. */
  #read(bytes: Uint8Array): void {
    const exchange = this.#exchange;
    // What comes unasked is nobody's answer.
    if (exchange === undefined) {
      this.destroy(new Malformed("bytes came unasked"));
      return;
    }
    exchange.again = undefined;
    try {
      const rest = exchange.head === undefined ? this.#takeHead(exchange, bytes) : bytes;
      if (rest !== undefined) this.#takeBody(exchange, rest);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** What follows it, once it is whole. */
  #takeHead(exchange: Exchange, bytes: Uint8Array): Uint8Array | undefined {
    const start = Buffer.concat([exchange.start, bytes]);
    exchange.start = start;
    for (;;) {
      const { from } = exchange;
      const end = start.indexOf("\r\n\r\n", from);
      if ((end === -1 ? start.length : end) > LARGEST_HEAD)
        throw new Malformed("the answer's head is too long");
      if (end === -1) return undefined;
      const head = parseHead(start.toString("latin1", from, end));
      exchange.from = end + 4;
      // Else something is still to come: 100 Continue, 103 Early Hints.
      if (head.status >= 200) return this.#begin(exchange, head, start.subarray(end + 4));
    }
  }

  /** What there is of its body. */
  #begin(exchange: Exchange, head: Head, rest: Uint8Array): Uint8Array | undefined {
    const { handler, controller, question } = exchange;
    clearTimeout(exchange.timer);
    exchange.start = Buffer.alloc(0);
    exchange.head = head;
    exchange.left = head.body.kind === "length" ? head.body.bytes : Number.POSITIVE_INFINITY;
    exchange.chunks = head.body.kind === "chunked" ? new Dechunker() : undefined;
    this.#socket.setTimeout(question.bodyTimeout);
    handler.onResponseStart(controller, head.status, head.headers);
    if (exchange.left === 0) this.#end(exchange, rest.length > 0);
    return rest.length === 0 || this.#exchange !== exchange ? undefined : rest;
  }

  #takeBody(exchange: Exchange, bytes: Uint8Array): void {
    if (exchange.controller.aborted) return;
    const { chunks } = exchange;
    if (chunks === undefined) {
      const part = bytes.length > exchange.left ? bytes.subarray(0, exchange.left) : bytes;
      exchange.left -= part.length;
      this.#hand(exchange, part);
      if (exchange.left === 0) this.#end(exchange, part.length < bytes.length);
    } else {
      const taken = chunks.push(bytes, (content) => this.#hand(exchange, content));
      if (chunks.isDone) this.#end(exchange, taken < bytes.length);
    }
  }

  /** Memory that somebody keeps is left to them. */
  #hand({ handler, controller }: Exchange, bytes: Uint8Array): void {
    if (controller.aborted) return;
    const isFree = handler.onResponseData(controller, bytes) === true;
    if (isFree || bytes.buffer !== this.#buffer.buffer) return;
    // Who keeps many small ones does not keep as many times all of it.
    const rest = this.#buffer.subarray(bytes.byteOffset + bytes.length - this.#buffer.byteOffset);
    this.#buffer = rest.length < LEAST ? Buffer.allocUnsafeSlow(BUFFER) : rest;
  }

  /** `hasMore`: bytes after it, which no server sends that keeps count. */
  #end(exchange: Exchange, hasMore: boolean): void {
    if (this.#exchange !== exchange || exchange.controller.aborted) return;
    const { handler, controller, head } = exchange;
    this.#exchange = undefined;
    if (head?.persists !== true || hasMore || this.#hasEnded) this.#socket.destroy();
    else {
      if (controller.paused) controller.resume();
      this.#socket.unref();
      this.#socket.setTimeout(this.#around.options.keepAlive);
      this.#around.keep(this);
    }
    handler.onResponseEnd();
  }

  #silent(): void {
    if (this.#exchange === undefined) this.#socket.destroy();
    else if (this.#exchange.head !== undefined)
      this.destroy(failure("UND_ERR_BODY_TIMEOUT", "the body stalled"));
  }

  #closed(): void {
    this.#around.forget(this);
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    clearTimeout(exchange.timer);
    const { handler, controller, head, again } = exchange;
    const hasCome = head?.body.kind === "close" && this.#hasEnded && this.#error === undefined;
    if (hasCome && !controller.aborted) {
      this.#end(exchange, false);
      return;
    }
    this.#exchange = undefined;
    const error = controller.reason ?? this.#error ?? failure("UND_ERR_SOCKET", "other side closed");
    if (again !== undefined && !controller.aborted && !isOurs(this.#error)) again();
    else handler.onResponseError(controller, error);
  }
}

/** As in undici, for one exchange: what it is told after that is over concerns nobody. */
class Controller implements Dispatcher.DispatchController {
  readonly #socket: Socket;
  readonly #silence: number;
  readonly #current: () => Exchange | undefined;
  paused = false;
  reason: Error | null = null;

  constructor(
    socket: Socket,
    { bodyTimeout }: Pick<DirectQuestion, "bodyTimeout">,
    current: () => Exchange | undefined,
  ) {
    this.#socket = socket;
    this.#silence = bodyTimeout;
    this.#current = current;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  get #isCurrent(): boolean {
    return this.#current()?.controller === this;
  }

  abort(reason: Error): void {
    if (this.aborted || !this.#isCurrent) return;
    this.reason = reason;
    this.#socket.destroy();
  }

  pause(): void {
    if (this.paused || !this.#isCurrent) return;
    this.paused = true;
    this.#socket.pause();
    this.#socket.setTimeout(0);
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#socket.setTimeout(this.#silence);
    this.#socket.resume();
  }
}

/** What ended because we ended it is not tried again. */
function isOurs(error: Error | undefined): boolean {
  return error !== undefined && "code" in error && String(error.code).startsWith("UND_ERR");
}

/** With a code of undici's, whose words `trouble.ts` has. */
function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** What would end a line, or is no latin1: RFC 9110, section 5.5. */
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
