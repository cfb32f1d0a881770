import { BAD_LOGIN, repoNotFound } from "../../../cli/serve/refusals.ts";
import type { Refusal } from "../../../cli/serve/wire.ts";
import type { Repo } from "./store.ts";

export interface User {
  readonly name: string;
  /** Names of repositories whose terms were accepted, or that this user may see although private. */
  readonly grants: ReadonlySet<string>;
  readonly pending: ReadonlySet<string>;
  /** A fine-grained token without the right to read gated repositories. */
  readonly scopeless: boolean;
}

export type Caller =
  | { readonly kind: "anonymous" }
  | { readonly kind: "unknown" }
  | { readonly kind: "user"; readonly user: User };

export type Form = "json" | "text";

/** At the root, in exactly this case: what a gated repository shows to everybody through `/resolve/`. */
const OPEN_FILES = ["README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"];

export function callerOf(authorization: string | undefined, tokens: ReadonlyMap<string, User>): Caller {
  if (authorization === undefined) return { kind: "anonymous" };
  const user = tokens.get(/^Bearer (.+)$/.exec(authorization)?.[1] ?? "");
  return user === undefined ? { kind: "unknown" } : { kind: "user", user };
}

/** The same for a repository that is not there and for one the caller may not see. */
export function noSuchRepo(caller: Caller, form: Form): Refusal {
  if (caller.kind !== "user") return { kind: "refusal", form, status: 401, message: BAD_LOGIN };
  return repoNotFound(form);
}

export function maySee(repo: Repo, caller: Caller): boolean {
  return repo.options.private !== true || (caller.kind === "user" && caller.user.grants.has(repo.name));
}

export function disabled(form: Form): Refusal {
  return { kind: "refusal", form, status: 403, message: "Access to this resource is disabled." };
}

export function isOpenFile(path: string): boolean {
  return OPEN_FILES.includes(path);
}

/** Whether listings hide digests from the caller. */
export function isMasked(repo: Repo, caller: Caller): boolean {
  return gate({ repo, caller, form: "json", base: "" }) !== undefined;
}

export interface GateQuestion {
  readonly repo: Repo;
  readonly caller: Caller;
  readonly form: Form;
  /** The Hub's own address, for the link to the terms. */
  readonly base: string;
}

/** undefined: the caller may read the files. */
export function gate({ repo, caller, form, base }: GateQuestion): Refusal | undefined {
  if (!repo.options.gated) return undefined;
  const what = `${repo.kind} ${repo.name}`;
  const refuse = (status: number, message: string): Refusal => {
    return { kind: "refusal", form, status, code: "GatedRepo", message };
  };
  if (caller.kind !== "user") {
    const login = "You must have access to it and be authenticated to access it. Please log in.";
    return refuse(401, `Access to ${what} is restricted. ${login}`);
  }
  const { user } = caller;
  if (user.scopeless) return outOfScope(form);
  if (user.grants.has(repo.name)) return undefined;
  if (user.pending.has(repo.name)) {
    return refuse(403, `Your request to access ${what} is awaiting a review from the repo authors.`);
  }
  const url = `${base}/${webPrefix(repo)}${repo.name}`;
  return refuse(
    403,
    `Access to ${what} is restricted and you are not in the authorized list. Visit ${url} to ask for access.`,
  );
}

function webPrefix(repo: Pick<Repo, "kind">): string {
  return repo.kind === "model" ? "" : `${repo.kind}s/`;
}

function outOfScope(form: Form): Refusal {
  const message = "You have read access but not the required permissions for this operation";
  return { kind: "refusal", form, status: 403, message };
}
