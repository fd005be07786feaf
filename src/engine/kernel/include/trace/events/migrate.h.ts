/**
 * Tracepoints of migration: an entry that waits for its page, the entry that follows, and what became of a list of pages.
 *
 * Source: Linux 6.1 include/trace/events/migrate.h.
 */
import type { Int, Order } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';
import { fromPteWords } from '../../../../machine/pteWords.js';
import type { VirtAddr } from '../../../../memory/address.js';
import type { PteVal } from '../../../arch/x86/include/asm/pgtable_types.h.js';

export const trace_mm_migrate_pages = (
  k: Kernel,
  succeeded: Int,
  failed: Int,
  thp_succeeded: Int,
  thp_failed: Int,
  thp_split: Int,
  mode: Int,
  reason: Int,
): void =>
  k.tracer?.mm_migrate_pages(succeeded, failed, thp_succeeded, thp_failed, thp_split, mode, reason);

export const trace_set_migration_pte = (
  k: Kernel,
  addr: VirtAddr,
  pte: PteVal,
  order: Order,
): void => k.tracer?.set_migration_pte(addr, fromPteWords(pte), order);

export const trace_remove_migration_pte = (
  k: Kernel,
  addr: VirtAddr,
  pte: PteVal,
  order: Order,
): void => k.tracer?.remove_migration_pte(addr, fromPteWords(pte), order);
