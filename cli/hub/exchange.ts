import { whenAborted } from "./abort.ts";
import type { DirectHandler, DirectQuestion } from "./direct.ts";
import type { Headers } from "./headers.ts";
import { header } from "./headers.ts";
import { Incoming } from "./incoming.ts";
import type { Lane } from "./lanes.ts";
import type { Dispatcher } from "./undici.ts";

export interface Question {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** ms until headers must have come */
  readonly headersTimeout: number;
  /** ms the body may stay silent; does not run while the reader is slow */
  readonly bodyTimeout: number;
  /** Left here when all is over; undefined: not counted. */
  readonly lane: Lane | undefined;
  /** Makes the error that the caller shall see of one that the connection had. */
  readonly explain: (error: unknown) => unknown;
  /** ms */
  readonly now: () => number;
  /** Hears once how it went, when all is over. */
  readonly over: (course: Course) => void;
}

/** How an exchange went. */
export interface Course {
  /** ms of `now` when it was sent */
  readonly at: number;
  readonly status: number | undefined;
  /** Of the body, that came. */
  readonly bytes: number;
  readonly firstMs: number | undefined;
  readonly tookMs: number;
  readonly end: "whole" | "dropped" | "broken";
  /** What the caller saw break; undefined: nothing. */
  readonly error: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Incoming;
}

/** What undici's dispatchers and `Direct` have in common. */
interface Dispatching {
  dispatch(question: DirectQuestion & { readonly method: "GET" }, handler: DirectHandler): unknown;
}

/** One GET, one answer: no redirect, no retry. Rejects, and breaks the body, with the signal's reason or what `explain` makes. */
export function exchange(
  dispatcher: Dispatching,
  { url, headers, signal, headersTimeout, bodyTimeout, lane, explain, now, over }: Question,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let body: Incoming | undefined;
    let isFailing = false;
    const at = now();
    let [bytes, isOver] = [0, false];
    let first: { readonly status: number; readonly ms: number } | undefined;
    const tell = (end: Course["end"], error?: unknown) => {
      if (isOver) return;
      isOver = true;
      over({ at, status: first?.status, firstMs: first?.ms, tookMs: now() - at, bytes, end, error });
    };
    const fail = (error: unknown) => {
      callOff();
      const isOurs = signal.aborted || body?.isDropped === true;
      lane?.leave(isOurs ? "dropped" : "trouble");
      const shown = signal.aborted ? signal.reason : explain(error);
      tell(isOurs ? "dropped" : "broken", isOurs ? undefined : shown);
      if (body === undefined) reject(shown);
      else body.fail(shown);
    };
    const abort = () => {
      // Before the request has a connection there is nothing to abort yet; onRequestStart does it then.
      fail(signal.reason);
      controller?.abort(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    };
    const callOff = whenAborted(signal, abort);
    if (signal.aborted) {
      // Nothing was asked, so there is nothing to tell.
      isOver = true;
      return abort();
    }
    dispatcher.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: "GET",
        headers,
        headersTimeout,
        bodyTimeout,
      },
      {
        onRequestStart(started) {
          controller = started;
          if (signal.aborted) abort();
        },
        onResponseStart(_, status, received) {
          if (status < 200 || controller === undefined) return;
          first = { status, ms: now() - at };
          isFailing = status === 429 || status >= 500;
          const length = header(received, "content-length");
          const announced = length === undefined ? undefined : Number(length);
          body = new Incoming(controller, { announced, onWait: (waits) => lane?.waits(waits) });
          resolve({ status, headers: received, body });
        },
        onResponseData(_, chunk) {
          bytes += chunk.length;
          lane?.took(chunk.length);
          return body?.push(chunk);
        },
        room: () => body?.room(),
        onResponseEnd() {
          callOff();
          lane?.leave(isFailing ? "trouble" : "answered");
          tell("whole");
          body?.end();
        },
        onResponseError(_, error) {
          fail(error);
        },
      },
    );
  });
}
