/**
 * Wrong answers that were found when real cases were worked through, F01 to F22: each has its test. Those that no other suite has are here;
 * of the others this says where they are.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { info } from '../../src/cli/info.js';
import { GIVEN_USAGE } from '../../src/cli/options.js';
import { coreMachine } from '../scenario/coreMachines.js';
import { log, runToEnd } from '../scenario/machines.js';

/** The file of each fault's test, and words of it. */
const TESTS: Readonly<Record<string, readonly (readonly [file: string, words: string])[]>> = {
  F01: [['cli/faults', 'a->lru.next = NULL; alloc_pages(GFP_KERNEL, 5);']],
  F02: [
    ['cli/faults', 'a->lru.prev = NULL; drain_all_pages(NULL);'],
    ['cli/faults', 'blocks that are freed with wrong orders are pages with numbers'],
  ],
  F03: [['cli/faults', 'b->lru.next = NULL; alloc_page(GFP_KERNEL); alloc_page(GFP_KERNEL);']],
  F04: [['cli/faults', "POISON_AT('dead000000000108')"]],
  F05: [['cli/faults', 'entries that are not present are inverted']],
  F06: [['cli/faults', 'stray A and D do not count, PSE does']],
  F07: [['dap/damaged', 'walk() and hover know how many address bits the processor has']],
  F08: [['cli/faults', "dump_page() of a tail: the head's mapping"]],
  F09: [['cli/fieldFaults', 'dump_page() of a page of a file names its operations and its file']],
  F10: [['dap/damaged', 'where() names the block that begins nearest']],
  F11: [
    ['scenario/callsMapping', 'vmalloc addresses are refused, with a warning once and -ENOMEM'],
  ],
  F12: [['cli/faults', 'get_order() of 32 bit']],
  F13: [['dap/damaged', 'addresses are never negative, and poison has a name']],
  F14: [['cli/faults', "prints the kernel's own warnings, once each"]],
  F15: [
    ['engine/verdictOuter', 'cma_alloc: the bitmap and its largest hole (-12)'],
    ['engine/verdictOuter', 'alloc_contig_range: the frame that is busy, and whose it is (-16)'],
  ],
  F16: [
    ['cli/faults', 'prints the error code and the entries, with 4 levels'],
    ['cli/faults', 'tells a read-only page from a missing one'],
  ],
  F17: [
    ['cli/fieldFaults', "F17: a dump of a distribution's kernel is described"],
    ['dumps/given', 'System.map and BTF tell what kallsyms and the memory do'],
    ['dumps/given', 'without them the message says which kernel, by release and build id'],
  ],
  F18: [['cli/faults', 'says beside a failed request what a kernel would have done']],
  F19: [['web/editor', 'A hashed pointer']],
  F20: [['scenario/printk', "flags of another kernel: the kernel's own text, and a note"]],
  F21: [['dap/damaged', "a scenario's own variable is told as that"]],
  F22: [['cli/cli', 'this is a report .*: `mmscope explain` reads it']],
};

describe('faults found in the field', function () {
  it('have a test each', () => {
    const numbers = Array.from({ length: 22 }, (_, i) => `F${String(i + 1).padStart(2, '0')}`);
    assert.deepEqual(Object.keys(TESTS), numbers);
    for (const [fault, tests] of Object.entries(TESTS))
      for (const [file, words] of tests)
        assert.ok(
          readFileSync(path.join('test', `${file}.test.ts`), 'utf8').includes(words),
          `${fault}: ${file} has no test '${words}'`,
        );
  });

  it('F09: dump_page() of a page of a file names its operations and its file', () => {
    const vm = coreMachine(
      `for (unsigned long pfn = 0x2000; ; pfn++) {
         struct page *p = pfn_to_page(pfn);
         unsigned long m = (unsigned long)p->mapping;
         if (PageSlab(p) || PageTail(p) || !m || (m & 3)) continue;
         dump_page(p, "file page");
         break;
       }`,
      'x86_64-slub',
    );
    runToEnd(vm);
    assert.equal(log(vm)[1], 'aops:shmem_aops ino:5 dentry name(?):"init"');
  });

  it("F17: a dump of a distribution's kernel is described, and options take its files", async () => {
    const out = (await info('test/dumps/data/debian12-amd64-256M.kdump', { isKept: false })).join(
      '\n',
    );
    assert.match(out, /^kernel +Linux 6\.1\.0-57-amd64, x86_64, 4-level page tables$/m);
    assert.match(out, /^ {2}node 0 DMA32 +0x1000 +0xffe0 +61408 /m);
    for (const option of ['--vmlinux', '--system-map', '--btf'])
      assert.ok(GIVEN_USAGE.includes(option));
  });
});
