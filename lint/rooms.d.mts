/** Types of rooms.mjs for its test. */
export declare const TABLE: Record<string, unknown>;
export declare function roomOf(file: string): string | undefined;
export declare function refuse(file: string, specifier: string, typeOnly: boolean): string | null;
