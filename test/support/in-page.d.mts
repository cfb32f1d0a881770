export function measured(): { overlaps: string[]; outside: string[]; wide: number };
export function openTables(): void;
export function faults(): Promise<string[]>;
export function plotsWithoutTable(): (string | undefined)[];
export function focused(): { text: string; tag: string };
export function printed(): { ground: string; nav: string; table: boolean; wide: number };
