import { describe, expect, it, onTestFinished } from "vitest";
import { gateOf } from "../../../cli/hub/info.ts";
import { type RepoOptions, startHub } from "../../support/hub/index.ts";
import { openTestHub } from "./support.ts";

async function gateIn(options: RepoOptions): Promise<string | undefined> {
  const server = await startHub();
  onTestFinished(() => server.close());
  server.repo("o/n", options).commit({ "a.txt": "a" });
  const hub = openTestHub({ endpoint: server.url });
  return (await hub.resolve({ type: options.type ?? "dataset", repo: "o/n" }, "main")).gate;
}

const prompt = {
  extra_gated_prompt: "Do no harm.",
  extra_gated_fields: { Name: "text", I_agree: "checkbox" },
};

describe("resolve() tells the gate's text by digest:", () => {
  it("of nothing where there is no gate", async () => {
    expect(await gateIn({ card: prompt })).toBeUndefined();
    expect(await gateIn({ gated: false, card: prompt })).toBeUndefined();
  });

  it("of what the page before a gate says, and of nothing else in the card", async () => {
    const gate = await gateIn({ gated: "auto", license: "mit", card: { ...prompt, pretty_name: "N" } });
    // sha256 of {"extra_gated_fields":{"I_agree":"checkbox","Name":"text"},"extra_gated_prompt":"Do no harm."}
    expect(gate).toBe("sha256:599c384bce0537e39f0cd6f2b5a4acd22184d7f34f62b1872a600c8f3930fdff");
    expect(await gateIn({ gated: "manual", type: "model", card: prompt })).toBe(gate);
  });

  it.each([
    "extra_gated_heading",
    "extra_gated_prompt",
    "extra_gated_fields",
    "extra_gated_description",
    "extra_gated_button_content",
    "extra_gated_eu_disallowed",
  ])("another one once %s changes", (name) => {
    const texts = [{}, { [name]: "a" }, { [name]: "b" }, { [name]: null }, { [name]: ["a"] }];
    const gates = texts.map((card) => gateOf(card, "read"));
    expect(new Set(gates).size).toBe(texts.length);
    expect(gates.every((gate) => /^sha256:[0-9a-f]{64}$/.test(gate))).toBe(true);
  });

  it("the same whatever order the members come in", () => {
    const turned = {
      extra_gated_fields: { I_agree: "checkbox", Name: "text" },
      extra_gated_prompt: "Do no harm.",
    };
    expect(gateOf(turned, "read")).toBe(gateOf(prompt, "read"));
  });

  it("of a gate without words where the card is odd, and an error where it is nested beyond reason", () => {
    for (const card of [undefined, null, "text", 7, []])
      expect(gateOf(card, "read")).toBe(gateOf({}, "read"));
    let deep: unknown = "x";
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(() => gateOf({ extra_gated_prompt: deep }, "cannot resolve")).toThrow("nested too deep");
  });
});
