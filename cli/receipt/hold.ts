import { join } from "node:path";
import type { Disk } from "../disk/port.ts";
import { lifeOf, parseWriter, type Writer } from "../disk/writer.ts";
import { systemCode, TritterError } from "../errors.ts";

const HOLDER = "holder";
/** A holder that we cannot look at (another host, another container) is dead once its file is this old. */
const SILENCE_MS = 60_000;
const HEARTBEAT_MS = 15_000;

/**
 * Takes the root for this writer, or throws ROOT_HELD naming the one that has it; a dead holder is replaced.
 * Politeness only: nothing in a sync is wrong if two hold the same root, as on file systems whose links lie.
 */
export async function holdRoot(
  disk: Disk,
  state: string,
  { writer, now }: { writer: Writer; now: () => number },
): Promise<() => Promise<void>> {
  const path = join(state, HOLDER);
  await disk.mkdir(state);
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await publish(disk, path, writer)) return holding(disk, path);
    const holder = await readHolder(disk, path);
    if (holder !== undefined && (await isHeld(disk, path, { holder, writer, now }))) throw held(holder);
    await setAside(disk, path, writer);
  }
  throw new TritterError({
    code: "ROOT_HELD",
    message: "cannot take the root: other syncs keep taking it first",
    hint: "run the same command again",
  });
}

/** A link appears whole or not at all, and fails where there is one: the portable way to be the only one. */
async function publish(disk: Disk, path: string, writer: Writer): Promise<boolean> {
  const own = `${path}.${writer.id}`;
  const file = await disk.open(own, "wx");
  await file.append(Buffer.from(JSON.stringify(writer))).finally(() => file.close());
  try {
    await disk.link(own, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    // No hard links here (some network and FAT file systems): carry on unheld, correctness does not rest on it.
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(systemCode(error) ?? "")) return true;
    throw error;
  } finally {
    await disk.unlink(own);
  }
}

function holding(disk: Disk, path: string): () => Promise<void> {
  const heartbeat = setInterval(() => void disk.touch(path).catch(() => undefined), HEARTBEAT_MS);
  heartbeat.unref();
  return async () => {
    clearInterval(heartbeat);
    await removeIfThere(disk, path);
  };
}

async function readHolder(disk: Disk, path: string): Promise<Writer | undefined> {
  try {
    return parseWriter(JSON.parse((await disk.read(path))?.toString("utf8") ?? ""));
  } catch {
    return undefined;
  }
}

async function isHeld(
  disk: Disk,
  path: string,
  { holder, writer, now }: { holder: Writer; writer: Writer; now: () => number },
): Promise<boolean> {
  const life = await lifeOf(disk, holder, writer);
  if (life !== "unknown") return life === "alive";
  const stat = disk.lstat(path);
  return stat !== undefined && now() - Number(stat.mtimeNs / 1_000_000n) < SILENCE_MS;
}

/** Renamed before it is removed: of several that find a dead holder, one gets it. */
async function setAside(disk: Disk, path: string, writer: Writer): Promise<void> {
  const aside = `${path}.dead.${writer.id}`;
  try {
    await disk.rename(path, aside);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
  await removeIfThere(disk, aside);
}

async function removeIfThere(disk: Disk, path: string): Promise<void> {
  try {
    await disk.unlink(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

function held(holder: Writer): TritterError {
  return new TritterError({
    code: "ROOT_HELD",
    message: `cannot take the root: another sync holds it (process ${holder.pid} on "${holder.host}")`,
    hint: "wait until it ends, or stop it, then run the same command again",
  });
}
