import { createHash } from "node:crypto";
import { formatBytes, formatCount, formatNumber, shortCommit } from "../../schema/format.ts";
import { bars } from "./bars.ts";
import { type Child, html, type Markup, verbatim } from "./markup.ts";
import type { DiskState, Report, ReportedSource, UpstreamState } from "./model.ts";
import { shardStrips } from "./strips.ts";
import { FILL_COUNT, STYLE } from "./style.ts";
import { throughput } from "./throughput.ts";
import { pinLanes } from "./timeline.ts";
import { sizeMap } from "./treemap.ts";

/** Cards of sources before the rest is only counted. */
const MOST_CARDS = 300;

/**
 * The report as one page, which asks nothing of any network: it has neither scripts nor anything to load, and its policy would
 * forbid both. Equal reports give equal pages. https://www.w3.org/TR/CSP3/
 */
export function pageOf(report: Report): string {
  const colours = new Map(report.sources.map(({ name }, index) => [name, `c${index % FILL_COUNT}`]));
  const colourOf = (source: string) => colours.get(source) ?? "c0";
  const { name, manifest, lock, madeAt, note } = report;
  const style = createHash("sha256").update(STYLE).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="tritter">
<title>${name}: what the lock holds, and how it stands</title>
<style>${verbatim(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">To the report</a>
<header>
<h1>${name}</h1>
<p class="by">Training data pinned by <code>${lock}</code>, as wanted by <code>${manifest}</code>. Made <time datetime="${madeAt}">${madeAt.slice(0, 16).replace("T", " ")} UTC</time>.</p>
${note === undefined ? undefined : html`<p class="note" role="note">${note}</p>\n`}${numbers(report)}
<nav aria-label="Sections"><ul>${SECTIONS.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main id="main">
${SECTIONS.map(
  ([id, title, draw]) => html`<section id="${id}" aria-label="${title}">
${draw(report, colourOf)}</section>
`,
)}</main>
<footer>
<p>${lockText(report)} Told by <code>tritter report</code> from lock, facts, disk and git on the machine it ran on; the same as data: <code>tritter report --json</code>.</p>
</footer>
</body>
</html>
`.markup;
}

type Draw = (report: Report, colourOf: (source: string) => string) => Markup;

const SECTIONS: readonly (readonly [id: string, title: string, draw: Draw])[] = [
  ["state", "State of the sources", states],
  ["composition", "Composition", compositions],
  ["sizes", "Sizes", ({ tree }, colourOf) => sizeMap(tree, colourOf)],
  [
    "shards",
    "Rows per shard",
    ({ shards, totals }) => shardStrips(shards, totals.files - totals.countedFiles),
  ],
  ["pins", "Pins over time", ({ pins }) => pinLanes(pins)],
  ["sync", "The last sync", ({ lastSync }) => throughput(lastSync)],
];

function lockText({ lockDigest }: Report): string {
  return lockDigest === undefined ? "" : `The lock is ${lockDigest}.`;
}

function numbers({ totals, sources, composition }: Report): Markup {
  const looked = sources.filter(({ disk }) => disk.kind !== "unknown");
  const good = looked.filter(({ disk, pin }) => disk.kind === "in-sync" && pin === "locked").length;
  const languages = composition.language.parts.filter(({ name }) => name !== undefined).length;
  const { files, rows, countedFiles } = totals;
  const cells: readonly (readonly [string, string, string | undefined])[] = [
    ["Sources", formatNumber(sources.length), undefined],
    [
      "In sync",
      looked.length === 0 ? "not known" : `${formatNumber(good)} of ${formatNumber(sources.length)}`,
      undefined,
    ],
    ["Files", formatNumber(files), undefined],
    ["Size", formatBytes(totals.bytes), undefined],
    [
      "Rows",
      countedFiles === 0 ? "not known" : formatNumber(rows),
      countedFiles === 0 || countedFiles === files
        ? undefined
        : `in ${formatNumber(countedFiles)} of the files`,
    ],
    ["Languages", languages === 0 ? "not known" : formatNumber(languages), undefined],
  ];
  return html`<dl class="numbers">${cells.map(
    ([title, value, small]) =>
      html`<div><dt>${title}</dt><dd>${value}${small === undefined ? undefined : html`<small>${small}</small>`}</dd></div>`,
  )}</dl>`;
}

function compositions(
  { composition, sources, totals }: Report,
  colourOf: (source: string) => string,
): Markup {
  const { source, language, license, split } = composition;
  return html`<h2>Composition</h2>
<p class="lead">Shares of ${formatBytes(totals.bytes)} in ${formatCount(totals.files, "file")} of ${formatCount(sources.length, "source")}. What nobody tells is shown as not known; the tables say who told the rest.</p>
<div class="compositions">
<div>${bars(source, { title: "By source", what: "source", lead: "As the manifest names them.", colourOf })}</div>
<div>${bars(language, { title: "By language", what: "language", lead: "A column of the data tells, else the name of folder or file, else a group of the source." })}</div>
<div>${bars(license, { title: "By licence", what: "licence", lead: "A column of the data tells, else the card of the repository." })}</div>
<div>${bars(split, { title: "By split", what: "split", lead: "Names of files and folders tell, as the Hub reads them." })}</div>
</div>
`;
}

/** Drawn, since few fonts have a sign for it. */
const LOCK = html`<svg width="10" height="12" aria-hidden="true"><path d="M1 6H9V11H1ZM3 6V3.5A2 2 0 0 1 7 3.5V6"/></svg>`;

interface Badge {
  readonly tone: "good" | "warn" | "bad" | "open";
  readonly sign: Child;
  readonly text: string;
  /** What is behind it, where a word does not say it. */
  readonly more?: string;
}

function states({ sources, leftovers, index }: Report, colourOf: (source: string) => string): Markup {
  const shown = sources.slice(0, MOST_CARDS);
  const asked = sources.some(({ upstream }) => upstream.kind !== "not-asked");
  const hub = asked
    ? "The Hub was asked too."
    : "The Hub was not asked: whether it has newer commits is not known.";
  const left =
    leftovers.length === 0
      ? undefined
      : html`<p>On disk, of sources that are wanted no more: ${leftovers.map(({ source, what }) => `${source} (${what})`).join("; ")}.</p>
`;
  return html`<h2>State of the sources</h2>
<p class="lead">Manifest, lock and disk, as <code>tritter check</code> compares them. ${hub}</p>
${left}${index === undefined ? undefined : html`<p>The index beside all sources: ${index}.</p>\n`}<ul class="sources">
${shown.map((source) => card(source, colourOf))}</ul>
${sources.length > shown.length ? html`<p class="more">and ${formatCount(sources.length - shown.length, "more source")}, in tritter report --json</p>` : undefined}
`;
}

function card(source: ReportedSource, colourOf: (source: string) => string): Markup {
  const badges = badgesOf(source);
  const said = [...badges.flatMap(({ more }) => more ?? []), ...source.problems];
  const type = source.type === "dataset" ? "" : `${source.type} `;
  const rows: readonly (readonly [string, Child])[] = [
    ["repository", html`${type}<code>${source.repo}</code>`],
    ["commit", pinText(source)],
    ["holds", `${formatCount(source.files, "file")}, ${formatBytes(source.bytes)}`],
    [
      "licence",
      `${source.licenses.length === 0 ? "not known" : source.licenses.join(", ")}${source.accepted === undefined ? "" : ` (accepted: ${source.accepted})`}`,
    ],
    ["groups", source.groups.length === 0 ? "none" : source.groups.join(", ")],
  ];
  return html`<li><h3><svg class="key-dot" width="12" height="12" aria-hidden="true"><rect class="${colourOf(source.name)}" width="12" height="12" rx="2"/></svg>${source.name}</h3>
<ul class="badges">${badges.map(({ tone, sign, text }) => html`<li class="badge ${tone}">${typeof sign === "string" ? html`<span aria-hidden="true">${sign}</span>` : sign}${text}</li>`)}</ul>
<dl class="facts">${rows.map(([title, value]) => html`<dt>${title}</dt><dd>${value}</dd>`)}</dl>
${said.length === 0 ? undefined : html`<ul class="said">${said.slice(0, 5).map((text) => html`<li>${text}</li>`)}</ul>\n`}</li>
`;
}

function pinText({ commit, revision, asOf }: ReportedSource): Child {
  if (commit === undefined) return "not pinned";
  if (revision === commit) return html`<code>${shortCommit(commit)}</code>, which the manifest names`;
  return html`<code>${shortCommit(commit)}</code> of <code>${revision}</code>${asOf === undefined ? "" : ` as of ${asOf}`}`;
}

function badgesOf(source: ReportedSource): readonly Badge[] {
  const { gated, insteadOf, rescued, problems } = source;
  const pin = pinBadge(source);
  return [
    ...(pin === undefined ? [] : [pin]),
    diskBadge(source.disk),
    ...upstreamBadge(source.upstream),
    ...(problems.length === 0 ? [] : [{ tone: "bad", sign: "✗", text: "has problems" } as const]),
    ...(gated === undefined ? [] : [{ tone: "open", sign: LOCK, text: `gated (${gated})` } as const]),
    ...(insteadOf === undefined
      ? []
      : [{ tone: "warn", sign: "!", text: "by a fallback", more: `stands in for ${insteadOf}` } as const]),
    ...(rescued
      ? [
          {
            tone: "warn",
            sign: "!",
            text: "rescued",
            more: "its commit is gone upstream; the files are had elsewhere",
          } as const,
        ]
      : []),
  ];
}

function pinBadge({ pin }: ReportedSource): Badge | undefined {
  switch (pin) {
    case "locked":
      return undefined;
    case "stale":
      return {
        tone: "warn",
        sign: "!",
        text: "lock is stale",
        more: "the manifest wants something else than the lock has: run tritter lock",
      };
    case "unlocked":
      return { tone: "warn", sign: "!", text: "not locked", more: "run tritter lock" };
    case "dropped":
      return {
        tone: "warn",
        sign: "!",
        text: "dropped",
        more: "it is in the lock, and in the manifest no more",
      };
    default:
      return pin satisfies never;
  }
}

function diskBadge(disk: DiskState): Badge {
  switch (disk.kind) {
    case "in-sync":
      return { tone: "good", sign: "✓", text: "in sync" };
    case "drift":
      return { tone: "bad", sign: "✗", text: "drift", more: disk.what };
    case "unknown":
      return { tone: "open", sign: "?", text: "disk not known", more: disk.why };
    default:
      return disk satisfies never;
  }
}

function upstreamBadge(upstream: UpstreamState): readonly Badge[] {
  switch (upstream.kind) {
    case "not-asked":
      return [];
    case "current":
      return [{ tone: "good", sign: "✓", text: "current upstream" }];
    case "outdated":
      return [{ tone: "warn", sign: "!", text: "outdated", more: upstream.what }];
    case "gone":
      return [{ tone: "bad", sign: "✗", text: "gone upstream", more: upstream.what }];
    case "refused":
      return [{ tone: "bad", sign: "✗", text: "no access", more: upstream.what }];
    case "other":
      return [{ tone: "bad", sign: "✗", text: "trouble upstream", more: upstream.what }];
    case "unknown":
      return [{ tone: "open", sign: "?", text: "Hub not known", more: upstream.why }];
    default:
      return upstream satisfies never;
  }
}
