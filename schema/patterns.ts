import { Minimatch } from "minimatch";

export type Pattern =
  | { readonly kind: "ok"; matches(path: string): boolean }
  | { readonly kind: "mistake"; readonly why: string };

/**
 * `*`, `?`, `**`, `[abc]`, `{a,b}` and `\` to escape. Without `/` it is compared with the file's name at any
 * depth; with a leading or inner `/` it begins at the repository's root; `dir/` is all below it. Case-sensitive.
 */
export function compilePattern(pattern: string): Pattern {
  const why = mistake(pattern);
  if (why !== undefined) return { kind: "mistake", why };
  const rooted = pattern.startsWith("/") ? pattern.slice(1) : pattern;
  const whole = rooted.endsWith("/") ? `${rooted}**` : rooted;
  if (pattern.includes("/")) return { kind: "ok", matches: matcher(whole) };
  const name = matcher(whole);
  return { kind: "ok", matches: (path) => name(path.slice(path.lastIndexOf("/") + 1)) };
}

/** Text that stands for itself in a pattern. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]{}]/g, "\\$&");
}

/** Selects the one file of this path, also where its name holds what a pattern would give a meaning. */
export function exactPattern(path: string): string {
  const escaped = escapePattern(path);
  return escaped.includes("/") ? escaped : `/${escaped}`;
}

/** Only what the dialect above names has a meaning. */
const OPTIONS = {
  dot: true,
  nonegate: true,
  nocomment: true,
  noext: true,
  platform: "linux",
  optimizationLevel: 1,
} as const;

function matcher(pattern: string): (path: string) => boolean {
  // A list of names may be long, and comparing one costs next to nothing.
  if (!/[*?[\]{}\\]/.test(pattern)) return (path) => path === pattern;
  const compiled = new Minimatch(pattern, OPTIONS);
  return (path) => compiled.match(path);
}

const LONGEST = 1_000;
const MOST_ALTERNATIVES = 1_000;
/** The matcher's own limit is higher; behind it a pattern would silently match less. */
const MOST_CROSSINGS = 100;

function mistake(pattern: string): string | undefined {
  if (pattern === "" || pattern === "/") return "is empty";
  if (pattern.length > LONGEST) return `is longer than ${LONGEST} characters`;
  if (/[\u0000-\u001f\u007f]/.test(pattern)) return "holds a control character";
  const bare = pattern.replace(/\\./gsu, "_");
  if (bare.endsWith("\\")) return "ends with a lone backslash";
  if (pattern.split("/").some((segment) => segment === "." || segment === ".."))
    return 'has a "." or ".." segment';
  if (/\/\//.test(pattern)) return "has an empty segment";
  if (pattern.includes("${"))
    return "has a ${: variables are replaced in root alone; a $ before a brace is written [$]";
  if (/\{[^{},]*\.\.[^{},]*\}/.test(bare))
    return "has a range in braces: list the alternatives instead, as in {1,2}";
  if (bare.split("**").length - 1 > MOST_CROSSINGS) return `has more than ${MOST_CROSSINGS} times **`;
  return unbalanced(bare) ?? tooMany(bare);
}

/** Braces are written out before brackets are read, so neither may hold what the other would take for its own. */
function unbalanced(bare: string): string | undefined {
  let depth = 0;
  for (const [token] of bare.matchAll(/\[\]?[^\]/]*\]|./gsu)) {
    if (token === "{") depth += 1;
    if (token === "}") depth -= 1;
    if (token === "[" || depth < 0) return NOT_CLOSED;
    const why = token.startsWith("[") ? badClass(token, depth) : undefined;
    if (why !== undefined) return why;
  }
  return depth === 0 ? undefined : NOT_CLOSED;
}

const NOT_CLOSED = "has a brace or bracket that is not closed";

function badClass(token: string, depth: number): string | undefined {
  if (/^\[[!^]/.test(token)) return "has a negated class: list the characters that are meant, or use exclude";
  if (/\[[:.=]/.test(token.slice(1))) return "has a character class by name: list the characters instead";
  if (/[{}]/.test(token)) return "has a brace within brackets: escape it outside of them, as in \\{";
  if (depth > 0 && token.includes(","))
    return "has a comma within brackets within braces: write the alternatives out";
  return undefined;
}

function tooMany(bare: string): string | undefined {
  return alternatives(bare) > MOST_ALTERNATIVES
    ? `has more than ${MOST_ALTERNATIVES} alternatives`
    : undefined;
}

/** An upper bound, of braces that are closed, so that a brace bomb is refused before anything expands it. */
function alternatives(bare: string): number {
  const whole = { sum: 0, product: 1 };
  const open = [whole];
  for (const character of bare) {
    const top = open.at(-1) as { sum: number; product: number };
    if (character === "{") open.push({ sum: 0, product: 1 });
    else if (character === "," && open.length > 1) {
      top.sum += top.product;
      top.product = 1;
    } else if (character === "}") {
      open.pop();
      (open.at(-1) as { product: number }).product *= top.sum + top.product;
    }
  }
  return whole.product;
}

const MOST_COMPARED = 20_000;

/** Paths a person may have meant by a pattern that matches none: other case, other folder, a near name. */
export function nearMisses(pattern: string, paths: readonly string[], limit = 3): string[] {
  const nearness = nearnessTo(pattern.toLowerCase());
  return paths
    .slice(0, MOST_COMPARED)
    .map((path) => ({ path, score: nearness(path.toLowerCase()) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1))
    .slice(0, limit)
    .map(({ path }) => path);
}

/** How much of the pattern's plain text a path shares: its words, its name, its extension. */
function nearnessTo(pattern: string): (path: string) => number {
  const name = compilePattern(pattern.slice(pattern.lastIndexOf("/") + 1));
  const words = pattern.split(/[^a-z0-9]/).filter((word) => word.length > 1);
  const extension = /\.[a-z0-9]+$/.exec(pattern)?.[0];
  return (path) => {
    const shared = words.filter((word) => path.includes(word)).length;
    return (
      (name.kind === "ok" && name.matches(path) ? 4 : 0) +
      (words.length === 0 ? 0 : (3 * shared) / words.length) +
      (extension !== undefined && path.endsWith(extension) ? 0.5 : 0)
    );
  };
}
