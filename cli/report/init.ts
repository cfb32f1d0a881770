import type { InitResult } from "../project/init.ts";
import { safe } from "./safe.ts";

export function initLines({ file, wrote, git }: InitResult): readonly string[] {
  const manifest = `wrote ${safe(file)}; name your sources there, then run tritter sync`;
  if (git === undefined) return [manifest];
  const done = [
    ...git.added.map((one) => `added to ${safe(one.file)}: ${safe(one.line)}`),
    ...git.ran.map((line) => `ran ${safe(line)}`),
  ];
  const kept = `kept ${safe(file)}, and set up git`;
  if (done.length === 0) return [wrote ? manifest : `kept ${safe(file)}; git is set up already`];
  return [wrote ? manifest : kept, ...done];
}
