import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  verify,
} from "node:crypto";
import { printable } from "../../schema/names.ts";
import { fromBase64, onlyStrings, stringsOf, takeStrings, unarmoured, unsigned } from "./wire.ts";

/** A key that signatures are checked with. */
export interface PublicKey {
  /** As SSH names it: `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`, … */
  readonly type: string;
  /** As SSH writes it; equal keys are equal bytes. */
  readonly blob: Buffer;
  /** `SHA256:…`, as ssh-keygen -l shows it */
  readonly fingerprint: string;
  /** Is this a signature of the data? `signature` is as SSH writes it; false for one of another form. */
  verifies(data: Uint8Array, signature: Uint8Array): boolean;
}

export type Read<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  /** What it is, to follow upon "it". */
  | { readonly kind: "refused"; readonly why: string };

export function refused(why: string): { readonly kind: "refused"; readonly why: string } {
  return { kind: "refused", why };
}

/** Reads a key as SSH writes it. Hardware keys and certificates are refused by name, as is what is too weak. */
export function readPublicBlob(blob: Uint8Array): Read<PublicKey> {
  const type = takeStrings(blob, 1)?.strings[0]?.toString("latin1");
  if (type === undefined) return refused("is no key of SSH");
  const algorithm = ALGORITHMS[type];
  if (algorithm === undefined || !Object.hasOwn(ALGORITHMS, type)) return refused(`is ${otherType(type)}`);
  const parts = onlyStrings(blob, algorithm.parts);
  const jwk = parts && algorithm.jwk(parts.slice(1));
  const key = jwk && attempt(() => createPublicKey({ key: jwk, format: "jwk" }));
  if (key === undefined) return refused(`is no whole key of type ${type}`);
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < LEAST_RSA)
    return refused(`is an RSA key of ${bits} bits: should have at least ${LEAST_RSA}`);
  return {
    kind: "ok",
    value: {
      type,
      blob: Buffer.from(blob),
      fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
      verifies(data, signature) {
        const [format, bytes] = onlyStrings(signature, 2) ?? [];
        if (format === undefined || bytes === undefined) return false;
        return (
          attempt(() => algorithm.verify({ key, data, format: format.toString("latin1"), bytes })) ?? false
        );
      },
    },
  };
}

/** bits */
const LEAST_RSA = 2_048;
const MOST_RSA = 16_384;

function otherType(type: string): string {
  const name = printable(type.slice(0, 60));
  if (type.includes("-cert-"))
    return `a certificate (${name}), which tritter does not take: name the key itself`;
  if (type.startsWith("sk-")) return `a key in hardware (${name}), which tritter does not take`;
  return `a key of type ${name}: should be ${Object.keys(ALGORITHMS).join(", ")}`;
}

interface Checked {
  readonly key: KeyObject;
  readonly data: Uint8Array;
  readonly format: string;
  readonly bytes: Buffer;
}

interface SshAlgorithm {
  /** Strings of the key, its type included. */
  readonly parts: number;
  /** undefined where they are not as they should be. */
  readonly jwk: (parts: readonly Buffer[]) => JsonWebKey | undefined;
  readonly verify: (checked: Checked) => boolean;
}

const url = (bytes: Buffer) => bytes.toString("base64url");

const ALGORITHMS: Readonly<Record<string, SshAlgorithm>> = {
  // RFC 8709
  "ssh-ed25519": {
    parts: 2,
    jwk: ([x]) => (x?.length === 32 ? { kty: "OKP", crv: "Ed25519", x: url(x) } : undefined),
    verify: ({ key, data, format, bytes }) =>
      format === "ssh-ed25519" && bytes.length === 64 && verify(null, data, key, bytes),
  },
  // RFC 8332: never with SHA-1
  "ssh-rsa": {
    parts: 3,
    jwk: ([e, n]) => {
      const [exponent, modulus] = [e && unsigned(e, 8), n && unsigned(n, MOST_RSA / 8)];
      return exponent && modulus && { kty: "RSA", e: url(exponent), n: url(modulus) };
    },
    verify: ({ key, data, format, bytes }) => {
      const hash = { "rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512" }[format];
      return hash !== undefined && verify(hash, data, key, bytes);
    },
  },
  // RFC 5656
  "ecdsa-sha2-nistp256": ecdsa("nistp256", { crv: "P-256", size: 32, hash: "sha256" }),
  "ecdsa-sha2-nistp384": ecdsa("nistp384", { crv: "P-384", size: 48, hash: "sha384" }),
  "ecdsa-sha2-nistp521": ecdsa("nistp521", { crv: "P-521", size: 66, hash: "sha512" }),
};

function ecdsa(name: string, { crv, size, hash }: { crv: string; size: number; hash: string }): SshAlgorithm {
  return {
    parts: 3,
    jwk: ([curve, point]) =>
      curve?.toString("latin1") === name && point?.length === 1 + 2 * size && point[0] === 4
        ? { kty: "EC", crv, x: url(point.subarray(1, 1 + size)), y: url(point.subarray(1 + size)) }
        : undefined,
    verify: ({ key, data, format, bytes }) => {
      const [r, s] = (onlyStrings(bytes, 2) ?? []).map((mpint) => unsigned(mpint, size));
      if (format !== `ecdsa-sha2-${name}` || r === undefined || s === undefined) return false;
      const signature = Buffer.alloc(2 * size);
      r.copy(signature, size - r.length);
      s.copy(signature, 2 * size - s.length);
      return verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, signature);
    },
  };
}

/** What Node's crypto throws of numbers that make no key or no signature. */
function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Reads `ssh-ed25519 AAAA… comment`, or a PEM of a public key. */
export function readPublicKey(text: string): Read<PublicKey> {
  if (text.startsWith("-----BEGIN PUBLIC KEY-----")) return readSpki(text);
  if (text.startsWith("-----BEGIN ")) return refused("is no public key: give the one that ends in .pub");
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [type = "", base64 = ""] = (lines[0] ?? "").trim().split(/[ \t]+/);
  if (lines.length !== 1) return refused(lines.length === 0 ? "is empty" : "holds more than one key");
  return readNamedKey(type, base64);
}

/** The two words that every text of SSH has for a key. */
export function readNamedKey(type: string, base64: string): Read<PublicKey> {
  const blob = fromBase64(base64);
  if (blob === undefined) return refused("is no key of SSH");
  const read = readPublicBlob(blob);
  if (read.kind === "ok" && read.value.type !== type)
    return refused(`says ${printable(type.slice(0, 60))}, and its key is of type ${read.value.type}`);
  return read;
}

function readSpki(text: string): Read<PublicKey> {
  const key = attempt(() => createPublicKey(text));
  const x = key?.asymmetricKeyType === "ed25519" ? key.export({ format: "jwk" }).x : undefined;
  if (x === undefined) return refused("is no PEM of an Ed25519 key: give others as ssh-keygen writes them");
  return readPublicBlob(stringsOf("ssh-ed25519", Buffer.from(x, "base64url")));
}

/** A key that can sign. */
export interface PrivateKey {
  readonly key: KeyObject;
  readonly publicKey: PublicKey;
}

/** `locked`: only ssh-keygen or an agent can use it. */
export type ReadPrivate = Read<PrivateKey> | { readonly kind: "locked"; readonly why: string };

/**
 * Reads an Ed25519 key as ssh-keygen writes it (https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key), or as
 * PKCS#8 in PEM. No passphrase is asked for: what has one is left to ssh-keygen, which knows agents and prompts.
 */
export function readPrivateKey(text: string): ReadPrivate {
  if (/^-----BEGIN OPENSSH PRIVATE KEY-----/.test(text)) return readOpenSsh(text);
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----/.test(text)) return { kind: "locked", why: "has a passphrase" };
  if (/^-----BEGIN PRIVATE KEY-----/.test(text)) return ofPrivate(attempt(() => createPrivateKey(text)));
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return { kind: "locked", why: "is no Ed25519 key" };
  if (readPublicKey(text).kind === "ok")
    return { kind: "locked", why: "is a public key, whose other half an agent may hold" };
  return refused("is no private key");
}

function readOpenSsh(text: string): ReadPrivate {
  const broken = refused("is no whole key of OpenSSH");
  const bytes = unarmoured(text, "OPENSSH PRIVATE KEY");
  if (bytes === undefined || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return broken;
  const head = takeStrings(bytes.subarray(MAGIC.length), 3);
  const [cipher] = head?.strings ?? [];
  if (head === undefined || cipher === undefined || head.rest.length < 4) return broken;
  if (cipher.toString("latin1") !== "none") return { kind: "locked", why: "has a passphrase" };
  const [, inner] = head.rest.readUInt32BE(0) === 1 ? (onlyStrings(head.rest.subarray(4), 2) ?? []) : [];
  if (inner === undefined || inner.length < 8 || inner.readUInt32BE(0) !== inner.readUInt32BE(4))
    return broken;
  const [type] = takeStrings(inner.subarray(8), 1)?.strings ?? [];
  if (type === undefined) return broken;
  if (type.toString("latin1") !== "ssh-ed25519") return { kind: "locked", why: "is no Ed25519 key" };
  const [, x, pair] = takeStrings(inner.subarray(8), 4)?.strings ?? [];
  if (x?.length !== 32 || pair?.length !== 64 || !pair.subarray(32).equals(x)) return broken;
  const jwk = { kty: "OKP", crv: "Ed25519", d: url(pair.subarray(0, 32)), x: url(x) };
  return ofPrivate(attempt(() => createPrivateKey({ key: jwk, format: "jwk" })));
}

const MAGIC = Buffer.from("openssh-key-v1\0");

function ofPrivate(key: KeyObject | undefined): ReadPrivate {
  if (key === undefined) return refused("is no whole key");
  if (key.asymmetricKeyType !== "ed25519") return { kind: "locked", why: "is no Ed25519 key" };
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  const read = readPublicBlob(stringsOf("ssh-ed25519", Buffer.from(x, "base64url")));
  return read.kind === "ok" ? { kind: "ok", value: { key, publicKey: read.value } } : read;
}
