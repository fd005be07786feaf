/**
 * Parameters and locals of kernel functions that are listened to. A local of the body may be asked for before it is declared.
 * Made by scripts/kernel/locals.mjs: `npm run locals`.
 */
import type { MappingsLocals } from './mappings.js';
import type { PagesLocals } from './pages.js';
import type { ProcessesLocals } from './processes.js';
import type { SlabsLocals } from './slabs.js';
import type { SleepersLocals } from './sleepers.js';

export interface KernelLocals
  extends PagesLocals, SlabsLocals, MappingsLocals, ProcessesLocals, SleepersLocals {}
