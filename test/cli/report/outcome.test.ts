import { describe, expect, it } from "vitest";
import { cleanLine, outcomeLine } from "../../../cli/report/outcome.ts";
import { paintFor } from "../../../cli/report/paint.ts";
import type { TreePath } from "../../../schema/ids.ts";
import { outcomeOf } from "../../support/plans.ts";

const wanted = { files: 57, bytes: 18_900_000_000 };
const how = { wanted, tookMs: 192_000, whole: true, paint: paintFor(false) };

describe("outcomeLine()", () => {
  it("says what was done", () => {
    const done = outcomeOf({
      fetched: { files: 12, bytes: 3_200_000_000 },
      placed: { files: 12, bytes: 3_200_000_000 },
      kept: { files: 45, bytes: 1 },
      pruned: { files: 2, bytes: 5 },
    });
    expect(outcomeLine(done, how)).toBe(
      "synced 57 files, 18.9 GB: 12 fetched (3.2 GB), 45 unchanged, 2 pruned, in 3m 12s",
    );
  });

  it("says that there was nothing to do", () => {
    const line = outcomeLine(outcomeOf({ kept: wanted }), { ...how, tookMs: 210 });
    expect(line).toBe("in sync: 57 files, 18.9 GB, nothing to do (0.2s)");
  });

  it("never claims to have synced where something is left", () => {
    const done = outcomeOf({ kept: { files: 56, bytes: 1 } });
    expect(outcomeLine(done, { ...how, whole: false })).toBe("not in sync: 56 unchanged, in 3m 12s");
  });

  it("says no more than that where nothing was done", () => {
    expect(outcomeLine(outcomeOf({}), { ...how, tookMs: 100, whole: false })).toBe("not in sync (0.1s)");
  });

  it("names what was moved aside", () => {
    const trashed = [{ path: "a" as TreePath, place: ".tritter/trash/1", why: "modified" }];
    const done = outcomeOf({ placed: { files: 1, bytes: 1 }, adopted: 2, trashed });
    expect(outcomeLine(done, how)).toBe(
      "synced 57 files, 18.9 GB: 1 placed from here, 2 adopted, 1 moved to the trash, in 3m 12s",
    );
  });
});

describe("cleanLine()", () => {
  const found = { trash: { files: 3, bytes: 1_200_000_000 }, partials: { files: 2, bytes: 300_000_000 } };

  it("says what and how much", () => {
    expect(cleanLine(found, "removed")).toBe("removed 3 files, 1.2 GB of trash and 2 dead partials, 300 MB");
    expect(cleanLine(found, "would remove")).toBe(
      "would remove 3 files, 1.2 GB of trash and 2 dead partials, 300 MB",
    );
  });

  it("says that there is nothing", () => {
    const none = { files: 0, bytes: 0 };
    expect(cleanLine({ trash: none, partials: none }, "removed")).toBe("nothing to clean");
  });
});
