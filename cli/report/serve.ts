import type { Serving, TritterEvent } from "../events.ts";
import type { ServeResult } from "../project/serve.ts";
import { formatBytes, formatCount, formatFiles, formatNumber, shortCommit } from "./format.ts";
import type { Paint } from "./paint.ts";
import { safe } from "./safe.ts";

/** Where it listens and what for, once it does. */
export function servingLines({ url, access, sources, disk }: Serving, paint: Paint): readonly string[] {
  const total = {
    files: sources.reduce((sum, { files }) => sum + files, 0),
    bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  return [
    `${paint.good("serving")} ${formatFiles(total)}, read-only, at ${safe(url)}, ${ACCESS[access]}`,
    ...sources.map(
      ({ name, type, repo, revision, commit, ...held }) =>
        `  ${paint.name(safe(name))}: ${type} ${safe(repo)}@${safe(revision)} at ${shortCommit(commit)}, ${formatFiles(held)}`,
    ),
    ...diskLines(disk, paint),
    `  export HF_ENDPOINT=${safe(url)}${access === "token" ? " HF_TOKEN=…" : ""}`,
  ];
}

const ACCESS: Readonly<Record<Serving["access"], string>> = {
  loopback: "for this machine",
  token: "for those who have the token",
  open: "for anyone who reaches it",
};

function diskLines({ unproved, missing, changed }: Serving["disk"], paint: Paint): readonly string[] {
  const parts = [
    ...(unproved > 0 ? [`${formatNumber(unproved)} to be read before they are served`] : []),
    ...(missing > 0 ? [paint.warn(`${formatNumber(missing)} missing`)] : []),
    ...(changed > 0 ? [paint.warn(`${formatNumber(changed)} changed`)] : []),
  ];
  return parts.length === 0 ? [] : [`  files on disk: ${parts.join(", ")}`];
}

/** What it came to in the end. */
export function servedLine({ requests, bytes }: ServeResult): string {
  return `answered ${formatCount(requests, "request")}, sent ${formatBytes(bytes)}`;
}

/** A line of the access log: time, client, what was asked, status, bytes, ms. */
export function accessLine(event: Extract<TritterEvent, { kind: "answered" }>): string {
  const { at, remote, method, path, status, bytes, tookMs } = event;
  const time = new Date(at).toISOString();
  return `${time} ${safe(remote)} ${safe(method)} ${safe(path)} ${status} ${bytes} ${Math.round(tookMs)}ms`;
}
