import { type HierarchyRectangularNode, hierarchy, treemap as layOut } from "d3-hierarchy";
import { formatBytes, formatCount, formatNumber, formatPercent } from "../../schema/format.ts";
import { fitted, percent, SMALL_LETTER, type Span, spanClass, WIDTHS } from "./fit.ts";
import { type Child, html, type Markup } from "./markup.ts";
import { figure, svg, tableBehind } from "./parts.ts";
import type { Branch } from "./tree.ts";

type Node = HierarchyRectangularNode<Branch>;

/** One layout for wide pages and one for narrow ones, since tiles of the one would be slivers on the other. px */
const WIDE = { width: 960, height: 440, span: [3, 5] as Span };
const NARROW = { width: 340, height: 560, span: [0, 2] as Span };

const HEAD = 17;
const MOST_ROWS = 250;

/** Where the bytes are: source, folder, file, each as large as it is. */
export function sizeMap(tree: Branch, colourOf: (source: string) => string): Markup {
  if (tree.bytes === 0)
    return html`<h2>Sizes</h2>
<p class="missing">There are no bytes to draw.</p>
`;
  const sources = tree.children.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join("; ");
  const label = `Treemap of sizes: ${formatCount(tree.files, "file")}, ${formatBytes(tree.bytes)}. ${sources}`;
  return figure({
    title: "Sizes",
    level: 2,
    lead: "Each tile is a file, or a folder where there are very many: the larger, the more bytes. Tiles of one source stand together below its name.",
    plot: [WIDE, NARROW].map((layout) =>
      svg(label, layout.height, tilesOf(tree, { ...layout, colourOf }), spanClass(layout.span)),
    ),
    table: table(tree),
  });
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly span: Span;
  readonly colourOf: (source: string) => string;
}

function tilesOf(tree: Branch, drawing: Drawing): Child {
  const { width, height, colourOf } = drawing;
  const root = hierarchy(tree, ({ children }) => (children.length === 0 ? undefined : [...children])).sum(
    ({ children, bytes }) => (children.length === 0 ? bytes : 0),
  );
  const laid = layOut<Branch>()
    .size([width, height])
    .paddingInner(2)
    .paddingTop((node) => (node.depth > 0 && node.children !== undefined ? HEAD : 0))(root);
  return laid.descendants().flatMap((node): Child[] => {
    if (node.depth === 0 || node.x1 <= node.x0 || node.y1 <= node.y0) return [];
    const source = node.ancestors().find(({ depth }) => depth === 1)?.data.name ?? "";
    return [node.children === undefined ? tile(node, colourOf(source), drawing) : head(node, drawing)];
  });
}

function head(node: Node, drawing: Drawing): Child {
  if (node.y1 - node.y0 < HEAD) return undefined;
  const { name, bytes, kind } = node.data;
  return written(node, drawing, {
    text: kind === "source" ? `${name} ${formatBytes(bytes)}` : `${name}/`,
    line: HEAD - 5,
    className: `head ${kind}`,
    indent: 1,
  });
}

function tile(node: Node, colour: string, drawing: Drawing): Child {
  const { name, kind, bytes, files } = node.data;
  const [width, height] = [node.x1 - node.x0, node.y1 - node.y0];
  const path = node
    .ancestors()
    .reverse()
    .slice(1)
    .map(({ data }) => data.name)
    .join("/");
  const count = kind === "file" ? "" : `, ${formatCount(files, "file")}`;
  const place = html`x="${percent(node.x0 / drawing.width)}" y="${Number(node.y0.toFixed(1))}" width="${percent(width / drawing.width)}" height="${Number(height.toFixed(1))}"`;
  const shown = kind === "folder" ? `${name}/` : name;
  const short = kind === "file" ? shortNames(name) : [];
  return html`<rect class="tile ${colour}" ${place}><title>${path}: ${formatBytes(bytes)}${count}</title></rect>${
    kind === "rest" ? html`<rect class="veil" ${place}/>` : undefined
  }${height < 18 ? undefined : written(node, drawing, { text: shown, short, line: 14, className: "on", indent: 5 })}${
    height < 34
      ? undefined
      : written(node, drawing, {
          text: formatBytes(bytes),
          cut: "never",
          line: 28,
          className: "on",
          indent: 5,
        })
  }`;
}

/** `train-00003-of-00009.parquet`: of a shard, its number says most. */
function shortNames(name: string): readonly string[] {
  const stem = name.replace(/(?:\.[A-Za-z0-9]+)+$/, "");
  const [, before = "", number = ""] = /^(.*?)-?0*(\d+)-of-\d+/.exec(name) ?? [];
  return number === "" ? [stem] : [stem, `${before} ${number}`, number].map((text) => text.trim());
}

interface Written {
  readonly text: string;
  readonly short?: readonly string[];
  /** A size that lacks a digit is another one. Unset: in the middle. */
  readonly cut?: "never";
  /** px below the top */
  readonly line: number;
  readonly className: string;
  /** px */
  readonly indent: number;
}

function written(
  node: Node,
  { width, span }: Drawing,
  { text, short, cut, line, className, indent }: Written,
): Child {
  const share = (node.x1 - node.x0) / width;
  const [first, last] = span;
  return fitted({
    text,
    ...(short !== undefined && { short }),
    // Nothing at widths at which the other layout is shown.
    room: (all) => (isIn(all, first, last) ? share * all - indent - 4 : 0),
    cut: cut ?? "middle",
    least: 5,
    letter: SMALL_LETTER,
    draw: (shown, spanned) =>
      html`<text class="${className} ${spanned}" x="${percent(node.x0 / width)}" dx="${indent}" y="${Number((node.y0 + line).toFixed(1))}">${shown}</text>`,
  });
}

function isIn(width: number, first: number, last: number): boolean {
  return width >= (WIDTHS[first] ?? 0) && width <= (WIDTHS[last] ?? 0);
}

function table(tree: Branch): Markup {
  const rows = leavesOf(tree, []);
  const shown = rows.slice(0, MOST_ROWS);
  const right = "right" as const;
  return tableBehind(
    "sizes of sources, folders and files",
    [
      { title: "path", cells: shown.map(({ path }) => path) },
      { title: "size", cells: shown.map(({ branch }) => formatBytes(branch.bytes)), align: right },
      {
        title: "share",
        cells: shown.map(({ branch }) => formatPercent(branch.bytes / tree.bytes)),
        align: right,
      },
      { title: "files", cells: shown.map(({ branch }) => formatNumber(branch.files)), align: right },
    ],
    rows.length > shown.length
      ? `and ${formatCount(rows.length - shown.length, "more tile")}, the smaller ones`
      : undefined,
  );
}

interface Leaf {
  readonly path: string;
  readonly branch: Branch;
}

/** What is drawn as a tile, the largest first. */
function leavesOf(branch: Branch, above: readonly string[]): readonly Leaf[] {
  const walk = (one: Branch, names: readonly string[]): Leaf[] =>
    one.children.length === 0
      ? [{ path: names.join("/"), branch: one }]
      : one.children.flatMap((child) => walk(child, [...names, child.name]));
  return walk(branch, above).sort((a, b) => b.branch.bytes - a.branch.bytes || (a.path < b.path ? -1 : 1));
}
