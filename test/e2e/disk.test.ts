import { mkdir, writeFile, rm, chmod, chown } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackHub, type RepoHandle, startHub } from "../support/hub/index.ts";
import { cannotMount, mountReadOnly, mountTmpfs, unmount, unmountAll, mountOver } from "../support/mounts.ts";
import { makeProject, type Project } from "../support/project.ts";

const NOBODY = { uid: 65534, gid: 65534 };
let hub: LoopbackHub;
let repo: RepoHandle;
let project: Project;
const TREE = {
  "a.md": "a\n", "b.md": "b\n", "d/c.md": "c\n", "d/e.parquet": { size: 300_000, seed: 1 }, "e.parquet": { size: 700_000, seed: 2 },
};
beforeEach(async () => {
  hub = await startHub();
  repo = hub.repo("o/n");
  repo.commit(TREE);
  project = await makeProject(hub);
  await project.manifest("sources:\n  all: { repo: o/n, path: . }");
});
afterEach(async () => { unmountAll(); await hub.close(); await project.remove(); });
const show = async (what: string, ran: any) => console.log(what, ran.status, "\n", ran.stdout, ran.stderr, await project.tree().then((t) => Object.keys(t)).catch(String), (await project.state()));
describe("x", () => {
  it("space", async () => {
    await mkdir(project.root); mountTmpfs(project.root, "size=512k");
    await project.run("lock"); hub.clearLog();
    await show("preflight", await project.run("sync")); console.log(hub.log.map((r) => r.path));
    unmount(project.root); mountTmpfs(project.root, "size=64m,nr_inodes=8");
    await show("inodes", await project.run("sync")); console.log(hub.log.map((r) => r.path));
  });
  it("fills", async () => {
    await mkdir(project.root); mountTmpfs(project.root, "size=2m");
    await project.run("lock");
    hub.faults.add({ match: /e.parquet/, kind: "resolve", times: 1, fault: { kind: "act", act: async () => { await writeFile(join(project.root, "filler"), Buffer.alloc(1_900_000)).catch(() => {}); } } });
    await show("fills", await project.run("sync", "--jobs", "1"));
    await rm(join(project.root, "filler"));
    await show("then", await project.run("sync"));
  });
  it("inodes fill", async () => {
    await mkdir(project.root); mountTmpfs(project.root, "size=64m,nr_inodes=40");
    await project.run("lock");
    hub.faults.add({ match: /e.parquet/, kind: "resolve", times: 1, fault: { kind: "act", act: async () => { for (let i = 0; i < 40; i++) await writeFile(join(project.root, `filler${i}`), "").catch(() => {}); } } });
    await show("inodes fill", await project.run("sync", "--jobs", "1"));
    for (let i = 0; i < 40; i++) await rm(join(project.root, `filler${i}`), { force: true });
    await show("then", await project.run("sync"));
  });
  it("ro root", async () => {
    await mkdir(project.root); mountReadOnly(project.root);
    await show("ro root", await project.run("sync"));
    unmountAll();
    await show("then", await project.run("sync"));
    mountReadOnly(project.root);
    await show("noop on ro root", await project.run("sync"));
    await show("check on ro root", await project.run("check", "--deep"));
    repo.commit({ ...TREE, "a.md": "new" }); await project.run("update");
    await show("update on ro root", await project.run("sync"));
  });
  it("ro folder", async () => {
    await mkdir(join(project.root, "d"), { recursive: true }); mountReadOnly(join(project.root, "d"));
    await show("ro folder", await project.run("sync"));
  });
  it("mounted folder", async () => {
    await mkdir(join(project.root, "d"), { recursive: true }); mountTmpfs(join(project.root, "d"), "size=4m");
    await show("mounted folder", await project.run("sync"));
  });
  it("foreign", async () => {
    await chown(project.folder, 65534, 65534); await chmod(project.folder, 0o755);
    await mkdir(join(project.root, "d"), { recursive: true }); await chown(project.root, 65534, 65534);
    await writeFile(join(project.root, "a.md"), "foreign"); await chmod(join(project.root, "a.md"), 0o600);
    await show("foreign file 0600 + foreign folder", await project.runAs(NOBODY, "sync"));
    await show("force", await project.runAs(NOBODY, "sync", "--force"));
    await show("check", await project.runAs(NOBODY, "check"));
  });
  it("foreign unreadable of the right size", async () => {
    await chown(project.folder, 65534, 65534); await chmod(project.folder, 0o755);
    await mkdir(join(project.root), { recursive: true }); await chown(project.root, 65534, 65534);
    await writeFile(join(project.root, "a.md"), "x\n"); await chmod(join(project.root, "a.md"), 0o600);
    await show("foreign file same size", await project.runAs(NOBODY, "sync"));
  });
  it("foreign dark folder", async () => {
    await chown(project.folder, 65534, 65534); await chmod(project.folder, 0o755);
    await mkdir(join(project.root, "d"), { recursive: true }); await chown(project.root, 65534, 65534);
    await chmod(join(project.root, "d"), 0o700);
    await show("dark folder", await project.runAs(NOBODY, "sync"));
  });
  it("foreign root", async () => {
    await chown(project.folder, 65534, 65534); await chmod(project.folder, 0o755);
    await mkdir(project.root, { recursive: true });
    await show("foreign root", await project.runAs(NOBODY, "sync"));
    await chmod(project.root, 0o700);
    await show("dark root", await project.runAs(NOBODY, "sync"));
    await chmod(project.folder, 0o555);
    await show("no lock to be written", await project.runAs(NOBODY, "lock"));
  });
  it("foreign prune and sticky", async () => {
    await chown(project.folder, 65534, 65534); await chmod(project.folder, 0o755);
    await project.runAs(NOBODY, "sync");
    await chown(join(project.root, "d"), 0, 0);
    repo.commit({ "a.md": "a\n" , "n.md": "n\n"});
    await project.runAs(NOBODY, "update");
    await show("prune in foreign", await project.runAs(NOBODY, "sync", "--prune"));
    await chown(join(project.root, "d"), 65534, 65534);
    await show("then", await project.runAs(NOBODY, "sync", "--prune"));
    await show("then", await project.runAs(NOBODY, "sync", "--prune"));
  });
  it("vanishing root", async () => {
    await project.run("lock");
    hub.faults.add({ match: /e.parquet/, kind: "resolve", times: 1, fault: { kind: "act", act: async () => { await rm(project.root, { recursive: true, force: true }); } } });
    await show("rm root", await project.run("sync", "--jobs", "1"));
    await show("then", await project.run("sync"));
    await rm(project.root, { recursive: true, force: true });
    await mkdir(project.root);  mountTmpfs(project.root, "size=8m");
    hub.faults.add({ match: /e.parquet/, kind: "resolve", times: 1, fault: { kind: "act", act: async () => { unmount(project.root); } } });
    await show("umount root", await project.run("sync", "--jobs", "1"));
    hub.faults.add({ match: /e.parquet/, kind: "resolve", times: 1, fault: { kind: "act", act: async () => { mountOver("/mnt", project.root); } } });
    await show("mount over root", await project.run("sync", "--jobs", "1"));
  });
});
