/**
 * What `npm run mutation -- PART` mutates, and the tests it asks. A worker's own file is left out: its tests run it as
 * it is built, in a thread, where no mutant is switched on. So tests of threads are asked for `threads` alone, which is
 * what stands on this side of them.
 */
export const PARTS = {
  paths: {
    mutate: ["schema/{names,patterns,fnmatch,dialects,ids}.ts"],
    tests: ["test/schema/{names,patterns,fnmatch,dialects,ids}.test.ts"],
  },
  values: {
    mutate: ["schema/{address,canonical,duration,quantity,time}.ts"],
    tests: ["test/schema/{address,canonical,duration,quantity,time}.test.ts"],
  },
  tree: {
    mutate: ["cli/tree/*.ts"],
    tests: ["test/cli/tree/**/*.test.ts"],
  },
  plan: {
    mutate: ["cli/plan.ts", "cli/plan/*.ts"],
    tests: ["test/cli/plan.test.ts", "test/cli/plan/**/*.test.ts"],
  },
  lock: {
    mutate: ["cli/lock/*.ts"],
    tests: ["test/cli/lock/**/*.test.ts"],
  },
  resolve: {
    mutate: ["cli/resolve.ts", "cli/resolve/*.ts"],
    tests: ["test/cli/resolve/**/*.test.ts"],
  },
  store: {
    mutate: ["cli/store/*.ts", "!cli/store/*-{worker,thread}.ts", "!cli/store/hashers.ts"],
    tests: ["test/cli/store/**/*.test.ts"],
  },
  threads: {
    mutate: ["cli/store/{hashers,keeper-thread}.ts"],
    tests: ["test/cli/store/{hashers,keeper,take}.test.ts"],
  },
};

/** `scripts/mutation.mjs` names it in the environment, which Stryker hands on to what runs the tests. */
export const part = process.env.TRITTER_MUTATION_PART;

export function chosenPart() {
  return PARTS[part];
}
