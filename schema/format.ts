// Numbers as people read them: decimal units as the Hub shows them, no locale.

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** `18.9 GB`; whole bytes below 1 kB, and from 100 of a unit on no decimals. */
export function formatBytes(bytes: number): string {
  const unit = unitOf(bytes);
  return `${inUnit(bytes, unit)} ${UNITS[unit]}`;
}

/** `3.2/18.9 GB`: both in the unit of the total. */
export function formatBytesOf(done: number, total: number): string {
  const unit = unitOf(total);
  return `${inUnit(done, unit)}/${inUnit(total, unit)} ${UNITS[unit]}`;
}

/** `105 MB/s`, from bytes a second. */
export function formatRate(rate: number): string {
  return `${formatBytes(Math.round(rate))}/s`;
}

/** `0.4s`, `42s`, `3m 12s`, `1h 5m`, `2d 3h`, from ms. */
export function formatDuration(ms: number): string {
  if (ms < 9950) return `${(Math.max(0, ms) / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** `5m`, `3h`, `12d`, `3mo`, `2y`: the age of a commit, from ms. */
export function formatAge(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 60) return `${days}d`;
  return days < 730 ? `${Math.floor(days / 30)}mo` : `${Math.floor(days / 365)}y`;
}

/** `12,345` */
export function formatNumber(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `42 %`, `0.3 %`, `0.01 %`: of a share from 0 to 1; what is not nothing never reads as nothing. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent === 0) return "0 %";
  if (percent < 0.01) return "<0.01 %";
  return `${Number(percent.toFixed(percent >= 10 ? 0 : percent >= 1 ? 1 : 2))} %`;
}

/** `1 file`, `12,345 files`; irregular plurals are given. */
export function formatCount(value: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(value)} ${value === 1 ? noun : plural}`;
}

/** `12 files, 3.2 GB` */
export function formatFiles(count: { readonly files: number; readonly bytes: number }): string {
  return `${formatCount(count.files, "file")}, ${formatBytes(count.bytes)}`;
}

/** The part of a commit people compare by eye. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}

/** Rounding must not show `1000 kB`: 999,600 bytes are 1.0 MB. */
function unitOf(bytes: number): number {
  let unit = 0;
  while (unit < UNITS.length - 1 && bytes >= (unit === 0 ? 1000 : 999.5 * 1000 ** unit)) unit += 1;
  return unit;
}

function inUnit(bytes: number, unit: number): string {
  const value = bytes / 1000 ** unit;
  return unit === 0 || value >= 99.95 ? String(Math.round(value)) : value.toFixed(1);
}
