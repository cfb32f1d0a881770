/**
 * Runs `work` over `items`, at most `width` at a time, in order of start. Stops starting once `signal`
 * aborts, waits for what runs, then throws the abort reason. The first thrown error stops the rest the same
 * way: work whose failure should not stop others must return it as a value.
 */
export async function pool<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  { width, signal }: { width: number; signal: AbortSignal },
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  const worker = async () => {
    while (failure === undefined && !signal.aborted) {
      try {
        const next = await iterator.next();
        if (next.done) return;
        // It may have been long in coming.
        if (failure !== undefined || signal.aborted) return;
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
  await iterator.return?.();
  signal.throwIfAborted();
  if (failure !== undefined) throw failure.error;
}

/** Lets at most `width` of the works handed to it run at once; the others wait their turn, first come first served. */
export function gate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
