// Bundled into one chunk: what nearly every command loads. The bundler makes a chunk of each set of modules that the same
// entry points reach, thirty for a sync with nothing to do, and each costs as much to load as all that is in it.

import "../cli/clock.ts";
import "../cli/commands/command.ts";
import "../cli/disk/node.ts";
import "../cli/errors.ts";
import "../cli/project/quick.ts";
import "../cli/report/reporter.ts";
import "../cli/report/text.ts";
import "../cli/stop.ts";
