// A thread of its own: helps to look at rows until none is left, then ends.

import { parentPort } from "node:worker_threads";
import { nodeDisk } from "../disk/node.ts";
import { rowsOf, type SharedRows } from "./helpers.ts";
import { setChanged, stepper } from "./rows.ts";

parentPort?.once("message", (shared: SharedRows) => {
  const tally = new Int32Array(shared.tally);
  try {
    const step = stepper(nodeDisk(), rowsOf(shared), tally);
    while (step());
  } catch {
    // Whatever it met, the survey meets it too, and tells.
    setChanged(tally);
  }
});
