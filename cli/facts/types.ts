import type { SchemaElement } from "hyparquet";
import type { Leaf } from "./metadata.ts";

/** A footer's schema is its tree written down depth first. undefined: it is no whole tree, or one of absurd depth. */
export function leavesOf(schema: readonly SchemaElement[]): readonly Leaf[] | undefined {
  const leaves: Leaf[] = [];
  let at = 1;
  const walk = (children: number, above: readonly string[], shape: Shape): boolean => {
    if (above.length > DEEPEST) return false;
    for (let child = 0; child < children; child++) {
      const element = schema[at];
      if (element === undefined || typeof element.name !== "string") return false;
      at += 1;
      const path = [...above, element.name];
      const own = {
        nullable: shape.nullable || isOptional(element),
        many: shape.many || isRepeated(element),
      };
      if (element.type === undefined) {
        if (!walk(element.num_children ?? 0, path, own)) return false;
      } else {
        const type = `${typeOf(element)}${own.many ? "[]" : ""}${own.nullable ? "?" : ""}`;
        leaves.push({ name: path.join("."), type, element });
      }
    }
    return true;
  };
  const [root] = schema;
  if (root === undefined || root.type !== undefined) return undefined;
  const whole = walk(root.num_children ?? 0, [], { nullable: false, many: false });
  return whole && at === schema.length ? leaves : undefined;
}

interface Shape {
  readonly nullable: boolean;
  readonly many: boolean;
}

const DEEPEST = 100;

function isOptional({ repetition_type: kind }: SchemaElement): boolean {
  return kind === "OPTIONAL";
}

function isRepeated({ repetition_type: kind }: SchemaElement): boolean {
  return kind === "REPEATED";
}

const PHYSICAL: Readonly<Record<NonNullable<SchemaElement["type"]>, string>> = {
  BOOLEAN: "bool",
  INT32: "int32",
  INT64: "int64",
  INT96: "timestamp[ns]",
  FLOAT: "float",
  DOUBLE: "double",
  BYTE_ARRAY: "binary",
  FIXED_LEN_BYTE_ARRAY: "binary",
};

const UNITS = { MILLIS: "ms", MICROS: "us", NANOS: "ns" } as const;

/** As Arrow's users call it. https://parquet.apache.org/docs/file-format/types/logicaltypes/ */
function typeOf(element: SchemaElement): string {
  const { type, type_length: length, logical_type: logical, converted_type: converted } = element;
  const physical = type === undefined ? "" : PHYSICAL[type];
  const sized = type === "FIXED_LEN_BYTE_ARRAY" ? `binary[${length ?? 0}]` : physical;
  switch (logical?.type) {
    case "DECIMAL":
      return `decimal(${logical.precision},${logical.scale})`;
    case "TIME":
    case "TIMESTAMP":
      return `${logical.type.toLowerCase()}[${UNITS[logical.unit]}]`;
    case "INTEGER":
      return `${logical.isSigned ? "" : "u"}int${logical.bitWidth}`;
    default:
      // Of a kind that the reader does not know it hands out what it read.
      return (
        (logical?.type as string | undefined)?.toLowerCase() ?? convertedType(element, converted) ?? sized
      );
  }
}

function convertedType(
  { precision = 0, scale = 0 }: SchemaElement,
  converted: SchemaElement["converted_type"],
): string | undefined {
  switch (converted) {
    case undefined:
      return undefined;
    case "UTF8":
      return "string";
    case "DECIMAL":
      return `decimal(${precision},${scale})`;
    case "TIME_MILLIS":
    case "TIMESTAMP_MILLIS":
      return converted === "TIME_MILLIS" ? "time[ms]" : "timestamp[ms]";
    case "TIME_MICROS":
    case "TIMESTAMP_MICROS":
      return converted === "TIME_MICROS" ? "time[us]" : "timestamp[us]";
    default:
      return converted.toLowerCase().replace("_", "");
  }
}
