import { createHash, sign } from "node:crypto";
import { printable } from "../../schema/names.ts";
import { type PrivateKey, type PublicKey, type Read, readPublicBlob, refused } from "./keys.ts";
import { onlyStrings, stringsOf, unarmoured } from "./wire.ts";

// https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig:
//   -----BEGIN SSH SIGNATURE-----
//   base64 of "SSHSIG", version 1, public key, namespace, reserved, hash, signature
//   -----END SSH SIGNATURE-----

/** What our signatures are for: one that was made for another purpose says nothing here. */
export const NAMESPACE = "tritter-lock";

const MAGIC = Buffer.from("SSHSIG");
const VERSION = Buffer.from([0, 0, 0, 1]);
const LABEL = "SSH SIGNATURE";

/** A signature, of which nothing is proved yet. */
export interface Signature {
  readonly key: PublicKey;
  readonly namespace: string;
  /** Were these the bytes that its key signed, for its namespace? */
  fits(message: Uint8Array): boolean;
}

/** Reads an armoured signature as ssh-keygen and we write it. */
export function readSignature(text: string): Read<Signature> {
  const bytes = unarmoured(text, LABEL);
  if (bytes === undefined || !bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return refused("is no signature of SSH");
  const version = bytes.subarray(MAGIC.length, MAGIC.length + 4);
  if (!version.equals(VERSION)) return refused("is of a version that is not known: should be 1");
  const parts = onlyStrings(bytes.subarray(MAGIC.length + 4), 5);
  const [blob, namespace, reserved, hash, signature] = parts ?? [];
  if (
    blob === undefined ||
    namespace === undefined ||
    reserved === undefined ||
    hash === undefined ||
    signature === undefined
  )
    return refused("is no whole signature");
  const algorithm = hash.toString("latin1");
  if (algorithm !== "sha256" && algorithm !== "sha512")
    return refused(`is made with the hash ${printable(algorithm.slice(0, 60))}: should be sha256 or sha512`);
  const key = readPublicBlob(blob);
  if (key.kind === "refused") return refused(`is by a key that ${key.why}`);
  return {
    kind: "ok",
    value: {
      key: key.value,
      namespace: namespace.toString("utf8"),
      fits: (message) => key.value.verifies(signed({ namespace, reserved, algorithm, message }), signature),
    },
  };
}

/** The same bytes for the same key and message each time. */
export function makeSignature({ key, publicKey }: PrivateKey, message: Uint8Array): string {
  const parts = { namespace: NAMESPACE, reserved: "", algorithm: "sha512" } as const;
  const signature = stringsOf(publicKey.type, sign(null, signed({ ...parts, message }), key));
  const bytes = Buffer.concat([
    MAGIC,
    VERSION,
    stringsOf(publicKey.blob, parts.namespace, parts.reserved, parts.algorithm, signature),
  ]);
  const lines = bytes.toString("base64").replace(/.{1,70}/g, "$&\n");
  return `-----BEGIN ${LABEL}-----\n${lines}-----END ${LABEL}-----\n`;
}

function signed({
  namespace,
  reserved,
  algorithm,
  message,
}: {
  readonly namespace: string | Uint8Array;
  readonly reserved: string | Uint8Array;
  readonly algorithm: "sha256" | "sha512";
  readonly message: Uint8Array;
}): Buffer {
  const digest = createHash(algorithm).update(message).digest();
  return Buffer.concat([MAGIC, stringsOf(namespace, reserved, algorithm, digest)]);
}
