// Columns a text takes in a terminal. Good enough for file names: wide East Asian letters and emoji count
// two, marks and joiners none. Texts are plain here: colours are added after they are cut.

const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
];
const NO_WIDTH = /^(?:\p{M}|[\u200b-\u200f])$/u;

export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

/** Cuts the end: `starcoder/rus…`. */
export function cutEnd(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return width < 1 ? "" : `${head([...text], width - 1)}…`;
}

/** Cuts the middle, as the end of a path says most: `starcoder/…-00001.parquet`. */
export function cutMiddle(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 3) return cutEnd(text, width);
  const before = Math.floor((width - 1) / 3);
  const start = head([...text], before);
  const end = [...head([...text].reverse(), width - 1 - before)].reverse().join("");
  return `${start}…${end}`;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

function head(characters: readonly string[], width: number): string {
  let taken = "";
  let left = width;
  for (const character of characters) {
    left -= widthOfCharacter(character);
    if (left < 0) break;
    taken += character;
  }
  return taken;
}

function widthOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}
