import type { Lock, LockedCarrier } from "../../schema/lock.ts";
import type { Problem } from "../errors.ts";
import type { Emit } from "../events.ts";
import type { SourceChange } from "../resolve/changes.ts";

/** A source whose bytes come from one of its fallbacks. */
export interface CarriedSource extends LockedCarrier {
  readonly source: string;
  /** The fallback's. */
  readonly repo: string;
}

export function carriedSources(lock: Lock, scope: ReadonlySet<string> | undefined): readonly CarriedSource[] {
  return lock.sources
    .filter(({ name }) => scope?.has(name) ?? true)
    .flatMap(({ name, repo, carrier }) =>
      carrier === undefined ? [] : [{ source: name, repo, ...carrier }],
    );
}

/** A corpus that is not what its manifest names first must not pass for it, however quiet a run is. */
export function tellCarried(emit: Emit, lock: Lock, scope: ReadonlySet<string> | undefined): void {
  for (const { source, repo, fallback, why, instead } of carriedSources(lock, scope)) {
    const message = `source "${source}" is carried by its fallback ${fallback}, ${repo}: ${repoOf(instead)} was ${why}. Its contents differ`;
    emit({ kind: "warning", message, loud: true });
  }
}

/** As loud as the switch was: what was had from a fallback comes from the source's own repository again. */
export function tellReturned(emit: Emit, changes: readonly SourceChange[]): void {
  for (const { source, before, after } of changes) {
    if (before?.carrier === undefined || after === undefined || after.carrier !== undefined) continue;
    const message = `source "${source}" comes from ${after.repo} again, no longer from its fallback ${before.carrier.fallback}, ${before.repo}. Its contents differ`;
    emit({ kind: "warning", message, loud: true });
  }
}

/** FALLBACK_REFUSED, where `--no-fallback` was given. */
export function carriedProblems(lock: Lock, scope: ReadonlySet<string> | undefined): readonly Problem[] {
  return carriedSources(lock, scope).map(({ source, repo, fallback, why, instead }) => ({
    code: "FALLBACK_REFUSED",
    source,
    message: `source "${source}" is carried by its fallback ${fallback}, ${repo}, which --no-fallback refuses: ${repoOf(instead)} was ${why}`,
    hint: `once ${repoOf(instead)} can be had, run tritter update --allow-fallback ${source}`,
  }));
}

/** `dataset o/n main` → `o/n` */
export function repoOf(instead: LockedCarrier["instead"]): string {
  return instead.split(" ")[1] ?? instead;
}
