import { SPDX } from "@cyclonedx/cyclonedx-library";

/** What the Hub calls a licence: one of the SPDX list, or a word of its own. */
export type License = { readonly spdx: string } | { readonly named: string };

/**
 * The Hub writes SPDX ids in small letters (https://huggingface.co/docs/hub/repositories-licenses); what is not on the list, as
 * `openrail` or `other`, stays as it is. `unknown` says nothing.
 */
export function licensesOf(licenses: readonly string[]): readonly License[] {
  return licenses
    .filter((license) => license !== "unknown")
    .map((license) => {
      const spdx = SPDX.fixupSpdxId(license);
      return spdx === undefined ? { named: license } : { spdx };
    });
}
