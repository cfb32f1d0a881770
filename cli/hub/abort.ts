import { Slots } from "../slots.ts";

interface Waiter {
  readonly act: () => void;
  isOff: boolean;
}

const WAITERS = new WeakMap<AbortSignal, Slots<Waiter>>();

/**
 * Calls `act` when the signal aborts, unless that is called off by what it returns: by another's act too. As many may wait on
 * one signal as there are requests.
 */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  let waiters = WAITERS.get(signal);
  if (waiters === undefined) {
    const slots = new Slots<Waiter>();
    signal.addEventListener("abort", () => {
      for (const waiter of slots.all()) if (!waiter.isOff) waiter.act();
    });
    WAITERS.set(signal, slots);
    waiters = slots;
  }
  const waiter = { act, isOff: false };
  return callingOff(waiters, waiters.add(waiter), waiter);
}

/** Called off twice, as where a failure and the end both see to it, it must not touch whoever has the slot by then. */
function callingOff(waiters: Slots<Waiter>, slot: number, waiter: Waiter): () => void {
  return () => {
    if (!waiter.isOff) waiters.free(slot);
    waiter.isOff = true;
  };
}
