export declare const SCHEMAS: string;
export declare const REFERENCE: string;
/** Path from the root of the repository → content. */
export declare function docFiles(): ReadonlyMap<string, string>;
