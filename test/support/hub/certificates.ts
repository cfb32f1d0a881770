import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Certificates {
  /** PEM texts: a private authority, and a key and certificate for loopback signed by it. */
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
  /** The authority as a file, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  remove(): Promise<void>;
}

/** Made with the `openssl` command; `skip` says why where there is none. */
export async function makeCertificates(): Promise<Certificates | { readonly skip: string }> {
  const folder = await mkdtemp(join(tmpdir(), "tritter-ca-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await generate(folder);
  } catch (error) {
    await remove();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { skip: "there is no openssl command" };
    throw error;
  }
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8");
  const caFile = join(folder, "ca.pem");
  return {
    ca: await read("ca.pem"),
    key: await read("leaf.key"),
    cert: await read("leaf.pem"),
    caFile,
    remove,
  };
}

const NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:::1";
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function generate(cwd: string): Promise<void> {
  await writeFile(join(cwd, "names"), `${NAMES}\nbasicConstraints=CA:FALSE\n`);
  const openssl = (...args: string[]): Promise<unknown> => run("openssl", args, { cwd });
  const ca = [
    "-x509",
    "-days",
    "2",
    "-subj",
    "/CN=tritter test authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
  ];
  await openssl("req", ...KEY, ...ca);
  await openssl("req", ...KEY, "-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.csr");
  const signed = [
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-CAcreateserial",
    "-extfile",
    "names",
    "-out",
    "leaf.pem",
  ];
  await openssl("x509", "-req", "-days", "2", "-in", "leaf.csr", ...signed);
}
