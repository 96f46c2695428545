import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatDiagnostic, loadFiles } from '@sluice/config';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plugins } from '../../packages/cli/src/config-files.js';
import { describePeers } from '../peers/describe-peers.js';
import { runProcess } from '../peers/process.js';
import { temporaryFolder, type TemporaryFolder } from '../peers/temporary.js';
import { geoipFile, geositeFile } from './geo-file.js';
import { guideConfigs } from './guide-configs.js';

let folder: TemporaryFolder;
const env = (): Record<string, string> => ({ V2RAY_LOCATION_ASSET: folder.path });

beforeAll(async () => {
  folder = await temporaryFolder('guides');
  const domain = 2;
  await writeFile(
    join(folder.path, 'geosite.dat'),
    geositeFile({ CN: [[domain, 'cn']], 'CATEGORY-ADS-ALL': [[domain, 'ads.example']] }),
  );
  await writeFile(
    join(folder.path, 'geoip.dat'),
    geoipFile({ CN: ['203.0.113.0/24'], PRIVATE: ['10.0.0.0/8', '192.168.0.0/16'] }),
  );
  for (const [index, { text }] of guideConfigs.entries()) await writeFile(fileOf(index), text);
});

afterAll(() => folder.remove());

const fileOf = (index: number): string => join(folder.path, `${index}.json`);

describe('configurations as guides show them', () => {
  it.each(guideConfigs.map((one, index) => [index, one.name, one] as const))(
    '%i: nothing is said but what is true: %s',
    async (index, _, { said }) => {
      const { diagnostics, sources, config } = await loadFiles([fileOf(index)], { plugins, env: env() });
      const shown = diagnostics.map((one) => formatDiagnostic(one, sources.get(fileOf(index)))).join('\n');
      expect(
        diagnostics.map(({ severity, code, pointer }) => `${severity} ${code} ${pointer}`),
        shown,
      ).toEqual(said);
      expect(config === undefined).toBe(said.some((one) => one.startsWith('error')));
      // Whoever asks for another protocol is told which there are.
      for (const { code, expected } of diagnostics)
        if (code === 'C_UNKNOWN_PROTOCOL') expect(expected).toContain('"socks"');
      expect(shown).not.toMatch(/hunter2|sspasswd|b0cbcef5/);
    },
  );
});

// It opens the files of certificates when it reads a configuration.
const readable = guideConfigs.flatMap((one, index) =>
  one.said.some((each) => each.includes('C_CERTIFICATE')) ? [] : [[index, one.name] as const],
);

describePeers('V2Ray itself', ['v2ray'], () => {
  it.each(readable)('takes what is right as it stands: %i: %s', async (index) => {
    const { stdout, stderr } = await runProcess('v2ray', ['-test', '-config', fileOf(index)], { env: env() });
    // The oldest guides have rules that it does not know any more either.
    const isPast = guideConfigs[index]?.said.some((one) => one.includes('C_UNKNOWN_RULE_TYPE'));
    expect(stdout + stderr).toContain(isPast ? 'unknown router rule type' : 'Configuration OK');
  });
});
