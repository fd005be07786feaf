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
