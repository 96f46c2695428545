import type * as Config from '@sluice/config';
import type { Plugin } from '@sluice/plugin-api';

export declare const generatedFolders: readonly string[];

export declare function generatedFiles(from: {
  readonly config: Pick<
    typeof Config,
    'composeSchema' | 'exampleOf' | 'diagnosticCatalogue' | 'loadFiles' | 'formatDiagnostic'
  >;
  readonly plugins: readonly Plugin[];
  readonly version: string;
}): Promise<ReadonlyMap<string, string>>;
