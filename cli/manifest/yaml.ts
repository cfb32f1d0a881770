// Loaded only where a manifest is read: `yaml` costs tens of milliseconds to import.
export {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
