import { checkProject, syncProject } from "./project/quick.ts";

// The verbs on a project, each loaded when it is first called: `tritter list` must not pay for what fetches. Those two load
// what they need themselves. `index.ts` exports the same functions to programs, which load them all.

/** What commands run; a test hands in its own. */
export const library = {
  initProject: async (...given: Parameters<typeof import("./project/init.ts").initProject>) =>
    (await import("./project/init.ts")).initProject(...given),
  addProject: async (...given: Parameters<typeof import("./project/add.ts").addProject>) =>
    (await import("./project/add.ts")).addProject(...given),
  removeProject: async (...given: Parameters<typeof import("./project/remove.ts").removeProject>) =>
    (await import("./project/remove.ts")).removeProject(...given),
  importProject: async (...given: Parameters<typeof import("./project/import.ts").importProject>) =>
    (await import("./project/import.ts")).importProject(...given),
  lockProject: async (...given: Parameters<typeof import("./project/lock.ts").lockProject>) =>
    (await import("./project/lock.ts")).lockProject(...given),
  updateProject: async (...given: Parameters<typeof import("./project/lock.ts").updateProject>) =>
    (await import("./project/lock.ts")).updateProject(...given),
  rescueProject: async (...given: Parameters<typeof import("./project/rescue.ts").rescueProject>) =>
    (await import("./project/rescue.ts")).rescueProject(...given),
  createBundle: async (...given: Parameters<typeof import("./project/bundle.ts").createBundle>) =>
    (await import("./project/bundle.ts")).createBundle(...given),
  applyBundle: async (...given: Parameters<typeof import("./project/bundle-apply.ts").applyBundle>) =>
    (await import("./project/bundle-apply.ts")).applyBundle(...given),
  syncProject,
  adoptProject: async (...given: Parameters<typeof import("./project/adopt.ts").adoptProject>) =>
    (await import("./project/adopt.ts")).adoptProject(...given),
  checkProject,
  listProject: async (...given: Parameters<typeof import("./project/list.ts").listProject>) =>
    (await import("./project/list.ts")).listProject(...given),
  factsProject: async (...given: Parameters<typeof import("./project/facts-shown.ts").factsProject>) =>
    (await import("./project/facts-shown.ts")).factsProject(...given),
  countFacts: async (...given: Parameters<typeof import("./project/count.ts").countFacts>) =>
    (await import("./project/count.ts")).countFacts(...given),
  exportProject: async (...given: Parameters<typeof import("./project/export.ts").exportProject>) =>
    (await import("./project/export.ts")).exportProject(...given),
  reportProject: async (...given: Parameters<typeof import("./project/report.ts").reportProject>) =>
    (await import("./project/report.ts")).reportProject(...given),
  outdatedProject: async (...given: Parameters<typeof import("./project/outdated.ts").outdatedProject>) =>
    (await import("./project/outdated.ts")).outdatedProject(...given),
  diffProject: async (...given: Parameters<typeof import("./project/diff.ts").diffProject>) =>
    (await import("./project/diff.ts")).diffProject(...given),
  whyProject: async (...given: Parameters<typeof import("./project/why.ts").whyProject>) =>
    (await import("./project/why.ts")).whyProject(...given),
  mendLock: async (...given: Parameters<typeof import("./project/mend.ts").mendLock>) =>
    (await import("./project/mend.ts")).mendLock(...given),
  mergeForGit: async (...given: Parameters<typeof import("./project/git-merge.ts").mergeForGit>) =>
    (await import("./project/git-merge.ts")).mergeForGit(...given),
  readForGit: async (...given: Parameters<typeof import("./project/git-textconv.ts").readForGit>) =>
    (await import("./project/git-textconv.ts")).readForGit(...given),
  signProject: async (...given: Parameters<typeof import("./project/signature.ts").signProject>) =>
    (await import("./project/signature.ts")).signProject(...given),
  verifyProject: async (...given: Parameters<typeof import("./project/signature.ts").verifyProject>) =>
    (await import("./project/signature.ts")).verifyProject(...given),
  serveProject: async (...given: Parameters<typeof import("./project/serve.ts").serveProject>) =>
    (await import("./project/serve.ts")).serveProject(...given),
  cleanProject: async (...given: Parameters<typeof import("./project/clean.ts").cleanProject>) =>
    (await import("./project/clean.ts")).cleanProject(...given),
  doctorProject: async (...given: Parameters<typeof import("./project/doctor.ts").doctorProject>) =>
    (await import("./project/doctor.ts")).doctorProject(...given),
};

export type Library = typeof library;
