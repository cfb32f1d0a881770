import { Ajv2020 } from "ajv/dist/2020.js";

// The part of SARIF 2.1.0 that tritter writes, with the rules of the official schema for it; whatever it does not name
// is refused, so that nothing unknown slips in. Code scanning asks for more than the schema: a place for every result.

const TEXT = { type: "string", minLength: 1 };
const MESSAGE = object({ text: TEXT }, ["text"]);
const LEVEL = { enum: ["none", "note", "warning", "error"] };
const POSITIVE = { type: "integer", minimum: 1 };

const RULE = object(
  {
    id: TEXT,
    name: { type: "string", pattern: "^[A-Z][A-Za-z]+$" },
    shortDescription: MESSAGE,
    help: object({ text: TEXT, markdown: TEXT }, ["text", "markdown"]),
    defaultConfiguration: object({ level: LEVEL }, ["level"]),
  },
  ["id", "shortDescription", "help"],
);

const ARTIFACT = object(
  // A reference as RFC 3986 has it: no blanks, no backslashes, no bare percent signs.
  { uri: { type: "string", pattern: "^(?:[A-Za-z0-9._~:/@!$&'()*+,;=-]|%[0-9A-F]{2})+$" }, uriBaseId: TEXT },
  ["uri"],
);

const RESULT = object(
  {
    ruleId: TEXT,
    ruleIndex: { type: "integer", minimum: 0 },
    level: LEVEL,
    message: MESSAGE,
    locations: {
      type: "array",
      minItems: 1,
      items: object(
        {
          physicalLocation: object(
            {
              artifactLocation: ARTIFACT,
              region: object({ startLine: POSITIVE, startColumn: POSITIVE }, ["startLine"]),
            },
            ["artifactLocation", "region"],
          ),
        },
        ["physicalLocation"],
      ),
    },
    partialFingerprints: { type: "object", minProperties: 1, additionalProperties: TEXT },
  },
  ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
);

const INVOCATION = object(
  {
    executionSuccessful: { type: "boolean" },
    exitCode: { type: "integer" },
    toolExecutionNotifications: {
      type: "array",
      items: object({ level: LEVEL, message: MESSAGE }, ["message"]),
    },
  },
  ["executionSuccessful"],
);

const LOG = object(
  {
    $schema: { type: "string", pattern: "^https://" },
    version: { const: "2.1.0" },
    runs: {
      type: "array",
      minItems: 1,
      items: object(
        {
          tool: object(
            {
              driver: object(
                {
                  name: TEXT,
                  semanticVersion: TEXT,
                  rules: { type: "array", items: RULE, uniqueItems: true },
                },
                ["name"],
              ),
            },
            ["driver"],
          ),
          invocations: { type: "array", items: INVOCATION },
          columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
          results: { type: "array", items: RESULT },
        },
        ["tool"],
      ),
    },
  },
  ["version", "runs"],
);

function object(properties: object, required: readonly string[]): object {
  return { type: "object", properties, required, additionalProperties: false };
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly message: { readonly text: string };
  readonly locations: readonly [
    {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
        readonly region: { readonly startLine: number; readonly startColumn: number };
      };
    },
  ];
  readonly partialFingerprints: { readonly "tritter/v1": string };
}

export interface SarifRun {
  readonly tool: {
    readonly driver: {
      readonly rules: readonly { readonly id: string; readonly help: { readonly markdown: string } }[];
    };
  };
  readonly invocations: readonly [
    {
      readonly executionSuccessful: boolean;
      readonly exitCode: number;
      readonly toolExecutionNotifications: readonly { readonly message: { readonly text: string } }[];
    },
  ];
  readonly results: readonly SarifResult[];
}

const validate = new Ajv2020({ allErrors: true }).compile(LOG);

/** The one run of a log. Throws where the text is no SARIF, or contradicts itself. */
export function readSarif(text: string): SarifRun {
  const log: unknown = JSON.parse(text);
  if (!validate(log)) throw new Error(`no SARIF: ${JSON.stringify(validate.errors)}`);
  const [run] = (log as { runs: [SarifRun] }).runs;
  for (const { ruleId, ruleIndex } of run.results)
    if (run.tool.driver.rules[ruleIndex]?.id !== ruleId)
      throw new Error(`rule ${ruleIndex} is not ${ruleId}`);
  const keys = run.results.map((result) => result.partialFingerprints["tritter/v1"]);
  if (new Set(keys).size < keys.length) throw new Error(`fingerprints twice: ${keys.join(" ")}`);
  return run;
}
