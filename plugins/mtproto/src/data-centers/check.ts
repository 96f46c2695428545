import type { ProblemReporter } from '@sluice/plugin-api';
import type { AddressFamily } from './address-family.js';
import { isDataCenterId, parseOverride, type DataCenterAddresses } from './overrides.js';

/** What the schema cannot say of `dataCenters` and `addressFamily`. */
export function checkDataCenters(
  settings: { readonly dataCenters?: DataCenterAddresses; readonly addressFamily?: AddressFamily },
  problems: ProblemReporter,
): void {
  const { dataCenters = {}, addressFamily = 'prefer-ipv4' } = settings;
  for (const [id, addresses] of Object.entries(dataCenters)) {
    if (!isDataCenterId(id)) {
      problems.error(
        ['dataCenters', id],
        'not the id of a data centre: write "2", "-2" (media), "203" or "10002" (test)',
      );
    }
    if (addresses.length === 0) problems.error(['dataCenters', id], 'the list needs at least one address');
    addresses.forEach((text, index) => {
      const parsed = parseOverride(text, addressFamily);
      if (typeof parsed === 'string') problems.error(['dataCenters', id, index], parsed);
      else if (parsed.type === 'domain' && addressFamily.startsWith('only-')) {
        problems.warning(
          ['dataCenters', id, index],
          `"addressFamily" is "${addressFamily}", but a name may lead to the other family, too: write an IP address`,
        );
      }
    });
  }
}
