export declare const FOLDER: string;
/** Path from the root of the repository → content. */
export declare function vectorFiles(): ReadonlyMap<string, string>;
