/** What helps, by what it has come to. */
import { mayReclaim } from '../facts/gfp.js';
import { size } from '../render/amount.js';
import type { Verdict } from './judge.js';
import type { DecodedRequest } from './requestText.js';

export function remedies(
  { request, mask }: DecodedRequest,
  { cause, highest }: Verdict,
  pageSize: number,
): string[] {
  const { order } = request;
  switch (cause) {
    case 'no-zone':
      return [
        `Not more memory: the driver asks for memory in ${highest}, and the machine has none there. Correct its DMA mask or the device tree's dma-ranges, keep a reserved-memory region below the limit, or let swiotlb bounce.`,
      ];
    case 'cma-blocks':
      return [
        'More free memory does not help. Take such a buffer from CMA (dma_alloc_coherent(), cma_alloc()), or ask for smaller or scattered ones (vmalloc(), a scatter list).',
      ];
    case 'cma':
      return [
        'A smaller CMA area (cma= on the command line, or linux,cma in the device tree): memory outside it is gone, and this request may not use it.',
      ];
    case 'reserve':
      return [
        'The free pages are kept on purpose (lowmem_reserve). The zones above have to get memory back: reclaim, swap, fewer users; vm.lowmem_reserve_ratio changes how much is kept.',
      ];
    case 'fragmentation':
      return [
        `Memory is fragmented, not used up. Ask for less in a row (order ${Math.max(0, order)} is ${size(2 ** Math.max(0, order) * pageSize)}): vmalloc() or kvmalloc(), a scatter list, an allocation at boot; or leave more to compact: echo 1 > /proc/sys/vm/compact_memory, a higher vm.min_free_kbytes.`,
      ];
    case 'shortage':
      return mayReclaim(mask)
        ? ['Memory is used up: fewer or smaller users, more memory, swap; see where it is below.']
        : [
            'An atomic request takes what is free at that moment. A higher vm.min_free_kbytes keeps more free for such bursts; the caller should cope (network drivers drop a packet and go on) or allocate where it may sleep.',
          ];
    case 'passes':
      return [
        'The numbers are of the moment after the failure: memory may have been freed meanwhile. Or something else refused: a cpuset, a memory cgroup, a node mask, fault injection.',
      ];
    case 'barely':
      return order > 0
        ? [
            'The zone that would serve it was at its mark: it fell below it at the moment of the failure. Free memory is short and in small pieces: ask for less in a row (kvmalloc()), or keep more free (vm.min_free_kbytes, vm.watermark_scale_factor).',
          ]
        : [
            'All zones are at or below the mark at which reclaim runs: fewer or smaller users, more memory, swap; see where it is below.',
          ];
    case 'beyond-memory':
      return [
        'Check the length where it comes from before it is passed to vmalloc() or kvmalloc().',
      ];
    case 'by-hand':
    case 'fault-injection':
    case 'no-numbers':
      return [];
  }
}
