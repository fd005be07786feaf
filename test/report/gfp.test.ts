/** GFP masks and page flags by release: masks as kernels of that release print them, with the names that they print (or would, before 4.6). */
import assert from 'node:assert/strict';
import { decodeGfp, gfpOfNames, unknownText } from '../../src/report/facts/gfp.js';
import { pageFlagNames, pageFlagsOf } from '../../src/report/facts/pageFlags.js';
import { parseVersion, type KernelVersion } from '../../src/report/input/version.js';

const at = (text: string): KernelVersion => parseVersion(text) ?? assert.fail(text);

const MASKS: readonly (readonly [release: string, mask: number, text: string])[] = [
  ['2.6.24', 0x1201d2, 'GFP_HIGHUSER_MOVABLE|__GFP_COLD'],
  ['2.6.32', 0x20, 'GFP_ATOMIC'],
  ['2.6.32', 0x4020, 'GFP_ATOMIC|__GFP_COMP'],
  ['2.6.32', 0xd0, 'GFP_KERNEL'],
  ['2.6.32', 0x50, 'GFP_NOFS'],
  ['2.6.32', 0x280da, 'GFP_HIGHUSER_MOVABLE|__GFP_ZERO'],
  ['2.6.32', 0x201da, 'GFP_HIGHUSER_MOVABLE|__GFP_COLD'],
  ['3.2', 0x84d0, 'GFP_KERNEL|__GFP_REPEAT|__GFP_ZERO'],
  ['3.10', 0x2040d0, 'GFP_KERNEL|__GFP_COMP|__GFP_NOTRACK'],
  ['3.10', 0x3000d0, 'GFP_KERNEL|__GFP_KMEMCG|__GFP_NOTRACK'],
  ['3.19', 0x102005a, 'GFP_NOFS|__GFP_HIGHMEM|__GFP_MOVABLE|__GFP_HARDWALL|__GFP_WRITE'],
  ['4.4', 0x24000c0, 'GFP_KERNEL'],
  ['4.4', 0x2080020, 'GFP_ATOMIC'],
  ['4.4', 0x2200020, 'GFP_NOWAIT|__GFP_HIGH|__GFP_NOTRACK'],
  ['4.9', 0x24200ca, 'GFP_HIGHUSER_MOVABLE'],
  ['4.9', 0x26040c0, 'GFP_KERNEL|__GFP_COMP|__GFP_NOTRACK'],
  ['4.9', 0x2400840, 'GFP_NOFS|__GFP_NOFAIL'],
  ['4.13', 0x14000d0, 'GFP_TEMPORARY'],
  ['4.14', 0x14000c0, 'GFP_KERNEL'],
  ['4.14', 0x14000d0, 'GFP_KERNEL|__GFP_RECLAIMABLE'],
  ['4.14', 0x1080020, 'GFP_ATOMIC'],
  ['4.14', 0x4352ca, 'GFP_TRANSHUGE|__GFP_NORETRY'],
  ['4.17', 0x14000c0, 'GFP_KERNEL'],
  ['4.17', 0x14200ca, 'GFP_HIGHUSER_MOVABLE'],
  ['4.18', 0x6000c0, 'GFP_KERNEL'],
  ['4.18', 0x6200ca, 'GFP_HIGHUSER_MOVABLE'],
  ['4.19', 0x480020, 'GFP_ATOMIC'],
  ['5.0', 0x6080c0, 'GFP_KERNEL|__GFP_ZERO'],
  ['5.1', 0xcc0, 'GFP_KERNEL'],
  ['5.4', 0x100cca, 'GFP_HIGHUSER_MOVABLE'],
  ['5.4', 0xa20, 'GFP_ATOMIC'],
  ['5.4', 0x400dc0, 'GFP_KERNEL_ACCOUNT|__GFP_ZERO'],
  ['5.10', 0x3d24ca, 'GFP_TRANSHUGE|__GFP_NORETRY|__GFP_THISNODE'],
  ['5.10', 0x40a20, 'GFP_ATOMIC|__GFP_COMP'],
  ['5.15', 0x1100cca, 'GFP_HIGHUSER_MOVABLE'],
  ['5.15', 0x1100dca, 'GFP_HIGHUSER_MOVABLE|__GFP_ZERO'],
  ['5.15', 0x40dc0, 'GFP_KERNEL|__GFP_ZERO|__GFP_COMP'],
  ['6.1', 0x140cca, 'GFP_HIGHUSER_MOVABLE|__GFP_COMP'],
  ['6.1', 0x6100cca, 'GFP_HIGHUSER_MOVABLE'],
  ['6.1', 0xa20, 'GFP_ATOMIC'],
  ['6.6', 0x820, 'GFP_ATOMIC'],
  ['6.6', 0x2800, 'GFP_NOWAIT|__GFP_NOWARN'],
  ['6.8', 0x2800, 'GFP_NOWAIT'],
  ['6.8', 0x820, 'GFP_ATOMIC'],
  ['6.12', 0x40cc0, 'GFP_KERNEL|__GFP_COMP'],
  ['6.12', 0x152dc0, 'GFP_USER|__GFP_ZERO|__GFP_NOWARN|__GFP_NORETRY|__GFP_COMP'],
  ['7.0', 0xcc0, 'GFP_KERNEL'],
];

describe('a GFP mask', () => {
  for (const [release, mask, text] of MASKS)
    it(`0x${mask.toString(16)} of ${release} is ${text}`, () => {
      const decoded = decodeGfp(mask, at(release));
      const words = (of: string): string[] => of.split('|').toSorted();
      assert.deepEqual(words(decoded.text), words(text));
      assert.equal(decoded.unknown, 0);
      assert.deepEqual(
        [...gfpOfNames(text, at(release)).flags].toSorted(),
        [...decoded.flags]
          .filter((name) => !name.startsWith('SKIP_') || release === '5.15')
          .toSorted(),
      );
    });

  it('has bits that the configuration numbers, from 6.10 on', () => {
    const { unknown } = decodeGfp(0x1000cc0, at('6.12'));
    assert.equal(unknown, 0x1000000);
    assert.match(
      unknownText(unknown, at('6.12')),
      /0x1000000 is __GFP_NO_OBJ_EXT or __GFP_NOLOCKDEP or __GFP_SKIP_ZERO: .*configuration/,
    );
    assert.match(unknownText(0x80000000, at('6.12')), /has no name/);
    assert.ok(gfpOfNames('GFP_KERNEL|__GFP_NO_OBJ_EXT', at('6.12')).flags.has('NO_OBJ_EXT'));
  });
});

/** Words as kernels of the release print them, beside their names (from 4.10 on they print these themselves). */
const WORDS: readonly (readonly [release: string, word: bigint, names: string])[] = [
  ['2.6.32', 0x80000n, 'buddy'],
  ['3.10', 0x4000n, 'head'],
  ['3.10', 0x20000n, 'mappedtodisk'],
  ['4.4', 0x8000n, 'tail'],
  ['4.9', 0x4080n, 'slab|head'],
  ['4.14', 0x8100n, 'slab|head'],
  ['4.19', 0x100n, 'slab'],
  ['5.4', 0x10200n, 'slab|head'],
  ['5.15', 0x80036n, 'referenced|uptodate|lru|active|swapbacked'],
  ['6.1', 0x10200n, 'slab|head'],
  ['6.6', 0x10200n, 'slab|head'],
  ['6.7', 0x840n, 'head|slab'],
  ['6.9', 0x840n, 'head|slab'],
  ['6.10', 0x40n, 'head'],
  ['6.11', 0x14002cn, 'referenced|uptodate|lru|swapbacked|mlocked'],
  ['6.12', 0xa022cn, 'referenced|uptodate|lru|workingset|swapbacked|mlocked'],
  ['6.14', 0x80000n, 'dropbehind'],
  ['7.0', 0x100000n, 'mlocked'],
];

describe('page flags', () => {
  for (const [release, word, names] of WORDS)
    it(`0x${word.toString(16)} of ${release} are ${names}`, () => {
      assert.deepEqual(pageFlagsOf(word, at(release), 64).toSorted(), names.split('|').toSorted());
    });

  it('of Debian 13 are numbered as its own types say (6.12)', () => {
    assert.equal(
      pageFlagNames(at('6.12.117')).join(' '),
      'locked writeback referenced uptodate dirty lru head waiters active workingset owner_priv_1 owner_2 arch_1 reserved private private_2 reclaim swapbacked unevictable mlocked',
    );
  });
});
