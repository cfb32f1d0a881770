import type { Gated, LockedSource } from "../../schema/lock.ts";

/** Who may have it, as the Hub said when it was pinned. */
export function accessText({ gated, private: hidden }: LockedSource): string {
  if (hidden === true) return "private";
  return gated === undefined ? "not known" : GATES[`${gated}`];
}

const GATES: Readonly<Record<`${Gated}`, string>> = {
  false: "open to all",
  auto: "gated: whoever accepts its terms may have it",
  manual: "gated: its owner grants each request",
};
