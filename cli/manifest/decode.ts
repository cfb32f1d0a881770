/** Without a byte order mark; undefined where it is no UTF-8, as what some editors and shells of Windows write. */
export function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
