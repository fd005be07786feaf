/** Walks over the page tables of a process with functions of the scenario for entries and holes. */
import { group, type Builtin, type BuiltinRow } from './builtin.js';
import { va } from './pointers.js';

const changes = true;

const rows: readonly BuiltinRow[] = [
  {
    signature:
      'int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end, const struct mm_walk_ops *ops, void *private)',
    doc: 'Calls functions for the entries and holes of a range of addresses, with the mmap_lock held. 0, or what one of them has returned: that ends the walk.',
    changes,
    run: (call, mm, start, end, ops, data) => {
      const { k, kernel } = call;
      const functions = kernel.walkOpsAt(k, call.cell(ops));
      return kernel.walk_page_range(
        ...([k, call.cell(mm), va(start), va(end), functions, va(data)] as const),
      );
    },
  },
  {
    signature:
      'int walk_page_range_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end, const struct mm_walk_ops *ops, void *private)',
    doc: 'Like walk_page_range, in one area.',
    changes,
    run: (call, vma, start, end, ops, data) => {
      const { k, kernel } = call;
      const functions = kernel.walkOpsAt(k, call.cell(ops));
      return kernel.walk_page_range_vma(
        ...([k, call.cell(vma), va(start), va(end), functions, va(data)] as const),
      );
    },
  },
  {
    signature:
      'int walk_page_vma(struct vm_area_struct *vma, const struct mm_walk_ops *ops, void *private)',
    doc: 'Like walk_page_range, over all of an area.',
    changes,
    run: (call, vma, ops, data) => {
      const { k, kernel } = call;
      const functions = kernel.walkOpsAt(k, call.cell(ops));
      return kernel.walk_page_vma(k, call.cell(vma), functions, va(data));
    },
  },
];

export const pageWalks: readonly Builtin[] = group('page table', 'mm/pagewalk.c', rows);
