import { printable } from "../../schema/names.ts";

/** Text that is HTML or SVG already. Only `html` makes it, so that nothing else gets in unescaped. */
export interface Markup {
  readonly markup: string;
}

export type Child = Markup | string | number | undefined | readonly Child[];

/**
 * A template in which whatever is put in is text: between tags or in a quoted attribute it can mean nothing else, and what would
 * hide or reorder text is shown as an escape. Markup, and lists of it, are put in as they are; undefined is nothing.
 */
export function html(strings: TemplateStringsArray, ...children: readonly Child[]): Markup {
  return { markup: String.raw({ raw: strings }, ...children.map(rendered)) };
}

/** Our own text, as a style sheet is: never anything from outside. */
export function verbatim(text: string): Markup {
  return { markup: text };
}

function rendered(child: Child): string {
  if (child === undefined) return "";
  if (typeof child === "number") return String(child);
  if (typeof child === "string") return escaped(child);
  return "markup" in child ? child.markup : child.map(rendered).join("");
}

function escaped(text: string): string {
  return text.replace(/.{1,100}/gsu, printable).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
