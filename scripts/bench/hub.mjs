import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));

/**
 * Serves a site on loopback from another process. `nginx`: its path, undefined for Node; `pageCounts`: how many pages a commit's
 * listing has; `distance`: how far away it is, which only Node can do (`node-server.mjs`). Returns { url, tally, stop };
 * `tally` says what Node was asked for since it was called last.
 */
export async function startHub({ nginx, site, scratch, pageCounts, distance, signal }) {
  const child = fork(SERVER, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const stop = async () => {
    if (child.connected) child.disconnect();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  try {
    child.send({ nginx, site, scratch, pageCounts, ...distance });
    const [said] = await Promise.race([
      once(child, "message", { signal }),
      once(child, "exit", { signal }).then(() => [{ error: "the server ended at once" }]),
    ]);
    if (said.error !== undefined) throw new Error(said.error);
    const tally = async () => {
      child.send("tally");
      const [{ tally }] = await once(child, "message", { signal });
      return tally;
    };
    return { url: said.url, tally, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
