/** Each report of the field test gives the answer of somebody who knows: facts, never wording. */
import assert from 'node:assert/strict';
import type { Facts, Finding } from '../../src/report/finding.js';
import { fieldNames, fieldText, found, theFinding, words } from './field.js';

/** The facts named, of the only finding of a report. */
function has(number: string, facts: Facts): Finding {
  const finding = theFinding(fieldText(number));
  const named = Object.fromEntries(Object.keys(facts).map((name) => [name, finding.facts[name]]));
  assert.deepEqual(named, facts);
  return finding;
}

const zone = (finding: Finding, name: string): Facts => {
  const zones = finding.facts.zones as readonly Facts[];
  const wanted = zones.find((each) => each.name === name);
  assert.ok(wanted, `zone ${name}`);
  return wanted;
};

describe('a report of the field', () => {
  it('01: order 10, atomic, 4.9: every block of the order is CMA', () => {
    const finding = has('01', {
      cause: 'cma-blocks',
      gfp: 'GFP_ATOMIC|__GFP_COMP',
      mayUseCma: false,
      rule: 'free-block',
    });
    const normal = zone(finding, 'Normal');
    assert.deepEqual(
      [normal.min, normal.adjustedMin, normal.usable, normal.refusal],
      [614, 231, 267, 'block'],
    );
    assert.deepEqual(normal.useless, [{ order: 10, count: 56, letters: 'C' }]);
    assert.deepEqual([normal.useful, normal.largestUsefulOrder], [[], 8]);
    assert.match(words(finding), /0x80000 __GFP_ATOMIC.*0x2000000 __GFP_KSWAPD_RECLAIM/);
    assert.match(words(finding), /dma_alloc_coherent/);
  });
  it('03: DMA32 on a machine whose RAM lies above 4 GiB', () => {
    const finding = has('03', { cause: 'no-zone', highestZone: 'DMA32', zones: [] });
    assert.match(words(finding), /not a shortage/i);
  });
  it('05: 3.2: mode 0x20 is GFP_ATOMIC; the reserve keeps ZONE_DMA', () => {
    const finding = has('05', {
      cause: 'shortage',
      gfp: 'GFP_ATOMIC',
      flags: ['HIGH'],
      rule: 'halving',
    });
    const [dma32, dma] = [zone(finding, 'DMA32'), zone(finding, 'DMA')];
    assert.deepEqual(
      [dma32.min, dma32.adjustedMin, dma32.usable, dma32.refusal],
      [1427, 536, 190, 'mark'],
    );
    assert.deepEqual(
      [dma.adjustedMin, dma.lowmemReserve, dma.usable, dma.refusal],
      [4, 2004, 8, 'mark'],
    );
    assert.match(words(finding), /kept by lowmem_reserve/);
    assert.match(words(finding), /1190 pages .* under writeback/);
  });
  it('07: 6.1, ARM: lowmem is all CMA', () => {
    const finding = has('07', {
      cause: 'cma',
      gfp: 'GFP_KERNEL_ACCOUNT',
      highestZone: 'Normal',
      mayUseCma: false,
    });
    const dma = zone(finding, 'DMA');
    assert.deepEqual(
      [dma.free, dma.freeCma, dma.usable, dma.min, dma.boost, dma.lowmemReserve],
      [128763, 127412, 1351, 2604, 1800, 0],
    );
    assert.match(words(finding), /since 6\.1 zones above the request's are not printed/);
    assert.match(words(finding), /smaller CMA area/);
  });
  it('09: before 4.4 smaller blocks do not count', () => {
    const finding = has('09', { cause: 'fragmentation', gfp: 'GFP_KERNEL', rule: 'halving' });
    const normal = zone(finding, 'Normal');
    assert.deepEqual(normal.halving, [
      { order: 0, usable: 987, min: 254 },
      { order: 1, usable: 69, min: 127 },
    ]);
    assert.equal(normal.refusal, 'order');
    assert.match(words(finding), /rule since 4\.4.* would succeed/);
    assert.match(words(finding), /97a16fc82a7c/);
    assert.equal(finding.kernel.source, 'form');
  });
  it('10: 4.9: a count of -2, hurt while the page was free', () => {
    const finding = has('10', {
      refcount: -2,
      rawMapcount: -1,
      flags: [],
      zone: 2,
      zoneName: 'Normal',
      node: 0,
      moment: 'while-free',
      pageSizeBytes: 56,
      pfn: 0x46b210,
    });
    assert.deepEqual(finding.facts.members, [
      'flags',
      'mapping',
      'index',
      '_refcount, _mapcount',
      'lru.next',
      'lru.prev',
      'private',
    ]);
    assert.match(words(finding), /bits 39\.\.55/);
    assert.match(words(finding), /innocent/);
  });
  it('13: 5.10: a page with a reference is prepared', () => {
    const finding = has('13', {
      refcount: 1,
      order: 9,
      flags: ['head'],
      zone: 2,
      node: 0,
      pfn: 0x100400,
      isHashed: true,
    });
    assert.match(words(finding), /set_page_refcounted/);
    assert.match(words(finding), /prepared twice/);
    assert.match(words(finding), /CONFIG_DEBUG_VM/);
    assert.match(words(finding), /bits 51\.\.53/);
  });
  it('14: reserved bits: an inverted frame was made present', () => {
    const finding = has('14', {
      rule: 'reserved-bits',
      errorCode: 0xb,
      addressKind: 'direct-map',
      directMapBase: '0xffff888000000000',
      frame: null,
    });
    const entries = finding.facts.entries as readonly Facts[];
    assert.deepEqual(
      [entries.at(-1)?.frame, entries.at(-1)?.invertedFrame, entries.at(-1)?.hasReservedBits],
      ['0xfffffa74de', '0x58b21', true],
    );
  });
  it('16: PAE: rodata, CR0.WP clear, a Xen guest', () => {
    const finding = has('16', {
      rule: 'not-writable',
      errorCode: 3,
      frame: '0x1490',
      writeProtectOff: true,
      isXenPv: true,
    });
    assert.match(words(finding), /set_memory_rw/);
    assert.match(words(finding), /0xc0000000 \+ 0x1490e40/);
  });
  it("18: ARM: the modules' area has no hole", () => {
    const finding = has('18', {
      area: 'modules',
      pages: 103,
      wantedBytes: 417792,
      areaBytes: 16 << 20,
      vmallocBytes: 496 << 20,
      gfp: 'GFP_KERNEL',
      helpsVmallocParameter: false,
    });
    assert.match(words(finding), /CONFIG_ARM_MODULE_PLTS/);
  });
  it('20: no shortage; DMA is kept', () => {
    const finding = has('20', { isShort: false, sumOfMin: 16895 });
    const [dma, normal] = [zone(finding, 'DMA'), zone(finding, 'Normal')];
    assert.deepEqual(
      [dma.watermarkScaleFactor, dma.kernelRequestNeeds, dma.kernelRequestPasses],
      [10, 257743, false],
    );
    assert.equal(normal.watermarkScaleFactor, 10);
    assert.match(
      words(finding),
      /656600 \/ 256 = 2564.*\(656600 \+ 65325400\) \/ 256 = 257742.*65325400 \/ 256 = 255177/,
    );
    assert.match(words(finding), /67584, raised by khugepaged/);
  });
  it("23: -12: CMA's bitmap is full", () => {
    has('23', {
      reason: 'bitmap',
      pages: 2040,
      bytes: 8355840,
      freePages: 802,
      fits: false,
      cachedKb: 8160,
      allocatedKb: 62328,
    });
  });
  it('25: tails of a block without __GFP_COMP', () => {
    const finding = has('25', {
      topic: 'tail-pages',
      order: 3,
      pages: 8,
      freedByMunmap: 7,
      countsBefore: [1, 0, 0, 0, 0, 0, 0, 0],
    });
    assert.match(words(finding), /split_page/);
    assert.match(words(finding), /VM_PFNMAP/);
  });
  it('27: virt_to_phys() of the GDT', () => {
    const finding = has('27', {
      topic: 'translation',
      addressKind: 'cpu-entry-area',
      pageOffset: '0xffff98eb00000000',
      isKaslr: true,
      withoutKaslr: '0x758000001000',
    });
    assert.match(words(finding), /slow_virt_to_phys/);
  });
  it('29: a left red zone, and why the neighbour is not the suspect', () => {
    const finding = has('29', {
      suspicion: 'underflow',
      hitBytes: 5,
      beforeObject: 0x38,
      slotSize: 768,
      slot: 10,
      leftRedZone: 64,
      pageFlags: ['locked', 'slab', 'head'],
      allocatedBy: 'platform_device_alloc+0x34/0x78',
    });
    assert.match(words(finding), /ends at 7488.*cross 192 bytes/);
    assert.match(words(finding), /40 00 00 00 10/);
  });
  it('31: fewer huge pages', () => {
    has('31', {
      asked: 4096,
      got: 3705,
      missing: 391,
      missingKb: 391 * 2048,
      order: 9,
      freeKb: 806356,
    });
  });
  it('33: a page that is not a slab of the cache', () => {
    const finding = has('33', {
      bad: ['kmalloc-512'],
      mismatches: [
        { cache: 'kmalloc-512', page: '0xfffff114bf90a400', ooObjects: 64, slabObjects: 0 },
      ],
    });
    assert.match(words(finding), /32 kB \/ 512/);
    assert.match(words(finding), /KASLR/);
  });
  it('35: raw words of 6.16', () => {
    const finding = has('35', {
      refcount: 37,
      rawMapcount: 7,
      flags: ['referenced', 'uptodate', 'lru', 'head', 'active', 'private'],
      zone: 2,
      node: 0,
      pfn: 0x159878,
      mapping: '0xffff8d23062a11a8',
      index: '0x0',
    });
    assert.match(words(finding), /a file's address_space/);
    assert.equal(finding.kernel.release, '6.16');
  });
  it('all of them in one log are all found', () => {
    const whole = fieldNames()
      .map((name) => fieldText(name.slice(0, 2)))
      .join('\n\n');
    const kinds = new Set(found(whole).map(({ kind }) => kind));
    for (const kind of [
      'page-allocation-failure',
      'out-of-memory',
      'bad-page',
      'oops',
      'vmap-failure',
      'cma-failure',
      'slab-report',
      'crash-output',
      'proc-capture',
      'struct-page',
    ])
      assert.ok(kinds.has(kind as Finding['kind']), kind);
  });
});
