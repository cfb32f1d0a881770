import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeSigner, readAllowedSigners } from "../../cli/signature/allowed.ts";
import { readPrivateKey, readPublicBlob, readPublicKey } from "../../cli/signature/keys.ts";
import { makeSignature, NAMESPACE, readSignature } from "../../cli/signature/sshsig.ts";
import { stringsOf } from "../../cli/signature/wire.ts";
import { bounded, CASES, expectSafe, LONG, nearly } from "../support/fuzz.ts";

const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
const read = readPrivateKey(pem);
if (read.kind !== "ok") throw new Error(read.why);
const { key, publicKey } = read.value;
const MESSAGE = Buffer.from("{}\n");
const SIGNATURE = makeSignature(read.value, MESSAGE);
const LINE = `${publicKey.type} ${publicKey.blob.toString("base64")}`;
const WORDS = [
  "-----BEGIN ",
  "-----END ",
  "SSH SIGNATURE",
  "OPENSSH PRIVATE KEY",
  "-----\n",
  "\n",
  "=",
  "AAAA",
  "U1NIU0lH",
  "ssh-ed25519",
  "ssh-rsa",
  "sk-",
  "-cert-",
];

/** As ssh-keygen writes a key without a passphrase. */
function openSshKey(): string {
  const { d = "", x = "" } = read.kind === "ok" ? key.export({ format: "jwk" }) : {};
  const [seed, point] = [Buffer.from(d, "base64url"), Buffer.from(x, "base64url")];
  const inner = Buffer.concat([
    Buffer.from("0102030401020304", "hex"),
    stringsOf("ssh-ed25519", point, Buffer.concat([seed, point]), "me"),
    Buffer.from([1, 2, 3]),
  ]);
  const bytes = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    stringsOf("none", "none", ""),
    Buffer.from([0, 0, 0, 1]),
    stringsOf(publicKey.blob, inner),
  ]);
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString("base64")}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** Bytes of a signature or key with some of them other ones, armoured again. */
const damaged = (text: string, label: string) =>
  fc
    .array(fc.tuple(fc.nat({ max: 400 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 })
    .chain((edits) => fc.nat({ max: 40 }).map((cut) => ({ edits, cut })))
    .map(({ edits, cut }) => {
      const bytes = Buffer.from(text.split("\n").slice(1, -2).join(""), "base64");
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      const kept = cut % 3 === 0 ? bytes.subarray(0, bytes.length - cut) : bytes;
      return `-----BEGIN ${label}-----\n${kept.toString("base64")}\n-----END ${label}-----\n`;
    });

function expectRefusal(result: { readonly kind: string }): void {
  if (!("why" in result)) return;
  expect(result.why).not.toBe("");
  expectSafe(result.why as string);
}

describe("readSignature() of anything", () => {
  it("is a signature that fits what was signed alone, or a refusal", { timeout: LONG }, async () => {
    const text = fc.oneof(nearly([SIGNATURE], WORDS), damaged(SIGNATURE, "SSH SIGNATURE"));
    await fc.assert(
      fc.asyncProperty(text, async (signature) => {
        const result = await bounded(() => readSignature(signature));
        expectRefusal(result);
        if (result.kind !== "ok" || !result.value.fits(MESSAGE)) return;
        // What still fits is the same signature, written with other line ends.
        expect(result.value.key.blob).toEqual(publicKey.blob);
        expect(result.value.namespace).toBe(NAMESPACE);
      }),
      { numRuns: CASES },
    );
  });
});

describe("keys of anything", () => {
  it("begin with one that is right", () => {
    expect(readPrivateKey(openSshKey())).toMatchObject({
      kind: "ok",
      value: { publicKey: { blob: publicKey.blob } },
    });
  });

  it("are keys, or refusals", { timeout: LONG }, async () => {
    const text = fc.oneof(
      nearly(
        [
          pem,
          LINE,
          "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMw==\n-----END OPENSSH PRIVATE KEY-----\n",
        ],
        WORDS,
      ),
      damaged(pem, "PRIVATE KEY"),
      damaged(openSshKey(), "OPENSSH PRIVATE KEY"),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.uint8Array({ maxLength: 80 }), async (given, bytes) => {
        for (const work of [
          () => readPrivateKey(given),
          () => readPublicKey(given),
          () => readPublicBlob(bytes),
        ])
          expectRefusal(await bounded<{ readonly kind: string }>(work));
        expect(publicKey.verifies(MESSAGE, bytes)).toBe(false);
      }),
      { numRuns: CASES },
    );
  });
});

describe("readAllowedSigners() of anything", () => {
  it("lets in a key that stands there, or nobody and says why", { timeout: LONG }, async () => {
    const text = nearly(
      [
        `a@x,*@y namespaces="git,tritter-lock",valid-before="20300101Z" ${LINE} c\nb cert-authority ${LINE}\n# c\n`,
      ],
      [
        '"',
        '\\"',
        ",",
        "=",
        " ",
        "\n",
        "*",
        "!",
        "?",
        "namespaces=",
        "valid-after=",
        "cert-authority",
        "99999999Z",
        LINE,
      ],
    );
    await fc.assert(
      fc.asyncProperty(text, fc.string({ maxLength: 20 }), async (list, identity) => {
        const claim = { key: publicKey, namespace: NAMESPACE, now: 1_800_000_000, identity };
        const judged = await bounded(() => judgeSigner(readAllowedSigners(list), claim));
        if (judged.kind === "unknown") expectSafe(...judged.reasons);
        else expect(list.split(/\r?\n/)[judged.line - 1]).toContain(publicKey.blob.toString("base64"));
      }),
      { numRuns: CASES },
    );
  });
});
