import type {
  FlightEnd,
  FlightHost,
  FlightLeftOut,
  FlightPlaced,
  FlightRecord,
  FlightRequest,
  FlightRetry,
  FlightSample,
  FlightStall,
  FlightVerified,
  FlightWait,
  FlightWidth,
} from "./types.ts";

/** Raised where an older reader would take a line for what it is not; new kinds of lines, and new members, need not. */
const FORMAT = 1;

/**
 * One line, a JSON object, of which `kind` says what it is:
 *
 *     {"kind":"head","format":1,"tritter":"0.1.0","began":1764041227000}
 *     {"kind":"request","at":12,"method":"GET","host":"huggingface.co","path":"/datasets/o/n/resolve/…",…}
 *     {"kind":"end","tookMs":812,"exit":0,"problems":[],"totals":{…}}
 */
export type Line =
  | { readonly kind: "head"; readonly format: number; readonly tritter: string; readonly began: number }
  | ({ readonly kind: "request" } & FlightRequest)
  | ({ readonly kind: "retry" } & FlightRetry)
  | ({ readonly kind: "stall" } & FlightStall)
  | ({ readonly kind: "wait" } & FlightWait)
  | ({ readonly kind: "width" } & FlightWidth)
  | ({ readonly kind: "sample" } & FlightSample)
  | ({ readonly kind: "host" } & FlightHost)
  | ({ readonly kind: "verified" } & FlightVerified)
  | ({ readonly kind: "placed" } & FlightPlaced)
  | ({ readonly kind: "left-out"; readonly of: FlightLeftOut["kind"] } & Omit<FlightLeftOut, "kind">)
  | ({ readonly kind: "end" } & FlightEnd);

export function headLine(tritter: string, began: number): Line {
  return { kind: "head", format: FORMAT, tritter, began };
}

export function linesText(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Of a file's text, or why it is no record. What is not understood is left out and counted: the file may be a newer program's, or damaged. */
export function parseRecord(file: string, text: string): FlightRecord | { readonly why: string } {
  const [first = "", ...rest] = text.split("\n");
  const head = parsed(first);
  if (head === undefined || head.kind !== "head") return { why: "it does not begin as a record does" };
  if (!is(HEAD, head)) return { why: "its first line is damaged" };
  const { format, tritter, began } = head as Extract<Line, { kind: "head" }>;
  if (format !== FORMAT) return { why: `it has format ${format}, and this version reads format ${FORMAT}` };
  const lists: { [Kind in keyof typeof MEMBERS]: object[] } = {
    request: [],
    retry: [],
    stall: [],
    wait: [],
    width: [],
    sample: [],
    host: [],
    verified: [],
    placed: [],
    "left-out": [],
    end: [],
  };
  let unread = 0;
  for (const line of rest) {
    if (line === "") continue;
    const { kind, ...members } = parsed(line) ?? {};
    if (isKind(kind) && is(MEMBERS[kind], members)) lists[kind].push(only(MEMBERS[kind], members));
    else unread += 1;
  }
  return {
    file,
    tritter,
    began,
    end: lists.end.at(-1) as FlightEnd | undefined,
    requests: lists.request as FlightRequest[],
    retries: lists.retry as FlightRetry[],
    stalls: lists.stall as FlightStall[],
    waits: lists.wait as FlightWait[],
    widths: lists.width as FlightWidth[],
    samples: lists.sample as FlightSample[],
    hosts: lists.host as FlightHost[],
    verified: lists.verified as FlightVerified[],
    placed: lists.placed as FlightPlaced[],
    leftOut: lists["left-out"].map((line) => {
      const { of: kind, ...sums } = line as Omit<FlightLeftOut, "kind"> & { of: FlightLeftOut["kind"] };
      return { kind, ...sums };
    }),
    unread,
  };
}

type Members = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Test>>;

function parsed(line: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function is(shape: Shape, members: Members): boolean {
  return Object.entries(shape).every(([name, test]) => Object.hasOwn(members, name) && test(members[name]));
}

function isKind(kind: unknown): kind is keyof typeof MEMBERS {
  return typeof kind === "string" && Object.hasOwn(MEMBERS, kind);
}

/** Members of newer versions are left out. */
function only(shape: Shape, members: Members): Members {
  return Object.fromEntries(Object.keys(shape).map((name) => [name, members[name]]));
}

const text: Test = (value) => typeof value === "string";
const whole: Test = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);
const oneOf =
  (...words: readonly string[]): Test =>
  (value) =>
    words.includes(value as string);
const shaped =
  (shape: Shape): Test =>
  (value) =>
    isObject(value) && is(shape, value);
const listOf =
  (test: Test): Test =>
  (value) =>
    Array.isArray(value) && value.every(test);
const range: Test = (value) => listOf(whole)(value) && (value as unknown[]).length === 2;
const counts: Test = (value) => isObject(value) && Object.values(value).every(whole);
const sum = shaped({ files: whole, bytes: whole });
const spread = shaped({ sum: whole, most: whole });

const HEAD: Shape = { format: whole, tritter: text, began: whole };

const MEMBERS = {
  request: {
    at: whole,
    method: text,
    host: text,
    path: text,
    range: orNull(range),
    status: orNull(whole),
    bytes: whole,
    firstMs: orNull(whole),
    tookMs: whole,
    attempt: whole,
    end: oneOf("whole", "dropped", "broken"),
    why: orNull(text),
  },
  retry: { at: whole, why: text, path: orNull(text), waitMs: whole },
  stall: { at: whole, path: text, bytes: whole, ms: whole },
  wait: { at: whole, host: text, ms: whole },
  width: { at: whole, host: text, from: whole, to: whole },
  sample: { at: whole, ms: whole, bytes: whole },
  host: {
    host: text,
    requests: whole,
    failed: whole,
    bytes: whole,
    firstMs: spread,
    tookMs: spread,
    statuses: counts,
  },
  verified: { what: oneOf("fetched", "taken", "disk"), bytes: whole, ms: whole },
  placed: { how: oneOf("store", "copy", "move", "there"), files: whole, bytes: whole },
  "left-out": {
    of: oneOf("request", "retry", "stall", "wait", "width"),
    lines: whole,
    bytes: whole,
    ms: whole,
  },
  end: {
    tookMs: whole,
    exit: whole,
    problems: listOf(text),
    totals: shaped({
      requests: whole,
      failed: whole,
      again: whole,
      received: whole,
      stalls: whole,
      waitedMs: whole,
      fetched: sum,
      taken: sum,
      verified: whole,
      placed: sum,
      pruned: orNull(sum),
    }),
  },
} as const satisfies Readonly<Record<string, Shape>>;
