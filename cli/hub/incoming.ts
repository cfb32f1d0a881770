import type { Dispatcher } from "./undici.ts";

type Controller = Dispatcher.DispatchController;

/** Bytes held for a slow reader before the socket is paused. */
const HIGH = 512 * 1024;
const LOW = 128 * 1024;
/** Cheaper to read and drop than to open another connection. */
const DROPPABLE = 64 * 1024;

/**
 * A response body as it comes, without a stream between the socket and the reader: chunks are queued as the parser
 * cuts them and handed out without copying. Read by one reader, once.
 */
export class Incoming implements AsyncIterableIterator<Uint8Array> {
  readonly #controller: Controller;
  readonly #chunks: Uint8Array[] = [];
  readonly #announced: number | undefined;
  #queued = 0;
  #received = 0;
  /** Bounds of what the body may hold, in bytes. */
  #least = 0;
  #most = Number.POSITIVE_INFINITY;
  #wrong: (received: number) => unknown = () => undefined;
  #dropping = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #waiter: { resolve(result: IteratorResult<Uint8Array>): void; reject(error: unknown): void } | undefined;

  /** `announced`: Content-Length in bytes, where there is one. */
  constructor(controller: Controller, announced: number | undefined) {
    this.#controller = controller;
    this.#announced = announced;
  }

  /** Fails the body with what `wrong` makes unless exactly `bytes` come. */
  expect(bytes: number, wrong: (received: number) => unknown): void {
    this.#least = bytes;
    this.#most = bytes;
    this.#wrong = wrong;
    if (this.#received > bytes || (this.#ended && this.#received < bytes)) this.fail(wrong(this.#received));
  }

  push(chunk: Uint8Array): void {
    this.#received += chunk.length;
    if (this.#dropping) this.#drop();
    else if (this.#received > this.#most) this.fail(this.#wrong(this.#received));
    else if (this.#waiter !== undefined) this.#settle({ value: chunk, done: false });
    else this.#queue(chunk);
  }

  end(): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#ended = true;
    if (this.#received < this.#least) this.fail(this.#wrong(this.#received));
    else this.#settle({ value: undefined, done: true });
  }

  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    if (!this.#ended) this.#controller.abort(asError(error));
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(error);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#queued -= chunk.length;
      if (this.#queued < LOW && this.#controller.paused) this.#controller.resume();
      return Promise.resolve({ value: chunk, done: false });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#ended || this.#dropping) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.cancel();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Drops what is still to come; keeps the connection where little is. */
  cancel(): void {
    if (this.#dropping || this.#ended || this.#failure !== undefined) return;
    this.#dropping = true;
    this.#chunks.length = 0;
    this.#settle({ value: undefined, done: true });
    this.#drop();
    if (this.#controller.paused) this.#controller.resume();
  }

  #queue(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued >= HIGH) this.#controller.pause();
  }

  #drop(): void {
    const left = this.#announced === undefined ? this.#received : this.#announced - this.#received;
    if (left > DROPPABLE) this.#controller.abort(new Error("the rest of the body is not wanted"));
  }

  #settle(result: IteratorResult<Uint8Array>): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(result);
  }
}

/** The whole body as text; throws what `tooLong` makes beyond `limit` bytes. */
export async function readText(body: Incoming, limit: number, tooLong: () => Error): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString("utf8");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
