/** What a module author calls: vmalloc space, single mappings, per-CPU memory, memory for devices. */
import assert from 'node:assert/strict';
import { ALL, checkOnCores, coreMachine, HIGHMEM } from './coreMachines.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import { checkLog, compile, log, machine, runToEnd } from './machines.js';

describe('vmalloc space', function () {
  it('pages one by one, side by side', () =>
    checkOnCores(
      `char *v = vmalloc(3 * PAGE_SIZE);
       memset(v, 5, 3 * PAGE_SIZE);
       struct page *second = vmalloc_to_page(v + PAGE_SIZE);
       expect(is_vmalloc_addr(v) && vmalloc_to_pfn(v + PAGE_SIZE) == page_to_pfn(second));
       struct vm_struct *area = find_vm_area(v);
       expect(area->nr_pages == 3 && area->size == 4 * PAGE_SIZE && vmalloc_nr_pages() >= 3);
       struct page *pages[2] = { alloc_page(GFP_KERNEL), second };
       char *again = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
       expect(again[PAGE_SIZE] == 5);
       again[PAGE_SIZE + 1] = 6;
       expect(v[PAGE_SIZE + 1] == 6);
       vunmap(again); vfree(v);
       expect(!find_vm_area(v) && !vmalloc_to_page(v));`,
      [],
    ));

  it('a touch of the guard page says which area it protects', () => {
    for (const profile of ALL) {
      const vm = coreMachine(
        'static char *get(void) { return vmalloc(5000); }\nchar *v = get();\nv[8192] = 1;',
        profile,
      );
      runToEnd(vm);
      const lines = log(vm);
      const [oops = ''] = lines;
      const note = lines.find((line) => line.includes('guard page')) ?? '';
      const address = /address: ([0-9a-f]+)/.exec(oops)?.[1] ?? '?';
      assert.match(
        note,
        new RegExp(
          `^${address} is in the guard page of the area [0-9a-f]+-${address} \\(2 pages, from get\\(\\)\\)$`,
        ),
      );
    }
  });

  it('freed addresses come back after a purge', () =>
    checkOnCores(
      `char *a = vmalloc(PAGE_SIZE);
       vfree(a);
       char *b = vmalloc(PAGE_SIZE);
       expect(b != a);
       vm_unmap_aliases();
       expect(vmalloc(PAGE_SIZE) == a);`,
      [],
    ));

  it('huge pages where the build has them', () =>
    checkOnCores(
      `char *v = vmalloc_huge(4 << 20, GFP_KERNEL);
       unsigned int level;
       lookup_address((unsigned long)v, &level);
       expect(level == PG_LEVEL_2M);`,
      [],
      ['x86_64-slub', 'x86_64-slab'],
    ));

  it('a device is mapped; ordinary memory is refused', () =>
    checkOnCores(
      `void *io = ioremap(0xfebf0000, 0x1000);
       pte_t *pte = lookup_address((unsigned long)io, &(unsigned int){ 0 });
       expect(io && pte_pfn(*pte) == 0xfebf0 && (pte_val(*pte) & _PAGE_PCD));
       iounmap(io);
       expect(!ioremap(0x8000000, 0x1000));`,
      [],
    ));

  it('lists go through vmalloc space', () =>
    checkOnCores(
      `struct item { struct list_head node; int n; };
       LIST_HEAD(items);
       struct item *a = vmalloc(sizeof(*a)), *b = kmalloc(sizeof(*b), GFP_KERNEL), *c = vmalloc(9000), *i;
       a->n = 1; b->n = 2; c->n = 3;
       list_add_tail(&a->node, &items); list_add_tail(&b->node, &items); list_add_tail(&c->node, &items);
       int order = 0;
       list_for_each_entry(i, &items, node) order = order * 10 + i->n;
       list_move(&c->node, &items); list_del(&a->node); list_del_init(&b->node);
       list_for_each_entry(i, &items, node) order = order * 10 + i->n;
       expect(order == 1233 && a->node.next == LIST_POISON1 && list_empty(&b->node));`,
      [],
    ));
});

describe('mappings of single pages', function () {
  it('kmap takes a slot; a full table parks the task until the next kunmap', () => {
    for (const profile of HIGHMEM) {
      const vm = coreMachine(
        `struct page *pages[1024];
         int i;
         for (i = 0; i < LAST_PKMAP; i++) { pages[i] = alloc_page(GFP_HIGHUSER); kmap(pages[i]); }
         struct page *more = alloc_page(GFP_HIGHUSER);
         task other { pr_info("other"); kunmap(pages[3]); pr_info("unmapped"); }
         char *at = kmap(more);
         pr_info("mapped: %d", kmap_to_page(at) == more && page_address(more) == at);`,
        profile,
      );
      const kinds = runToEnd(vm).map(({ kind, task }) => `${kind} ${task}`);
      assert.deepEqual(log(vm), ['other', 'unmapped', 'mapped: 1']);
      assert.deepEqual(kinds, ['blocked 0', 'ended 1', 'ended 0', 'exited 0']);
    }
  });

  it('when nobody unmaps, the deadlock says what is missing', () => {
    const vm = coreMachine(
      'int i; for (i = 0; i <= LAST_PKMAP; i++) kmap(alloc_page(GFP_HIGHUSER));',
      'i386-pae-slab',
    );
    const deadlock = runToEnd(vm).at(-1);
    assert.match(
      deadlock?.kind === 'deadlock' ? (deadlock.waits[0]?.text ?? '') : '',
      /^main waits for a pkmap slot for page 0x[0-9a-f]+: all 512 are in use, until somebody calls kunmap\(\)$/,
    );
  });

  it('nested mappings are given back in reverse order, or the kernel warns', () => {
    const vm = coreMachine(
      `struct page *p = alloc_page(GFP_HIGHUSER), *q = alloc_page(GFP_HIGHUSER);
       char *a = kmap_local_page(p), *b = kmap_local_page(q);
       *a = 1; *b = 2;
       expect(b == a - PAGE_SIZE);
       kunmap_local(a);
       kunmap_local(b);`,
      'i386-highmem4g-slub',
    );
    runToEnd(vm);
    const warnings = vm.tape
      .marksBetween(0, vm.tape.cursor + 1)
      .filter(({ event }) => event.kind === 'warn');
    assert.ok(warnings.length >= 1);
  });

  it('contents of pages, wherever they lie', () =>
    checkOnCores(
      `struct page *p = alloc_page(GFP_HIGHUSER), *q = alloc_page(GFP_HIGHUSER);
       char text[8];
       clear_highpage(p);
       memcpy_to_page(p, 4090, "hello", 6);
       copy_highpage(q, p);
       memcpy_from_page(text, q, 4090, 6);
       expect(!strcmp(text, "hello"));
       memset_page(q, 4090, 'x', 2);
       memcpy_page(p, 0, q, 4090, 6);
       memcpy_from_page(text, p, 0, 6);
       pr_info("%s", text);`,
      ['xxllo'],
    ));

  it('a page without a need for it has its own address', () =>
    checkLog(
      `struct page *p = alloc_page(GFP_KERNEL);
       expect(kmap(p) == page_address(p) && kmap_local_page(p) == page_address(p));
       kunmap(p);`,
      [],
      ['x86_64-slub'],
    ));
});

describe('per-CPU memory', function () {
  it('is allocated, zeroed, for each CPU', () =>
    checkOnCores(
      `long *counter = __alloc_percpu(sizeof(long), sizeof(long));
       expect(*this_cpu_ptr(counter) == 0);
       this_cpu_add(*counter, 5);
       this_cpu_inc(*counter);
       expect(*per_cpu_ptr(counter, 0) == 6 && this_cpu_read(*counter) == 6);
       free_percpu(counter);`,
      [],
    ));

  it('further chunks: as many areas as are asked for, each with memory of its own', () =>
    checkOnCores(
      `void *p[120];
       int i, wrong = 0;
       for (i = 0; i < 120; i++) { p[i] = __alloc_percpu(32000, 8); *(int *)this_cpu_ptr(p[i]) = i; }
       for (i = 0; i < 120; i++) if (*(int *)this_cpu_ptr(p[i]) != i) wrong++;
       unsigned long populated = pcpu_nr_populated;
       for (i = 0; i < 120; i++) free_percpu(p[i]);
       schedule();
       expect(!wrong && pcpu_nr_populated < populated);
       pr_info("wrong %d", wrong);`,
      ['wrong 0'],
    ));

  it('a scenario has its own per-CPU variables', () => {
    const vm = machine(
      `DEFINE_PER_CPU(int, hits) = 40;
       this_cpu_inc(hits);
       cpu(1) { this_cpu_add(hits, 2); expect(this_cpu_read(hits) == 42); }
       expect(per_cpu(hits, 0) == 41 && per_cpu(hits, 1) == 42);
       pr_info("%d %d", per_cpu(hits, 0), per_cpu(hits, 1));`,
      'x86_64-slub-smp',
      2,
    );
    runToEnd(vm);
    assert.deepEqual(log(vm), ['41 42']);
  });
});

describe('memory for devices', function () {
  it('comes from the CMA area if it may wait and is more than a page, else from the page allocator', () =>
    checkOnCores(
      `dma_addr_t handle;
       char *large = dma_alloc_coherent(NULL, 3 * PAGE_SIZE, &handle, GFP_KERNEL);
       unsigned long base = dma_contiguous_default_area->base_pfn, count = dma_contiguous_default_area->count;
       expect(handle == virt_to_phys(large) && !memchr_inv(large, 0, 3 * PAGE_SIZE));
       expect(virt_to_pfn(large) >= base && virt_to_pfn(large) < base + count);
       dma_free_coherent(NULL, 3 * PAGE_SIZE, large, handle);
       char *one = dma_alloc_coherent(NULL, 100, &handle, GFP_KERNEL);
       expect(virt_to_pfn(one) < base || virt_to_pfn(one) >= base + count);
       dma_free_coherent(NULL, 100, one, handle);`,
      [],
    ));

  it('a bounce buffer is synchronised in both directions, also from its middle on', () => {
    const text = `
       struct page *page = alloc_page(GFP_KERNEL);
       unsigned char *buf = page_address(page);
       dma_addr_t bus = dma_map_single(NULL, buf, 3000, DMA_BIDIRECTIONAL);
       unsigned char *bounce = __va(dma_to_phys(NULL, bus));
       expect(is_swiotlb_buffer(NULL, bus) && bounce != buf);
       bounce[2500] = 7;
       dma_sync_single_range_for_cpu(NULL, bus, 2400, 200, DMA_FROM_DEVICE);
       expect(buf[2500] == 7);
       buf[10] = 9;
       dma_sync_single_for_device(NULL, bus, 3000, DMA_FROM_DEVICE);
       expect(bounce[10] != 9);
       dma_sync_single_for_device(NULL, bus, 3000, DMA_TO_DEVICE);
       expect(bounce[10] == 9);`;
    const profile = loadProfile('x86_64-slub');
    const image = bootMachine({ profile, ramBytes: 8 * 2 ** 30 });
    const vm = new ScenarioVm(compile(text), image, { kernel, name: 'test.mms' });
    runToEnd(vm);
    assert.deepEqual(log(vm), []);
  });

  it('vmalloc addresses are refused, with a warning once and -ENOMEM', () =>
    checkOnCores(
      `char *v = vmalloc(PAGE_SIZE), *k = kmalloc(64, GFP_KERNEL);
       expect(dma_map_single(NULL, v, 64, DMA_TO_DEVICE) == DMA_MAPPING_ERROR);
       expect(dma_mapping_error(NULL, dma_map_single(NULL, v, 64, DMA_TO_DEVICE)) == -ENOMEM);
       dma_addr_t good = dma_map_page(NULL, virt_to_page(k), offset_in_page(k), 64, DMA_TO_DEVICE);
       expect(!dma_mapping_error(NULL, good) && good == virt_to_phys(k));`,
      ['rejecting DMA map of vmalloc memory'],
    ));
});

describe('vmalloc_32()', function () {
  it('takes pages that 32 bits reach, and on i386 none of highmem, which vmalloc() prefers', () => {
    const text = `
       char *low = vmalloc_32(3 * PAGE_SIZE), *any = vmalloc(3 * PAGE_SIZE), *user = vmalloc_32_user(PAGE_SIZE);
       for (int i = 0; i < 3; i++) {
         expect(page_zonenum(vmalloc_to_page(low + i * PAGE_SIZE)) != ZONE_HIGHMEM);
         expect(page_zonenum(vmalloc_to_page(any + i * PAGE_SIZE)) == ZONE_HIGHMEM);
       }
       expect(page_zonenum(vmalloc_to_page(user)) != ZONE_HIGHMEM && user[0] == 0);
       vfree(low); vfree(any); vfree(user);`;
    const image = bootMachine({
      profile: loadProfile('i386-highmem4g-slub'),
      ramBytes: 2 * 2 ** 30,
    });
    const vm = new ScenarioVm(compile(text, 'i386-highmem4g-slub'), image, {
      ...{ kernel, name: 'test.mms' },
    });
    runToEnd(vm);
    assert.deepEqual(log(vm), []);
    assert.deepEqual(vm.expects, { held: 7, failed: 0 });
  });
});
