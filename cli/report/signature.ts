import { basename } from "node:path";
import type { SignResult, VerifyResult } from "../project/signature.ts";
import type { Layout } from "./plan-lines.ts";
import { safe } from "./safe.ts";

/** `signed tritter.lock as ssh-ed25519 SHA256:…: wrote tritter.lock.sig` */
export function signLine({ lockFile, signatureFile, wrote, signer }: SignResult, { paint }: Layout): string {
  const done = wrote ? `wrote ${safe(signatureFile)}` : `${safe(signatureFile)} says so already`;
  return `${paint.good("signed")} ${safe(basename(lockFile))} by ${signer.type} ${signer.fingerprint}: ${done}`;
}

/** `good signature of tritter.lock by alice@example.com, with ssh-ed25519 SHA256:…` */
export function verifyLine({ lockFile, signer, principals }: VerifyResult, { paint }: Layout): string {
  const who = principals === undefined ? "" : `${safe(principals)}, with `;
  return `${paint.good("good signature")} of ${safe(basename(lockFile))} by ${who}${signer.type} ${signer.fingerprint}`;
}
