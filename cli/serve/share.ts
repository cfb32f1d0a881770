/** Buffers for what streams hold of files, out of one budget. */
export interface Share {
  /** bytes handed out now */
  readonly held: number;
  /** For up to `wanted` bytes: fewer, the more is handed out. To be given back, unless something may still read it. */
  take(wanted: number): Buffer;
  give(buffer: Buffer): void;
  /** What was taken will not come back. */
  forget(buffer: Buffer): void;
}

/** bytes that all streams together hold, and beyond it `LEAST` each */
const ALL = 32 * 1024 * 1024;
const MOST = 512 * 1024;
const LEAST = 16 * 1024;
/** A buffer is at most this part of what is left: so that many can come at once, and the later ones still find some. */
const PART = 8;

/** Few streams get large buffers and go fast; thousands get small ones, and do not fill the memory. */
export function newShare(all = ALL): Share {
  const free = new Map<number, Buffer[]>();
  let [held, kept] = [0, 0];
  return {
    get held() {
      return held;
    },
    take(wanted) {
      const size = sizeFor(Math.min(wanted, Math.floor((all - held) / PART)));
      const known = free.get(size)?.pop();
      if (known !== undefined) kept -= size;
      held += size;
      return known ?? Buffer.allocUnsafeSlow(size);
    },
    give(buffer) {
      const size = buffer.length;
      held -= size;
      if (kept + size > all) return;
      kept += size;
      const list = free.get(size);
      if (list === undefined) free.set(size, [buffer]);
      else list.push(buffer);
    },
    forget(buffer) {
      held -= buffer.length;
    },
  };
}

/** A power of two, so that what one stream gives back fits another. */
function sizeFor(bytes: number): number {
  let size = LEAST;
  while (size < MOST && size * 2 <= bytes) size *= 2;
  return size;
}
