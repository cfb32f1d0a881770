export type Expanded =
  | { readonly kind: "ok"; readonly text: string }
  | { readonly kind: "mistake"; readonly why: string };

/** Replaces `${NAME}` and `${NAME:-default}`; an empty variable counts as unset where there is a default, as in a shell. */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): Expanded {
  const mistakes: string[] = [];
  if (text.replace(VARIABLE, "").includes("${")) mistakes.push("a ${ is not closed");
  const expanded = text.replace(VARIABLE, (whole, inside: string) => {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(inside);
    if (match?.[1] === undefined) {
      mistakes.push(`${whole} is not a variable: should be \${NAME} or \${NAME:-default}`);
      return "";
    }
    const value = Object.hasOwn(env, match[1]) ? env[match[1]] : undefined;
    if (value !== undefined && value !== "") return value;
    if (match[2] === undefined)
      mistakes.push(`\${${match[1]}} is not set: set it, or give a default as in \${${match[1]}:-data}`);
    return match[2] ?? "";
  });
  if (mistakes[0] !== undefined) return { kind: "mistake", why: mistakes.join("; ") };
  return expanded === ""
    ? { kind: "mistake", why: "is empty once its variables are replaced" }
    : { kind: "ok", text: expanded };
}

const VARIABLE = /\$\{([^}]*)\}/g;
