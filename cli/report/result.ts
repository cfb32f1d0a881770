import type { Problem } from "../errors.ts";
import type { AdoptResult } from "../project/adopt.ts";
import type { BundleResult } from "../project/bundle.ts";
import type { ApplyResult } from "../project/bundle-apply.ts";
import type { CheckResult } from "../project/check.ts";
import type { CleanResult } from "../project/clean.ts";
import type { DiffResult } from "../project/diff.ts";
import type { DoctorResult } from "../project/doctor.ts";
import type { Edited } from "../project/editing.ts";
import type { ExportResult } from "../project/export.ts";
import type { FactsResult } from "../project/facts-shown.ts";
import type { ReadForGit } from "../project/git-textconv.ts";
import type { ImportResult } from "../project/import.ts";
import type { InitResult } from "../project/init.ts";
import type { ListResult } from "../project/list.ts";
import type { LockResult } from "../project/lock.ts";
import type { MendResult } from "../project/mend.ts";
import type { OutdatedResult } from "../project/outdated.ts";
import type { ReportResult } from "../project/report.ts";
import type { RescueResult } from "../project/rescue.ts";
import type { ServeResult } from "../project/serve.ts";
import type { SignResult, VerifyResult } from "../project/signature.ts";
import type { SyncResult } from "../project/sync.ts";
import type { WhyResult } from "../project/why.ts";
import type { ExplainResult } from "./explain.ts";

/** What a command found or did, before anyone decides how to say it. */
export type Result =
  | (InitResult & { readonly command: "init" })
  | (Edited & { readonly command: "add" | "remove"; readonly dryRun: boolean })
  | (ImportResult & { readonly command: "import"; readonly dryRun: boolean })
  | (MendResult & { readonly command: "resolve" })
  | { readonly command: "git-merge"; readonly clean: boolean }
  | { readonly command: "git-textconv"; readonly read: ReadForGit }
  | (LockResult & { readonly command: "lock" | "update"; readonly dryRun: boolean })
  | (RescueResult & { readonly command: "rescue"; readonly dryRun: boolean })
  | (SyncResult & { readonly command: "sync"; readonly dryRun: boolean })
  | (AdoptResult & { readonly command: "adopt"; readonly dryRun: boolean })
  | (BundleResult & { readonly command: "bundle"; readonly action: "create" })
  | (ApplyResult & { readonly command: "bundle"; readonly action: "apply" })
  | (CheckResult & { readonly command: "check" })
  | (ListResult & { readonly command: "list" })
  | (FactsResult & { readonly command: "facts" })
  | (ExportResult & { readonly command: "export" })
  | (ReportResult & { readonly command: "report"; readonly terminal: boolean })
  | (OutdatedResult & { readonly command: "outdated" })
  | (DiffResult & { readonly command: "diff"; readonly patch: boolean })
  | (WhyResult & { readonly command: "why" })
  | (ExplainResult & { readonly command: "explain" })
  | (DoctorResult & { readonly command: "doctor" })
  | (CleanResult & { readonly command: "clean"; readonly dryRun: boolean })
  | (SignResult & { readonly command: "sign" })
  | (VerifyResult & { readonly command: "verify" })
  | (ServeResult & { readonly command: "serve" });

/** The last thing a reporter hears. */
export interface Ending {
  readonly command: string;
  /** undefined: the command failed before it had one. */
  readonly result: Result | undefined;
  readonly problems: readonly Problem[];
  readonly exit: number;
  readonly tookMs: number;
}

/** What resolving found odd; it comes with the result, not while it works. */
export function warningsOf(result: Result | undefined): readonly string[] {
  if (result === undefined || !("locked" in result)) return [];
  return result.locked?.resolution.warnings ?? [];
}
