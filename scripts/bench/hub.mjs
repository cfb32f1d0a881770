import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SERVER = fileURLToPath(new URL("server.mjs", import.meta.url));

/**
 * Serves a site on loopback from another process. `nginx`: its path, undefined for Node; `pageCounts`: how many pages a commit's
 * listing has; `pageDelay`: ms before each, which only Node can do.
 */
export async function startHub({ nginx, site, scratch, pageCounts, pageDelay = 0, signal }) {
  const child = fork(SERVER, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const stop = async () => {
    if (child.connected) child.disconnect();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  try {
    child.send({ nginx, site, scratch, pageCounts, pageDelay });
    const [said] = await Promise.race([
      once(child, "message", { signal }),
      once(child, "exit", { signal }).then(() => [{ error: "the server ended at once" }]),
    ]);
    if (said.error !== undefined) throw new Error(said.error);
    return { url: said.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
