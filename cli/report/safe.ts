import { printable } from "../../schema/names.ts";

/** `printable` for texts of any length: it cuts what is too long for a name, and a message must arrive whole. */
export function safe(text: string): string {
  return text.replace(/.{1,100}/gsu, printable);
}
