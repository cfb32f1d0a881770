import { onTestFinished } from "vitest";
import { startHub } from "../../support/hub/index.ts";
import { writeCache } from "./cache-folder.ts";
import { hubContract, TREE } from "./contract.ts";
import { openTestHub, tempFolder } from "./support.ts";

hubContract("HTTP", async () => {
  const server = await startHub({ pageSize: 3 });
  onTestFinished(() => server.close());
  const repo = server.repo("o/n", { license: "mit" });
  const commit = repo.commit(TREE);
  repo.branch("refs/pr/1", commit);
  return { hub: openTestHub({ endpoint: server.url }), commit };
});

for (const plain of [false, true]) {
  hubContract(`folder of ${plain ? "files" : "links"}`, async () => {
    const folder = await tempFolder();
    const commit = "a".repeat(40);
    await writeCache(folder, "datasets--o--n", { commit, files: TREE, plain });
    await writeCache(folder, "datasets--o--n", { commit, files: {}, ref: "refs/pr/1", listing: false });
    return { hub: openTestHub({ endpoint: folder }), commit };
  });
}
