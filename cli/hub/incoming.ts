import type { Room, Take } from "./port.ts";
import type { Dispatcher } from "./undici.ts";

type Controller = Dispatcher.DispatchController;

/** bytes held for a reader that is not there yet before the socket is paused */
const HIGH = 256 * 1024;
/** Cheaper to read and drop than to open another connection. */
const DROPPABLE = 64 * 1024;

/**
 * A response body as it comes, without a stream between the socket and the reader: chunks are handed out as the parser
 * cuts them, without copying, and queued only while the reader is not there or asked to wait. Read by one reader, once.
 */
export class Incoming {
  readonly #controller: Controller;
  readonly #chunks: Uint8Array[] = [];
  readonly #announced: number | undefined;
  #queued = 0;
  #received = 0;
  /** Bounds of what the body may hold, in bytes. */
  #least = 0;
  #most = Number.POSITIVE_INFINITY;
  #wrong: (received: number) => unknown = () => undefined;
  #isLent = false;
  #dropping = false;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #reader: { take: Take; room: Room | undefined; resolve(): void; reject(error: unknown): void } | undefined;
  /** The reader asked to wait. */
  #waiting = false;

  readonly #onWait: (waits: boolean) => void;

  /** `announced`: Content-Length in bytes, where there is one. `onWait`: told when the reader begins to let the sender wait, and when it ends. */
  constructor(
    controller: Controller,
    { announced, onWait }: { announced: number | undefined; onWait: (waits: boolean) => void },
  ) {
    this.#controller = controller;
    this.#announced = announced;
    this.#onWait = onWait;
  }

  /** Cancelled, so that what breaks it now is of our own making. */
  get isDropped(): boolean {
    return this.#dropping;
  }

  /** Fails the body with what `wrong` makes unless exactly `bytes` come. */
  expect(bytes: number, wrong: (received: number) => unknown): void {
    this.#least = bytes;
    this.#most = bytes;
    this.#wrong = wrong;
    if (this.#received > bytes || (this.#ended && this.#received < bytes)) this.fail(wrong(this.#received));
  }

  /** True: nobody needs the chunk's memory any more. */
  push(chunk: Uint8Array): boolean {
    this.#received += chunk.length;
    if (this.#dropping) this.#drop();
    else if (this.#received > this.#most) this.fail(this.#wrong(this.#received));
    else if (this.#reader === undefined || this.#waiting) this.#queue(chunk);
    else {
      this.#hand(chunk);
      return this.#isLent && !this.#waiting;
    }
    return this.#dropping || this.#failure !== undefined;
  }

  /** The reader is done with a chunk once it has taken it, or once the promise resolves that it gave for it. */
  lend(): void {
    this.#isLent = true;
  }

  /** Where the next bytes may go; undefined: to memory of who reads them. */
  room(): Uint8Array | undefined {
    const isReading = !this.#waiting && !this.#dropping && this.#failure === undefined;
    if (!isReading || !this.#isLent || this.#chunks.length > 0) return undefined;
    try {
      return this.#reader?.room?.();
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  end(): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#ended = true;
    if (this.#received < this.#least) this.fail(this.#wrong(this.#received));
    else this.#flow();
  }

  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    this.#chunks.length = 0;
    if (!this.#ended) this.#controller.abort(asError(error));
    this.#reader?.reject(error);
  }

  /** Resolves at the end and on cancel; rejects with what broke the body, or with what `take` threw. */
  read(take: Take, room?: Room): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      this.#reader = { take, room, resolve, reject };
      this.#flow();
    });
  }

  /** Drops what is still to come; keeps the connection where little is. */
  cancel(): void {
    if (this.#dropping || this.#failure !== undefined) return;
    this.#dropping = true;
    this.#chunks.length = 0;
    this.#reader?.resolve();
    if (this.#ended) return;
    this.#drop();
    if (this.#controller.paused) this.#controller.resume();
  }

  /** Hands out what is queued, as far as the reader will have it now. */
  #flow(): void {
    while (!this.#waiting && this.#reader !== undefined) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      this.#queued -= chunk.length;
      this.#hand(chunk);
    }
    if (this.#waiting || this.#chunks.length > 0 || this.#failure !== undefined) return;
    if (this.#ended || this.#dropping) this.#reader?.resolve();
    else if (this.#controller.paused) this.#controller.resume();
  }

  #hand(chunk: Uint8Array): void {
    try {
      const wait = this.#reader?.take(chunk);
      if (wait !== undefined) this.#waitFor(wait);
    } catch (error) {
      this.fail(error);
    }
  }

  #waitFor(taken: Promise<void>): void {
    this.#waiting = true;
    this.#onWait(true);
    if (!this.#ended) this.#controller.pause();
    taken.then(
      () => {
        this.#waiting = false;
        this.#onWait(false);
        this.#flow();
      },
      (error: unknown) => this.fail(error),
    );
  }

  #queue(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#queued += chunk.length;
    if (this.#queued >= HIGH) this.#controller.pause();
  }

  #drop(): void {
    const left = this.#announced === undefined ? this.#received : this.#announced - this.#received;
    // What is still to come might go where the reader's bytes went.
    if (left > (this.#isLent ? 0 : DROPPABLE))
      this.#controller.abort(new Error("the rest of the body is not wanted"));
  }
}

/** The whole body as text; throws what `tooLong` makes beyond `limit` bytes. */
export async function readText(body: Incoming, limit: number, tooLong: () => Error): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  await body.read((chunk) => {
    length += chunk.length;
    if (length > limit) throw tooLong();
    chunks.push(chunk);
    return undefined;
  });
  return Buffer.concat(chunks, length).toString("utf8");
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
