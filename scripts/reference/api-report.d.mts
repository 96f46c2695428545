export declare const reportPath: string;

export declare function apiReport(root: string): {
  readonly report: string;
  readonly undocumented: readonly string[];
};
