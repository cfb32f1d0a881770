/** Half open, in bytes. "whole": no range asked, or one that a server may ignore; "outside": 416. */
export type AskedRange = { readonly start: number; readonly end: number } | "whole" | "outside";

/** One `bytes=` range of RFC 9110, section 14.1.2, against a file of `size` bytes. Several ranges are ignored. */
export function askedRange(header: string | undefined, size: number): AskedRange {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "");
  if (match === null || (match[1] === "" && match[2] === "")) return "whole";
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  if (first === "") return suffix(Number(last), size);
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  if (last !== "" && Number(last) < start) return "whole";
  return start >= size ? "outside" : { start, end };
}

function suffix(length: number, size: number): AskedRange {
  return length === 0 || size === 0 ? "outside" : { start: Math.max(0, size - length), end: size };
}
