import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Slots } from "../../cli/slots.ts";

describe("Slots", () => {
  it("holds what was added and not freed, each at a number of its own", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (acts) => {
        const slots = new Slots<string>();
        const held = new Map<number, string>();
        for (const [index, act] of acts.entries()) {
          const taken = [...held.keys()];
          const slot = taken[act % (2 * taken.length + 1)];
          if (slot === undefined) {
            const added = slots.add(`item ${index}`);
            expect(held.has(added)).toBe(false);
            held.set(added, `item ${index}`);
          } else {
            slots.free(slot);
            held.delete(slot);
            expect(slots.at(slot)).toBeUndefined();
          }
        }
        expect(slots.all().sort()).toEqual([...held.values()].sort());
        for (const [slot, item] of held) expect(slots.at(slot)).toBe(item);
      }),
    );
  });

  it("uses a number again, so that many may come and go", () => {
    const slots = new Slots<number>();
    for (let item = 0; item < 1_000; item++) {
      const slot = slots.add(item);
      expect(slot).toBe(0);
      slots.free(slot);
    }
  });
});
