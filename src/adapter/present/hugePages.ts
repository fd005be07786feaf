/** `Huge pages` under Machine: the pools (struct hstate), their numbers and the pages on their lists. */
import { counted } from '../../engine/view/counted.js';
import { hugePools, type HugePool } from '../../engine/view/hugePages.js';
import type { ListHead } from '../../engine/machine/ctypes.js';
import type { MachineContext } from './context.js';
import { listContainer, listText, readPageList } from './pageList.js';
import { fact, group, type Shown } from './shown.js';

const NAME = 'Huge pages';

export function hugePages(context: MachineContext): Shown | undefined {
  const pools = hugePools(context.image);
  if (pools.length === 0) return undefined;
  const nr = pools.reduce((sum, pool) => sum + pool.nr, 0);
  const value =
    nr === 0
      ? 'none in the pools (sysctl("vm.nr_hugepages=4") or cmdline="hugepages=4" fills one)'
      : pools
          .filter((pool) => pool.nr > 0)
          .map((pool) => `${pool.nr} of ${pool.sizeKiB} kB, ${pool.free} free`)
          .join('; ');
  return group(NAME, value, {
    named: () => hugePools(context.image).map((pool) => showPool(context, pool)),
  });
}

function showPool(context: MachineContext, pool: HugePool): Shown {
  const { nr, free, reserved, surplus } = pool;
  const value = `${counted(nr, 'page')}: ${free} free, ${reserved} reserved, ${surplus} surplus${pool.isDefault ? ' (default)' : ''}`;
  return group(pool.name, value, {
    named: () => [
      fact('nr_huge_pages', `${nr}`),
      fact('free_huge_pages', `${free}`),
      fact('resv_huge_pages', `${reserved}`),
      fact('surplus_huge_pages', `${surplus}`),
      fact('nr_overcommit_huge_pages', `${pool.overcommit}`),
      fact('max_huge_pages', `${pool.max}`),
      list(context, 'hugepage_freelists[0]', pool.freeList),
      list(context, 'hugepage_activelist', pool.activeList),
    ],
  });
}

function list(context: MachineContext, name: string, head: ListHead): Shown {
  const pages = readPageList(context, head);
  const container = listContainer(context, pages);
  const text = listText(pages, 'page');
  return container === undefined ? fact(name, text) : group(name, text, container);
}
