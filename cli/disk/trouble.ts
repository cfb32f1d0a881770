import { type Problem, systemCode, TritterError } from "../errors.ts";

/** Turns a system error into what the user is told: NO_SPACE or DISK_REFUSED. Anything else is thrown on. */
export function diskProblem(action: string, error: unknown): Problem {
  if (error instanceof TritterError) {
    const { code, message, hint, source, path, details } = error;
    return { code, message, hint, source, path, details };
  }
  const code = systemCode(error);
  if (code === undefined) throw error;
  if (FULL.has(code)) {
    return {
      code: "NO_SPACE",
      message: `cannot ${action}: the disk or a quota is full (${code})`,
      hint: "free some space and run the same command again: what is complete is kept",
    };
  }
  return {
    code: "DISK_REFUSED",
    message: `cannot ${action}: ${REASONS[code] ?? "the file system refused"} (${code})`,
    hint: "mend the permissions or the mount, then run the same command again",
  };
}

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOENT: "the folder is gone",
  ENOTDIR: "something on the way is not a folder",
  EISDIR: "a folder is in the way",
  ELOOP: "a symlink is in the way",
  EXDEV: "it crosses a mount point",
  ENAMETOOLONG: "the name is too long for this file system",
  EMFILE: "too many open files",
  ENOTEMPTY: "a folder is not empty",
  EIO: "the device reported an error",
  EBUSY: "the entry is in use",
};
