import { cutMiddle, widthOf } from "../../schema/width.ts";
import { type Child, html, type Markup } from "./markup.ts";

// Plots are as wide as the page has room, while their letters keep their size: places along x are shares of the width, and which text
// fits is decided here for each of a few widths. The page shows the one for the width it has, by container queries.

/** px; a plot is at least as wide as the first, and wider than the last only with more room around the same text. */
export const WIDTHS = [264, 340, 440, 560, 740, 960] as const;

/** px; letters of plots are of one width. A little more than those of the fonts that are asked for. */
export const LETTER = 7.3;
export const SMALL_LETTER = 6.7;

/** From which of `WIDTHS` to which something is shown. */
export type Span = readonly [first: number, last: number];

const LAST = WIDTHS.length - 1;

/** Class of what is shown from one width to another; none where it always is. */
export function spanClass([first, last]: Span): string {
  return first === 0 && last === LAST ? "" : `w${first}${last}`;
}

/** The rules behind `spanClass`. */
export function spanRules(): string {
  const rules: string[] = [];
  for (let first = 0; first <= LAST; first++) {
    for (let last = first; last <= LAST; last++) {
      if (first === 0 && last === LAST) continue;
      const hidden = [
        ...(first > 0 ? [`@container plot (max-width: ${(WIDTHS[first] ?? 0) - 0.02}px)`] : []),
        ...(last < LAST ? [`@container plot (min-width: ${WIDTHS[last + 1]}px)`] : []),
      ];
      rules.push(...hidden.map((query) => `${query} { .w${first}${last} { display: none; } }`));
    }
  }
  return rules.join("\n");
}

/** Neighbours of equal value, as spans. */
export function spansOf<Value>(valueAt: (width: number) => Value): readonly (readonly [Value, Span])[] {
  const spans: [Value, [number, number]][] = [];
  for (const [index, width] of WIDTHS.entries()) {
    const value = valueAt(width);
    const last = spans.at(-1);
    if (last !== undefined && last[0] === value) last[1][1] = index;
    else spans.push([value, [index, index]]);
  }
  return spans;
}

export interface Fitted {
  readonly text: string;
  /** px that the text may take where the plot is `width` px wide. */
  readonly room: (width: number) => number;
  readonly cut: "middle" | "never";
  /** Shorter forms, the longest first: the first that fits is shown rather than any that is cut. */
  readonly short?: readonly string[];
  /** Shorter than this it says nothing, and is left out. */
  readonly least?: number;
  readonly letter?: number;
  /** Draws it with this class. */
  readonly draw: (text: string, className: string) => Markup;
}

/** The text as it fits at each width: whole, cut, or not at all. */
export function fitted({ text, room, cut, short = [], least = 4, letter = LETTER, draw }: Fitted): Child {
  const shown = (width: number) => {
    const letters = Math.floor(room(width) / letter);
    const whole = [text, ...short].find((one) => widthOf(one) <= letters);
    if (whole !== undefined) return whole;
    return cut === "never" || letters < least ? "" : cutMiddle(text, letters);
  };
  return spansOf(shown).flatMap(([value, span]) => (value === "" ? [] : [draw(value, spanClass(span))]));
}

/** `12.345%`, of a share from 0 to 1; without digits that nobody sees. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))}%`;
}

export interface Tick {
  /** From 0 to 1. */
  readonly at: number;
  readonly text: string;
}

/** Words below a plot at their places, as many as fit at each width; `y` px. */
export function axis(ticks: readonly Tick[], y: number): Child {
  const longest = Math.max(0, ...ticks.map(({ text }) => widthOf(text))) * SMALL_LETTER;
  const every = (width: number) => {
    for (let step = 1; step < ticks.length; step++) {
      const chosen = ticks.filter((_, index) => index % step === 0);
      // Those at the edges stand beside their place, and so nearer to the next.
      if (
        chosen.every(
          ({ at }, index) => index === 0 || (at - (chosen[index - 1]?.at ?? 0)) * width > longest * 1.5 + 8,
        )
      )
        return step;
    }
    return Math.max(1, ticks.length);
  };
  return ticks.map(({ at, text }, index) => {
    const anchor = at < 0.08 ? "start" : at > 0.92 ? "end" : "middle";
    return spansOf((width) => index % every(width) === 0).flatMap(([shown, span]) =>
      shown
        ? [
            html`<text class="tick ${spanClass(span)}" x="${percent(at)}" y="${y}" text-anchor="${anchor}">${text}</text>`,
          ]
        : [],
    );
  });
}
