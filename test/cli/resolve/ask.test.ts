import { beforeEach, describe, expect, it } from "vitest";
import { problemsOf, TritterError } from "../../../cli/errors.ts";
import type { TritterEvent } from "../../../cli/events.ts";
import { ask } from "../../../cli/resolve/ask.ts";
import { type Mode, type Resolving, startResolving } from "../../../cli/resolve/input.ts";
import { carrierOf, commitOf, manifestOf } from "../../support/documents.ts";
import { type FakeHub, fakeHub } from "../../support/fake-hub.ts";

const CARRIER = carrierOf("o/code");
const LOCK: Mode = { kind: "lock" };

let hub: FakeHub;
let events: TritterEvent[];

beforeEach(() => {
  events = [];
  hub = fakeHub({
    "o/code": {
      refs: { main: commitOf("3"), v1: commitOf("1") },
      trees: { [commitOf("1")]: [], [commitOf("2")]: [], [commitOf("3")]: [] },
      history: [
        { commit: commitOf("3"), title: "third", date: "2026-03-03T00:00:00.000Z" },
        { commit: commitOf("2"), title: "second", date: "2026-03-02T00:00:00.000Z" },
        { commit: commitOf("1"), title: "first", date: "2026-03-01T00:00:00.000Z" },
      ],
    },
  });
});

function run(mode: Mode = LOCK): Resolving {
  return startResolving({
    manifest: manifestOf(),
    previous: undefined,
    hub,
    mode,
    only: undefined,
    fallback: false,
    now: Date.parse("2026-03-10"),
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
  });
}

const updating = (to: string | undefined): Mode => ({ kind: "update", names: new Set(["code"]), to });

describe("ask()", () => {
  it("asks once for all that ask the same, and tells each source's turn", async () => {
    const resolving = run();
    const pins = [undefined, commitOf("1"), commitOf("2")];
    const answers = await Promise.all(
      pins.map((pinned, index) => ask(resolving, `s${index}`, { carrier: CARRIER, pinned })),
    );
    expect(new Set(answers.map(({ resolved }) => resolved.commit))).toEqual(new Set([commitOf("3")]));
    expect(hub.calls).toEqual(["resolve o/code main"]);
    expect(events).toEqual(
      pins.map((_, index) => ({ kind: "resolving", source: `s${index}`, repo: "o/code", revision: "main" })),
    );
  });

  it.each([{ asOf: "2026-03-01" }, { minAge: "8d" }])(
    "asks for each pin where a time is set, since a pin may be what is meant: %j",
    async (time) => {
      const resolving = run();
      const carrier = carrierOf("o/code", time);
      for (const pinned of [undefined, commitOf("1"), commitOf("1"), commitOf("2")])
        await ask(resolving, "code", { carrier, pinned });
      expect(hub.calls.filter((call) => call === "resolve o/code main")).toHaveLength(3);
    },
  );

  describe("with a revision of the command line", () => {
    it("asks for that, of the sources that are named alone", async () => {
      const resolving = run(updating("v1"));
      const asking = { carrier: CARRIER, pinned: commitOf("3") };
      expect(await ask(resolving, "code", asking)).toMatchObject({
        resolved: { commit: commitOf("1") },
        isFresh: false,
      });
      expect(await ask(resolving, "other", asking)).toMatchObject({ resolved: { commit: commitOf("3") } });
      expect(hub.calls).toEqual(["resolve o/code v1", "resolve o/code main"]);
      expect(events).toMatchObject([{ revision: "v1" }, { revision: "main" }]);
    });

    it("means it whatever as-of and min-age say", async () => {
      const carrier = carrierOf("o/code", { asOf: "2026-03-01", minAge: "8d" });
      const { resolved } = await ask(run(updating("main")), "code", { carrier, pinned: commitOf("1") });
      expect(resolved.commit).toBe(commitOf("3"));
      expect(hub.calls).toEqual(["resolve o/code main"]);
    });

    it.each(["REVISION_NOT_FOUND", "PIN_GONE"] as const)(
      "says of one that is not there (%s) what the command line may name",
      async (code) => {
        hub.repos["o/code"] = { refs: {}, trees: {}, fails: { code, message: "said of a pin" } };
        const error = await ask(run(updating("nightly\u001b")), "code", {
          carrier: CARRIER,
          pinned: undefined,
        }).catch((thrown: unknown) => thrown);
        expect(problemsOf(error)).toMatchObject([
          {
            code: "REVISION_NOT_FOUND",
            message: 'cannot update to "nightly\\u001b": o/code has no such branch, tag or commit',
            hint: "give --to a branch, a tag, or all 40 digits of a commit",
          },
        ]);
      },
    );

    it("passes on whatever else fails", async () => {
      const network = { code: "NETWORK", message: "no answer" } as const;
      hub.repos["o/code"] = { refs: {}, trees: {}, fails: network };
      const asking = { carrier: CARRIER, pinned: undefined };
      await expect(ask(run(updating("v1")), "code", asking)).rejects.toMatchObject(network);
      const bug = Object.assign(new Error("a bug"), { code: "PIN_GONE" });
      hub.resolve = () => Promise.reject(bug);
      await expect(ask(run(updating("v1")), "code", asking)).rejects.toBe(bug);
    });
  });

  it("refuses a repository that the Hub has disabled, which will not pass by itself", async () => {
    hub.repos["o/code"] = { ...hub.repos["o/code"], disabled: true } as (typeof hub.repos)[string];
    const error = await ask(run(), "code", { carrier: CARRIER, pinned: undefined }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TritterError);
    expect(problemsOf(error)).toMatchObject([
      {
        code: "ACCESS_DISABLED",
        message: "cannot use o/code: the Hub has disabled it",
        hint: "choose another repository, or add a fallback",
        lasting: "disabled",
      },
    ]);
  });
});
