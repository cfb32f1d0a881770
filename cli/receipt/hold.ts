import { join } from "node:path";
import { printable } from "../../schema/names.ts";
import { makeOwnFolder, readOwnFolder } from "../disk/own.ts";
import type { Disk } from "../disk/port.ts";
import { onDisk, passing } from "../disk/trouble.ts";
import { lifeOf, parseWriter, type Writer } from "../disk/writer.ts";
import { systemCode, TritterError } from "../errors.ts";

const HOLDER = "holder";
/** A holder that we cannot look at (another host, another container) is dead once its file is this old. */
const SILENCE_MS = 60_000;
const HEARTBEAT_MS = 15_000;
/** A holder that cannot be read may be one that is just being written; older than this it is garbage. */
const WRITING_MS = 5_000;
/** Clocks of two machines may differ by so much. A holder that is younger still was written before a clock was set back. */
const SKEW_MS = 3_600_000;

interface Taking {
  readonly disk: Disk;
  readonly writer: Writer;
  readonly now: () => number;
}

/**
 * Takes the root for this writer, or throws ROOT_HELD naming the one that has it; a dead holder is replaced.
 * Politeness only: nothing in a sync is wrong if two hold the same root, as on file systems whose links lie.
 */
export function holdRoot(
  disk: Disk,
  state: string,
  { writer, now }: { writer: Writer; now: () => number },
): Promise<() => Promise<void>> {
  return onDisk("take the root", async () => {
    const path = join(state, HOLDER);
    await makeOwnFolder(disk, state, state);
    await take({ disk, writer, now }, path);
    const release = holding(disk, path, writer);
    try {
      await sweep({ disk, writer, now }, state);
    } catch (error) {
      await release();
      throw error;
    }
    return release;
  });
}

/** Writes this writer's name to `path`, where nobody's is or a dead one's. */
async function take(taking: Taking, path: string): Promise<void> {
  const { disk, writer } = taking;
  for (let attempt = 0; attempt < 4; attempt++) {
    if (await publish(disk, path, writer)) return;
    // Released in the instant between: it is anybody's again.
    if (disk.lstat(path) === undefined) continue;
    const holder = await readHolder(disk, path);
    // A network file system may say no to a link that it did make.
    if (holder?.id === writer.id) return;
    if (await isHeld(taking, path, holder)) throw held(holder);
    if (await succeed(taking, path, holder)) return;
  }
  throw new TritterError({
    code: "ROOT_HELD",
    message: "cannot take the root: other syncs keep taking it first",
    hint: "run the same command again",
  });
}

/** What those left that were killed while they took the root. Of one that lives, it is on its way; one that is just writing does without. */
async function sweep(taking: Taking, state: string): Promise<void> {
  const { disk } = taking;
  for (const { name, kind } of await readOwnFolder(disk, state, state)) {
    const path = join(state, name);
    if (kind !== "file" || !name.startsWith(`${HOLDER}.`)) continue;
    const holder = await readHolder(disk, path);
    if (holder !== undefined && (await isHeld(taking, path, holder))) continue;
    await passing(["ENOENT"], () => disk.unlink(path));
  }
}

/**
 * Takes the place of a dead holder. Of several that find it dead, one may write `holder.after.<its id>`; it alone
 * renames that over the dead one's. False where another did so before.
 */
async function succeed(taking: Taking, path: string, holder: Writer | undefined): Promise<boolean> {
  const { disk } = taking;
  const claim = `${path}.after.${holder !== undefined && NAME.test(holder.id) ? holder.id : "unreadable"}`;
  await take(taking, claim);
  if ((await readHolder(disk, path))?.id !== holder?.id) {
    await passing(["ENOENT"], () => disk.unlink(claim));
    return false;
  }
  await disk.rename(claim, path);
  return true;
}

const NAME = /^[\w-]{1,64}$/;

/** A link appears whole or not at all, and fails where there is one: the portable way to be the only one. */
async function publish(disk: Disk, path: string, writer: Writer): Promise<boolean> {
  if (disk.lstat(path) !== undefined) return false;
  const own = `${path}.${writer.id}`;
  try {
    await write(disk, own, writer);
    return await succeeds(
      () => disk.link(own, path),
      () => writeExclusively(disk, path, writer),
    );
  } finally {
    await passing(["ENOENT"], () => disk.unlink(own));
  }
}

/** For file systems without hard links: only one can create it, though a reader may meet it half written. */
function writeExclusively(disk: Disk, path: string, writer: Writer): Promise<boolean> {
  return succeeds(
    () => write(disk, path, writer),
    (error) => {
      throw error;
    },
  );
}

/** False where there is one already; any other trouble is for `otherwise`. */
async function succeeds(
  act: () => Promise<void>,
  otherwise: (error: unknown) => Promise<boolean>,
): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    return systemCode(error) === "EEXIST" ? false : otherwise(error);
  }
}

async function write(disk: Disk, path: string, writer: Writer): Promise<void> {
  const file = await disk.open(path, "wx");
  try {
    await file.append(Buffer.from(JSON.stringify(writer)));
  } catch (error) {
    await passing(["ENOENT"], () => disk.unlink(path));
    throw error;
  } finally {
    await file.close();
  }
}

function holding(disk: Disk, path: string, writer: Writer): () => Promise<void> {
  const isOurs = async () => (await readHolder(disk, path))?.id === writer.id;
  const heartbeat = setInterval(() => void beat().catch(() => undefined), HEARTBEAT_MS);
  heartbeat.unref();
  const beat = async () => {
    // Of a machine that slept, the root may be another's by now.
    if (await isOurs()) await disk.touch(path);
  };
  return async () => {
    clearInterval(heartbeat);
    try {
      if (await isOurs()) await disk.unlink(path);
    } catch (error) {
      // What stays is found dead: no reason to call a sync that is done a failure.
      if (systemCode(error) === undefined) throw error;
    }
  };
}

async function readHolder(disk: Disk, path: string): Promise<Writer | undefined> {
  const text = (await disk.read(path))?.toString("utf8") ?? "";
  try {
    return parseWriter(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function isHeld(
  { disk, writer, now }: Taking,
  path: string,
  holder: Writer | undefined,
): Promise<boolean> {
  const life = holder === undefined ? "unknown" : await lifeOf(disk, holder, writer);
  if (life !== "unknown") return life === "alive";
  const stat = disk.lstat(path);
  if (stat === undefined) return false;
  const age = now() - Number(stat.mtimeNs / 1_000_000n);
  return age > -SKEW_MS && age < (holder === undefined ? WRITING_MS : SILENCE_MS);
}

function held(holder: Writer | undefined): TritterError {
  const who =
    holder === undefined
      ? "another sync is just taking it"
      : `another sync holds it (process ${holder.pid} on "${printable(holder.host)}")`;
  return new TritterError({
    code: "ROOT_HELD",
    message: `cannot take the root: ${who}`,
    hint: "wait until it ends, or stop it, then run the same command again",
  });
}
