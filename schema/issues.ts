/** A mistake in a document a person wrote, with the place it stands at. Expected, so a value and not an exception. */
export interface Issue {
  readonly severity: "error" | "warning";
  /** What is wrong, and after a colon what should be. */
  readonly message: string;
  /** "did you mean …" or another next step. */
  readonly hint?: string;
  /** 1-based; undefined where the whole file is meant. */
  readonly line?: number;
  /** 1-based, in characters. */
  readonly column?: number;
  /** The offending line and a caret below it, without the file name. */
  readonly frame?: readonly string[];
}
