// Writes etc/tritter.api.md: all that `import … from "tritter"` gives, with its types, so that a change of it is seen in a review.
// With --check it writes nothing, and ends with status 1 where the page is not current.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const project = join(dirname(fileURLToPath(import.meta.url)), "..");
const PAGE = join(project, "etc", "tritter.api.md");

const { config } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
const entry = join(project, "cli", "index.ts");
const program = ts.createProgram([entry, join(project, "cli", "hub", "undici-agent.d.ts")], options);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

const names = checker
  .getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)))
  .map((symbol) => [symbol.name, told(original(symbol))])
  .sort(([a], [b]) => (a < b ? -1 : 1));
const text = `# What the package exports

Made by \`npm run api\`; a test holds it to the code. Types that are named here and not exported are in the package's declarations.

${names.map(([name, code]) => `## ${name}\n\n\`\`\`typescript\n${code}\n\`\`\`\n`).join("\n")}`;

const before = await readFile(PAGE, "utf8").catch(() => undefined);
if (before !== text && process.argv.includes("--check")) {
  console.error(
    "etc/tritter.api.md is not what cli/index.ts exports: run npm run api, and look at what changed",
  );
  process.exitCode = 1;
} else if (before !== text) {
  await mkdir(dirname(PAGE), { recursive: true });
  await writeFile(PAGE, text);
}

function original(symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function told(symbol) {
  return symbol.declarations.map((node) => declarationText(node, symbol)).join("\n");
}

function declarationText(node, symbol) {
  if (ts.isVariableDeclaration(node)) {
    const type = checker.getTypeOfSymbolAtLocation(symbol, node);
    const shown = checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
    // A member a line, so that a new one is one line of a patch.
    return `const ${symbol.name}: ${shown.replace(/\{ (?=readonly)|; (?=readonly)/g, (end) => `${end.trim()}\n    `).replace(/; \}$/, ";\n}")};`;
  }
  const bare = ts.transform(node, [withoutBodies]).transformed[0];
  return printer.printNode(ts.EmitHint.Unspecified, bare, node.getSourceFile()).replace(/^export /, "");
}

/** What a caller sees: bodies are the package's own. */
function withoutBodies(context) {
  const { factory } = context;
  const visit = (node) => {
    if (ts.isFunctionDeclaration(node)) {
      const modifiers = node.modifiers?.filter(({ kind }) => kind !== ts.SyntaxKind.AsyncKeyword);
      const { asteriskToken, name, typeParameters, parameters, type } = node;
      return factory.createFunctionDeclaration(
        modifiers,
        asteriskToken,
        name,
        typeParameters,
        parameters.map((one) => opaque(one, factory)),
        type,
        undefined,
      );
    }
    if (ts.isConstructorDeclaration(node))
      return factory.createConstructorDeclaration(node.modifiers, node.parameters, undefined);
    return ts.visitEachChild(node, visit, context);
  };
  return (root) => ts.visitNode(root, visit);
}

/** A parameter by its type: how it is taken apart and what it is by default is no business of a caller. */
function opaque(parameter, factory) {
  const { dotDotDotToken, name, questionToken, initializer, type } = parameter;
  const plain = ts.isIdentifier(name) ? name : factory.createIdentifier("given");
  const optional = questionToken ?? (initializer && factory.createToken(ts.SyntaxKind.QuestionToken));
  return factory.createParameterDeclaration(undefined, dotDotDotToken, plain, optional, type);
}
