/** A list of a document that is made while it is written, item by item. */
export class Many {
  readonly items: () => Iterable<unknown>;

  constructor(items: () => Iterable<unknown>) {
    this.items = items;
  }
}

export function many<T>(items: Iterable<T>, as: (item: T) => unknown): Many {
  return new Many(function* () {
    for (const item of items) yield as(item);
  });
}

/** The document in pieces: what holds a list of many has a line a member and an item, anything else is on one. */
export function* jsonPieces(document: unknown): Iterable<string> {
  yield* pieces(document);
  yield "\n";
}

function* pieces(value: unknown): Iterable<string> {
  if (value instanceof Many) yield* listPieces(value.items());
  else if (holdsMany(value)) yield* recordPieces(value);
  else yield plainText(value);
}

function* listPieces(items: Iterable<unknown>): Iterable<string> {
  let before = "[";
  for (const item of items) {
    yield `${before}\n`;
    yield* pieces(item);
    before = ",";
  }
  yield before === "[" ? "[]" : "\n]";
}

function* recordPieces(record: Readonly<Record<string, unknown>>): Iterable<string> {
  let before = "{";
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined) continue;
    yield `${before}\n${JSON.stringify(key)}: `;
    yield* pieces(value);
    before = ",";
  }
  yield before === "{" ? "{}" : "\n}";
}

function holdsMany(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).some((member) => member instanceof Many || holdsMany(member));
}

/** JSON in which every control character is escaped: a document may be shown on a terminal. */
export function plainText(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The text as bytes, in blocks that are worth a call to the system. */
export function* blocksOf(texts: Iterable<string>): Iterable<Buffer> {
  let held: string[] = [];
  let length = 0;
  for (const text of texts) {
    held.push(text);
    length += text.length;
    if (length < BLOCK) continue;
    yield Buffer.from(held.join(""));
    [held, length] = [[], 0];
  }
  if (length > 0) yield Buffer.from(held.join(""));
}

/** characters */
const BLOCK = 64 * 1024;
