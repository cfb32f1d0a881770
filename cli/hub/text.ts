const LONGEST = 300;

/** Text from outside, fit for a terminal: one line, no control or bidirectional characters, of bounded length, without `secret`. */
export function clean(text: string, secret?: string): string {
  const bare = secret === undefined ? text : text.replaceAll(secret, "[token]");
  const line = bare.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, " ").trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
}

/**
 * The path of an URL as it may be told and kept: what a stranger's redirect may have put a secret into is left out, which is parameters
 * (`;…`), segments that set something (`sig=…`), and what looks like a token of the Hub, besides `secret`.
 */
export function pathTold(path: string, secret?: string): string {
  const bare =
    secret === undefined
      ? path
      : path.replaceAll(secret, "[token]").replaceAll(encodeURIComponent(secret), "[token]");
  if (!SUSPECT.test(bare)) return bare;
  return bare
    .replace(/;[^/]*/g, "")
    .split("/")
    .map((segment) => (segment.includes("=") ? "[left out]" : segment.replace(TOKEN, "[token]")))
    .join("/");
}

const SUSPECT = /[;=]|hf_|api_/;
/** https://huggingface.co/docs/hub/security-tokens; of organisations, `api_org_…`. */
const TOKEN = /(?:hf|api_org)_[A-Za-z0-9]{16,}/g;
