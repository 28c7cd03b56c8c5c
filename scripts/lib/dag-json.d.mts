export declare function toDagJson(value: unknown): unknown;
