import type { Env } from "../context.ts";
import { type Answer, type Call, commonOf, type Flags } from "./command.ts";

const HOST = "127.0.0.1";
const PORT = 8741;

export async function serve(call: Call): Promise<Answer> {
  const { context, flags, library } = call;
  const { host = HOST, port = PORT } = flags;
  const open = flags.token === false;
  const token = open ? undefined : tokenOf(flags, context.env);
  const result = await library.serveProject(context, { ...commonOf(call), host, port, token, open });
  return { result: { command: "serve", ...result }, problems: result.problems };
}

/** Others on this machine can read what stands on a command line, so the variable is there too. */
function tokenOf({ token }: Flags, env: Env): string | undefined {
  if (typeof token === "string") return token;
  return env.TRITTER_SERVE_TOKEN === "" ? undefined : env.TRITTER_SERVE_TOKEN;
}
