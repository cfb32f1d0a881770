/**
 * Every call to the file system goes through this port, so that power loss, full disks and foreign platforms
 * can be tested. Paths are absolute, in the platform's form. Errors are the system's own (`code: "ENOENT"`).
 */
export interface Disk {
  /** These are files of this machine: another thread that opens the same path reads the same bytes. */
  readonly local: boolean;
  lstat(path: string): FileStat | undefined;
  /** Entry names, or undefined where there is no such folder. */
  readdir(path: string): Promise<readonly DirEntry[] | undefined>;
  realpath(path: string): Promise<string>;
  /** The text of a symlink. */
  readlink(path: string): Promise<string>;
  mkdir(path: string): Promise<void>;
  /**
   * One folder, in one that is there; content with whatever is there already. Done when it returns: nothing of this process comes
   * between a look at what is above it and the making.
   */
  mkdirNow(path: string): void;
  /** Whole file; undefined where there is none. */
  read(path: string): Promise<Buffer | undefined>;
  /** "r" reads; "wx" creates and fails if there is one; "a" appends, creating; "r+" writes an existing one. Never follows a symlink at the last segment. */
  open(path: string, mode: "r" | "wx" | "a" | "r+"): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** As `rename`, and done when it returns: of thousands in a row each takes a tenth of the time. */
  renameNow(from: string, to: string): void;
  /** Hard link; fails with EEXIST where `to` exists. */
  link(from: string, to: string): Promise<void>;
  /** A symlink at `path` with the text `target`; fails with EEXIST where `path` exists. */
  makeSymlink(target: string, path: string): Promise<void>;
  /** By its mode, nobody may write to the file. */
  isReadOnly(path: string): boolean;
  /** Shares blocks where the file system can, with the mode of a new file; false where it cannot, and then nothing was made. */
  reflink(from: string, to: string): Promise<boolean>;
  unlink(path: string): Promise<void>;
  /** Removes an empty folder; fails with ENOTEMPTY or EEXIST otherwise. */
  rmdir(path: string): Promise<void>;
  /** Makes renames and new names in the folder durable. */
  syncFolder(path: string): Promise<void>;
  /** What is free; undefined where the file system does not say. */
  space(path: string): Promise<{ readonly bytes: number | undefined; readonly inodes: number | undefined }>;
  /** Sets the modification time to now, as a heartbeat; of a symlink, its own. */
  touch(path: string): Promise<void>;
}

export interface FileStat {
  readonly kind: "file" | "folder" | "symlink" | "special";
  /** bytes */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

export interface DirEntry {
  readonly name: string;
  readonly kind: FileStat["kind"];
}

export interface DiskFile {
  /** Reads up to `into.length` bytes at `position`; resolves to the number read, 0 at the end. */
  readAt(into: Uint8Array, position: number): Promise<number>;
  /** Writes all of `bytes` at `position`. */
  writeAt(bytes: Uint8Array, position: number): Promise<void>;
  append(bytes: Uint8Array): Promise<void>;
  truncate(length: number): Promise<void>;
  /** Makes the content durable. */
  sync(): Promise<void>;
  stat(): Promise<FileStat>;
  close(): Promise<void>;
}
