import { describe, expect, it } from "vitest";
import { diskProblem, onDisk, passing } from "../../../cli/disk/trouble.ts";
import { CODES, TritterError } from "../../../cli/errors.ts";
import { systemError } from "../../support/memory-disk.ts";

describe("diskProblem()", () => {
  it.each([
    ["ENOSPC", 8, "the disk or a quota is full", "what is complete is kept"],
    ["EDQUOT", 8, "the disk or a quota is full", "what is complete is kept"],
    ["EACCES", 12, "permission denied", "mend the permissions"],
    ["EROFS", 12, "read-only", "mend the permissions or the mount"],
    ["ENAMETOOLONG", 12, "the name is too long", 'a shorter "path"'],
    ["EFBIG", 12, "larger than this file system", 'another "root"'],
    ["EMFILE", 12, "too many open files", "ulimit -n"],
    ["EXDEV", 12, "crosses a mount point", "unmount"],
    ["EIO", 12, "the device reported an error", "run the same command again"],
    ["EWHATEVER", 12, "the file system refused", "run the same command again"],
  ])("%s is exit %d, with reason and next step", (code, exit, reason, step) => {
    const problem = diskProblem('write "a.txt"', systemError(code, "/a.txt"));
    expect(CODES[problem.code]).toBe(exit);
    expect(problem.message).toMatch(/^cannot write "a\.txt": /);
    expect(problem.message).toContain(reason);
    expect(problem.message).toContain(`(${code})`);
    expect(problem.hint).toContain(step);
  });

  it("passes on what was told already, and throws what is a bug", () => {
    const told = { code: "CONFLICT", message: "m", hint: "h", path: "p" } as const;
    expect(diskProblem("write", new TritterError(told))).toMatchObject(told);
    const bug = new TypeError("bug");
    expect(() => diskProblem("write", bug)).toThrow(bug);
  });
});

describe("onDisk()", () => {
  it("gives what the work gives, and tells what the file system refused, with its cause", async () => {
    expect(await onDisk("read", async () => 7)).toBe(7);
    const cause = systemError("EIO", "/a");
    await expect(onDisk("read it", () => Promise.reject(cause))).rejects.toMatchObject({
      code: "DISK_REFUSED",
      cause,
    });
  });

  it("throws a bug, and an interruption, as they are", async () => {
    const bug = new TypeError("bug");
    await expect(onDisk("read", () => Promise.reject(bug))).rejects.toBe(bug);
  });
});

describe("passing()", () => {
  it("lets the named errors pass and no other", async () => {
    await passing(["ENOENT"], () => Promise.reject(systemError("ENOENT", "/a")));
    await expect(passing(["ENOENT"], () => Promise.reject(systemError("EIO", "/a")))).rejects.toThrow("EIO");
  });
});
