import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFacts, serialiseFacts } from "../../cli/facts/document.ts";
import { readFooter } from "../../cli/facts/footer.ts";
import { sumUp } from "../../cli/facts/sum.ts";
import type { Digest } from "../../schema/ids.ts";
import { sha256Of } from "../support/engine.ts";
import { bounded, CASES, LONG, nearly, orProblems } from "../support/fuzz.ts";
import { codeFile, footerOf, parquetOf, withFooter } from "../support/parquet.ts";

const FILES = [
  codeFile(40),
  codeFile(3, { language: "Go" }),
  parquetOf([
    { name: "t", data: [new Date(0)], type: "TIMESTAMP" },
    { name: "u", data: ["123e4567-e89b-12d3-a456-426614174000"], type: "UUID" },
    { name: "j", data: [{ a: [1, 2] }], type: "JSON" },
    { name: "b", data: [true], type: "BOOLEAN" },
  ]),
];

/** A footer with some bytes changed, cut or repeated, and now and then nothing but noise. */
const footers = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.constantFrom(...FILES.map(footerOf)), edits())
      .map(([footer, edit]) => edit(footer)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

function edits(): fc.Arbitrary<(footer: Uint8Array) => Uint8Array> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const byte = fc.oneof(
    fc.constantFrom(0, 0x0c, 0x19, 0x1c, 0x7f, 0x80, 0xff),
    fc.integer({ min: 0, max: 255 }),
  );
  const changed = fc
    .array(fc.tuple(place, byte), { minLength: 1, maxLength: 4 })
    .map((changes) => (footer: Uint8Array) => {
      const bytes = Uint8Array.from(footer);
      for (const [at, value] of changes) bytes[Math.floor(at * (bytes.length - 1))] = value;
      return bytes;
    });
  const cut = place.map((at) => (footer: Uint8Array) => footer.subarray(0, Math.floor(at * footer.length)));
  const repeated = fc.tuple(place, fc.nat({ max: 50 })).map(([at, times]) => (footer: Uint8Array) => {
    const from = Math.floor(at * footer.length);
    const piece = footer.subarray(from, from + 20);
    return Buffer.concat([
      footer.subarray(0, from),
      ...Array.from({ length: times }, () => piece),
      footer.subarray(from),
    ]);
  });
  return fc.oneof({ weight: 4, arbitrary: changed }, cut, repeated);
}

describe("a Parquet file from a stranger", () => {
  it("gives facts that are written and read back, or a reason", { timeout: LONG }, async () => {
    let known = 0;
    await fc.assert(
      fc.asyncProperty(footers, async (footer) => {
        const file = withFooter(footer, { body: 4_096 });
        const facts = await bounded(() =>
          readFooter(file.length, async (start, end) => file.subarray(start, end)),
        );
        if (facts.kind === "parquet") known += 1;
        const digest = sha256Of("x");
        const text = serialiseFacts({ version: 1, files: new Map([[digest, facts]]) });
        const again = parseFacts(text, "x.facts.json");
        expect(serialiseFacts(again)).toBe(text);
        sumUp(
          [{ path: "a.parquet" as never, size: file.length, digest: digest as Digest, extra: {} }],
          again,
        );
      }),
      { numRuns: CASES },
    );
    expect(known).toBeGreaterThan(CASES / 20);
  });
});

describe("facts from a stranger", () => {
  it("are read, or refused, safe to print", { timeout: LONG }, async () => {
    const files = new Map([
      [
        sha256Of("a"),
        await readFooter(FILES[0]?.length ?? 0, async (start, end) =>
          (FILES[0] as Uint8Array).subarray(start, end),
        ),
      ],
    ]);
    const seed = serialiseFacts({ version: 1, files });
    const dictionary = [
      '"rows":-1',
      '"schema":"__proto__"',
      '"__proto__": {}',
      "1e999",
      '"sizes":[]',
      "null",
      '"unreadable":""',
      '"counted":0',
    ];
    await fc.assert(
      fc.asyncProperty(nearly([seed], dictionary), async (text) => {
        const got = await orProblems(() => parseFacts(text, "x.facts.json"));
        if ("value" in got)
          expect(parseFacts(serialiseFacts(got.value), "x").files.size).toBe(got.value.files.size);
      }),
      { numRuns: CASES },
    );
  });
});
