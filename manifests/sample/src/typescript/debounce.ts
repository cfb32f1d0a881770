/** Calls `act` once things have been quiet for `quietMs`, with the latest argument. */
export function debounce<T>(act: (value: T) => void, quietMs: number): { call(value: T): void; cancel(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    call(value) {
      clearTimeout(timer);
      timer = setTimeout(() => act(value), quietMs);
    },
    cancel() {
      clearTimeout(timer);
    },
  };
}
