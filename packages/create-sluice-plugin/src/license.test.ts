import { expect, it } from 'vitest';
import { isLicense, licenses, licenseText } from './license.js';

it.each(licenses)('%s has a text with its holder, or none', (license) => {
  expect(isLicense(license)).toBe(true);
  const text = licenseText(license, 'somebody', 2030);
  if (license === 'none') expect(text).toBeUndefined();
  else expect(text).toContain('Copyright (c) 2030 somebody\n\nPermission ');
});
