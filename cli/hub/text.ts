const LONGEST = 300;

/** Text from outside, fit for a terminal: one line, no control or bidirectional characters, of bounded length, without `secret`. */
export function clean(text: string, secret?: string): string {
  const bare = secret === undefined ? text : text.replaceAll(secret, "[token]");
  const line = bare.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, " ").trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
}
