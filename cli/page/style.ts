import { spanRules } from "./fit.ts";

/** Fills of sources: each stands out from both grounds by 3:1 at least, and white text upon it by 4.5:1. WCAG 2.2, 1.4.11 and 1.4.3. */
const FILLS = ["#2c70bd", "#a55b27", "#1d7c65", "#c92f7c", "#8750d6", "#856c1f", "#20788a", "#cf3232"];

export const FILL_COUNT = FILLS.length;

const MONO = `ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace`;

/** The only style of the page. It names no font, image or address that would have to be fetched. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fcfcfb; --raised: #ffffff; --line: #d9dce1; --grid: #e4e6ea; --track: #e9ebee;
  --ink: #1a1d21; --quiet: #555b63; --link: #0b57b0;
  --good: #17663a; --warn: #8a5a00; --bad: #b3261e; --soft: #cfe0f5; --unknown: #767d86; --veil: #ffffff; --mark: #2c70bd; --odd: #cf3232;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #14171c; --raised: #1c2027; --line: #363c46; --grid: #2a2f38; --track: #2a2f38;
    --ink: #e7e9ec; --quiet: #a4abb5; --link: #8ab8ff;
    --good: #7bd59b; --warn: #f0b45a; --bad: #ff8a80; --soft: #263b57; --unknown: #848c97; --veil: #14171c; --mark: #6aa6e8; --odd: #ff7a70;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
}
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--raised); padding: .5rem 1rem; z-index: 1; }
header, main, footer { max-width: 82rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
header { padding-top: 2rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.3rem); line-height: 1.15; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 0 0 .25rem; }
h3 { font-size: 1.05rem; margin: 0 0 .15rem; overflow-wrap: anywhere; }
p { margin: .4rem 0; }
.by { color: var(--quiet); overflow-wrap: anywhere; }
.note { border: 2px solid var(--warn); border-radius: 6px; padding: .7rem 1rem; margin: 1rem 0; overflow-wrap: anywhere; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: 1rem 0 0; }
nav a { display: inline-block; padding: .25rem 0; }
main > section { margin: 2.4rem 0; }
.lead, .missing, .more { color: var(--quiet); max-width: 48rem; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.6rem, 1fr)); gap: .7rem; margin: 1.5rem 0 0; }
.numbers div { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.numbers dt { color: var(--quiet); font-size: .85rem; }
.numbers dd { margin: 0; font-size: 1.45rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.numbers small { display: block; font-size: .8rem; color: var(--quiet); }
.sources { list-style: none; padding: 0; margin: 1rem 0 0; display: grid; gap: .8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
.sources > li { background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: .9rem 1rem; min-width: 0; break-inside: avoid; }
.key-dot { display: inline-block; width: .75rem; height: .75rem; margin-right: .4rem; }
.badges { list-style: none; display: flex; flex-wrap: wrap; gap: .35rem; padding: 0; margin: .4rem 0 .5rem; }
.badge { border: 1px solid currentColor; border-radius: 99px; padding: .05rem .6rem; font-size: .85rem; font-weight: 600; }
.badge span, .badge svg { margin-right: .35em; }
.badge svg { fill: none; stroke: currentColor; stroke-width: 1.6; vertical-align: -1px; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); } .open { color: var(--quiet); }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: 0; font-size: .92rem; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.said { margin: .5rem 0 0; padding-left: 1.1rem; font-size: .92rem; overflow-wrap: anywhere; }
.compositions { display: grid; gap: 2rem clamp(1.5rem, 4vw, 3.5rem); grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); margin-top: 1rem; }
.compositions > div { min-width: 0; }
figure { margin: .8rem 0; }
.plot { container: plot / inline-size; }
.chart { display: block; overflow: visible; max-width: 100%; }
.chart text { font: 12px ${MONO}; fill: var(--ink); }
.chart .value, .chart .tick { fill: var(--quiet); }
.chart .tick, .chart .on, .chart .head { font-size: 11px; }
.behind { fill: var(--ground); fill-opacity: .85; }
.chart .on { fill: #fff; }
.chart .head.source { font-weight: 700; }
.track { fill: var(--track); } .grid { stroke: var(--grid); } .rule { stroke: var(--line); }
.unknown { fill: var(--track); stroke: var(--unknown); stroke-width: 1.5; stroke-dasharray: 3 2; }
.veil { fill: var(--veil); fill-opacity: 0; stroke: #fff; stroke-width: 1.5; stroke-dasharray: 3 3; }
.fences { fill: var(--soft); } .median { stroke: var(--ink); stroke-width: 2; }
.dot { fill: var(--mark); fill-opacity: .85; stroke: var(--ground); }
.outlier { fill: var(--odd); stroke: var(--ground); stroke-width: 1.5; }
.life { stroke: var(--unknown); stroke-width: 3; }
.pin { stroke: var(--ink); stroke-width: 1.5; fill: var(--mark); }
.pin.open { fill: var(--ground); color: inherit; } .pin.dropped { fill: none; stroke-width: 2.5; }
.rate { fill: var(--mark); fill-opacity: .8; }
.event { stroke: var(--ground); fill: var(--ink); }
.event.stall { fill: var(--odd); } .event.wait { fill: var(--unknown); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; padding: 0; margin: .5rem 0 0; font-size: .88rem; color: var(--quiet); }
.key { vertical-align: -2px; overflow: visible; }
details { margin: .35rem 0; }
summary { cursor: pointer; color: var(--link); padding: .2rem 0; }
.scroll { overflow-x: auto; max-height: 28rem; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: .88rem; min-width: 100%; background: var(--raised); }
th, td { text-align: left; padding: .25rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th { font-weight: 400; font-family: ${MONO}; font-size: .82rem; }
thead th { position: sticky; top: 0; background: var(--raised); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-family: ${MONO}; font-size: .9em; overflow-wrap: anywhere; }
footer { color: var(--quiet); font-size: .9rem; padding-top: 1rem; padding-bottom: 3rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
${FILLS.map((fill, index) => `.c${index} { fill: ${fill}; }`).join("\n")}
${spanRules()}
@media print {
  body { font-size: 10pt; background: #fff; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  nav, .skip { display: none; }
  figure, .numbers div { break-inside: avoid; }
  h2, h3, .lead { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; opacity: 1; }
  summary { color: inherit; font-weight: 600; break-after: avoid; }
  .scroll { max-height: none; overflow: visible; border: 0; }
  tr { break-inside: avoid; }
}
`;
