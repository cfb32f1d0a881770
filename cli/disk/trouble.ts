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
    hint: `${REMEDIES[code] ?? "mend the permissions or the mount"}, then run the same command again`,
  };
}

/** Does the work; what the file system refuses is thrown as what the user is told. */
export async function onDisk<T>(action: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw new TritterError(diskProblem(action, error), error);
  }
}

/** Does the work and lets these errors of the system pass, as where another process was first. */
export async function passing(codes: readonly string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!codes.includes(systemCode(error) ?? "")) throw error;
  }
}

const FULL = new Set(["ENOSPC", "EDQUOT"]);

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
  ENOENT: "the file or its folder is gone",
  ENOTDIR: "something on the way is not a folder",
  EISDIR: "a folder is in the way",
  EEXIST: "something is there already",
  ELOOP: "a symlink is in the way",
  EXDEV: "it crosses a mount point",
  ENAMETOOLONG: "the name is too long for this file system",
  EFBIG: "the file is larger than this file system or a limit allows",
  EMFILE: "too many open files",
  ENFILE: "too many open files on this machine",
  ENOTEMPTY: "a folder is not empty",
  EIO: "the device reported an error",
  EBUSY: "the entry is in use",
  EPIPE: "whoever read it has stopped",
  ESTALE: "the network file system lost the file",
};

const REMEDIES: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'give the source a shorter "path", or another "root"',
  EFBIG: 'give another "root", or raise the limit (ulimit -f)',
  EMFILE: "raise the limit (ulimit -n)",
  ENFILE: "close other programs",
  EPIPE: "let it read to the end",
  EXDEV: "unmount what is mounted below the root",
};
