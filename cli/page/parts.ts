import { type Child, html, type Markup } from "./markup.ts";

export interface Cell {
  readonly title: string;
  readonly cells: readonly Child[];
  readonly align?: "right";
}

/** The table behind a plot, folded away. `name` says of what. */
export function tableBehind(name: string, columns: readonly Cell[], more?: string): Markup {
  const rows = Math.max(0, ...columns.map(({ cells }) => cells.length));
  const right = ({ align }: Cell) => (align === undefined ? undefined : html` class="number"`);
  const body = Array.from({ length: rows }, (_, row) =>
    columns.map((column, index) =>
      index === 0
        ? html`<th scope="row">${column.cells[row]}</th>`
        : html`<td${right(column)}>${column.cells[row]}</td>`,
    ),
  );
  return html`<details><summary>Table: ${name}</summary>
<section class="scroll" aria-label="Table: ${name}" tabindex="0"><table>
<thead><tr>${columns.map((column) => html`<th scope="col"${right(column)}>${column.title}</th>`)}</tr></thead>
<tbody>
${body.map((cells) => html`<tr>${cells}</tr>\n`)}</tbody></table></section>
${more === undefined ? undefined : html`<p class="more">${more}</p>`}</details>
`;
}

/** A plot and what stands around it. `height` px; its width is that of the page. */
export function figure(parts: {
  readonly title: string;
  readonly level: 2 | 3;
  readonly id?: string;
  readonly lead: Child;
  readonly plot: Child;
  readonly legend?: Child;
  readonly table: Child;
}): Markup {
  const { title, level, lead, plot, legend, table } = parts;
  const heading = level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`;
  return html`${heading}
<p class="lead">${lead}</p>
<figure><div class="plot">${plot}</div>${legend === undefined ? undefined : html`<figcaption>${legend}</figcaption>`}</figure>
${table}`;
}

export function svg(label: string, height: number, content: Child, className = ""): Markup {
  return html`<svg class="chart ${className}" width="100%" height="${height}" role="img" aria-label="${label}">${content}</svg>`;
}

/** A mark at a share of the width, drawn around its own middle. */
export function mark(x: string, y: number, content: Child): Markup {
  return html`<svg x="${x}" y="${y}" overflow="visible">${content}</svg>`;
}
