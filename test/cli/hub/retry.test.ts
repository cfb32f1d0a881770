import { describe, expect, it } from "vitest";
import { systemClock } from "../../../cli/clock.ts";
import { TritterError } from "../../../cli/errors.ts";
import { type Attempt, persist } from "../../../cli/hub/retry.ts";
import { failure, fakeClock, never } from "./support.ts";

const again = (paced = false): Attempt<string> => ({
  kind: "again",
  error: new TritterError({ code: "HUB", message: "no" }),
  paced,
});

describe("persist()", () => {
  it("gives up after five tries, pausing within 1, 2, 4 and 8 s", async () => {
    const clock = fakeClock();
    let tries = 0;
    const work = async () => {
      tries++;
      return again();
    };
    expect(await failure(() => persist(work, { clock, emit: () => {}, signal: never }))).toMatchObject({
      code: "HUB",
      message: "no",
    });
    expect(tries).toBe(5);
    expect(clock.slept).toHaveLength(4);
    clock.slept.forEach((ms, index) => {
      expect(ms).toBeLessThanOrEqual(1000 * 2 ** index);
    });
  });

  it("tells each pause and returns what comes", async () => {
    const events: unknown[] = [];
    const answers = [again(), again(), { kind: "done", value: "yes" } as const];
    const value = await persist(async () => answers.shift()!, {
      clock: fakeClock(),
      emit: (event) => events.push(event),
      signal: never,
    });
    expect(value).toBe("yes");
    expect(events).toMatchObject([{ kind: "waiting", why: "no; trying again" }, { kind: "waiting" }]);
  });

  it("does not pause where the rate gate does", async () => {
    const clock = fakeClock();
    const answers = [again(true), { kind: "done", value: "yes" } as const];
    await persist(async () => answers.shift()!, { clock, emit: () => {}, signal: never });
    expect(clock.slept).toEqual([]);
  });

  it("stops once aborted", async () => {
    const stop = new AbortController();
    const work = async () => {
      stop.abort(new Error("stop"));
      return again();
    };
    await expect(persist(work, { clock: fakeClock(), emit: () => {}, signal: stop.signal })).rejects.toThrow(
      "stop",
    );
  });
});

describe("systemClock", () => {
  it("wakes early when aborted, with the reason", async () => {
    const stop = new AbortController();
    const sleeping = systemClock.sleep(60_000, stop.signal);
    stop.abort(new Error("stop"));
    await expect(sleeping).rejects.toThrow("stop");
    await systemClock.sleep(1, never);
  });
});
