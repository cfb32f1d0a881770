import type { Clock } from "../clock.ts";
import type { Emit } from "../events.ts";
import { whenAborted } from "./abort.ts";
import { type Breadth, breadthAfter, newBreadth } from "./breadth.ts";

/** As many requests for bytes at once to each host as pay (`breadth.ts`); others wait, first come, first served. */
export interface Lanes {
  /** Given when a request to the origin may go; rejects with the signal's reason. The lane must be left. */
  enter(origin: string, signal: AbortSignal): Lane | Promise<Lane>;
}

export interface Lane {
  /** bytes that came */
  took(bytes: number): void;
  /** We make the host wait, or no longer: while we do, it says nothing of what it could bring. */
  waits(waits: boolean): void;
  /** Once. `dropped`: by our own will, which says nothing of the host. */
  leave(how: "answered" | "trouble" | "dropped"): void;
}

/** ms of a sample at least … */
const SAMPLE_MS = 50;
/** … and until then it waits for so much of each stream, that chance does not decide. */
const ENOUGH = { answers: 2, bytes: 256 * 1024 };
const LONGEST_MS = 1_000;
/** One answer of each is enough where streams double: so many pay that they should once an answer. */
const TO_DOUBLE = { ...ENOUGH, answers: 1 };
/** Of what the host takes to answer: new streams bring nothing before, and that more of them do not pay shows after so much. */
const SETTLED = 1.25;
const DOUBTED = 2;
/** The latest answer's part in that. */
const WEIGHT = 0.1;
/** The part of the streams there may be that must have been open, and not made to wait by us, on average. */
const IN_USE = 0.8;

interface Host {
  readonly name: string;
  readonly emit: Emit;
  breadth: Breadth;
  open: number;
  /** Of those, the ones that we make wait. */
  held: number;
  /** First come, first served. */
  readonly waiting: (() => void)[];
  /** ms it takes to begin an answer, connecting included; undefined until there was one. */
  latency: number | undefined;
  /** The target has just grown: what the new streams bring is not seen before they are answered. */
  isYoung: boolean;
  /** Of the sample that is under way. */
  since: number;
  bytes: number;
  answers: number;
  troubles: number;
  /** Most that were open. */
  peak: number;
  /** Streams open and not held, times ms, up to `at`. */
  used: number;
  at: number;
}

/** `emit` hears of changes of their number. */
export function createLanes({
  ceiling,
  clock,
  emit,
}: {
  readonly ceiling: number;
  readonly clock: Clock;
  readonly emit: Emit;
}): Lanes {
  const hosts = new Map<string, Host>();
  return {
    enter: (origin, signal) => {
      const host = hosts.get(origin) ?? hostOf(new URL(origin).host, { ceiling, now: clock.now(), emit });
      hosts.set(origin, host);
      if (host.open >= host.breadth.target) return turn(host, signal).then(() => laneOf(host, clock));
      opened(host, clock.now());
      return laneOf(host, clock);
    },
  };
}

function hostOf(name: string, { ceiling, now, emit }: { ceiling: number; now: number; emit: Emit }): Host {
  const sample = { since: now, bytes: 0, answers: 0, troubles: 0, peak: 0, used: 0, at: now };
  return {
    name,
    emit,
    breadth: newBreadth(ceiling),
    open: 0,
    held: 0,
    waiting: [],
    latency: undefined,
    isYoung: true,
    ...sample,
  };
}

/** Whoever lets it in has counted it. */
function turn({ waiting }: Host, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const go = () => {
      callOff();
      resolve();
    };
    const callOff = whenAborted(signal, () => {
      callOff();
      waiting.splice(waiting.indexOf(go), 1);
      reject(signal.reason);
    });
    waiting.push(go);
  });
}

function laneOf(host: Host, clock: Clock): Lane {
  let [left, held, answered] = [false, false, false];
  const entered = clock.now();
  const hear = (now: number) => {
    if (answered) return;
    answered = true;
    const took = now - entered;
    host.latency = host.latency === undefined ? took : host.latency + WEIGHT * (took - host.latency);
  };
  const hold = (waits: boolean) => {
    if (held === waits) return;
    held = waits;
    account(host, clock.now());
    host.held += waits ? 1 : -1;
  };
  return {
    waits: (waits) => {
      if (!left) hold(waits);
    },
    took: (bytes) => {
      host.bytes += bytes;
      const now = clock.now();
      hear(now);
      measure(host, now);
    },
    leave: (how) => {
      if (left) return;
      hold(false);
      left = true;
      const now = clock.now();
      account(host, now);
      host.open -= 1;
      if (how === "answered") {
        host.answers += 1;
        hear(now);
      }
      if (how === "trouble") host.troubles += 1;
      measure(host, now);
      letIn(host, now);
    },
  };
}

function letIn(host: Host, now: number): void {
  while (host.open < host.breadth.target) {
    const go = host.waiting.shift();
    if (go === undefined) return;
    opened(host, now);
    go();
  }
}

function opened(host: Host, now: number): void {
  account(host, now);
  host.open += 1;
  host.peak = Math.max(host.peak, host.open);
}

function account(host: Host, now: number): void {
  host.used += (host.open - host.held) * (now - host.at);
  host.at = now;
}

/** Ends the sample once it says enough, and follows what it says if as many streams were open as it is to be about. */
function measure(host: Host, now: number): void {
  const ms = now - host.since;
  const { breadth, bytes, answers, troubles, latency = 0 } = host;
  const { target, phase } = breadth;
  const enough = phase.kind === "doubling" ? TO_DOUBLE : ENOUGH;
  const haveAnswered = answers >= enough.answers * target;
  if (host.isYoung && !haveAnswered && troubles === 0) {
    if (ms >= SETTLED * latency) restart(host, now);
    return;
  }
  if (ms < SAMPLE_MS) return;
  const says = haveAnswered || bytes >= enough.bytes * target || troubles > 0;
  if (!says && ms < Math.max(LONGEST_MS, DOUBTED * latency)) return;
  account(host, now);
  const isFull = host.used >= IN_USE * target * ms && host.peak <= target;
  if (isFull || troubles > 0) {
    const next = breadthAfter(breadth, { ms, bytes, answers, troubles });
    if (next.target <= target && ms < DOUBTED * latency && troubles === 0) return;
    host.breadth = next;
    if (next.target !== target) host.emit({ kind: "width", host: host.name, from: target, to: next.target });
  }
  restart(host, now);
  host.isYoung = host.breadth.target > target;
  letIn(host, now);
}

function restart(host: Host, now: number): void {
  const sample = { since: now, bytes: 0, answers: 0, troubles: 0, peak: host.open, used: 0, at: now };
  Object.assign(host, { ...sample, isYoung: false });
}
