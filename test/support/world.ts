import type { Clock, Context } from "../../cli/context.ts";
import type { Disk } from "../../cli/disk/port.ts";
import type { Library } from "../../cli/library.ts";
import type { Terminal } from "../../cli/report/terminal.ts";
import { run, type World } from "../../cli/run.ts";

/** A terminal that keeps what it was told; as a TTY it has no stream, so nothing is animated on it. */
export function fakeTerminal(columns?: number): Terminal & { text(): string } {
  let written = "";
  return {
    write(text) {
      written += text;
    },
    isTTY: columns !== undefined,
    columns,
    stream: undefined,
    text: () => written,
  };
}

/** Time that moves only when told; sleepers wake in order. */
export function fakeClock(start = 0): Clock & { advance(ms: number): Promise<void> } {
  let now = start;
  let sleepers: { at: number; wake: () => void }[] = [];
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const onAbort = () => reject(signal.reason);
        sleepers.push({
          at: now + ms,
          wake: () => {
            signal.removeEventListener("abort", onAbort);
            resolve();
          },
        });
        signal.addEventListener("abort", onAbort, { once: true });
      }),
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const next = sleepers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        now = next.at;
        sleepers = sleepers.filter((sleeper) => sleeper !== next);
        next.wake();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Verbs called, with what they were given besides the context. */
  readonly calls: readonly (readonly [string, unknown])[];
}

type Verbs = { readonly [Verb in keyof Library]?: (context: Context, options: never) => unknown };

/** Runs the program in this process, with `verbs` for a library; a verb not given fails as a bug would. */
export async function runFake(
  argv: readonly string[],
  verbs: Verbs = {},
  over: Partial<World> = {},
): Promise<Ran> {
  const stdout = fakeTerminal();
  const stderr = fakeTerminal();
  const calls: [string, unknown][] = [];
  const library = new Proxy({} as Library, {
    get: (_, verb: string) => async (context: Context, options: never) => {
      calls.push([verb, options]);
      const answer = verbs[verb as keyof Library];
      if (answer === undefined) throw new Error(`no ${verb} in this test`);
      return answer(context, options);
    },
  });
  const world: World = {
    env: {},
    cwd: "/project",
    stdout,
    stderr,
    signal: new AbortController().signal,
    clock: fakeClock(),
    disk: { read: async () => undefined } as unknown as Disk,
    version: "1.2.3",
    pid: 1,
    library,
    ...over,
  };
  const exit = await run(argv, world);
  return { exit, stdout: stdout.text(), stderr: stderr.text(), calls };
}
