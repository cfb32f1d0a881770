import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { safe } from "../../../cli/report/safe.ts";

describe("safe()", () => {
  it("keeps long texts whole", () => {
    const text = `${"데이터 ".repeat(200)}📦end`;
    expect(safe(text)).toBe(text);
  });

  it("lets no control character through, wherever it stands", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
        expect(safe(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});
