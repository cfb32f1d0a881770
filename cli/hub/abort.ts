import { Slots } from "../slots.ts";

const ACTS = new WeakMap<AbortSignal, Slots<() => void>>();

/** Calls `act` when the signal aborts, unless that is called off by what it returns. As many may wait on one signal as there are requests. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  let acts = ACTS.get(signal);
  if (acts === undefined) {
    const slots = new Slots<() => void>();
    signal.addEventListener("abort", () => {
      for (const one of slots.all()) one();
    });
    ACTS.set(signal, slots);
    acts = slots;
  }
  return callingOff(acts, acts.add(act));
}

/** Called off twice, as where a failure and the end both see to it, it must not touch whoever has the slot by then. */
function callingOff(acts: Slots<() => void>, slot: number): () => void {
  let isOff = false;
  return () => {
    if (!isOff) acts.free(slot);
    isOff = true;
  };
}
