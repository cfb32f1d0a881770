// Where reports look for it; pages cut texts the same way.
export * from "../../schema/width.ts";
