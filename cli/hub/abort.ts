const ACTS = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `act` when the signal aborts, unless that is called off by what it returns. As many may wait on one signal as there are requests. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  let acts = ACTS.get(signal);
  if (acts === undefined) {
    const all = new Set<() => void>();
    signal.addEventListener("abort", () => {
      for (const one of all) one();
    });
    ACTS.set(signal, all);
    acts = all;
  }
  acts.add(act);
  return () => void acts.delete(act);
}
