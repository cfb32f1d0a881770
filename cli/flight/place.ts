/** The record of the last sync that did something, below `<root>/.tritter`. While it is written it is beside: `last-sync.ndjson.<writer>.new`. */
export const RECORD = "last-sync.ndjson";
