import { cutEnd, cutMiddle, padEnd, padStart, widthOf } from "./width.ts";

export interface Column {
  readonly title: string;
  /** Plain text, one a row. */
  readonly cells: readonly string[];
  readonly align?: "right";
  /** Columns of the highest number are dropped first where room is short; unset: never. */
  readonly dropped?: number;
  /** May be cut down to this width; unset: never cut. */
  readonly least?: number;
  /** Where a cell is cut; unset: in the middle, since both ends of a name matter. */
  readonly cut?: "end";
  readonly paint?: (text: string) => string;
}

const GAP = 2;

/** Rows of aligned cells under their titles, no line wider than `width` as long as dropping and cutting can help. */
export function tableLines(
  columns: readonly Column[],
  width: number,
  title: (text: string) => string,
): readonly string[] {
  const fitting = droppedToFit(columns, width);
  const widths = cutToFit(fitting, width);
  const rows = Math.max(0, ...fitting.map((column) => column.cells.length));
  const line = (
    cellOf: (column: Column) => string,
    paintOf: (column: Column) => ((text: string) => string) | undefined,
  ) =>
    fitting
      .map((column, index) =>
        cell(cellOf(column), { column, width: widths[index] ?? 0, paint: paintOf(column) }),
      )
      .join(" ".repeat(GAP))
      .trimEnd();
  const head = line(
    (column) => column.title,
    () => title,
  );
  const body = Array.from({ length: rows }, (_, row) =>
    line(
      (column) => column.cells[row] ?? "",
      (column) => column.paint,
    ),
  );
  return [head, ...body];
}

function cell(
  text: string,
  { column, width, paint }: { column: Column; width: number; paint: ((text: string) => string) | undefined },
): string {
  const cut = column.title === text || column.cut === "end" ? cutEnd(text, width) : cutMiddle(text, width);
  const padded = column.align === "right" ? padStart(cut, width) : padEnd(cut, width);
  return paint === undefined ? padded : padded.replace(cut, () => paint(cut));
}

function naturalWidth(column: Column): number {
  return Math.max(widthOf(column.title), ...column.cells.map(widthOf));
}

/** Drops columns while even the least width of the rest does not fit. */
function droppedToFit(columns: readonly Column[], width: number): readonly Column[] {
  const least = columns.reduce((sum, column) => sum + leastWidth(column) + GAP, -GAP);
  if (least <= width) return columns;
  const rank = Math.max(...columns.map((column) => column.dropped ?? 0));
  if (rank === 0) return columns;
  return droppedToFit(
    columns.filter((column) => (column.dropped ?? 0) !== rank),
    width,
  );
}

function leastWidth(column: Column): number {
  const natural = naturalWidth(column);
  return column.least === undefined ? natural : Math.min(natural, column.least);
}

/** Takes from the widest column that may still be cut, one column of the terminal at a time. */
function cutToFit(columns: readonly Column[], width: number): readonly number[] {
  const widths = columns.map(naturalWidth);
  let over = widths.reduce((sum, each) => sum + each + GAP, -GAP) - width;
  while (over > 0) {
    const spare = widths.map((each, index) => (each > leastWidth(columns[index] as Column) ? each : 0));
    const widest = spare.indexOf(Math.max(...spare));
    if (!spare[widest]) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}
