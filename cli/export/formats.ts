/** Documents that a lock can be told in. */
export const EXPORTS = ["sha256sums", "cyclonedx", "croissant", "spdx", "in-toto", "hermeto"] as const;

export type ExportFormat = (typeof EXPORTS)[number];
