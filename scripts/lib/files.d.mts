export declare const ROOT: string;
/** The files of a folder, as paths from the root of the repository. */
export declare function filesIn(folder: string): Promise<string[]>;
