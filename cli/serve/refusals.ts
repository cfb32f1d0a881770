import type { Refusal } from "./wire.ts";

/** What the API answers with, or `/resolve/`. */
export type Form = Refusal["form"];

export function refusal(status: number, message: string, form: Form): Refusal {
  return { kind: "refusal", form, status, message };
}

export function repoNotFound(form: Form): Refusal {
  return { ...refusal(404, "Repository not found", form), code: "RepoNotFound" };
}

export function revisionNotFound(revision: string, form: Form): Refusal {
  return { ...refusal(404, `Invalid rev id: ${revision}`, form), code: "RevisionNotFound" };
}

/** `commit`: where it was looked for. */
export function entryNotFound(commit: string, form: Form): Refusal {
  return { ...refusal(404, "Entry not found", form), code: "EntryNotFound", commit };
}

export const BAD_LOGIN = "Invalid username or password.";

export function badToken(form: Form): Refusal {
  return refusal(401, "Invalid credentials in Authorization header", form);
}
