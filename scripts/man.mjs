// The manual page, from what the program itself is called by and says: `man/tritter.1`, made by scripts/build.mjs.

/** Of the release whose page this is. */
const DATE = "2026-11-25";

/** A page for man(7), which groff and mandoc both read. `program` is what `cli/commands/specs.ts`, `errors.ts` and `report/meanings.ts` export. */
export function manPage({ version, program, environment }) {
  const { SPECS, EXIT, MEANINGS, CODES, CAUSES } = program;
  const shown = SPECS.filter(({ hidden }) => hidden !== true);
  const groups = [...new Set(shown.map(({ group }) => group))];
  return [
    `.TH TRITTER 1 "${DATE}" "tritter ${version}" "User Commands"`,
    ".SH NAME",
    `tritter \\- ${text("pins Hugging Face repositories to commits and hashes")}`,
    ".SH SYNOPSIS",
    ".B tritter",
    ".I command",
    text("[argument...] [option...]"),
    ".SH DESCRIPTION",
    text(
      "tritter.yaml says which repositories of the Hugging Face Hub are wanted, and which of their files.",
    ),
    text("tritter lock pins that to commits and digests in tritter.lock."),
    text("tritter sync makes a folder equal the lock, and verifies every byte while it arrives."),
    ".SH COMMANDS",
    ...groups.flatMap((group, index) => [
      ...(index === 0 ? [] : [".PP"]),
      `.B ${escaped(group)}`,
      ...shown.filter((spec) => spec.group === group).flatMap(commandOf),
    ]),
    ".SH EXIT STATUS",
    text("Of several, the first that applies of 1, 2, 5, 9, 6, 11, 12, 8, 4, 3, 7, 10."),
    ...Object.entries(EXIT)
      .sort(([, a], [, b]) => a - b)
      .flatMap(([name, status]) => item(`.B ${status}`, MEANINGS[name])),
    ".SH ERRORS",
    text("What an error prints in brackets. tritter explain says what to do."),
    ...Object.keys(CODES).flatMap((code) => item(`.B ${escaped(code)}`, CAUSES[code])),
    ".SH ENVIRONMENT",
    ...environment.flatMap(([names, purpose]) => item(`.B ${escaped(names)}`, purpose)),
    ".SH FILES",
    ...FILES.flatMap(([name, purpose]) => item(`.I ${escaped(name)}`, purpose)),
    ".SH SEE ALSO",
    ".BR git (1)",
    "",
  ].join("\n");
}

const FILES = [
  ["tritter.yaml", "what is wanted, written by people"],
  ["tritter.lock", "what it was pinned to; to be committed with it"],
  ["data/.tritter", "what syncs placed, what is being received, and the trash, below the root"],
];

function commandOf({ name, summary, arguments: given = [], options, examples }) {
  const words = given.map((one) => {
    const dots = one.variadic ? "..." : "";
    return one.required ? ` <${one.name()}${dots}>` : ` [${one.name()}${dots}]`;
  });
  return [
    `.SS ${escaped(`tritter ${name}${words.join("")}`)}`,
    text(`${summary[0].toUpperCase()}${summary.slice(1)}.`),
    ...given.flatMap((one) => item(`.I ${escaped(one.name())}`, one.description)),
    ...options.flatMap((make) => {
      const option = make();
      const choices = option.argChoices === undefined ? "" : ` (${option.argChoices.join(", ")})`;
      return item(`.B ${escaped(option.flags)}`, `${option.description}${choices}`);
    }),
    ...examples.flatMap(([line, purpose]) => [".PP", ".EX", harmless(escaped(line)), ".EE", text(purpose)]),
  ];
}

function item(head, body) {
  return [".TP", head, text(body)];
}

/** Text to be filled: nothing in it is a request, and hyphens stay what they are when they are copied. */
function text(plain) {
  return lines(escaped(plain)).map(harmless).join("\n");
}

function escaped(plain) {
  return plain.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "\\&...");
}

function harmless(line) {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** Cut between words, since tools that read diffs of pages mind long lines. */
function lines(words) {
  const all = [];
  for (const word of words.split(" ")) {
    const last = all.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 78) all[all.length - 1] = `${last} ${word}`;
    else all.push(word);
  }
  return all;
}
