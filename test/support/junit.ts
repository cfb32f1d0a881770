import { execFile } from "node:child_process";

export interface XmlElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

export interface JUnitCase {
  readonly suite: string;
  readonly name: string;
  readonly outcome: "passed" | "failure" | "error" | "skipped";
  readonly type: string | undefined;
  readonly message: string | undefined;
  readonly text: string;
}

const PARSER = `
import json, sys, xml.etree.ElementTree as tree
def shown(element):
    return {"tag": element.tag, "attributes": element.attrib, "text": element.text or "", "children": [shown(child) for child in element]}
json.dump(shown(tree.fromstring(sys.stdin.buffer.read())), sys.stdout)
`;

/** Why XML cannot be read here; undefined: it can. */
export const noXmlParser: string | undefined = await new Promise((resolve) => {
  execFile("python3", ["-c", "import xml.etree.ElementTree"], (error) => {
    resolve(error === null ? undefined : "needs python3 to read XML as others do");
  });
});

/** By Python's own parser, which takes XML and nothing that only looks like it. */
export function readXml(text: string): Promise<XmlElement> {
  return new Promise((resolve, reject) => {
    const child = execFile("python3", ["-c", PARSER], (error, stdout) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(error);
    });
    child.stdin?.end(text);
  });
}

/** By element: the attributes it must have, others it may have, and its children. */
const RULES: Readonly<Record<string, readonly [must: string[], may: string[], children: string[]]>> = {
  testsuites: [[], ["name", "tests", "failures", "errors", "time"], ["testsuite"]],
  testsuite: [
    ["name", "tests", "failures", "errors"],
    ["skipped", "time", "file"],
    ["testcase", "system-err"],
  ],
  testcase: [["name"], ["classname", "time"], ["failure", "error", "skipped"]],
  failure: [[], ["message", "type"], []],
  error: [[], ["message", "type"], []],
  skipped: [[], ["message"], []],
  "system-err": [[], [], []],
};

/** Cases in their order. Throws where the report breaks a rule of Jenkins' xUnit schema or of Surefire's, or miscounts. */
export async function readJUnit(text: string): Promise<readonly JUnitCase[]> {
  const root = await readXml(text);
  if (root.tag !== "testsuites") throw new Error(`a report of ${root.tag}`);
  obey(root);
  count(
    root,
    root.children.flatMap((suite) => suite.children),
  );
  return root.children.flatMap((suite) => {
    count(suite, suite.children);
    const { name: suiteName = "" } = suite.attributes;
    return suite.children
      .filter(({ tag }) => tag === "testcase")
      .map(({ attributes, children: [mark, ...rest] }) => {
        if (rest.length > 0) throw new Error("more than one mark on a case");
        return {
          suite: suiteName,
          name: attributes.name ?? "",
          outcome: (mark?.tag ?? "passed") as JUnitCase["outcome"],
          type: mark?.attributes.type,
          message: mark?.attributes.message,
          text: mark?.text ?? "",
        };
      });
  });
}

function obey({ tag, attributes, children }: XmlElement): void {
  const [must, may, inside] = RULES[tag] ?? [[], [], []];
  const names = Object.keys(attributes);
  const wrong = [
    ...must.filter((name) => !names.includes(name)),
    ...names.filter((name) => ![...must, ...may].includes(name)),
    ...children.map((child) => child.tag).filter((name) => !inside.includes(name)),
  ];
  if (wrong.length > 0) throw new Error(`<${tag}>: ${wrong.join(" ")}`);
  if (attributes.time !== undefined && !/^\d+(?:\.\d+)?$/.test(attributes.time))
    throw new Error(attributes.time);
  for (const child of children) obey(child);
}

function count({ tag, attributes }: XmlElement, below: readonly XmlElement[]): void {
  const cases = below.filter((one) => one.tag === "testcase");
  const marked = (mark: string) => cases.filter(({ children }) => children[0]?.tag === mark).length;
  const counted = { tests: cases.length, failures: marked("failure"), errors: marked("error") };
  for (const [name, value] of Object.entries(counted))
    if (attributes[name] !== String(value)) throw new Error(`<${tag}> counts ${name} wrong`);
}
