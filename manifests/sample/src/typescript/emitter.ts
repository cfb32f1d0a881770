type Listener<T> = (value: T) => void;

/** Events by name, each with its own type of value. */
export function emitter<Events extends Record<string, unknown>>() {
  const listeners = new Map<keyof Events, Set<Listener<never>>>();
  return {
    on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener as Listener<never>);
      return () => void set.delete(listener as Listener<never>);
    },
    emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
      for (const listener of [...(listeners.get(name) ?? [])]) (listener as Listener<Events[Name]>)(value);
    },
  };
}
