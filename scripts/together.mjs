// Bundled into one chunk: what nearly every command loads. The bundler makes a chunk of each set of modules that the same
// entry points reach, thirty for a sync with nothing to do, and each costs as much to load as all that is in it.

import "../cli/commands/command.ts";
import "../cli/report/json.ts";
import "../cli/start.ts";
