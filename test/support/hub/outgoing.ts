import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { WireAnswer } from "../../../cli/serve/wire.ts";
import type { Content } from "./content.ts";
import type { LoggedRequest } from "./log.ts";

/** An answer about to be sent: bytes [start, end) of what `read` gives, and how the sending goes wrong. */
export interface Outgoing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body is of a file, so offsets are the file's. */
  readonly file: boolean;
  readonly start: number;
  readonly end: number;
  read(start: number, end: number): Buffer;
  readonly cutAfter?: number;
  readonly stallAfter?: number;
  readonly drip?: { readonly bytes: number; readonly everyMs: number };
}

export function outgoingOf({ status, headers, body }: WireAnswer, content: Content | undefined): Outgoing {
  if (body.kind === "text") return textBody(status, body.text, headers);
  if (content === undefined)
    throw new Error("An answer carries bytes of a file, but no content came with it");
  return { status, headers, file: true, start: body.start, end: body.end, read: content.read };
}

export function textBody(status: number, text: string, headers: Readonly<Record<string, string>>): Outgoing {
  const body = Buffer.from(text);
  const length: Record<string, string> = status === 304 ? {} : { "content-length": String(body.length) };
  const read = (start: number, end: number): Buffer => body.subarray(start, end);
  return { status, headers: { ...headers, ...length }, file: false, start: 0, end: body.length, read };
}

const STEP = 512 * 1024;

/** Sends head and body at the client's pace; returns early where the client goes away. */
export async function send(
  outgoing: Outgoing,
  response: ServerResponse,
  logged: LoggedRequest,
): Promise<void> {
  logged.status = outgoing.status;
  response.writeHead(outgoing.status, outgoing.headers);
  if (logged.method === "HEAD") return void response.end();
  const { cutAfter, stallAfter, drip } = outgoing;
  const end = outgoing.start + Math.min(outgoing.end - outgoing.start, cutAfter ?? stallAfter ?? Infinity);
  for (let at = outgoing.start; at < end; ) {
    const next = Math.min(end, at + (drip?.bytes ?? STEP));
    const chunk = outgoing.read(at, next);
    logged.bytes += chunk.length;
    if (!(await write(response, chunk))) return;
    if (drip !== undefined) await sleep(drip.everyMs);
    at = next;
  }
  if (cutAfter === undefined && stallAfter === undefined) return void response.end();
  response.flushHeaders();
  if (cutAfter === undefined) return gone(response);
  await new Promise<void>((resolve) => setImmediate(resolve));
  response.destroy();
}

/** Until the client goes away. */
export function gone(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve();
    response.once("close", resolve);
  });
}

/** False where nobody listens any more. */
function write(response: ServerResponse, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve(false);
    const closed = (): void => resolve(false);
    response.once("close", closed);
    response.write(chunk, (error) => {
      response.off("close", closed);
      resolve(error === null || error === undefined);
    });
  });
}
