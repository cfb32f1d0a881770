// What GitHub's runner reads in a log, by its documentation: a line `::name key=value,key=value::data`, in which data
// writes % CR LF as %25 %0D %0A, and a value : and , as %3A %2C as well.
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions

export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

export interface WorkflowLog {
  readonly commands: readonly WorkflowCommand[];
  /** Lines that are no commands. */
  readonly plain: readonly string[];
}

export function readWorkflowLog(text: string): WorkflowLog {
  const commands: WorkflowCommand[] = [];
  const plain: string[] = [];
  for (const line of text.replace(/\n$/, "").split("\n")) {
    // The older form, `##[name key=value;]data`, is read wherever it stands.
    const old = /##\[(\w[\w-]*)[^\]]*\](.*)$/.exec(line);
    const found = /^\s*::([\w-]+)(?: (.*?))?::(.*)$/.exec(line);
    if (found !== null) commands.push(commandOf(found));
    else if (old !== null) commands.push({ name: old[1] ?? "", properties: {}, data: old[2] ?? "" });
    else plain.push(line);
  }
  return { commands, plain };
}

function commandOf([, name = "", list = "", data = ""]: RegExpExecArray): WorkflowCommand {
  const pairs = list
    .split(",")
    .filter((pair) => pair !== "")
    .map((pair): [string, string] => {
      const at = pair.indexOf("=");
      if (at < 1) throw new Error(`no property: ${pair}`);
      return [pair.slice(0, at).trim(), unescaped(pair.slice(at + 1), { "%3A": ":", "%2C": "," })];
    });
  return { name, properties: Object.fromEntries(pairs), data: unescaped(data, {}) };
}

function unescaped(text: string, more: Readonly<Record<string, string>>): string {
  const signs: Readonly<Record<string, string>> = { "%25": "%", "%0D": "\r", "%0A": "\n", ...more };
  return text.replace(/%[0-9A-F]{2}/g, (code) => signs[code] ?? code);
}
