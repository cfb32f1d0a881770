import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";

/**
 * Runs a command to its end and returns { wall, cpu, memory }: seconds, seconds of user and system, bytes of the largest
 * process; the last two only with `timer`, GNU time. With `repeat`, so many times in a row, and per time. Throws where
 * the command fails.
 */
export async function measure({ argv, cwd, env }, { timer, report, repeat = 1, signal }) {
  // Starting a process from here costs milliseconds, which a shell's loop pays once.
  const looped = repeat === 1 ? argv : ["sh", "-c", loop(repeat), "sh", ...argv];
  const whole = timer === undefined ? looped : [timer, "-f", "%U %S %M", "-o", report, "--", ...looped];
  const wall = await run(whole, { cwd, env, signal });
  if (timer === undefined) return { wall: wall / repeat };
  const [user, system, kilobytes] = (await readFile(report, "utf8")).trim().split(" ").map(Number);
  return { wall: wall / repeat, cpu: (user + system) / repeat, memory: kilobytes * 1024 };
}

function loop(repeat) {
  return `n=0; while [ $n -lt ${repeat} ]; do "$@" || exit; n=$((n+1)); done`;
}

/** Returns the seconds it took. In a process group of its own, so that stopping it stops what it started. */
export function run([program, ...args], { cwd, env, signal }) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said = `${said}${text}`.slice(-1000);
    });
    const stop = () => {
      try {
        process.kill(-child.pid, "SIGTERM");
      } catch {
        // It has just ended.
      }
    };
    signal.addEventListener("abort", stop, { once: true });
    let wall = 0;
    child.on("exit", () => {
      wall = (performance.now() - began) / 1000;
    });
    child.on("error", reject);
    child.on("close", (status, by) => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(signal.reason);
      else if (status === 0) resolve(wall);
      else reject(new Error(`${program} ended with ${by ?? `status ${status}`}: ${said.trim()}`));
    });
  });
}
