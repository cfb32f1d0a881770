import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { nodeDisk } from "../../../cli/disk/node.ts";
import { lifeOf, parseWriter, thisWriter, type Writer } from "../../../cli/disk/writer.ts";
import { BOOT, writerOf } from "../../support/engine.ts";
import { memoryDisk, systemError } from "../../support/memory-disk.ts";

const SELF = writerOf("self");

describe("thisWriter()", () => {
  it("tells two runs of one process apart, and is read back from its file", async () => {
    const [a, b] = [await thisWriter(nodeDisk(), process.pid), await thisWriter(nodeDisk(), process.pid)];
    expect(a.id).not.toBe(b.id);
    expect(parseWriter(JSON.parse(JSON.stringify(a)))).toEqual(a);
  });

  it.runIf(process.platform === "linux")("knows boot, start and namespace of its process", async () => {
    const writer = await thisWriter(nodeDisk(), process.pid);
    expect(writer.boot).toMatch(/^[0-9a-f-]{36}$/);
    expect(writer.start).toMatch(/^\d+$/);
    expect(writer.pids).toMatch(/^pid:\[\d+\]$/);
  });

  it("does without what the system does not tell", async () => {
    const disk = memoryDisk();
    disk.before = (operation, path) => {
      if (operation !== "lstat") throw systemError("EACCES", path);
    };
    const writer = await thisWriter(disk, 7);
    expect(writer).toMatchObject({
      pid: 7,
      start: undefined,
      boot: undefined,
      machine: undefined,
      pids: undefined,
    });
  });

  it("does not tell the id of the machine itself", async () => {
    const disk = memoryDisk();
    disk.put("/etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
    const { machine } = await thisWriter(disk, 7);
    expect(machine).toMatch(/^[0-9a-f]{16}$/);
    expect("3d1219c7c4c5404aaa1f6d2a48adfda4").not.toContain(machine);
  });
});

describe("parseWriter()", () => {
  it.each([undefined, null, 7, "w", [], {}, { id: "w", host: "h" }, { id: 1, host: "h", pid: 1 }])(
    "has nothing for %j",
    (value) => {
      expect(parseWriter(value)).toBeUndefined();
    },
  );
});

describe("lifeOf()", () => {
  const life = (writer: Partial<Writer>, self: Partial<Writer> = {}) =>
    lifeOf(memoryDisk(), writerOf("w", writer), { ...SELF, ...self });

  it.each<[string, Partial<Writer>, Partial<Writer>, string]>([
    ["this very run", { id: "self" }, {}, "alive"],
    ["a process of this boot that is not there", {}, {}, "dead"],
    ["this machine before it booted", { boot: "before" }, {}, "dead"],
    ["another host", { host: "there", boot: "other" }, {}, "unknown"],
    ["a machine of the same name", { boot: "other", machine: "n" }, {}, "unknown"],
    [
      "one that has no id for its machine",
      { boot: "other", machine: undefined },
      { machine: undefined },
      "unknown",
    ],
    ["another container of this boot", { pids: "pid:[2]" }, {}, "unknown"],
    ["a namespace nobody knows", { pids: undefined }, { pids: undefined }, "unknown"],
    ["no /proc", { start: undefined }, {}, "unknown"],
    ["no boot known", { boot: undefined }, {}, "unknown"],
    ["no boot known here", { boot: BOOT }, { boot: undefined }, "unknown"],
  ])("%s", async (_, writer, self, wanted) => {
    expect(await life(writer, self)).toBe(wanted);
  });

  it.each([
    ["ESRCH", "dead"],
    ["EACCES", "unknown"],
  ])("a process whose state cannot be read (%s): %s", async (code, wanted) => {
    const disk = memoryDisk();
    disk.before = (operation, path) => {
      if (operation === "read") throw systemError(code, path);
    };
    expect(await lifeOf(disk, writerOf("w"), SELF)).toBe(wanted);
  });

  it.runIf(process.platform === "linux")(
    "sees a process live and die, and its id given to another",
    async () => {
      const disk = nodeDisk();
      const self = await thisWriter(disk, process.pid);
      const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
      try {
        const writer = await thisWriter(disk, child.pid as number);
        expect(await lifeOf(disk, writer, self)).toBe("alive");
        expect(await lifeOf(disk, { ...writer, start: "1" }, self)).toBe("dead");
        const ended = once(child, "exit");
        child.stdin?.end();
        await ended;
        expect(await lifeOf(disk, writer, self)).toBe("dead");
      } finally {
        child.kill("SIGKILL");
      }
    },
  );
});
