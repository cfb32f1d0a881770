import { describe, expect, it } from "vitest";
import { isOffline, readEnvironment } from "../../../cli/hub/index.ts";

describe("isOffline()", () => {
  it.each([
    [{ HF_HUB_OFFLINE: "1" }, true],
    [{ HF_HUB_OFFLINE: "Yes" }, true],
    [{ TRANSFORMERS_OFFLINE: "on" }, true],
    [{ HF_HUB_OFFLINE: "0" }, false],
    [{ HF_HUB_OFFLINE: "" }, false],
    [{}, false],
  ])("of %j is %s", (env, expected) => {
    expect(isOffline(env)).toBe(expected);
  });
});

describe("readEnvironment()", () => {
  it.each([
    [{ HOME: "/h" }, "/h/.cache/huggingface/hub", "/h/.cache/huggingface/token"],
    [{ HOME: "/h", XDG_CACHE_HOME: "/x" }, "/x/huggingface/hub", "/x/huggingface/token"],
    [{ HOME: "/h", HF_HOME: "/hf" }, "/hf/hub", "/hf/token"],
    [{ HOME: "/h", HF_HOME: "~/hf" }, "/h/hf/hub", "/h/hf/token"],
    [{ HOME: "/h", HF_HUB_CACHE: "/c", HUGGINGFACE_HUB_CACHE: "/old" }, "/c", "/h/.cache/huggingface/token"],
    [{ HOME: "/h", HUGGINGFACE_HUB_CACHE: "/old" }, "/old", "/h/.cache/huggingface/token"],
    [{ HOME: "/h", HF_TOKEN_PATH: "/t" }, "/h/.cache/huggingface/hub", "/t"],
    [{}, undefined, undefined],
  ])("of %j finds cache %s and token file %s", (env, cacheFolder, tokenFile) => {
    expect(readEnvironment(env)).toMatchObject({ cacheFolder, tokenFile });
  });

  it.each([
    [{ HF_TOKEN: " a\n", HUGGING_FACE_HUB_TOKEN: "b" }, "a", true],
    [{ HUGGING_FACE_HUB_TOKEN: "b" }, "b", true],
    [{ HF_TOKEN: "  " }, undefined, true],
    [{ HF_TOKEN: "a", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }, "a", false],
  ])("of %j finds token %s, allowed: %s", (env, token, tokenAllowed) => {
    expect(readEnvironment(env)).toMatchObject({ token, tokenAllowed });
  });

  it.each([
    [undefined, 10_000],
    ["2.5", 2_500],
    ["0", 10_000],
    ["-1", 10_000],
    ["soon", 10_000],
  ])("reads a timeout of %s as %d ms", (text, ms) => {
    const env = { HF_HUB_ETAG_TIMEOUT: text, HF_HUB_DOWNLOAD_TIMEOUT: text };
    expect(readEnvironment(env)).toMatchObject({ metadataTimeout: ms, downloadTimeout: ms });
  });

  it.each([
    [
      { HTTPS_PROXY: "a", https_proxy: "b" },
      { http: undefined, https: "b", no: "" },
    ],
    [
      { ALL_PROXY: "all", HTTP_PROXY: "a" },
      { http: "a", https: "all", no: "" },
    ],
    [
      { all_proxy: "all", NO_PROXY: "x,y" },
      { http: "all", https: "all", no: "x,y" },
    ],
    [{}, { http: undefined, https: undefined, no: "" }],
  ])("of %j finds proxies %j", (env, proxies) => {
    expect(readEnvironment(env).proxies).toEqual(proxies);
  });

  it("keeps the certificates that Node was told of beside its own", () => {
    expect(readEnvironment({ NODE_EXTRA_CA_CERTS: "/n" }).certificates).toEqual([]);
    expect(readEnvironment({ SSL_CERT_FILE: "/s", NODE_EXTRA_CA_CERTS: "/n" }).certificates).toEqual([
      "/s",
      "/n",
    ]);
  });
});
