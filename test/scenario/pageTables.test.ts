/** Page tables, cr3, the TLB and the kinds of address, as scripts use them. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import * as kernel from '../../src/engine/entry/functions.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { ScenarioVm } from '../../src/scenario/index.js';
import { compile, log, machine, runToEnd } from './machines.js';

const ALL: readonly ProfileName[] = [
  'x86_64-slub',
  'x86_64-slub-smp',
  'i386-pae-slab',
  'i386-highmem4g-slub',
];

/** An address of vmalloc space that nothing is mapped at. */
const FREE: Readonly<Record<string, string>> = {
  x86_64: 'unsigned long va = VMALLOC_START + 0x5000;',
  'i386-pae': 'unsigned long va = 0xf8005000;',
  i386: 'unsigned long va = 0xf8005000;',
};

const MAP = `
  pgd_t *pgd = pgd_offset_k(va);
  pmd_t *pmd = pmd_alloc(&init_mm, pud_alloc(&init_mm, p4d_alloc(&init_mm, pgd, va), va), va);
  pte_t *pte = pte_alloc_kernel(pmd, va);
  struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
  set_pte(pte, mk_pte(page, PAGE_KERNEL & ~(pteval_t)(_PAGE_ACCESSED | _PAGE_DIRTY)));
`;

function run(text: string, profile: ProfileName): { vm: ScenarioVm; notes: string[] } {
  const { arch } = loadProfile(profile);
  const vm = machine(`${FREE[arch] ?? ''}\n${text}`, profile);
  const results = runToEnd(vm).filter(({ kind }) => kind === 'failed');
  const notes = vm.tape
    .marksBetween(0, vm.tape.cursor + 1)
    .flatMap(({ event }) =>
      event.kind === 'address-misuse' || event.kind === 'stale-tlb' ? [event.text] : [],
    );
  assert.deepEqual(
    log(vm).filter((line) => line.startsWith('FAILED')),
    [],
    profile,
  );
  for (const result of results) if (result.kind === 'failed') notes.push(result.text);
  return { vm, notes };
}

describe('page tables in scripts', () => {
  for (const profile of ALL) {
    it(`${profile}: a page is mapped by hand, and A and D are set by accesses`, () => {
      const { notes } = run(
        `${MAP}
         expect(!pte_young(*pte) && !pte_dirty(*pte) && pte_write(*pte));
         expect(*(int *)va == 0);
         expect(pte_young(*pte) && !pte_dirty(*pte));
         *(int *)(va + 8) = 42;
         expect(pte_dirty(*pte));
         expect(((int *)page_address(page))[2] == 42);
         expect(pte_page(*pte) == page && pte_pfn(*pte) == page_to_pfn(page));
         expect(vmalloc_to_page((void *)va) == page && vmalloc_to_pfn((void *)va) == page_to_pfn(page));
         expect(slow_virt_to_phys((void *)(va + 4)) == page_to_phys(page) + 4);
         expect(is_vmalloc_addr((void *)va) && !is_vmalloc_addr(page));
         expect(pte_offset_kernel(pmd, va) == pte);`,
        profile,
      );
      assert.deepEqual(notes, []);
    });

    it(`${profile}: a stale entry behaves stale, says so, and is gone after invlpg`, () => {
      const { vm, notes } = run(
        `${MAP}
         *(int *)va = 1;
         pte_clear(&init_mm, va, pte);
         expect(*(int *)va == 1);
         invlpg(va);
         *(int *)va = 2;`,
        profile,
      );
      assert.equal(notes.length, 2);
      assert.match(notes[0] ?? '', /the tables no longer map .* the TLB still does/);
      assert.match(notes[1] ?? '', /unable to handle page fault for address/);
      const { registers } = vm.image.mm.machine.processor(0);
      assert.equal(
        vm.image.mm.hex(registers.cr2 as never),
        /address: ([0-9a-f]+)/.exec(notes[1] ?? '')?.[1],
      );
    });

    it(`${profile}: kernel pages are global and outlive a load of cr3, user pages do not`, () => {
      run(
        `static struct mm_struct mm;
         ${MAP}
         expect(pgd_alloc(&mm) != NULL);
         unsigned long user = 0x400000;
         pmd_t *upmd = pmd_alloc(&mm, pud_alloc(&mm, p4d_alloc(&mm, pgd_offset(&mm, user), user), user), user);
         pte_t *upte = pte_alloc_map(&mm, upmd, user);
         set_pte_at(&mm, user, upte, mk_pte(page, PAGE_SHARED));
         load_cr3(mm.pgd);
         expect(native_read_cr3() == __pa(mm.pgd));
         *(int *)va = 7;
         expect(*(int *)user == 7);
         set_pte_at(&mm, user, upte, __pte(0));
         pte_clear(&init_mm, va, pte);
         expect(*(int *)user == 7);
         load_cr3(init_mm.pgd);
         expect(*(int *)va == 7);
         __flush_tlb_all();
         expect(slow_virt_to_phys(page) == slow_virt_to_phys(page));`,
        profile,
      );
    });

    it(`${profile}: tables of user pages are PG_table and are counted`, () => {
      run(
        `static struct mm_struct mm;
         long before = contig_page_data.vm_stat[NR_PAGETABLE].counter;
         struct page *table = pte_alloc_one(&mm);
         expect((table->page_type & PG_table) == 0);
         pte_free(&mm, table);
         expect(page_count(table) == 0);
         pgd_t *pgd = pgd_alloc(&mm);
         expect(pgd != NULL && mm.pgd == pgd);
         pgd_free(&mm, pgd);`,
        profile,
      );
    });
  }

  it('say why a conversion is wrong, and give the number all the same', () => {
    const { notes } = run(
      `${MAP}
       expect(__pa(va) == va - PAGE_OFFSET);
       expect(phys_to_virt(0x100000000) == (void *)(PAGE_OFFSET + 0x100000000));
       virt_to_page(&va);`,
      'x86_64-slub',
    );
    // The last says two things: of __pa() in virt_to_page(), and of the frame number that came of it.
    assert.equal(notes.length, 4);
    assert.match(
      notes[0] ?? '',
      /^0xffffc90000005000 is a vmalloc address: __pa\(\) of it is meaningless; vmalloc_to_page\(\) gives page 0x[0-9a-f]+$/,
    );
    assert.match(notes[1] ?? '', /^physical 0x100000000 is past the end of memory/);
    assert.match(
      notes[2] ?? '',
      /__pa\(\) of it is meaningless; no page holds it here, as in a kernel one holds a stack$/,
    );
    assert.match(notes[3] ?? '', /^pfn 0x[0-9a-f]+ has no struct page/);
  });

  for (const profile of ALL) {
    const LINEAR = `
      struct page *other = alloc_page(GFP_KERNEL);
      char *q = page_address(other);
      *q = 7;
      char *p = (char *)PAGE_OFFSET + 0x2400000;
      *p = 1;
      unsigned int level;
      pteval_t *entry = (pteval_t *)lookup_address((unsigned long)p, &level);
      pteval_t was = *entry;`;

    it(`${profile}: the direct map is what its tables say`, () => {
      const { notes } = run(
        `${LINEAR}
         *entry = was & ~(pteval_t)_PAGE_RW;
         expect(*p == 1);
         *entry = was & ~(pteval_t)(_PAGE_ACCESSED | _PAGE_DIRTY);
         expect(*p == 1 && (*entry & _PAGE_ACCESSED) != 0 && (*entry & _PAGE_DIRTY) == 0);
         *p = 2;
         expect((*entry & _PAGE_DIRTY) != 0);
         // What the TLB holds by now.
         __flush_tlb_all();
         pteval_t size = level == 2 ? (sizeof(pteval_t) == 8 ? 0x200000 : 0x400000) : 0x1000;
         p[size] = 9;
         *entry = was + size;
         expect(*p == 9);
         *entry = was;
         __flush_tlb_all();
         expect(*p == 2);
         *entry = was & ~(pteval_t)_PAGE_RW;
         *p = 3;`,
        profile,
      );
      assert.match(notes[0] ?? '', /unable to handle page fault/);
    });

    it(`${profile}: nor can a part of it be reached that is not mapped`, () => {
      const { notes } = run(`${LINEAR} *entry = 0; int x = *p;`, profile);
      assert.match(notes[0] ?? '', /unable to handle page fault/);
    });
  }

  it('what is read-only stays so: text and rodata', () => {
    const { notes } = run('char *p = (char *)&linux_banner; *p = 0;', 'x86_64-slub');
    assert.match(notes[0] ?? '', /unable to handle page fault/);
  });

  it('the way up and down: p4d and pud are folded where they do not exist', () => {
    for (const profile of ALL)
      run(
        `pgd_t *pgd = pgd_offset_k(va);
         p4d_t *p4d = p4d_offset(pgd, va);
         expect((void *)p4d == (void *)pgd);
         expect(((void *)pud_offset(p4d, va) == (void *)p4d) == (sizeof(long) == 4));
         unsigned int level = 7;
         pte_t *direct = lookup_address(PAGE_OFFSET + 0x1800000, &level);
         expect(direct != NULL && level == 2);`,
        profile,
      );
  });

  it('bus addresses: an offset, and a bounce buffer above 4 GiB', () => {
    const text = `
      struct page *page = alloc_page(GFP_KERNEL);
      void *buffer = page_address(page);
      memset(buffer, 7, 4096);
      expect(phys_to_dma(NULL, 0x1000) == 0x1001000);
      dma_addr_t bus = dma_map_single(NULL, buffer, 4096, 0);
      phys_addr_t bounced = dma_to_phys(NULL, bus);
      expect(bounced != page_to_phys(page) && bounced + 4096 <= 0xc0000000);
      expect(*(char *)phys_to_virt(bounced + 100) == 7);
      *(char *)phys_to_virt(bounced + 100) = 9;
      dma_unmap_single(NULL, bus, 4096, 2);
      expect(((char *)buffer)[100] == 9);
      expect(dma_map_single(NULL, buffer, 4096, 1) == bus);`;
    const profile = loadProfile('x86_64-slub');
    const image = bootMachine({ profile, ramBytes: 2 ** 33, busOffset: 2 ** 24 });
    const vm = new ScenarioVm(compile(text), image, { kernel, name: 'test.mms' });
    const failed = runToEnd(vm).filter(({ kind }) => kind === 'failed');
    assert.deepEqual([failed, log(vm)], [[], []]);
  });
});
