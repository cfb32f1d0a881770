// What main needs besides the process. One file, since each that is loaded takes a millisecond.

export { systemClock } from "./clock.ts";
export { nodeDisk } from "./disk/node.ts";
export { run } from "./run.ts";
export { STOP_SIGNALS, type StopSignal, stopReason } from "./stop.ts";
