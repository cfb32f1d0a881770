// Where reports look for it; what `project/` words itself is written the same way.
export * from "../../schema/format.ts";
