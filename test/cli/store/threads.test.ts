import { describe, expect, it } from "vitest";
import { threadsFor } from "../../../cli/store/threads.ts";

const WORTH = { files: 10, bytes: 1_000 };
const HOST = { cores: 4, built: true };

describe("threadsFor()", () => {
  it.each<[string, { files?: number; bytes?: number }, number]>([
    ["enough files, however small", { files: 10 }, 4],
    ["enough bytes, in one file", { bytes: 1_000 }, 4],
    ["both", { files: 10, bytes: 1_000 }, 4],
    ["not quite enough of either", { files: 9, bytes: 999 }, 0],
  ])("has all cores do %s", (_, work, threads) => {
    expect(threadsFor({ files: 1, bytes: 1, ...work }, { worth: WORTH, local: true }, HOST)).toBe(threads);
  });

  it.each<[string, boolean, typeof HOST, number]>([
    ["there are two cores", true, { ...HOST, cores: 2 }, 2],
    ["there is one core", true, { ...HOST, cores: 1 }, 0],
    ["the disk is one that threads do not see", false, HOST, 0],
    ["nothing is built that a thread could load", true, { ...HOST, built: false }, 0],
  ])("where %s", (_, local, host, threads) => {
    expect(threadsFor({ files: 99, bytes: 9_999 }, { worth: WORTH, local }, host)).toBe(threads);
  });

  it("knows of these sources that they are not built", () => {
    expect(threadsFor({ files: 99, bytes: 9_999 }, { worth: WORTH, local: true })).toBe(0);
  });
});
