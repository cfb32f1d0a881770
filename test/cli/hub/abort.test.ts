import { describe, expect, it } from "vitest";
import { whenAborted } from "../../../cli/hub/abort.ts";

describe("whenAborted()", () => {
  it("calls all that wait, and none that was called off, by another's act too", () => {
    const stop = new AbortController();
    const called: string[] = [];
    whenAborted(stop.signal, () => {
      called.push("first");
      third();
    });
    const second = whenAborted(stop.signal, () => called.push("second"));
    const third = whenAborted(stop.signal, () => called.push("third"));
    whenAborted(stop.signal, () => called.push("fourth"));
    second();
    second();
    stop.abort();
    expect(called).toEqual(["first", "fourth"]);
  });

  it("leaves alone whoever has the place of one that was called off twice", () => {
    const stop = new AbortController();
    const called: string[] = [];
    const off = whenAborted(stop.signal, () => called.push("gone"));
    off();
    whenAborted(stop.signal, () => called.push("there"));
    off();
    whenAborted(stop.signal, () => called.push("too"));
    stop.abort();
    expect(called).toEqual(["there", "too"]);
  });
});
