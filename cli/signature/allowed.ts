import { printable } from "../../schema/names.ts";
import { type PublicKey, readNamedKey } from "./keys.ts";

// The file of ssh-keygen (ALLOWED SIGNERS in https://man.openbsd.org/ssh-keygen.1):
//   # who [options] type key [comment]
//   alice@example.com,bob@example.com namespaces="tritter-lock",valid-before="20270101Z" ssh-ed25519 AAAA…

export type AllowedLine =
  | {
      readonly kind: "key";
      /** 1-based */
      readonly line: number;
      /** Patterns, as written: `alice@example.com,*@example.org` */
      readonly principals: string;
      /** Patterns; undefined: any. */
      readonly namespaces: string | undefined;
      /** s since the epoch */
      readonly after: number | undefined;
      readonly before: number | undefined;
      readonly key: PublicKey;
    }
  /** Nobody is let in by it. */
  | { readonly kind: "refused"; readonly line: number; readonly why: string };

export function readAllowedSigners(text: string): readonly AllowedLine[] {
  return text.split(/\r?\n/).flatMap((content, index): AllowedLine[] => {
    const trimmed = content.trim();
    if (trimmed === "" || trimmed.startsWith("#")) return [];
    if (trimmed.length > LONGEST)
      return [{ kind: "refused", line: index + 1, why: `it has more than ${LONGEST} characters` }];
    return [readLine(trimmed, index + 1)];
  });
}

/** characters: the largest key takes a fifth of it */
const LONGEST = 16_384;

function readLine(text: string, line: number): AllowedLine {
  const refuse = (why: string): AllowedLine => ({ kind: "refused", line, why });
  const [principals, rest] = takeWord(text);
  if (/^(?:ssh-|ecdsa-|sk-)/.test(principals)) return refuse("nobody's name stands in front of its key");
  if (principals === "" || rest === "") return refuse("it names no key");
  const [first] = takeWord(rest);
  const hasOptions = !/^(?:ssh-|ecdsa-|sk-)[\w@.-]+$/.test(first);
  const [options, behind] = hasOptions ? takeWord(rest) : ["", rest];
  const read = readOptions(options);
  if ("why" in read) return refuse(read.why);
  const [type = "", base64 = ""] = behind.split(/[ \t]+/);
  const key = readNamedKey(type, base64);
  if (key.kind === "refused") return refuse(`it ${key.why}`);
  return { kind: "key", line, principals: unquoted(principals), ...read, key: key.value };
}

/** Up to a blank that is in no quotes. */
function takeWord(text: string): readonly [word: string, rest: string] {
  const [word = ""] = /^(?:"(?:\\.|[^"\\])*"|[^\s"])*/.exec(text) ?? [];
  return [word, text.slice(word.length).trimStart()];
}

function unquoted(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replaceAll('\\"', '"') : text;
}

type Options = Pick<Extract<AllowedLine, { kind: "key" }>, "namespaces" | "after" | "before">;

function readOptions(text: string): Options | { readonly why: string } {
  const options: { -readonly [Name in keyof Options]: Options[Name] } = {
    namespaces: undefined,
    after: undefined,
    before: undefined,
  };
  for (const option of text.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? []) {
    const [, name = "", value] = /^([^=]*)(?:=(.*))?$/s.exec(option) ?? [];
    const plain = value === undefined ? undefined : unquoted(value);
    switch (name.toLowerCase()) {
      case "cert-authority":
        return { why: "cert-authority: tritter takes no certificates, so name the keys themselves" };
      case "namespaces":
        if (plain === undefined || plain === "") return { why: 'its option "namespaces" is empty' };
        options.namespaces = plain;
        break;
      case "valid-after":
      case "valid-before": {
        const time = parseTime(plain ?? "");
        if (time === undefined)
          return {
            why: `its option "${name}" is no time: should be YYYYMMDD or YYYYMMDDHHMM[SS], with a Z for UTC`,
          };
        options[name.toLowerCase() === "valid-after" ? "after" : "before"] = time;
        break;
      }
      default:
        return { why: `its option "${printable(name.slice(0, 60))}" is not known` };
    }
  }
  return options;
}

/** s since the epoch; as ssh-keygen has it, in the time zone of this machine where no Z says UTC. */
function parseTime(text: string): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i.exec(text);
  if (found === null) return undefined;
  const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00", zone = ""] = found;
  const time = `T${hour}:${minute}:${second}`;
  const at = Date.parse(`${year}-${month}-${day}${time}${zone.toUpperCase()}`);
  // Date.parse takes February 30 for March 2.
  const isDay =
    !Number.isNaN(at) && new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate() === Number(day);
  return isDay ? at / 1_000 : undefined;
}

export type Judged =
  | { readonly kind: "allowed"; readonly principals: string; readonly line: number }
  /** Why no line lets it in: those with its key, and those that could not be read. */
  | { readonly kind: "unknown"; readonly reasons: readonly string[] };

export interface Claim {
  readonly key: PublicKey;
  readonly namespace: string;
  /** s since the epoch */
  readonly now: number;
  /** Who is asked for; undefined: anybody of the file. */
  readonly identity: string | undefined;
}

export function judgeSigner(lines: readonly AllowedLine[], claim: Claim): Judged {
  const reasons: string[] = [];
  for (const entry of lines) {
    const why = whyNot(entry, claim);
    if (why === undefined && entry.kind === "key")
      return { kind: "allowed", principals: entry.principals, line: entry.line };
    if (why !== undefined && why !== "") reasons.push(`line ${entry.line}: ${why}`);
  }
  return { kind: "unknown", reasons };
}

/** undefined: it lets it in. Empty: it is about another key. */
function whyNot(entry: AllowedLine, { key, namespace, now, identity }: Claim): string | undefined {
  if (entry.kind === "refused") return entry.why;
  if (!entry.key.blob.equals(key.blob)) return "";
  if (entry.namespaces !== undefined && !matchesList(namespace, entry.namespaces))
    return `the key is for ${printable(entry.namespaces)}, and not for ${printable(namespace)}`;
  if (identity !== undefined && !matchesList(identity, entry.principals))
    return `the key is of ${printable(entry.principals)}, and not of ${printable(identity)}`;
  if (entry.after !== undefined && now < entry.after)
    return `the key is valid from ${timeText(entry.after)} on`;
  if (entry.before !== undefined && now > entry.before)
    return `the key was valid until ${timeText(entry.before)}`;
  return undefined;
}

function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}

/** PATTERNS in https://man.openbsd.org/ssh_config: `*`, `?`, and `!` in front of what must not match. */
export function matchesList(text: string, patterns: string): boolean {
  let matched = false;
  for (const pattern of patterns.split(",")) {
    const isNegated = pattern.startsWith("!");
    if (!matches(text, isNegated ? pattern.slice(1) : pattern)) continue;
    if (isNegated) return false;
    matched = true;
  }
  return matched;
}

/** Greedy, with one place to go back to, so that no pattern takes long. */
function matches(text: string, pattern: string): boolean {
  let [at, wanted, star, back] = [0, 0, -1, 0];
  while (at < text.length) {
    const one = pattern[wanted];
    if (one === "*") {
      star = wanted++;
      back = at;
    } else if (one === "?" || (one !== undefined && one === text[at])) {
      wanted += 1;
      at += 1;
    } else if (star >= 0) {
      wanted = star + 1;
      at = ++back;
    } else return false;
  }
  while (pattern[wanted] === "*") wanted += 1;
  return wanted === pattern.length;
}
