/** What must be known of a manifest before its receipt can be found. undefined: not set. */
export interface Peeked {
  readonly name: string | undefined;
  /** As written, variables and all. */
  readonly root: string | undefined;
}

/**
 * Reads `name` and `root` of a manifest as plain as most are, since loading a YAML parser takes longer than all else
 * that a sync with nothing to do does. Only for a text of which the parser once said the same; undefined where it
 * surely would not.
 */
export function peek(text: string): Peeked | undefined {
  const values = new Map<string, string>();
  for (const [, key = "", rest = ""] of text.matchAll(MEMBER)) {
    const value = scalar(rest);
    if (value === undefined || values.has(key)) return undefined;
    values.set(key, value);
  }
  return { name: values.get("name"), root: values.get("root") };
}

const MEMBER = /^(name|root):[ \t]+(.*?)[ \t]*\r?$/gm;

/** A quoted or a plain scalar on one line, and a comment behind it. */
function scalar(text: string): string | undefined {
  const quoted = /^(?:"([^"\\]*)"|'([^']*)')(?:[ \t]+#.*)?$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2];
  const plain = text.replace(/[ \t]+#.*$/, "");
  return /^[\w./~$]/.test(plain) && !/:(?:[ \t]|$)/.test(plain) ? plain : undefined;
}
