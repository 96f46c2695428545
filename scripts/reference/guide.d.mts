export declare const guidePath: string;
export declare function withFiles(text: string, read: (path: string) => string): string;
