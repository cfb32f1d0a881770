/**
 * Items that come and go many thousand times while a few are there at once, each at a number that another has after it.
 *
 * A Map or Set is no place for them: as it fills up with what was deleted, V8 makes a new table and lets the old one lead to
 * it (https://tc39.es/ecma262/#sec-map.prototype.foreach wants iterators to go on), so that one old table that is not collected
 * yet keeps alive whatever stood in all tables after it.
 */
export class Slots<Item> {
  readonly #items: (Item | undefined)[] = [];
  readonly #free: number[] = [];

  add(item: Item): number {
    const slot = this.#free.pop() ?? this.#items.length;
    this.#items[slot] = item;
    return slot;
  }

  at(slot: number): Item | undefined {
    return this.#items[slot];
  }

  /** Once for each that was added. */
  free(slot: number): void {
    this.#items[slot] = undefined;
    this.#free.push(slot);
  }

  /** Those that are there now, in no order. */
  all(): Item[] {
    return this.#items.filter((item) => item !== undefined) as Item[];
  }
}
