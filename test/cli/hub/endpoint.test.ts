import { describe, expect, it } from "vitest";
import { chooseEndpoint } from "../../../cli/hub/endpoint.ts";
import { failure } from "./support.ts";

const none = { flag: undefined, manifest: undefined, environment: undefined };

describe("chooseEndpoint()", () => {
  it.each([
    [{}, "https://huggingface.co"],
    [{ environment: "https://e.example/" }, "https://e.example"],
    [{ environment: "https://e.example", manifest: "https://m.example" }, "https://m.example"],
    [
      { environment: "https://e.example", manifest: "https://m.example", flag: "http://f.example:8080/hf/" },
      "http://f.example:8080/hf",
    ],
  ])("of %j chooses %s", (given, url) => {
    expect(chooseEndpoint({ ...none, ...given })).toMatchObject({ kind: "http", url });
  });

  it("takes an absolute folder", () => {
    expect(chooseEndpoint({ ...none, manifest: "/some/folder" })).toEqual({
      kind: "folder",
      folder: "/some/folder",
    });
  });

  it.each(["https://user:secret@e.example", "https://secret@e.example"])(
    "refuses credentials without repeating them: %s",
    async (flag) => {
      const problem = await failure(() => chooseEndpoint({ ...none, flag }));
      expect(problem).toMatchObject({
        code: "USAGE",
        message: "cannot use --endpoint: it holds credentials",
      });
      expect(JSON.stringify(problem)).not.toContain("secret");
    },
  );

  it.each(["relative/folder", "ftp://e.example", "https://", "https://[bad"])("refuses %s", async (flag) => {
    expect(await failure(() => chooseEndpoint({ ...none, flag }))).toMatchObject({ code: "USAGE" });
  });
});
