import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeSigner, matchesList, readAllowedSigners } from "../../../cli/signature/allowed.ts";
import {
  type PrivateKey,
  readPrivateKey,
  readPublicBlob,
  readPublicKey,
} from "../../../cli/signature/keys.ts";
import { makeSignature, NAMESPACE, readSignature } from "../../../cli/signature/sshsig.ts";
import { stringsOf, unsigned } from "../../../cli/signature/wire.ts";
import { execute } from "../../support/shell.ts";
import { hasSshKeygen, type SshKeygen, sshKeygen } from "../../support/ssh.ts";
import { type TemporaryFolder, temporaryFolder } from "../../support/trees.ts";

// From RFC 8032, section 7.1, test 1: what follows from it must never change.
const SEED = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
const PUBLIC = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex");
const PEM = `-----BEGIN PRIVATE KEY-----\n${Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]).toString("base64")}\n-----END PRIVATE KEY-----\n`;
const MESSAGE = Buffer.from("a lock\n");
const LINE = `ssh-ed25519 ${stringsOf("ssh-ed25519", PUBLIC).toString("base64")}`;

const value = <T>(read: { kind: string; value?: T; why?: string }): T => {
  if (read.kind !== "ok") throw new Error(read.why);
  return read.value as T;
};
const key = value(readPrivateKey(PEM) as { kind: string; value: PrivateKey });
const SIGNATURE = makeSignature(key, MESSAGE);

/** A signature with its bytes changed. */
function edited(edit: (bytes: Buffer) => Uint8Array): string {
  const base64 = SIGNATURE.split("\n").slice(1, -2).join("");
  const text = Buffer.from(edit(Buffer.from(base64, "base64"))).toString("base64");
  return `-----BEGIN SSH SIGNATURE-----\n${text.replace(/.{1,70}/g, "$&\n")}-----END SSH SIGNATURE-----\n`;
}
const replaced = (from: string, to: string) =>
  edited((bytes) => Buffer.from(bytes.toString("latin1").replace(from, to), "latin1"));

describe("makeSignature()", () => {
  it("is the same for the same key and bytes, and fits those alone", () => {
    expect(makeSignature(key, MESSAGE)).toBe(SIGNATURE);
    const read = value(readSignature(SIGNATURE));
    expect(read).toMatchObject({
      namespace: NAMESPACE,
      key: { type: "ssh-ed25519", blob: stringsOf("ssh-ed25519", PUBLIC) },
    });
    expect(read.key.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect([read.fits(MESSAGE), read.fits(Buffer.from("a lock")), read.fits(Buffer.alloc(0))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("readSignature()", () => {
  it.each([
    ["", "is no signature of SSH"],
    [SIGNATURE.replace("BEGIN SSH", "BEGIN PGP"), "is no signature of SSH"],
    [SIGNATURE + SIGNATURE, "is no signature of SSH"],
    [SIGNATURE.replace(/\n-----END.*/s, ""), "is no signature of SSH"],
    [SIGNATURE.replace("U1NI", "U*NI"), "is no signature of SSH"],
    [edited((bytes) => bytes.fill(2, 9, 10)), "is of a version that is not known: should be 1"],
    [edited((bytes) => bytes.subarray(0, -3)), "is no whole signature"],
    [edited((bytes) => Buffer.concat([bytes, Buffer.of(0)])), "is no whole signature"],
    [edited((bytes) => bytes.fill(255, 10, 14)), "is no whole signature"],
    [replaced("sha512", "sha1\u001b["), "is made with the hash sha1\\u001b[: should be sha256 or sha512"],
    [replaced("ssh-ed25519", "ssh-ed25518"), "is by a key that is a key of type ssh-ed25518: should be "],
  ])("refuses %#", (text, why) => {
    const read = readSignature(text);
    expect(read.kind === "refused" && read.why).toContain(why);
  });

  it("fits nothing once a byte of what is signed is another", () => {
    for (const text of [
      edited((bytes) => bytes.fill(bytes.at(-1) === 1 ? 2 : 1, bytes.length - 1)),
      replaced("tritter-lock", "tritter-lick"),
      replaced("sha512", "sha256"),
    ])
      expect(value(readSignature(text)).fits(MESSAGE)).toBe(false);
  });
});

describe("readPublicKey()", () => {
  const rsa = (bits: number) => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: bits });
    const { n = "", e = "" } = publicKey.export({ format: "jwk" });
    const mpint = (text: string) => Buffer.concat([Buffer.of(0), Buffer.from(text, "base64url")]);
    return stringsOf("ssh-rsa", Buffer.from(e, "base64url"), mpint(n));
  };

  it("reads what ssh-keygen and openssl write", () => {
    expect(value(readPublicKey(`# mine\n${LINE} alice's\n`)).blob).toEqual(key.publicKey.blob);
    const spki = createPublicKey(PEM).export({ type: "spki", format: "pem" }) as string;
    expect(value(readPublicKey(spki)).blob).toEqual(key.publicKey.blob);
    expect(value(readPublicBlob(rsa(2048))).type).toBe("ssh-rsa");
  });

  it.each([
    ["", "is empty"],
    [`${LINE}\n${LINE}\n`, "holds more than one key"],
    [PEM, "is no public key: give the one that ends in .pub"],
    [LINE.replace("ssh-ed25519", "ssh-rsa"), "says ssh-rsa, and its key is of type ssh-ed25519"],
    ["ssh-ed25519 AAAA", "is no key of SSH"],
    ["ssh-ed25519", "is no key of SSH"],
    [LINE.slice(0, -4), "is no whole key of type ssh-ed25519"],
  ])("refuses %j", (text, why) => {
    expect(readPublicKey(text)).toEqual({ kind: "refused", why });
  });

  it.each([
    [
      stringsOf("sk-ssh-ed25519@openssh.com", PUBLIC, "ssh:"),
      "is a key in hardware (sk-ssh-ed25519@openssh.com)",
    ],
    [
      stringsOf("ssh-ed25519-cert-v01@openssh.com", PUBLIC),
      "is a certificate (ssh-ed25519-cert-v01@openssh.com)",
    ],
    [stringsOf("ssh-dss", "x"), "is a key of type ssh-dss: should be ssh-ed25519, ssh-rsa"],
    [stringsOf("constructor", "x"), "is a key of type constructor"],
    [stringsOf("ssh-ed25519", PUBLIC.subarray(1)), "is no whole key"],
    [
      stringsOf("ecdsa-sha2-nistp256", "nistp256", Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)])),
      "is no whole key",
    ],
    [stringsOf("ecdsa-sha2-nistp256", "nistp384", Buffer.alloc(65, 4)), "is no whole key"],
    [rsa(1024), "is an RSA key of 1024 bits: should have at least 2048"],
    [Buffer.alloc(3), "is no key of SSH"],
  ])("refuses a blob by name, %#", (blob, why) => {
    const read = readPublicBlob(blob);
    expect(read.kind === "refused" && read.why).toContain(why);
  });
});

describe("readPrivateKey()", () => {
  it.each([
    ["", "refused", "is no private key"],
    ["hello\n", "refused", "is no private key"],
    [PEM.replace("MC4C", "MC5C"), "refused", "is no whole key"],
    ["-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "locked", "has a passphrase"],
    ["-----BEGIN RSA PRIVATE KEY-----\n", "locked", "is no Ed25519 key"],
    [
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
        type: "pkcs8",
        format: "pem",
      }) as string,
      "locked",
      "is no Ed25519 key",
    ],
    [LINE, "locked", "is a public key, whose other half an agent may hold"],
    [
      "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
      "refused",
      "is no whole key of OpenSSH",
    ],
  ])("leaves %# alone, and says why", (text, kind, why) => {
    expect(readPrivateKey(text)).toEqual({ kind, why });
  });
});

describe("readAllowedSigners()", () => {
  const judged = (text: string, claim: { namespace?: string; at?: string; identity?: string } = {}) =>
    judgeSigner(readAllowedSigners(text), {
      key: key.publicKey,
      namespace: claim.namespace ?? NAMESPACE,
      now: Date.parse(claim.at ?? "2026-06-01T00:00:00Z") / 1_000,
      identity: claim.identity,
    });

  it.each([
    [`a@x,*@y ${LINE} comment here`, {}, "a@x,*@y"],
    [`"a@x" ${LINE}`, {}, "a@x"],
    [`# c\n\n  a\t${LINE}\r\n`, {}, "a"],
    [`a namespaces="git,tritter-*" ${LINE}`, {}, "a"],
    [`a Namespaces=tritter-lock ${LINE}`, {}, "a"],
    [`a valid-after="20260101Z",valid-before="20270101000000Z" ${LINE}`, {}, "a"],
    [`a valid-before="20260601Z" ${LINE}`, {}, "a"],
    [`*@y,!b@y ${LINE}`, { identity: "a@y" }, "*@y,!b@y"],
    [`b namespaces="file" ${LINE}\na ${LINE}`, {}, "a"],
  ])("lets in by %j", (text, claim, principals) => {
    expect(judged(text, claim)).toMatchObject({ kind: "allowed", principals });
  });

  it.each([
    ["", {}, []],
    [`a ssh-ed25519 ${stringsOf("ssh-ed25519", Buffer.alloc(32, 3)).toString("base64")}`, {}, []],
    [`a namespaces="git" ${LINE}`, {}, ["line 1: the key is for git, and not for tritter-lock"]],
    [
      `a namespaces="*,!tritter-lock" ${LINE}`,
      {},
      ["line 1: the key is for *,!tritter-lock, and not for tritter-lock"],
    ],
    [
      `a valid-before="20260531235959Z" ${LINE}`,
      {},
      ["line 1: the key was valid until 2026-05-31T23:59:59Z"],
    ],
    [`a valid-after="202606010001Z" ${LINE}`, {}, ["line 1: the key is valid from 2026-06-01T00:01:00Z on"]],
    [`*@y,!b@y ${LINE}`, { identity: "b@y" }, ["line 1: the key is of *@y,!b@y, and not of b@y"]],
    [
      `a cert-authority ${LINE}`,
      {},
      ["line 1: cert-authority: tritter takes no certificates, so name the keys themselves"],
    ],
    [
      `a valid-before="20260230Z" ${LINE}`,
      {},
      [expect.stringContaining('its option "valid-before" is no time')],
    ],
    [`a no-such="x" ${LINE}`, {}, ['line 1: its option "no-such" is not known']],
    [`a namespaces="" ${LINE}`, {}, ['line 1: its option "namespaces" is empty']],
    [`a "unclosed ${LINE}`, {}, [expect.stringContaining("line 1: it ")]],
    ["a", {}, ["line 1: it names no key"]],
    [LINE, {}, ["line 1: nobody's name stands in front of its key"]],
    [`${"a".repeat(20_000)} ${LINE}`, {}, ["line 1: it has more than 16384 characters"]],
  ])("lets nobody in by %j", (text, claim, reasons) => {
    expect(judged(text, claim)).toEqual({ kind: "unknown", reasons });
  });

  it("takes a time without a Z for one of this machine, as ssh-keygen does", () => {
    const [line] = readAllowedSigners(`a valid-after="20260701120000" ${LINE}`);
    expect(line).toMatchObject({ after: new Date(2026, 6, 1, 12).getTime() / 1_000 });
  });
});

describe("matchesList()", () => {
  it.each([
    ["a", "a", true],
    ["a", "b,a", true],
    ["a", "!a,*", false],
    ["a", "*,!a", false],
    ["b", "!a", false],
    ["abc", "a?c", true],
    ["ac", "a?c", false],
    ["abcabd", "*abd", true],
    ["", "*", true],
    ["", "", true],
    ["a".repeat(5_000), `${"*a".repeat(500)}b`, false],
  ])("%j in %j", (text, patterns, is) => {
    expect(matchesList(text, patterns)).toBe(is);
  });
});

describe("unsigned()", () => {
  it.each([
    [[0, 128], [128]],
    [[1], [1]],
    [[128], undefined],
    [[0], undefined],
    [[], undefined],
    [[0, 0, 1], undefined],
    [[1, 2, 3, 4, 5], undefined],
  ])("of %j", (bytes, wanted) => {
    expect(unsigned(Buffer.from(bytes), 4)).toEqual(wanted && Buffer.from(wanted));
  });
});

const noSsh = !(await hasSshKeygen());

describe.skipIf(noSsh)("ssh-keygen (needs openssh-client)", () => {
  let folder: TemporaryFolder;
  let ssh: SshKeygen;
  const at = (name: string) => join(folder.path, name);

  beforeAll(async () => {
    folder = await temporaryFolder();
    ssh = sshKeygen(folder.path);
    await writeFile(at("message"), MESSAGE);
    await ssh.make("mine", "ed25519");
  });
  afterAll(() => folder.remove());

  it("accepts our signatures, made by its own key and by a PEM", async () => {
    const own = value(
      readPrivateKey(await readFile(at("mine"), "utf8")) as { kind: string; value: PrivateKey },
    );
    for (const [name, signer, line] of [
      ["own", own, (await readFile(at("mine.pub"), "utf8")).trim()],
      ["pem", key, LINE],
    ] as const) {
      await writeFile(at(`${name}.sig`), makeSignature(signer, MESSAGE));
      await writeFile(at("allowed"), `someone namespaces="${NAMESPACE}" ${line}\n`);
      const verify = (message: string) =>
        execute(
          "/bin/sh",
          ["-c", `ssh-keygen -Y verify -n ${NAMESPACE} -f allowed -I someone -s ${name}.sig < ${message}`],
          {
            cwd: folder.path,
            env: { PATH: process.env.PATH ?? "" },
          },
        );
      expect(await verify("message")).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('Good "tritter-lock" signature for someone'),
      });
      expect((await verify("allowed")).status).not.toBe(0);
    }
  });

  it.each([
    ["ed25519", "ssh-ed25519", []],
    ["rsa", "ssh-rsa", ["-b", "2048"]],
    ["ecdsa", "ecdsa-sha2-nistp256", ["-b", "256"]],
    ["ecdsa", "ecdsa-sha2-nistp384", ["-b", "384"]],
    ["ecdsa", "ecdsa-sha2-nistp521", ["-b", "521"]],
  ])("makes signatures that we accept: %s as %s", async (type, name, bits) => {
    const line = await ssh.make(name, type, ...bits);
    const shown = await ssh.run("-l", "-f", `${name}.pub`);
    for (const option of ["sha256", "sha512"]) {
      await rm(at("message.sig"), { force: true });
      await ssh.run("-Y", "sign", "-O", `hashalg=${option}`, "-n", NAMESPACE, "-f", name, "message");
      const read = value(readSignature(await readFile(at("message.sig"), "utf8")));
      expect([read.namespace, read.fits(MESSAGE), read.fits(Buffer.from("other"))]).toEqual([
        NAMESPACE,
        true,
        false,
      ]);
      expect(read.key.blob).toEqual(value(readPublicKey(line)).blob);
      expect(shown.stdout).toContain(read.key.fingerprint);
    }
  });

  it("has keys that only it can use, and certificates that we name", async () => {
    await ssh.run("-q", "-t", "ed25519", "-N", "secret", "-f", "closed");
    expect(readPrivateKey(await readFile(at("closed"), "utf8"))).toEqual({
      kind: "locked",
      why: "has a passphrase",
    });
    await ssh.make("ca", "ed25519");
    await ssh.run("-q", "-s", "ca", "-I", "id", "-n", "someone", "mine.pub");
    const certificate = readPublicKey(await readFile(at("mine-cert.pub"), "utf8"));
    expect(certificate).toMatchObject({ kind: "refused", why: expect.stringContaining("is a certificate") });
  });
});
