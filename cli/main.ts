#!/usr/bin/env node
import type { Terminal } from "./report/terminal.ts";
import type { StopSignal } from "./start.ts";

// The only file that touches the process. Everything else is imported after the fast path below.

declare const __TRITTER_VERSION__: string | undefined;

const VERSION = typeof __TRITTER_VERSION__ === "string" ? __TRITTER_VERSION__ : "0.0.0-dev";

/** The status of a file system that refused, as when standard output goes to a file on a full disk. */
const OUTPUT_LOST = 12;

const [first] = process.argv.slice(2);
if (first === "--version" || first === "-V" || first === "version") {
  terminalOf(process.stdout).write(`${VERSION}\n`);
} else {
  await main();
}

async function main(): Promise<void> {
  const { nodeDisk, run, STOP_SIGNALS, stopReason, systemClock } = await import("./start.ts");
  const controller = new AbortController();
  for (const [name, status] of Object.entries(STOP_SIGNALS) as [StopSignal, number][]) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(status);
      controller.abort(stopReason(name));
    });
  }
  const status = await run(process.argv.slice(2), {
    env: process.env,
    cwd: process.cwd(),
    stdout: terminalOf(process.stdout),
    stderr: terminalOf(process.stderr),
    signal: controller.signal,
    clock: systemClock,
    disk: nodeDisk(),
    version: VERSION,
    pid: process.pid,
    runtime: { node: process.versions.node, platform: process.platform },
    streams: {
      input: () => process.stdin,
      output: sendOn,
      showsOutput: process.stdout.isTTY === true,
    },
  });
  process.exitCode = status || process.exitCode;
}

function sendOn(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Whoever reads may stop reading (`| head`): the rest is dropped, and the work goes on to its own end. */
function terminalOf(stream: NodeJS.WriteStream): Terminal {
  let open = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    open = false;
    if (error.code !== "EPIPE") process.exitCode = OUTPUT_LOST;
  });
  return {
    write(text) {
      if (open) stream.write(text);
    },
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns;
    },
    stream,
  };
}
