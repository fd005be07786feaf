/**
 * The tree of free vmalloc areas under random insertions and removals: the rules of red-black trees, the order of the list, and
 * what each node keeps about those below it.
 */
import { VMALLOC_START } from '../../src/engine/kernel/arch/x86/include/asm/pgtable_areas.h.js';
import assert from 'node:assert/strict';
import * as kernel from '../../src/engine/entry/functions.js';
import type { Kernel } from '../../src/engine/machine/kernel.js';
import type { RbNode } from '../../src/engine/kernel/include/linux/rbtree.h.js';
import { NULL, type VmapArea } from '../../src/engine/machine/ctypes.js';
import { describeMachines } from './machines.js';
import { random } from './random.js';

const NR_AREAS = 60;
const NR_STEPS = 400;
const PAGE = 4096;

describeMachines('red-black trees', (open) => {
  /** Areas with gaps between them, each in an object of a page of its own, in no tree. */
  function start(): { k: Kernel; areas: VmapArea[] } {
    const k = open().mm;
    const page = kernel.alloc_page(k, k.GFP_KERNEL);
    const first = k.cell_of(kernel.page_address(k, page));
    const words = k.stride.vmap_area;
    const free_vmap_area_list = k.globals.free_vmap_area_list;
    const free_vmap_area_root = k.globals.free_vmap_area_root;
    kernel.INIT_LIST_HEAD(k, free_vmap_area_list);
    k.write_ptr(free_vmap_area_root, NULL);
    const areas = Array.from({ length: NR_AREAS }, (_, i) => {
      const area = k.plus(first, i * words);
      const begin = VMALLOC_START(k) + i * 16 * PAGE;
      k.write_long(area + k.vmap_area.va_start, begin);
      k.write_long(area + k.vmap_area.va_end, begin + (1 + ((i * 7) % 13)) * PAGE);
      return area;
    });
    return { k, areas };
  }

  /** The areas of the tree in order; the number of black nodes on each way down, and the largest area, are held to the rules. */
  function check(k: Kernel): VmapArea[] {
    const inOrder: VmapArea[] = [];
    const visit = (node: RbNode, parent: RbNode): { blacks: number; max: number } => {
      if (node === NULL) return { blacks: 0, max: 0 };
      assert.equal(kernel.rb_parent(k, node), parent, 'parent');
      const red = kernel.rb_is_red(k, node);
      assert.ok(!red || (parent !== NULL && !kernel.rb_is_red(k, parent)), 'red below red');
      const left = visit(k.read_ptr(node + k.rb_node.rb_left), node);
      const area = kernel.rb_entry(k, node, k.vmap_area.rb_node);
      inOrder.push(area);
      const right = visit(k.read_ptr(node + k.rb_node.rb_right), node);
      assert.equal(left.blacks, right.blacks, 'black nodes on each way down');
      const max = Math.max(kernel.va_size(k, area), left.max, right.max);
      assert.equal(kernel.get_subtree_max_size(k, node), max, 'subtree_max_size');
      return { blacks: left.blacks + (red ? 0 : 1), max };
    };
    visit(k.read_ptr(k.globals.free_vmap_area_root), NULL);
    return inOrder;
  }

  function listed(k: Kernel): VmapArea[] {
    const head = k.globals.free_vmap_area_list;
    const areas: VmapArea[] = [];
    for (let at = kernel.list_next(k, head); at !== head; at = kernel.list_next(k, at))
      areas.push(kernel.list_entry(k, at, k.vmap_area.list));
    return areas;
  }

  it('insertions and removals keep colors, order and the largest area', () => {
    const { k, areas } = start();
    const root = k.globals.free_vmap_area_root;
    const head = k.globals.free_vmap_area_list;
    const next = random(6);
    const inside = new Set<VmapArea>();
    for (let step = 0; step < NR_STEPS; step++) {
      const area = areas[next(NR_AREAS)] as VmapArea;
      if (inside.delete(area)) kernel.unlink_va_augment(k, area, root);
      else {
        kernel.insert_vmap_area_augment(k, area, NULL, root, head);
        inside.add(area);
      }
      const expected = areas.filter((each) => inside.has(each));
      assert.deepEqual(check(k), expected, `step ${step}`);
      assert.deepEqual(listed(k), expected, `step ${step}`);
    }
  });

  it('the lowest area that fits is found', () => {
    const { k, areas } = start();
    const root = k.globals.free_vmap_area_root;
    const head = k.globals.free_vmap_area_list;
    for (const area of areas) kernel.insert_vmap_area_augment(k, area, NULL, root, head);
    const fits = (size: number): VmapArea =>
      areas.find((area) => kernel.va_size(k, area) >= size) ?? NULL;
    for (let nr = 1; nr <= 14; nr++)
      assert.equal(
        kernel.find_vmap_lowest_match(k, root, nr * PAGE, 1, VMALLOC_START(k), false),
        fits(nr * PAGE),
        `${nr} pages`,
      );
  });
});
