/** Kinds of address, verdicts, and where pages are, on a real machine's memory that ships with the examples. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { openCore } from '../../src/engine/image/core/openCore.js';
import { randomAccessOf } from '../../src/engine/image/core/randomAccess.js';
import * as kernel from '../../src/engine/entry/functions.js';
import type { Page } from '../../src/engine/machine/ctypes.js';
import { asPfn, asPhys, asVirt } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { kindOf } from '../../src/engine/view/addressKind.js';
import { addressMarkdown } from '../../src/engine/view/addressMarkdown.js';
import { addressReport, type AskedAddress } from '../../src/engine/view/addressReport.js';
import { verdictOf, type AddressUse } from '../../src/engine/view/addressVerdict.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';
import { whereIs, type Surveyor } from '../../src/engine/view/whereIs.js';
import { aliasesByScan } from '../../src/engine/x86/reverse.js';
import { inspected, onTape } from '../../src/engine/x86/tableMemory.js';
import { populatedZones } from '../../src/engine/view/zones.js';

const CORE = 'examples/data/i386-highmem4g-slub-256M.vmcore.gz';

const core = (): Surveyor => surveyorOf(openCore(randomAccessOf(gunzipSync(readFileSync(CORE)))));

const facts = (surveyor: Surveyor, asked: AskedAddress): Map<string, string> =>
  new Map(
    (addressReport(surveyor, asked).where?.facts ?? []).map(({ name, value }) => [name, value]),
  );

describe('kinds of address', function () {
  let machine: Surveyor;
  before(() => {
    machine = core();
  });

  for (const [va, kind] of [
    [0x08048000, 'user'],
    [0xc0100000, 'logical'],
    [0xc1332640, 'kernelImage'],
    [0xcbda5000, 'structPage'],
    [0xcc000000, 'hole'],
    [0xcc7e0000, 'vmalloc'],
    [0xff400000, 'pkmap'],
    [0xffc00000, 'cpuEntryArea'],
    [0xffffb000, 'fixmap'],
  ] as const)
    it(`0x${va.toString(16)} is ${kind}`, () => {
      assert.equal(kindOf(machine.world, va, 'virtual'), kind);
    });

  for (const [use, value, right, result, sentence] of [
    ['__pa', 0xc1801080, true, '0x1801080', /^0xc1801080 is a kernel logical address: __pa\(\)/],
    [
      '__pa',
      0xcc7f1000,
      false,
      '0xc7f1000',
      /^0xcc7f1000 is a vmalloc address: __pa\(\) of it is meaningless; vmalloc_to_page\(\) gives page 0xbfe0$/,
    ],
    ['virt_to_page', 0xcc7f1000, false, '0xcbf14e20', /meaningless; vmalloc_to_page\(\)/],
    ['virt_addr_valid', 0xcc7f1000, true, 'false', /not linear/],
    ['vmalloc_to_page', 0xcc7f1000, true, '0xcbf04c00', /gives 0xcbf04c00/],
    ['vmalloc_to_page', 0xcc7e0000, false, '0xcdd25000', /a device at physical 0xfd000000/],
    ['vmalloc_to_page', 0xccc00000, false, 'NULL', /nothing is mapped there: PGD\[0x333\]/],
    ['__pa', 0x08048000, false, '0x48048000', /user virtual.*get_user_pages\(\) gives page 0xffc0/],
    ['__va', 0x1801000, true, '0xc1801000', /kernel logical address is 0xc1801000/],
    ['__va', 0xbfe0000, false, '0xcbfe0000', /highmem: it has no kernel logical address/],
    [
      '__va',
      0xc1801080,
      false,
      '0x81801080',
      /is a kernel logical address: __va\(\) takes a physical address/,
    ],
    ['pfn_to_page', 0xbfe0, true, '0xcbf04c00', /gives/],
    ['pfn_to_page', 0xbfe0000, false, '0x4b985000', /no struct page.*its page is 0xbfe0$/],
    ['page_to_pfn', 0xcbf04c00, true, '0xbfe0', /struct page of pfn 0xbfe0/],
    ['page_to_pfn', 0xcbf04c04, false, '0xbfe0', /points 4 bytes into/],
    ['page_to_pfn', 0xc1801080, false, '0xffad3e04', /not that of a struct page/],
    ['page_address', 0xcbf04c00, true, 'NULL, or its pkmap slot', /highmem/],
    ['slow_virt_to_phys', 0xffc00000, true, '0x141a000', /cpu entry area/],
  ] as const satisfies readonly (readonly [AddressUse, number, boolean, string, RegExp])[])
    it(`${use}(0x${value.toString(16)}) is ${right ? 'right' : 'wrong'}: ${result}`, () => {
      const verdict = verdictOf(machine.world, use, value);
      assert.equal(verdict.value, result);
      assert.equal(verdict.right, right);
      assert.match(verdict.sentence, sentence);
    });

  it('walks through the image’s own tables, level by level', () => {
    const { walk } = addressReport(machine, { value: 0x08048000, meant: 'virtual' });
    assert.equal(walk?.space, 'init (pid 1)');
    assert.deepEqual(
      walk.steps.map(({ level, index, flags, leadsTo }) => [level, index, flags, leadsTo]),
      [
        ['PGD', '0x20', 'P RW US A D', 'table 0x1917000'],
        ['PTE', '0x48', 'P US A', 'page 0xffc0000, 4 KiB'],
      ],
    );
    assert.match(walk.end, /physical 0xffc0000, in a 4 KiB page: read-only, user and kernel/);
  });

  it('says of a page what holds it', () => {
    const object = facts(machine, { value: 0xc1801084, meant: 'virtual' });
    assert.match(
      object.get('slab') ?? '',
      /^kmem_cache: 32 objects of 124 bytes \(128 with padding\)/,
    );
    assert.equal(object.get('object'), '1 at 0xc1801080, 4 bytes into it, allocated');
    const free = facts(machine, { value: 0x9000, meant: 'pfn' });
    assert.equal(free.get('free block'), 'order 10, 1024 pages from pfn 0x9000');
    assert.equal(
      free.get('list'),
      'zone Normal free_area[10].free_list[MIGRATE_MOVABLE], position 28',
    );
    assert.equal(
      facts(machine, { value: 0x1911, meant: 'pfn' }).get('page table'),
      'of the address space: init (pid 1)',
    );
    const user = facts(machine, { value: 0xffc0, meant: 'pfn' });
    assert.match(
      user.get('mapped at') ?? '',
      /^0x08048000: a user virtual address of init \(pid 1\)/,
    );
  });

  it('reads as Markdown with a table of the levels', () => {
    const text = addressMarkdown(addressReport(machine, { value: 0xcc7f1000, meant: 'virtual' }));
    assert.match(text, /^\*\*0xcc7f1000\*\* is \*\*a vmalloc address\*\*/);
    assert.match(
      text,
      /\| PTE\[0x3f1\] \| `0x[0-9a-f]+` \| `0xbfe0163` \| P RW A D G \| page 0xbfe0000, 4 KiB \|/,
    );
  });

  it('finds the aliases that a scan of all address spaces finds', () => {
    const { image, spaces } = machine;
    const memory = inspected(image.memory);
    for (const pfn of [0x0, 0x1332, 0x141a, 0x1911, 0xbfe0, 0xffc0, 0xff6a, 0x9123]) {
      const found = spaces.aliasesOf(asPfn(pfn)).map(({ va }) => va);
      const scanned = new Set(
        spaces
          .all()
          .flatMap(({ paging }) =>
            [...aliasesByScan(paging, memory, asPfn(pfn))].map(({ va }) => va),
          ),
      );
      assert.deepEqual([...found].sort(), [...scanned].sort(), `pfn 0x${pfn.toString(16)}`);
    }
  });

  it('knows at once when a table changes, and when it is undone', () => {
    const surveyor = core();
    const { image, spaces } = surveyor;
    const aliases = (): number[] => spaces.aliasesOf(asPfn(0xbfe0)).map(({ va }) => va);
    assert.deepEqual(aliases(), [0xcc7f1000]);
    const before = image.tape.cursor;
    // The PTE before it: 0xcc7f0000 is the guard page.
    onTape(image.tape).writeWord(asPhys(0x18f4fc0), 0xbfe0163);
    assert.deepEqual(aliases(), [0xcc7f0000, 0xcc7f1000]);
    image.tape.seek(before);
    assert.deepEqual(aliases(), [0xcc7f1000]);
  });

  it('sees the A bit that an access sets as an entry of the tape', () => {
    const { image } = core();
    const at = asPhys(0x1917120);
    const cell = image.memory.cell(at);
    onTape(image.tape).writeWord(at, (image.memory.words[cell] ?? 0) & ~0x20);
    const from = image.tape.cursor;
    image.mm.machine.processor(0).invlpg(asVirt(0x08048000));
    image.mm.machine.processor(0).translate(asVirt(0x08048000), { kind: 'read', user: true });
    const set = image.tape.searchForward(
      from,
      image.tape.cursor,
      (changed, old, now) => changed === cell && ((old ^ now) & 0x20) !== 0,
    );
    assert.notEqual(set, undefined);
  });
});

describe('where a page is, on 4 GiB', function () {
  for (const [name, ramBytes] of [
    ['x86_64-slub', 4 * 2 ** 30],
    ['i386-highmem4g-slub', 4 * 2 ** 30 - 2 ** 28],
  ] as const)
    it(`${name}: less than 1 ms, also right after a change`, () => {
      const image = bootMachine({ profile: loadProfile(name), ramBytes });
      const { mm } = image;
      const surveyor = surveyorOf(image);
      const GFP_KERNEL = image.profile.constant('GFP_KERNEL');
      // Free memory in pieces: every second page of a few thousand stays in use.
      const taken: Page[] = [];
      for (let i = 0; i < 6000; i++) taken.push(kernel.alloc_pages(mm, GFP_KERNEL, 0));
      for (let i = 0; i < taken.length; i += 2) kernel.__free_pages(mm, taken[i] as Page, 0);
      const [zone] = populatedZones(image).slice(-1);
      const pfns = [
        ...taken.slice(0, 200).map((page) => mm.page_to_pfn(page)),
        ...Array.from({ length: 200 }, (_, i) => (zone?.startPfn ?? 0) + i * 1777),
      ];
      for (const pfn of pfns) whereIs(surveyor, asPfn(pfn));
      // The best of some rounds: what else the computer does is no part of the answer's time.
      const rounds = Array.from({ length: 4 }, () => {
        const times = pfns.map((pfn, i) => {
          const page = kernel.alloc_pages(mm, GFP_KERNEL, i & 3);
          const start = performance.now();
          whereIs(surveyor, asPfn(pfn));
          const time = performance.now() - start;
          kernel.__free_pages(mm, page, i & 3);
          return time;
        });
        return times.sort((x, y) => x - y)[times.length >> 1] ?? Infinity;
      });
      const median = Math.min(...rounds);
      assert.ok(median < 1, `median ${median.toFixed(3)} ms`);
    });
});
