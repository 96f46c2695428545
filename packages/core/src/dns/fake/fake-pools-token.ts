import { token } from '@sluice/plugin-api';
import type { FakePools } from './fake-pools.js';

/** What the core's own services ask for; made by the composition root, one for each instance. */
export const fakePools = token<FakePools>('fake-pools');
