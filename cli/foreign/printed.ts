import { type Value, valueFrom } from "./values.ts";

const MOST_WORDS = 1_000;

/** What a command prints, for those that scripts make names with; undefined where only running it would tell. */
export function printedBy(words: readonly string[]): string | undefined {
  const [command, ...given] = words;
  switch (command) {
    case "echo":
      return given.filter((word, index) => index > 0 || word !== "-n").join(" ");
    case "printf":
      return printf(given);
    case "seq":
      return seq(given);
    case "basename":
      return given.length === 1 ? (given[0] as string).replace(/\/+$/, "").replace(/^.*\//, "") : undefined;
    default:
      return undefined;
  }
}

/** `printf train-%05d 3`; formats of numbers and texts, each used once. */
function printf([format, ...given]: readonly string[]): string | undefined {
  const holes = format?.match(/%(?:0?\d*d|s|%)/g) ?? [];
  if (
    format === undefined ||
    /%(?!0?\d*d|s|%)/.test(format) ||
    holes.filter((one) => one !== "%%").length !== given.length
  )
    return undefined;
  const rest = [...given];
  return format
    .replace(/\\n/g, "\n")
    .replace(/%(?:(0?)(\d*)d|s|%)/g, (hole, zero: string | undefined, width: string | undefined) => {
      if (hole === "%%") return "%";
      const value = rest.shift() ?? "";
      return hole.endsWith("d")
        ? String(Number(value)).padStart(Number(width ?? 0), zero ? "0" : " ")
        : value;
    });
}

/** `seq 3`, `seq 0 8`, `seq -w 0 27`, `seq -f %05g 0 8`, with whole numbers. */
function seq(given: readonly string[]): string | undefined {
  const at = given.indexOf("-f");
  const width = at < 0 ? undefined : /^%0?(\d*)g$/.exec(given[at + 1] ?? "")?.[1];
  if (at >= 0 && width === undefined) return undefined;
  const rest = given.filter((word, index) => word !== "-w" && (at < 0 || (index !== at && index !== at + 1)));
  if (rest.length === 0 || rest.length > 3 || rest.some((word) => !/^-?\d+$/.test(word))) return undefined;
  const numbers = rest.map(Number);
  const [first, step, last] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
  const count = Math.floor(((last as number) - (first as number)) / (step || 1)) + 1;
  if (step === 0 || count > MOST_WORDS) return undefined;
  const all = Array.from({ length: Math.max(0, count) }, (_, index) =>
    String((first as number) + index * (step as number)),
  );
  const wide =
    width !== undefined
      ? Number(width)
      : given.includes("-w")
        ? Math.max(0, ...all.map((one) => one.length))
        : 0;
  return all.map((one) => one.padStart(wide, "0")).join("\n");
}

/** A gap that says only what stands there. */
export function unknown(source: string): Value {
  return valueFrom({ source, name: undefined, fallback: undefined });
}
