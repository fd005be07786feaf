/** Reports of each kind beyond those of the field test, made for what they have to tell. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Facts } from '../../src/report/finding.js';
import { theFinding, words } from './field.js';

interface Expected {
  readonly kind: string;
  readonly facts: Facts;
  readonly says?: RegExp;
}

const EXPECTED: Readonly<Record<string, Expected>> = {
  fragmented: {
    kind: 'page-allocation-failure',
    facts: { cause: 'passes', rule: 'free-block' },
    says: /DMA32 refuses.*node 0 DMA would serve it/,
  },
  'order-too-large': {
    kind: 'order-too-large',
    facts: { bytes: 8388608, order: 11, caller: 'kmalloc_order' },
  },
  'old-atomic-order3': {
    kind: 'page-allocation-failure',
    facts: { cause: 'fragmentation', rule: 'halving', gfp: 'GFP_ATOMIC|__GFP_COMP' },
    says: /393 - 380 = 13 <= 24/,
  },
  'pae-lowmem': {
    kind: 'out-of-memory',
    facts: { gfp: 'GFP_KERNEL|__GFP_REPEAT|__GFP_ZERO', highestZone: 'Normal' },
    says: /26\.7 GiB free, out of reach/,
  },
  'android-cma-3.10': {
    kind: 'page-allocation-failure',
    facts: { cause: 'cma-blocks', rule: 'halving', highestZone: 'Normal' },
    says: /order 0: 7246 - 1012 = 6234 > 427.*passes/,
  },
  'oom-2.6.18': {
    kind: 'out-of-memory',
    facts: { cause: 'passes', gfp: 'GFP_HIGHUSER|__GFP_COLD', victim: 'cc1plus' },
    says: /2797 > 2012: the mark lets it pass/,
  },
  'badpage-lru-at-free': {
    kind: 'bad-page',
    facts: {
      moment: 'at-free',
      node: 1,
      zone: 2,
      flags: ['uptodate', 'lru', 'swapbacked'],
      pfn: 0x7f3e10,
    },
    says: /Flag and list disagree/,
  },
  'badpage-arm-mapped': {
    kind: 'bad-page',
    facts: { moment: 'at-free', mapcount: 1, refcount: 0, pfn: 0x1f2a4 },
  },
  'oops-kaslr-absent': {
    kind: 'oops',
    facts: {
      rule: 'not-present',
      errorCode: 0,
      directMapBase: '0xffff9e4b00000000',
      addressKind: 'direct-map',
    },
    says: /0x8c3d2/,
  },
  'oops-vmalloc-guard': {
    kind: 'oops',
    facts: { rule: 'not-present', errorCode: 2, addressKind: 'vmalloc' },
    says: /guard page/,
  },
  'vmalloc-failed': {
    kind: 'page-allocation-failure',
    facts: { cause: 'shortage' },
    says: /979\.8 MiB of that already/,
  },
  'zoneinfo-two-nodes': {
    kind: 'proc-capture',
    facts: { isShort: true, nodes: [0, 1] },
    says: /Node 0 is full while node 1 has room/,
  },
  'vmallocinfo-kaslr': {
    kind: 'proc-capture',
    facts: { areas: 5, isKaslr: true, firstStart: '0xffffa2c0c0000000' },
    says: /vmalloc_base of this boot is 0xffffa2c0c0000000/,
  },
  'cma-busy': {
    kind: 'cma-failure',
    facts: {
      reason: 'busy',
      ret: -16,
      pages: 256,
      freePages: 50309,
      fits: true,
      busyRanges: ['3c000-3c100'],
    },
  },
  'pin-balance': {
    kind: 'question',
    facts: { topic: 'pin-balance', count: 1025, pins: 1, otherReferences: 1 },
  },
  'stack-in-vmalloc': {
    kind: 'question',
    facts: { topic: 'translation', addressKind: 'vmalloc', isStack: true },
    says: /CONFIG_VMAP_STACK/,
  },
  'double-free': {
    kind: 'slab-report',
    facts: {
      suspicion: 'double-free',
      freedBy: 'foo_release+0x10/0x30 [foo]',
      pageFlags: ['locked', 'slab'],
    },
  },
  'gigantic-pages': {
    kind: 'hugepage-shortfall',
    facts: { asked: 16, got: 8, pageKb: 1048576, order: 18 },
    says: /command line already/,
  },
  'crash-kmem-i': {
    kind: 'crash-output',
    facts: { restPages: 2966741 },
    says: /SLAB is 46\.6 GiB \(74\.8%\)/,
  },
  'drgn-struct-page': {
    kind: 'struct-page',
    facts: { refcount: 0, rawMapcount: -129, zone: 3, pfn: 0x134b01 },
    says: /buddy/,
  },
  'slub-poison': {
    kind: 'slab-report',
    facts: { suspicion: 'use-after-free', hitBytes: 1, expected: 0x6b, pageFlags: ['slab'] },
    says: /lowered by one/,
  },
  'slab-corruption': {
    kind: 'slab-report',
    facts: {
      allocator: 'SLAB',
      suspicion: 'use-after-free',
      hitFrom: '0xf6b2a058',
      freedBy: 'kfree_skb+0x1c/0x30',
    },
  },
  'slub-remaining': {
    kind: 'slab-report',
    facts: { suspicion: 'leak', remaining: 2, used: 2, objects: 18 },
    says: /rcu_barrier/,
  },
  'vmap-ioremap': {
    kind: 'vmap-failure',
    facts: { area: 'vmalloc', pages: 65537, helpsVmallocParameter: true },
    says: /larger than the whole area \(116 MiB\)/,
  },
  pagetypeinfo: { kind: 'proc-capture', facts: { file: 'pagetypeinfo', cmaPages: 16128 } },
  'oom-cgroup': {
    kind: 'out-of-memory',
    facts: {
      cause: 'cgroup',
      memcg: '/docker/abc',
      memcgLimitKb: 524288,
      victim: 'java',
      victimPid: 4242,
    },
  },
  'gdb-words': {
    kind: 'struct-page',
    facts: { refcount: 1, flags: ['slab'], pfn: 0x34b01, zone: 2 },
    says: /inuse 20, objects 21, frozen 1/,
  },
  'crash-kmem-f': { kind: 'crash-output', facts: { agrees: false, counted: 8976 } },
  'oops-arm64': {
    kind: 'oops',
    facts: { rule: 'not-present', addressKind: 'other' },
    says: /translation fault at level 3/,
  },
  'oops-list-poison': {
    kind: 'oops',
    facts: { addressKind: 'poison', isGeneralProtection: true },
    says: /LIST_POISON1 \+ 0x8/,
  },
  'oops-smep': { kind: 'oops', facts: { rule: 'smep', errorCode: 0x11, addressKind: 'user' } },
  'kasan-out-of-bounds': {
    kind: 'kasan',
    facts: {
      cause: 'out-of-bounds',
      access: 'write',
      bytes: 4,
      objectSize: 18,
      offset: 24,
      beyondEnd: 6,
      wrongBytes: 4,
      firstBad: '0xffff888104c3a218',
      shadow: '0xfc',
      allocatedBy: 'foo_open+0x31/0x90 [foo]',
      onBehalfOf: 'hex_dump_line+0x114/0x1a0 [foo]',
      pfn: 0x104c3a,
    },
    says: /of which 18 were asked for/,
  },
  'kasan-use-after-free': {
    kind: 'kasan',
    facts: {
      cause: 'use-after-free',
      offset: 120,
      onBehalfOf: 'bar_poll+0x40/0x110 [bar]',
      allocatedPid: 650,
      freedBy: 'bar_free_rcu+0x1c/0x30 [bar]',
      freedLater: 'rcu',
      shadow: '0xfb',
    },
    says: /Queued for RCU or a worker last in bar_remove/,
  },
  'kasan-old': {
    kind: 'kasan',
    facts: {
      cause: 'out-of-bounds',
      beyondEnd: 0,
      allocatedBy: 'baz_init+0x10d/0x1f0',
      allocatedPid: 77,
    },
    says: /right behind the end of a 64-byte object of kmalloc-64/,
  },
  'kasan-stack': {
    kind: 'kasan',
    facts: { region: 'stack', variable: 'name', beyondEnd: 0, shadow: '0x4' },
    says: /only the first 4 of 8 bytes/,
  },
  'kasan-tags': {
    kind: 'kasan',
    facts: { cause: 'use-after-free', offset: 16, freedBy: 'corge_drop+0x50/0x80', shadow: '0xf9' },
    says: /its memory tag 0xf9: that of another object/,
  },
  'kasan-double-free': {
    kind: 'kasan',
    facts: {
      cause: 'double-free',
      access: 'free',
      freedBy: 'grault_remove+0x12/0x20 [grault]',
      onBehalfOf: 'grault_exit+0x31/0x80 [grault]',
    },
  },
  'kfence-corruption': {
    kind: 'kfence',
    facts: { beyondEnd: 0, changedBytes: 2, objectSize: 73, allocatedBy: 'garply_alloc+0x33/0x60' },
    says: /the stack is that of the freeing/,
  },
  'memory-leak': {
    kind: 'memory-leak',
    facts: { objects: 3, bytes: 448 },
    says: /waldo_probe\+0x13\/0x90 \[waldo\] 2 384/,
  },
  usercopy: {
    kind: 'usercopy',
    facts: { isExposure: false, name: 'kmalloc-64', offset: 8, bytes: 100, cacheSize: 64 },
    says: /44 bytes beyond its end/,
  },
  'oops-kasan-null': {
    kind: 'oops',
    facts: { addressKind: 'null', kasanFrom: '0x18' },
    says: /was to follow a NULL pointer, to offset 0x18/,
  },
  'oops-arm': {
    kind: 'oops',
    facts: { rule: 'not-present', errorCode: null, where: 'thud_put+0xa0/0x158' },
    says: /wrote to 0x6e6f696c: as bytes it is the text "lion"/,
  },
  'vmalloc-beyond-memory': {
    kind: 'page-allocation-failure',
    facts: { cause: 'beyond-memory' },
    says: /before it asks for the first one/,
  },
  'oom-cpuset-node': {
    kind: 'out-of-memory',
    facts: { cause: 'shortage', constraint: 'CONSTRAINT_CPUSET' },
    says: /memory is used up: node 1 Normal/,
  },
  'oom-two-nodes-barely': {
    kind: 'out-of-memory',
    facts: { cause: 'barely' },
    says: /node 1 Normal is only 989 pages above its mark/,
  },
  'oom-by-hand': { kind: 'out-of-memory', facts: { cause: 'by-hand' }, says: /SysRq f/ },
  'fault-injection': { kind: 'page-allocation-failure', facts: { cause: 'fault-injection' } },
  'badpage-owner': {
    kind: 'bad-page',
    facts: { moment: 'at-free', pfn: 0x7071f },
    says: /belongs to a page pool/,
  },
  'badpage-cache': {
    kind: 'bad-page',
    facts: { mapcount: 1, process: 'journal' },
    says: /taken out of the page cache/,
  },
  'slub-hashed': {
    kind: 'slab-report',
    facts: { suspicion: 'use-after-free', hitOffset: 4, hitFrom: null, object: null },
    says: /at offset 0x4 \(use after free\)/,
  },
  'slub-kmalloc-redzone': {
    kind: 'slab-report',
    facts: { suspicion: 'overflow', hitOffset: 83 },
    says: /at most 83 bytes of the object's 128/,
  },
  'badpage-written-over': {
    kind: 'bad-page',
    facts: { refcount: -117901064 },
    says: /written over with bytes 0x78, 0xf8, 0xe3/,
  },
  'badpage-unmapped-twice': {
    kind: 'bad-page',
    facts: { mapcount: -1, flags: ['tail'] },
    says: /put_page\(\) was called for this tail 1 time too often/,
  },
  'oops-one-bit': {
    kind: 'oops',
    facts: { rule: 'not-present', addressKind: 'user' },
    says: /Without bit 35 it is NULL \+ 0x34/,
  },
  'cma-ranges-busy': {
    kind: 'cma-failure',
    facts: { reason: 'busy', ret: null, pages: 266, busyRanges: ['2f100-2f20a', '2f200-2f30a'] },
  },
  'bad-rss': { kind: 'bad-counter', facts: { type: 'MM_ANONPAGES', value: 3 } },
};

describe('a report of its kind', () => {
  for (const [name, { kind, facts, says }] of Object.entries(EXPECTED))
    it(name, () => {
      const finding = theFinding(readFileSync(`test/data/made-reports/${name}.txt`, 'utf8'));
      assert.equal(finding.kind, kind);
      assert.deepEqual(
        Object.fromEntries(Object.keys(facts).map((fact) => [fact, finding.facts[fact]])),
        facts,
      );
      if (says) assert.match(words(finding), says);
    });
});
