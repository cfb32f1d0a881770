import { dirname } from "node:path";
import type { DirEntry, Disk, DiskFile, FileStat } from "../../cli/disk/port.ts";
import type { Random } from "./random.ts";

// A disk in memory, for what real ones do not do on demand: fill up, fail, change between two calls, lose power.

export interface MemoryDisk extends Disk {
  /** Called before every operation; throwing makes it fail. */
  before: (operation: Operation, path: string) => void;
  /** ms; what `clock` tells, and what files are stamped with */
  now: number;
  /** Handles not yet closed, by path. */
  readonly opened: readonly string[];
  free: { bytes: number | undefined; inodes: number | undefined };
  /** A file, made with its folders, that would survive a power loss. */
  put(path: string, content: string | Uint8Array): void;
  symlink(path: string, target: string): void;
  /** Flips a bit in place, as a failing medium does: no stamp tells of it. */
  rot(path: string, at: number): void;
  /** Files below a folder as text, by their path from there. */
  tree(folder: string): Record<string, string>;
  /** Paths of all folders below a folder. */
  folders(folder: string): string[];
  /** Another boot begins, with what was flushed and with what `loss` leaves of the rest. */
  losePower(loss: PowerLoss): void;
}

/**
 * What becomes of names that no flush of their folder, and of bytes that no flush of their file made durable:
 *
 * - `lost`: no such name is there, and a file has the bytes of its last flush.
 * - `zeros`: likewise, but a file has its size and times, and zeros where it grew.
 * - `names`: each such name is there, and a file has the bytes of its last flush, so none where there was no flush.
 * - drawn at random: each change of a name is kept or lost by itself, whatever came before and after it; each file has
 *   its old bytes, its new ones, zeros, or some blocks of each, at its old or its new size, with its old or its new times.
 *
 * A rename is one act, which file systems keep or lose as one, or keep with the old name still there: none loses the file.
 */
export type PowerLoss = "lost" | "zeros" | "names" | Random;

export type Operation =
  | Exclude<keyof Disk, "local" | "mkdirNow" | "renameNow">
  | "readAt"
  | "writeAt"
  | "append"
  | "truncate"
  | "sync"
  | "stat"
  | "close";

/** Operations that change what is on disk. */
export const CHANGES: ReadonlySet<Operation> = new Set<Operation>([
  "mkdir",
  "rename",
  "link",
  "reflink",
  "unlink",
  "rmdir",
  "writeAt",
  "append",
  "truncate",
]);

interface File {
  readonly kind: "file";
  inode: bigint;
  content: Buffer;
  durable: Buffer | undefined;
  mtimeNs: bigint;
  ctimeNs: bigint;
  /** When its content was made durable. */
  durableTimes: { readonly mtimeNs: bigint; readonly ctimeNs: bigint } | undefined;
}

interface Symlink extends Omit<File, "kind"> {
  readonly kind: "symlink";
}

interface Folder {
  readonly kind: "folder";
  inode: bigint;
  entries: Map<string, Node>;
  durable: Map<string, Node>;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

type Node = File | Folder | Symlink;

/** A name that came or went, or both at once, and that no flush made durable yet. */
interface Change {
  readonly node: Node;
  readonly gone: Place | undefined;
  readonly come: Place | undefined;
}

interface Place {
  readonly folder: Folder;
  readonly name: string;
}

export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

export function memoryDisk(): MemoryDisk {
  let inodes = 100n;
  let ticks = 0n;
  let boots = 1;
  let changes: Change[] = [];
  const opened: string[] = [];
  const now = () => {
    ticks += 1n;
    return BigInt(Math.floor(disk.now)) * 1_000_000n + (ticks % 1_000_000n);
  };
  const newFolder = (): Folder => {
    inodes += 1n;
    const at = now();
    return {
      kind: "folder",
      inode: inodes,
      entries: new Map(),
      durable: new Map(),
      mtimeNs: at,
      ctimeNs: at,
    };
  };
  const newFile = (content: Buffer): File => {
    inodes += 1n;
    const at = now();
    const times = { mtimeNs: at, ctimeNs: at, durableTimes: undefined };
    return { kind: "file", inode: inodes, content, durable: undefined, ...times };
  };
  const come = (folder: Folder, name: string, node: Node) => {
    folder.entries.set(name, node);
    changes.push({ node, gone: undefined, come: { folder, name } });
  };
  const go = (folder: Folder, name: string, node: Node) => {
    folder.entries.delete(name);
    changes.push({ node, gone: { folder, name }, come: undefined });
  };

  const lookup = (path: string, follow = true, depth = 0): Node | undefined => {
    if (depth > 8) throw systemError("ELOOP", path);
    let node: Node = root;
    const parts = path.split("/").filter((part) => part !== "");
    for (const [index, part] of parts.entries()) {
      if (node.kind !== "folder") throw systemError("ENOTDIR", path);
      const next: Node | undefined = node.entries.get(part);
      if (next === undefined) return undefined;
      if (next.kind === "symlink" && (follow || index < parts.length - 1)) {
        const target = next.content.toString();
        return lookup([target, ...parts.slice(index + 1)].join("/"), follow, depth + 1);
      }
      node = next;
    }
    return node;
  };
  const parent = (path: string): { folder: Folder; name: string } => {
    const folder = lookup(dirname(path));
    if (folder === undefined) throw systemError("ENOENT", path);
    if (folder.kind !== "folder") throw systemError("ENOTDIR", path);
    return { folder, name: path.slice(path.lastIndexOf("/") + 1) };
  };
  const existing = (path: string, follow = false): Node => {
    const node = lookup(path, follow);
    if (node === undefined) throw systemError("ENOENT", path);
    return node;
  };
  const makeFolders = (path: string): void => {
    let folder = root;
    for (const part of path.split("/").filter((one) => one !== "")) {
      let next = folder.entries.get(part);
      if (next?.kind === "symlink") next = lookup(next.content.toString());
      if (next === undefined) {
        next = newFolder();
        come(folder, part, next);
      }
      if (next.kind !== "folder") throw systemError("EEXIST", path);
      folder = next;
    }
  };

  const statOf = (node: Node): FileStat => ({
    kind: node.kind,
    size: node.kind === "folder" ? 0 : node.content.length,
    mtimeNs: node.mtimeNs,
    ctimeNs: node.ctimeNs,
    inode: node.inode,
    device: 1n,
  });

  const write = (file: File, bytes: Uint8Array, position: number) => {
    const end = Math.max(file.content.length, position + bytes.length);
    const content = Buffer.alloc(end);
    file.content.copy(content);
    content.set(bytes, position);
    file.content = content;
    file.mtimeNs = now();
    file.ctimeNs = file.mtimeNs;
  };

  const fileHandle = (file: File, path: string): DiskFile => {
    let isOpen = true;
    const step = (operation: Operation) => {
      if (!isOpen) throw systemError("EBADF", path);
      disk.before(operation, path);
    };
    opened.push(path);
    return {
      readAt: async (into, position) => {
        step("readAt");
        if (position >= file.content.length) return 0;
        return file.content.copy(into, 0, position);
      },
      writeAt: async (bytes, position) => {
        step("writeAt");
        write(file, bytes, position);
      },
      append: async (bytes) => {
        try {
          step("append");
        } catch (error) {
          // What a full disk does: some of it is there.
          write(file, bytes.subarray(0, Math.floor(bytes.length / 2)), file.content.length);
          throw error;
        }
        write(file, bytes, file.content.length);
      },
      truncate: async (length) => {
        step("truncate");
        file.content = Buffer.concat([file.content.subarray(0, length)], length);
        file.mtimeNs = now();
      },
      sync: async () => {
        step("sync");
        makeDurable(file);
      },
      stat: async () => {
        step("stat");
        return statOf(file);
      },
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        opened.splice(opened.indexOf(path), 1);
        disk.before("close", path);
      },
    };
  };

  const move = (path: string, target: string) => {
    const from = parent(path);
    const to = parent(target);
    const node = from.folder.entries.get(from.name);
    if (node === undefined) throw systemError("ENOENT", path);
    const there = to.folder.entries.get(to.name);
    if (there?.kind === "folder" && node.kind !== "folder") throw systemError("EISDIR", target);
    if (there?.kind === "folder" && there.entries.size > 0) throw systemError("ENOTEMPTY", target);
    from.folder.entries.delete(from.name);
    to.folder.entries.set(to.name, node);
    node.ctimeNs = now();
    changes.push({ node, gone: from, come: to });
  };

  const flush = (folder: Folder) => {
    const isHere = ({ gone, come: came }: Change) => gone?.folder === folder || came?.folder === folder;
    for (const change of changes.filter(isHere)) settle(change);
    changes = changes.filter((change) => !isHere(change));
  };

  const guarded =
    <A extends [string, ...unknown[]], T>(operation: Operation, act: (...args: A) => T) =>
    async (...args: A): Promise<T> => {
      disk.before(operation, args[0]);
      return act(...args);
    };

  const root: Folder = {
    kind: "folder",
    inode: 1n,
    entries: new Map(),
    durable: new Map(),
    mtimeNs: 0n,
    ctimeNs: 0n,
  };

  const disk: MemoryDisk = {
    local: false,
    before: () => undefined,
    now: Date.UTC(2030, 0, 1),
    free: { bytes: 2 ** 50, inodes: undefined },
    opened,
    lstat: (path) => {
      disk.before("lstat", path);
      try {
        const node = lookup(path, false);
        return node === undefined ? undefined : statOf(node);
      } catch {
        return undefined;
      }
    },
    readdir: guarded("readdir", (path: string): readonly DirEntry[] | undefined => {
      const node = lookup(path);
      if (node?.kind !== "folder") return undefined;
      return [...node.entries].map(([name, entry]) => ({ name, kind: entry.kind }));
    }),
    realpath: guarded("realpath", (path: string) => {
      const node = existing(path);
      return node.kind === "symlink" ? node.content.toString() : path;
    }),
    readlink: guarded("readlink", (path: string) => {
      const node = lookup(path, false);
      if (node?.kind !== "symlink") throw systemError(node === undefined ? "ENOENT" : "EINVAL", path);
      return node.content.toString();
    }),
    mkdir: guarded("mkdir", (path: string) => makeFolders(path)),
    read: guarded("read", (path: string) => {
      if (path === "/proc/sys/kernel/random/boot_id") return Buffer.from(`0000000${boots}-boot\n`);
      const node = lookup(path);
      if (node?.kind === "folder") throw systemError("EISDIR", path);
      return node === undefined ? undefined : Buffer.from(node.content);
    }),
    open: guarded("open", (path: string, mode: "r" | "wx" | "a" | "r+") => {
      const { folder, name } = parent(path);
      const node = folder.entries.get(name);
      if (node?.kind === "symlink") throw systemError(mode === "wx" ? "EEXIST" : "ELOOP", path);
      if (node?.kind === "folder") throw systemError("EISDIR", path);
      if (node !== undefined && mode === "wx") throw systemError("EEXIST", path);
      if (node !== undefined) return fileHandle(node, path);
      if (mode === "r" || mode === "r+") throw systemError("ENOENT", path);
      disk.before("mkdir", path);
      const made = newFile(Buffer.alloc(0));
      come(folder, name, made);
      return fileHandle(made, path);
    }),
    rename: guarded("rename", (path: string, target: string) => move(path, target)),
    mkdirNow: (path) => {
      disk.before("mkdir", path);
      const at = parent(path);
      if (!at.folder.entries.has(at.name)) come(at.folder, at.name, newFolder());
    },
    renameNow: (path, target) => {
      disk.before("rename", path);
      move(path, target);
    },
    link: guarded("link", (path: string, target: string) => {
      const node = existing(path);
      const to = parent(target);
      if (to.folder.entries.has(to.name)) throw systemError("EEXIST", target);
      come(to.folder, to.name, node);
      node.ctimeNs = now();
    }),
    makeSymlink: async (target, path) => {
      disk.before("makeSymlink", path);
      disk.symlink(path, target);
    },
    isReadOnly: () => false,
    reflink: guarded("reflink", () => false),
    unlink: guarded("unlink", (path: string) => {
      const { folder, name } = parent(path);
      const node = folder.entries.get(name);
      if (node === undefined) throw systemError("ENOENT", path);
      if (node.kind === "folder") throw systemError("EISDIR", path);
      go(folder, name, node);
      node.ctimeNs = now();
    }),
    rmdir: guarded("rmdir", (path: string) => {
      const { folder, name } = parent(path);
      const node = folder.entries.get(name);
      if (node === undefined) throw systemError("ENOENT", path);
      if (node.kind !== "folder") throw systemError("ENOTDIR", path);
      if (node.entries.size > 0) throw systemError("ENOTEMPTY", path);
      go(folder, name, node);
    }),
    syncFolder: guarded("syncFolder", (path: string) => {
      const node = existing(path, true);
      if (node.kind !== "folder") throw systemError("ENOTDIR", path);
      flush(node);
    }),
    space: guarded("space", () => disk.free),
    touch: guarded("touch", (path: string) => {
      const node = existing(path);
      node.mtimeNs = now();
      node.ctimeNs = node.mtimeNs;
    }),
    rot: (path, at) => {
      const { folder, name } = parent(path);
      const file = folder.entries.get(name) as File;
      file.content = Buffer.from(file.content);
      file.content[at] = (file.content[at] as number) ^ 1;
      file.durable = file.content;
    },
    put: (path, content) => {
      makeFolders(dirname(path));
      const { folder, name } = parent(path);
      const file = newFile(Buffer.from(content as string));
      makeDurable(file);
      folder.entries.set(name, file);
      let above: Folder = root;
      for (const part of path.split("/").filter((one) => one !== "")) {
        const next = above.entries.get(part) as Node;
        above.durable.set(part, next);
        if (next.kind === "folder") above = next;
      }
    },
    symlink: (path, target) => {
      makeFolders(dirname(path));
      const { folder, name } = parent(path);
      const link: Symlink = { ...newFile(Buffer.from(target)), kind: "symlink" };
      folder.entries.set(name, link);
      folder.durable.set(name, link);
    },
    tree: (folder) => {
      const files: Record<string, string> = {};
      walk(lookup(folder), "", (path, node) => {
        if (node.kind === "file") files[path] = node.content.toString("latin1");
      });
      return files;
    },
    folders: (folder) => {
      const paths: string[] = [];
      walk(lookup(folder), "", (path, node) => {
        if (node.kind === "folder") paths.push(path);
      });
      return paths;
    },
    losePower: (loss) => {
      boots += 1;
      for (const change of changes) settleLost(change, loss);
      changes = [];
      afterPowerLoss(root, loss, new Set());
    },
  };
  return disk;
}

function makeDurable(file: File): void {
  file.durable = file.content;
  file.durableTimes = { mtimeNs: file.mtimeNs, ctimeNs: file.ctimeNs };
}

function settle({ node, gone, come }: Change): void {
  if (gone !== undefined && gone.folder.durable.get(gone.name) === node)
    gone.folder.durable.delete(gone.name);
  come?.folder.durable.set(come.name, node);
}

function settleLost(change: Change, loss: PowerLoss): void {
  if (loss === "lost" || loss === "zeros") return;
  if (loss !== "names" && loss.chance(0.5)) return;
  const both = change.gone !== undefined && change.come !== undefined;
  settle(both && loss !== "names" && loss.chance(0.2) ? { ...change, gone: undefined } : change);
}

function afterPowerLoss(folder: Folder, loss: PowerLoss, done: Set<Node>): void {
  folder.entries = new Map(folder.durable);
  for (const node of folder.entries.values()) {
    if (done.has(node)) continue;
    done.add(node);
    if (node.kind === "folder") afterPowerLoss(node, loss, done);
    else if (node.content !== node.durable) loseBytes(node, loss);
  }
}

function loseBytes(file: File | Symlink, loss: PowerLoss): void {
  const old = file.durable ?? Buffer.alloc(0);
  const times = file.durableTimes;
  if (loss === "lost" || loss === "names") file.content = old;
  else if (loss === "zeros") file.content = withZeros(old, file.content.length);
  else {
    file.content = drawn(loss, old, file.content);
    if (times !== undefined && loss.chance(0.5)) Object.assign(file, times);
  }
  file.durable = file.content;
}

function withZeros(old: Buffer, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  old.copy(bytes);
  return bytes;
}

/** bytes; a disk keeps or loses so many at once. Small files stand for large ones, so theirs are small. */
const BLOCKS = { large: 4096, small: 16 };

function drawn(random: Random, old: Buffer, fresh: Buffer): Buffer {
  const zeros = withZeros(old, fresh.length);
  const whole = [old, fresh, zeros, undefined][random.below(4)];
  if (whole !== undefined) return whole;
  const block = fresh.length > 64 * 1024 ? BLOCKS.large : BLOCKS.small;
  const torn = Buffer.from(zeros);
  for (let at = 0; at < fresh.length; at += block)
    if (random.chance(0.5)) fresh.copy(torn, at, at, Math.min(at + block, fresh.length));
  // What was cut off or written may be told by the size, or not.
  return random.chance(0.5) ? torn : torn.subarray(0, Math.max(old.length, random.below(torn.length + 1)));
}

function walk(node: Node | undefined, path: string, visit: (path: string, node: Node) => void): void {
  if (node?.kind !== "folder") return;
  for (const [name, entry] of node.entries) {
    const below = path === "" ? name : `${path}/${name}`;
    visit(below, entry);
    walk(entry, below, visit);
  }
}
