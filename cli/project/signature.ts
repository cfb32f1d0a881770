import { dirname, join, relative, resolve } from "node:path";
import { printable } from "../../schema/names.ts";
import type { Context } from "../context.ts";
import { writeDocument } from "../disk/replace.ts";
import { onDisk } from "../disk/trouble.ts";
import { TritterError } from "../errors.ts";
import { bytesDigest } from "../lock/digests.ts";
import { readLock } from "../lock/read.ts";
import { type AllowedLine, judgeSigner, readAllowedSigners } from "../signature/allowed.ts";
import { type PublicKey, readPrivateKey, readPublicKey } from "../signature/keys.ts";
import { makeSignature, NAMESPACE, readSignature } from "../signature/sshsig.ts";
import { documentsOf } from "./documents.ts";
import type { ProjectOptions } from "./load.ts";
import { signatureFileOf } from "./signature-place.ts";

type Named = Pick<ProjectOptions, "manifest" | "lock">;

/** Whose signature counts. */
export interface Trust {
  /** A file as ssh-keygen has it; undefined, and no key: the one that TRITTER_ALLOWED_SIGNERS names. */
  readonly allowedSigners?: string;
  /** A file with one public key. */
  readonly key?: string;
  /** One of those in the file; undefined: any of them. */
  readonly signer?: string;
}

export interface SignOptions extends Named {
  /** A private key of Ed25519; undefined: `~/.ssh/id_ed25519`. */
  readonly key?: string;
}

/** A key, as people compare them. */
export interface Signer {
  /** `ssh-ed25519` */
  readonly type: string;
  /** `SHA256:…` */
  readonly fingerprint: string;
}

export interface SignResult {
  /** Absolute. */
  readonly lockFile: string;
  readonly signatureFile: string;
  /** False: it was there already. */
  readonly wrote: boolean;
  readonly signer: Signer;
}

export interface VerifyOptions extends Named, Trust {}

export interface VerifyResult {
  /** Absolute. */
  readonly lockFile: string;
  readonly signatureFile: string;
  /** `sha256:…` of the lock's bytes */
  readonly digest: string;
  readonly signer: Signer;
  /** As the file of allowed signers names them; undefined: trusted by its key. */
  readonly principals: string | undefined;
}

/** Signs the bytes of the lock, as they are, into a file beside it. Throws USAGE for a key that cannot be used, LOCK_MISSING and what is wrong with a lock. */
export async function signProject(context: Context, options: SignOptions): Promise<SignResult> {
  const { disk } = context;
  const { lockFile } = documentsOf(context, options);
  const signatureFile = signatureFileOf(lockFile);
  if ((await readLock({ file: lockFile, disk })).kind === "missing") throw missingLock(lockFile);
  const keyFile = options.key === undefined ? defaultKey(context) : resolve(context.cwd, options.key);
  const read = readPrivateKey(await textOf(context, keyFile, "sign with"));
  if (read.kind === "refused") throw unusable("sign with", keyFile, read.why);
  if (read.kind === "locked") {
    throw new TritterError({
      code: "USAGE",
      message: `cannot sign with "${printable(keyFile)}": it ${read.why}`,
      hint: `let ssh-keygen sign, which asks for it: ssh-keygen -Y sign -n ${NAMESPACE} -f ${quoted(keyFile)} ${quoted(relative(context.cwd, lockFile))}`,
    });
  }
  const bytes = await bytesOf(context, lockFile);
  const wrote = (await writeDocument(disk, signatureFile, makeSignature(read.value, bytes))) === "written";
  return { lockFile, signatureFile, wrote, signer: signerOf(read.value.publicKey) };
}

/** Checks the signature beside the lock. Throws SIGNATURE_REFUSED, USAGE, LOCK_MISSING. */
export async function verifyProject(context: Context, options: VerifyOptions): Promise<VerifyResult> {
  const { lockFile } = documentsOf(context, options);
  return verifyLock(context, lockFile, options);
}

/** The same of this lock: what it returns was true of the bytes that have this digest. */
export async function verifyLock(context: Context, lockFile: string, trust: Trust): Promise<VerifyResult> {
  const { disk } = context;
  const signatureFile = signatureFileOf(lockFile);
  const lock = await bytesOf(context, lockFile);
  const bytes = await onDisk(`read "${signatureFile}"`, () => disk.read(signatureFile));
  const names = { lock: lockFile, signature: signatureFile };
  const verified = await verifyBytes(
    context,
    { lock, signature: bytes?.toString("utf8"), names, lockFile },
    trust,
  );
  return { lockFile, signatureFile, digest: bytesDigest(lock), ...verified };
}

/** A lock and what is said to be its signature. */
export interface Signed {
  readonly lock: Uint8Array;
  readonly signature: string | undefined;
  /** For messages. */
  readonly names: { readonly lock: string; readonly signature: string };
  /** Absolute: where it is, or will be. */
  readonly lockFile: string;
}

/** Throws SIGNATURE_REFUSED, USAGE. */
export async function verifyBytes(
  context: Context,
  { lock, signature, names, lockFile }: Signed,
  trust: Trust,
): Promise<Pick<VerifyResult, "signer" | "principals">> {
  const trusted = await trustedBy(context, trust, lockFile);
  const refuse = (why: string, hint: string, details: readonly string[] = []) =>
    new TritterError({
      code: "SIGNATURE_REFUSED",
      message: `cannot trust "${printable(names.lock)}": ${why}`,
      hint,
      details,
    });
  const beside = `"${printable(names.signature)}"`;
  if (signature === undefined)
    throw refuse(
      `there is no signature ${beside}`,
      "fetch the signature that goes with this lock, or sign it with tritter sign",
    );
  const read = signature.length > LARGEST ? undefined : readSignature(signature);
  if (read?.kind !== "ok") {
    const why = read === undefined ? `has more than ${LARGEST} bytes` : read.why;
    throw refuse(`${beside} ${why}`, "fetch it again, or sign with tritter sign");
  }
  const { key, namespace, fits } = read.value;
  if (namespace !== NAMESPACE)
    throw refuse(
      `its signature is for "${printable(namespace.slice(0, 60))}", and should be for "${NAMESPACE}"`,
      `sign again with tritter sign, or ssh-keygen -Y sign -n ${NAMESPACE}`,
    );
  if (!fits(lock))
    throw refuse(
      "its bytes are not the ones that were signed",
      "look at what changed since, as with git diff; if it is right, sign again with tritter sign",
    );
  const signer = signerOf(key);
  const who = await whoIs(context, { trusted, key, identity: trust.signer });
  if ("principals" in who) return { signer, principals: who.principals };
  const isKey = trusted.kind === "key";
  throw refuse(
    `it is signed by ${signer.type} ${signer.fingerprint}, ${isKey ? "which is not the key in" : "a key that is not let in by"} "${printable(trusted.file)}"`,
    isKey
      ? "ask for a lock signed by that key"
      : "if the key is to be trusted, add it there; else ask for a lock signed by one that is",
    who.reasons,
  );
}

/** Of signatures and keys, in bytes. */
const LARGEST = 64 * 1024;

/** Of a file of allowed signers. */
const LARGEST_LIST = 1024 * 1024;

function signerOf({ type, fingerprint }: PublicKey): Signer {
  return { type, fingerprint };
}

type Trusted =
  | { readonly kind: "key"; readonly file: string; readonly key: PublicKey }
  | { readonly kind: "list"; readonly file: string; readonly lines: readonly AllowedLine[] };

async function trustedBy(
  context: Context,
  { allowedSigners, key, signer }: Trust,
  lockFile: string,
): Promise<Trusted> {
  if (key !== undefined) {
    if (allowedSigners !== undefined || signer !== undefined)
      throw new TritterError({
        code: "USAGE",
        message: "cannot verify: --key trusts one key, and --allowed-signers and --signer those of a list",
        hint: "leave out one of the two",
      });
    const file = resolve(context.cwd, key);
    const read = readPublicKey(await textOf(context, file, "trust"));
    if (read.kind === "refused") throw unusable("trust", file, read.why);
    return { kind: "key", file, key: read.value };
  }
  const named = allowedSigners ?? (context.env.TRITTER_ALLOWED_SIGNERS || undefined);
  if (named === undefined) {
    throw new TritterError({
      code: "USAGE",
      message: "cannot verify: nothing says whose signature counts",
      hint: "name a file with --allowed-signers, or in TRITTER_ALLOWED_SIGNERS: see docs/signing.md",
    });
  }
  const file = resolve(context.cwd, named);
  const lines = readAllowedSigners(await textOf(context, file, "trust", LARGEST_LIST));
  tellOwn(context, file, lockFile);
  return { kind: "list", file, lines };
}

/** Whoever may change a lock could then change whose signature it needs. */
function tellOwn({ emit }: Context, file: string, lockFile: string): void {
  const inside = relative(dirname(lockFile), file);
  if (inside.startsWith("..") || resolve(dirname(lockFile), inside) !== file) return;
  const message = `"${printable(file)}" is in the project's own folder: who may change the lock there may change whose signature it needs`;
  emit({ kind: "note", message });
}

async function whoIs(
  { clock }: Context,
  { trusted, key, identity }: { trusted: Trusted; key: PublicKey; identity: string | undefined },
): Promise<{ readonly principals: string | undefined } | { readonly reasons: readonly string[] }> {
  if (trusted.kind === "key")
    return trusted.key.blob.equals(key.blob) ? { principals: undefined } : { reasons: [] };
  const now = Math.floor(clock.now() / 1_000);
  const judged = judgeSigner(trusted.lines, { key, namespace: NAMESPACE, now, identity });
  return judged.kind === "allowed" ? { principals: printable(judged.principals) } : judged;
}

async function textOf(context: Context, file: string, verb: string, most = LARGEST): Promise<string> {
  const bytes = await onDisk(`read "${file}"`, () => context.disk.read(file));
  if (bytes === undefined) throw unusable(verb, file, "is not there");
  if (bytes.length > most)
    throw unusable(verb, file, `has ${bytes.length} bytes: should have at most ${most}`);
  return bytes.toString("utf8");
}

function unusable(verb: string, file: string, why: string): TritterError {
  return new TritterError({
    code: "USAGE",
    message: `cannot ${verb} "${printable(file)}": it ${why}`,
    hint: "see docs/signing.md for the files that can be named here",
  });
}

async function bytesOf({ disk }: Context, lockFile: string): Promise<Buffer> {
  const bytes = await onDisk(`read "${lockFile}"`, () => disk.read(lockFile));
  if (bytes === undefined) throw missingLock(lockFile);
  return bytes;
}

function missingLock(lockFile: string): TritterError {
  return new TritterError({
    code: "LOCK_MISSING",
    message: `cannot read "${lockFile}": there is no lock yet`,
    hint: "run tritter lock",
  });
}

function defaultKey({ env, cwd }: Context): string {
  return join(env.HOME ?? env.USERPROFILE ?? cwd, ".ssh", "id_ed25519");
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? printable(text) : `'${printable(text).replaceAll("'", "'\\''")}'`;
}
