// A thread of its own: reads the files of lines until none is left. Ended by whoever started it.

import { parentPort } from "node:worker_threads";
import { readLines, type SharedLines } from "./deep-lines.ts";

parentPort?.once("message", (lines: SharedLines) =>
  readLines(lines, (answer) => parentPort?.postMessage(answer)),
);
