import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHere } from "../support/here.ts";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { makeProject, type Project } from "../support/project.ts";

let hub: LoopbackHub;
let project: Project;
let repo: RepoHandle;

const NOW = Date.parse("2026-03-31T12:00:00Z");
const README = (license: string) => `---\nlicense: ${license}\n---\n`;

beforeEach(async () => {
  hub = await startHub();
  hub.token("hf_mine", { grants: ["o/stack"] });
  repo = hub.repo("o/stack", { license: "other", gated: "auto", card: { extra_gated_prompt: "Be kind." } });
  project = await makeProject(hub, { HF_TOKEN: "hf_mine" });
});

afterEach(async () => {
  expect(hub.violations).toEqual([]);
  await project.remove();
  await hub.close();
});

const commit = (day: number, text: string, title = `Release ${text}`) =>
  repo.commit(
    { "README.md": README("other"), "a.txt": text },
    { title, date: `2026-03-${String(day).padStart(2, "0")}T12:00:00.000Z` },
  );

async function synced(more = ""): Promise<void> {
  await project.manifest(`sources:\n  stack: { repo: o/stack${more} }`);
  const ran = await runHere(project, ["sync"], { now: NOW });
  expect(ran, ran.stderr).toMatchObject({ status: 0 });
}

async function upstream(now = NOW) {
  const ran = await runHere(project, ["check", "--upstream"], { now });
  const json = await runHere(project, ["check", "--upstream", "--json"], { now });
  const { problems, obligations } = JSON.parse(json.stdout);
  const codes = (problems as { code: string }[]).map(({ code }) => code);
  return { ...ran, codes, problems, obligations };
}

describe("check --upstream of terms", () => {
  beforeEach(async () => {
    commit(1, "one");
    await synced();
  });

  it("is content while they are what was locked", async () => {
    expect(await project.lock()).toMatch(
      /"license": "other", "gated": "auto",\n"card": "git:[0-9a-f]{40}", "gate": "sha256:[0-9a-f]{64}",/,
    );
    expect(await upstream()).toMatchObject({ status: 0, codes: [] });
  });

  it.each([
    ["the licence", { license: "cc-by-nc-4.0" }, "licence other → cc-by-nc-4.0"],
    ["one licence more", { license: ["other", "gpl"] }, "licence other → gpl, other"],
    ["the way in", { gated: "manual" as const }, "gated auto → manual"],
    ["the gate", { gated: false as const }, "gated auto → open"],
    ["the text at the gate", { card: { extra_gated_prompt: "Be kinder." } }, "another text at the gate"],
  ])("says that %s changed, until an update takes it under the new ones", async (_, changes, words) => {
    repo.update(changes);
    const found = await upstream();
    expect(found).toMatchObject({ status: 9, codes: ["TERMS_CHANGED"] });
    expect(found.stderr).toContain(`changed since o/stack was locked: ${words}`);
    const updated = await runHere(project, ["update", "stack"], { now: NOW });
    expect(updated, updated.stderr).toMatchObject({ status: 0 });
    expect(await upstream()).toMatchObject({ status: 0, codes: [] });
  });

  it("keeps what was locked through lock, sync and an edit of the selection", async () => {
    const before = JSON.parse(await project.lock()).sources.stack;
    repo.update({ license: "mit", gated: "manual", card: {} });
    await project.manifest("sources:\n  stack: { repo: o/stack, include: [a.txt] }");
    expect(await runHere(project, ["sync", "--prune"])).toMatchObject({ status: 0 });
    const { license, gated, card, gate } = JSON.parse(await project.lock()).sources.stack;
    expect({ license, gated, card, gate }).toEqual({
      license: before.license,
      gated: before.gated,
      card: before.card,
      gate: before.gate,
    });
  });

  it("compares the terms of what the revision names now", async () => {
    repo.commit({ "README.md": README("mit"), "a.txt": "two" });
    repo.update({ license: "mit" });
    expect(await upstream()).toMatchObject({ status: 9, codes: ["OUTDATED", "TERMS_CHANGED"] });
  });

  it("notes a card that changed alone, and says nothing where only other files did", async () => {
    commit(2, "two");
    const silent = await upstream();
    expect(silent.codes).toEqual(["OUTDATED"]);
    expect(silent.stderr).not.toContain("the card");
    repo.commit({ "README.md": "another text", "a.txt": "two" });
    const noted = await upstream();
    expect(noted.codes).toEqual(["OUTDATED"]);
    expect(noted.stderr).toContain('note: source "stack": the card of o/stack changed since it was locked');
    repo.commit({ "a.txt": "two" });
    expect((await upstream()).stderr).toContain("o/stack has no card any more");
  });

  it("takes no acceptance of one licence for another", async () => {
    const policy =
      "policy: { licenses: { allow: [mit] } }\nsources:\n  stack: { repo: o/stack, license: { accept: Other, reason: r } }";
    await project.manifest(policy);
    expect(await runHere(project, ["lock"])).toMatchObject({ status: 0 });
    repo.update({ license: "cc-by-nc-4.0" });
    commit(3, "three");
    const before = await project.lock();
    const ran = await runHere(project, ["update"], { now: NOW });
    expect([ran.status, ran.stderr]).toEqual([9, expect.stringContaining("error[LICENSE_REFUSED]")]);
    expect(await project.lock()).toBe(before);
  });

  it("compares nothing that an old lock does not have", async () => {
    await project.write("tritter.lock", (await project.lock()).replace(/^"card".*\n/m, ""));
    expect(await runHere(project, ["sync", "--locked"])).toMatchObject({ status: 0 });
    repo.update({ card: { extra_gated_prompt: "Be kinder." } });
    expect(await upstream()).toMatchObject({ status: 0, codes: [] });
  });
});

describe("check --upstream of an obligation", () => {
  const FOLLOW = ", follow: { ref: main, grace: 10d }";
  let first: string;

  beforeEach(async () => {
    first = commit(1, "one");
    await synced(FOLLOW);
  });

  it("is met while nothing is newer", async () => {
    expect(await upstream()).toMatchObject({
      status: 0,
      codes: [],
      obligations: [{ source: "stack", ref: "main", commit: first, state: "met", first: null, due: null }],
    });
  });

  it("notes a newer release within the grace, with the time that is left", async () => {
    const newer = commit(25, "two", "Take out what was asked for");
    const found = await upstream(NOW - 60_000);
    expect(found.codes).toEqual(["OUTDATED"]);
    expect(found.stderr).toContain(
      `note: source "stack": 4 days left of 10d to follow "main" of o/stack to commit ${newer.slice(0, 7)} of 2026-03-25 ("Take out what was asked for") (tritter update stack)`,
    );
    expect(found.obligations).toMatchObject([
      { state: "due", due: "2026-04-04T12:00:00.000Z", first: { commit: newer } },
    ]);
  });

  it("fails once the first newer release is older than the grace, whatever came after it", async () => {
    const newer = commit(15, "two");
    commit(30, "three");
    const found = await upstream();
    expect(found).toMatchObject({ status: 9, codes: ["OUTDATED", "OBLIGATION"] });
    expect(found.stderr).toContain(
      `source "stack" must follow "main" of o/stack within 10d: commit ${newer.slice(0, 7)} of 2026-03-15 ("Release two") is newer than the pin and 16 days old`,
    );
    expect(found.stderr).toContain("hint: run tritter update stack");
    await runHere(project, ["update"], { now: NOW });
    expect((await upstream()).obligations).toMatchObject([{ state: "met" }]);
  });

  it("goes by the clock it is given", async () => {
    commit(15, "two");
    expect((await upstream(Date.parse("2026-03-25T11:59:00Z"))).codes).toEqual(["OUTDATED"]);
    expect((await upstream(Date.parse("2026-03-25T12:01:00Z"))).codes).toEqual(["OUTDATED", "OBLIGATION"]);
  });

  it("is no part of the lock: not stale, and judged with the manifest of today", async () => {
    commit(15, "two");
    await project.manifest("sources:\n  stack: { repo: o/stack, follow: { ref: main, grace: 3w } }");
    expect(await runHere(project, ["sync", "--locked"], { now: NOW })).toMatchObject({ status: 0 });
    expect((await upstream()).codes).toEqual(["OUTDATED"]);
  });

  it("binds a pin by commit too, and says that the revision must move", async () => {
    await synced(`, revision: "${first}"${FOLLOW}`);
    commit(15, "two");
    const found = await upstream();
    expect(found.codes).toEqual(["OBLIGATION"]);
    expect(found.stderr).toContain(
      'hint: let "revision" name a newer release, then run tritter update stack',
    );
  });

  it("says so where the history was rewritten, and goes by dates then", async () => {
    repo.deleteRef("main");
    repo.branch("old", first);
    repo.commit({ "a.txt": "x" }, { title: "Squash", date: "2026-03-20T12:00:00.000Z" });
    const found = await upstream();
    expect(found.codes).toEqual(["OUTDATED", "OBLIGATION"]);
    expect(found.stderr).toContain(
      'the pin is not in the history of "main" of o/stack, which was rewritten: dates are compared',
    );
  });

  it("does not pass for met where it cannot be known: the pin is gone, or no date is told", async () => {
    repo.deleteRef("main");
    repo.commit({ "a.txt": "x" }, { title: "Squash", date: "2026-03-30T12:00:00.000Z" });
    repo.forget(first);
    const gone = await upstream();
    expect(gone).toMatchObject({ status: 9 });
    expect([...gone.codes].sort()).toEqual(["OBLIGATION", "OUTDATED", "PIN_GONE"]);
    expect(gone.obligations).toMatchObject([{ state: "unknown" }]);
    hub.faults.add({
      match: /\/commits\//,
      fault: { kind: "rewrite", body: (text) => text.replaceAll(/"date":"[^"]*"/g, '"date":null') },
    });
    expect((await upstream()).codes).toContain("OBLIGATION");
  });

  it("needs access to the history of a gated repository, and says that it lacks", async () => {
    commit(15, "two");
    hub.token("hf_mine", { grants: [] });
    const found = await upstream();
    expect(found.codes).toContain("ACCESS_TERMS");
    expect(found.codes).not.toContain("OBLIGATION");
    expect(found.status).toBe(6);
  });
});

describe("check --upstream of a rescued source", () => {
  it("is content while its refuges stand, and says where they are", async () => {
    const pinned = commit(1, "one");
    await synced();
    repo.commit({ "README.md": README("other"), "a.txt": "one", "b.txt": "more" });
    repo.forget(pinned);
    expect((await upstream()).codes).toContain("PIN_GONE");
    expect(await runHere(project, ["rescue"])).toMatchObject({ status: 0 });
    const found = await upstream();
    expect(found.codes).toEqual(["OUTDATED"]);
    expect(found.stderr).toContain("its commit is gone, and what was rescued is still in o/stack at");
    hub.repo("o/copy").commit({ "README.md": README("other"), "a.txt": "one" });
    repo.remove();
    expect((await upstream()).codes).toEqual(["PIN_GONE"]);
    expect(await runHere(project, ["rescue", "--from", "o/copy"])).toMatchObject({ status: 0 });
    expect(await upstream()).toMatchObject({ status: 0, codes: [] });
  });
});
