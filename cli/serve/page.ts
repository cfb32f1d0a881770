import type { Catalog, CatalogCommit, CatalogRepo } from "./catalog.ts";
import type { Standings } from "./metrics.ts";
import type { Said } from "./wire.ts";

export interface Status {
  readonly catalog: Catalog;
  readonly files: Standings;
  readonly version: string;
  /** As the client named it. */
  readonly origin: string;
}

/** What a person sees who opens the address: a page, or plain text where a page is not asked for. */
export function statusAnswer(status: Status, accept: string | undefined): Said {
  if (!(accept ?? "").includes("text/html")) return { kind: "text", text: statusText(status) };
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
  };
  return { kind: "text", text: statusPage(status), headers };
}

function statusText(status: Status): string {
  const rows = rowsOf(status.catalog).map(
    ({ what, commit, refs, files, bytes }) =>
      `${what} at ${commit}${refs === "" ? "" : ` (${refs})`}: ${files} files, ${bytes} bytes`,
  );
  return `${[`tritter ${status.version}: a read-only Hub`, diskLine(status.files), ...rows].join("\n")}\n`;
}

function statusPage(status: Status): string {
  const { catalog, files, version, origin } = status;
  const rows = rowsOf(catalog).map(
    ({ what, commit, refs, files: count, bytes }) => `<tr>
<td>${escapeHtml(what)}</td>
<td><code title="${escapeHtml(commit)}">${escapeHtml(commit.slice(0, 7))}</code> ${escapeHtml(refs)}</td>
<td class="n">${count.toLocaleString("en")}</td>
<td class="n">${bytes.toLocaleString("en")}</td>
</tr>`,
  );
  const bad = files.missing + files.changed > 0 ? ' class="bad"' : "";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tritter serve</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.25rem; }
pre, .wide { overflow-x: auto; }
pre { padding: .75rem; background: #8882; border-radius: .5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
td:first-child { overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bad { color: #c33; font-weight: 600; }
</style>
<h1>A read-only Hub, by tritter ${escapeHtml(version)}</h1>
<p${bad}>${escapeHtml(diskLine(files))}</p>
<pre>export HF_ENDPOINT=${escapeHtml(origin)}</pre>
<div class="wide"><table>
<thead><tr><th>Repository</th><th>Commit</th><th class="n">Files</th><th class="n">Bytes</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table></div>
<p><a href="/metrics">metrics</a></p>
</html>
`;
}

function diskLine({ right, unproved, missing, changed }: Standings): string {
  const all = right + unproved + missing + changed;
  const parts = [
    ...(unproved > 0 ? [`${unproved.toLocaleString("en")} to be read before they are served`] : []),
    ...(missing > 0 ? [`${missing.toLocaleString("en")} missing on disk`] : []),
    ...(changed > 0 ? [`${changed.toLocaleString("en")} changed on disk`] : []),
  ];
  const rest = parts.length === 0 ? "all on disk as the lock says" : parts.join(", ");
  return `${all.toLocaleString("en")} files: ${rest}`;
}

interface Row {
  readonly what: string;
  readonly commit: string;
  readonly refs: string;
  readonly files: number;
  readonly bytes: number;
}

function rowsOf({ repos }: Catalog): readonly Row[] {
  return repos.flatMap((repo) => [...repo.commits.values()].map((commit) => rowOf(repo, commit)));
}

function rowOf(repo: CatalogRepo, { id, files }: CatalogCommit): Row {
  const named = [...repo.refs].filter(([, target]) => target === id);
  return {
    what: `${repo.type} ${repo.name}`,
    commit: id,
    refs: named.map(([ref]) => ref.replace(/^refs\/heads\//, "")).join(", "),
    files: files.size,
    bytes: [...files.values()].reduce((sum, { size }) => sum + size, 0),
  };
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
