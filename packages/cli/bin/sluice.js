#!/usr/bin/env node
import module from 'node:module';

// Where Node can keep compiled code (22.8 and later), the next start is faster.
module.enableCompileCache?.();
await import('../bundle/sluice.js');
