// Loaded lazily, for the same reason as undici.ts.
export { datasetInfo, modelInfo, spaceInfo } from "@huggingface/hub";
