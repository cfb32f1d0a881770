/** tritter as a library: the verbs as functions that return values, and the same on a Context of your own. Nothing here prints. */

export { systemClock } from "./clock.ts";
export type { Clock, Context, Runtime } from "./context.ts";
export { nodeDisk } from "./disk/node.ts";
export {
  CODES,
  type ErrorCode,
  EXIT,
  exitStatusOf,
  type Problem,
  problemsOf,
  TritterError,
  TritterErrors,
} from "./errors.ts";
export type { Emit, TritterEvent } from "./events.ts";
export type {
  FlightEnd,
  FlightHost,
  FlightLeftOut,
  FlightPlaced,
  FlightReading,
  FlightRecord,
  FlightRequest,
  FlightRetry,
  FlightSample,
  FlightStall,
  FlightTotals,
  FlightVerified,
  FlightWait,
  FlightWidth,
} from "./flight/types.ts";
export type { Report, ReportedSource } from "./page/model.ts";
export type { Drift, Plan } from "./plan.ts";
export { type AddOptions, addProject } from "./project/add.ts";
export { type AdoptOptions, type AdoptResult, adoptProject } from "./project/adopt.ts";
export { type BundleOptions, type BundleResult, createBundle } from "./project/bundle.ts";
export { type ApplyOptions, type ApplyResult, applyBundle } from "./project/bundle-apply.ts";
export type { CheckOptions, CheckResult } from "./project/check.ts";
export { type CleanOptions, type CleanResult, cleanProject } from "./project/clean.ts";
export { type DiffOptions, type DiffResult, diffProject } from "./project/diff.ts";
export type { Finding } from "./project/doctor/finding.ts";
export { type DoctorOptions, type DoctorResult, doctorProject } from "./project/doctor.ts";
export type { Edited } from "./project/editing.ts";
export { type ExportOptions, type ExportResult, exportProject } from "./project/export.ts";
export {
  type ImportedSource,
  type ImportOptions,
  type ImportResult,
  importProject,
} from "./project/import.ts";
export { type InitOptions, type InitResult, initProject } from "./project/init.ts";
export { type ListedSource, type ListResult, listProject } from "./project/list.ts";
export type { ProjectOptions } from "./project/load.ts";
export { type LockResult, lockProject, type UpdateOptions, updateProject } from "./project/lock.ts";
export { type MendOptions, type MendResult, mendLock } from "./project/mend.ts";
export { type OutdatedResult, type OutdatedSource, outdatedProject } from "./project/outdated.ts";
export { checkProject, syncProject } from "./project/quick.ts";
export { type RemoveOptions, removeProject } from "./project/remove.ts";
export {
  type MadePage,
  type PageOutput,
  type ReportOptions,
  type ReportResult,
  reportProject,
} from "./project/report.ts";
export {
  type RescuedSource,
  type RescueOptions,
  type RescueResult,
  rescueProject,
} from "./project/rescue.ts";
export { type ServeOptions, type ServeResult, serveProject } from "./project/serve.ts";
export {
  type Signer,
  type SignOptions,
  type SignResult,
  signProject,
  type Trust,
  type VerifyOptions,
  type VerifyResult,
  verifyProject,
} from "./project/signature.ts";
export type { SyncOptions, SyncResult } from "./project/sync.ts";
export { type WhyOptions, type WhyResult, whyProject } from "./project/why.ts";
export {
  type CallOptions,
  type CheckCall,
  check,
  type DiffCall,
  type DoctorCall,
  diff,
  doctor,
  type LockCall,
  list,
  lock,
  outdated,
  readFlightRecord,
  type Surroundings,
  type SyncCall,
  sync,
  type UpdateCall,
  update,
  type WhyCall,
  why,
} from "./verbs.ts";
