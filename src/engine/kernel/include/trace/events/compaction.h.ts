/**
 * Tracepoints of compaction: how far a search came, and how many pages it took.
 *
 * Source: Linux 6.1 include/trace/events/compaction.h.
 */
import type { Int, Pfn } from '../../../../machine/ctypes.js';
import type { Kernel } from '../../../../machine/kernel.js';

export const trace_mm_compaction_isolate_migratepages = (
  k: Kernel,
  start_pfn: Pfn,
  end_pfn: Pfn,
  nr_scanned: Int,
  nr_taken: Int,
): void => k.tracer?.mm_compaction_isolate_migratepages(start_pfn, end_pfn, nr_scanned, nr_taken);

export const trace_mm_compaction_isolate_freepages = (
  k: Kernel,
  start_pfn: Pfn,
  end_pfn: Pfn,
  nr_scanned: Int,
  nr_taken: Int,
): void => k.tracer?.mm_compaction_isolate_freepages(start_pfn, end_pfn, nr_scanned, nr_taken);
