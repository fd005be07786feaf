/** What is meant by a text typed over a value: whatever was shown and whatever is typed, a number is the number typed. */
import assert from 'node:assert/strict';
import { editedText } from '../../src/adapter/present/editedText.js';
import { loadProfile } from '../../src/engine/types/bundled.js';

const profile = loadProfile('x86_64-slub');
const edited = (shown: string, typed: string): string => editedText(profile, shown, typed);
/** C needs a suffix for the largest. */
const meant = (typed: string): string => (typed === '18446744073709551615' ? `${typed}ULL` : typed);

const NUMBERS = [
  ...Array.from({ length: 130 }, (_, n) => `${n}`),
  ...Array.from({ length: 130 }, (_, n) => `0x${n.toString(16)}`),
  ...['6144', '6154', '614', '615', '0x1234', '100', '200', '-100', '-1', '-12', '0xCC0', '0xcc0'],
  ...['4294967295', '0xffffea0000090000', '18446744073709551615', '9007199254740993'],
];
const REMARKS = [
  '',
  ' (GFP_KERNEL)',
  ' (zone 1 | PG_locked)',
  " 'A'",
  ' <contig_page_data+0x40>',
  ' pfn 0x1800: allocated page of zone DMA32, 1 reference',
  ' P RW A D → page 0x1801000, 4 KiB',
  ' "Normal"',
];

describe('a text typed over a value', () => {
  it('every number typed over every value is taken whole', () => {
    let checked = 0;
    for (const shownNumber of NUMBERS)
      for (const remark of REMARKS)
        for (const typed of NUMBERS) {
          const shown = `${shownNumber}${remark}`;
          assert.equal(edited(shown, typed), meant(typed), `${shown} <- ${typed}`);
          // What stands behind the number need not be taken away first.
          if (remark !== '' && typed !== shownNumber)
            assert.equal(
              edited(shown, `${typed}${remark}`),
              meant(typed),
              `${shown} <- ${typed}${remark}`,
            );
          checked++;
        }
    assert.ok(checked > 500_000);
  });

  it('numbers with suffixes, and expressions, are left as they are', () => {
    for (const text of ['16UL', '0x10ul', '1 + 2', '6144 * 2', 'page', '-page', '0x', '12ab'])
      for (const shown of ['6144', '0xcc0 (GFP_KERNEL)', '16UL'])
        assert.equal(edited(shown, text), text);
  });

  it('a pointer that was shown elsewhere is the pointer', () => {
    assert.equal(edited('0xffff pfn 0x1: x', '0xfffe pfn 0x2: allocated page'), '0xfffe');
    assert.equal(edited('0x0', '0xffffffff81aef0c0 <contig_page_data>'), '0xffffffff81aef0c0');
  });

  it('names typed over names are what is meant', () => {
    assert.equal(
      edited('0xcc0 (GFP_KERNEL)', '0xcc0 (GFP_KERNEL|__GFP_COMP)'),
      '(GFP_KERNEL) | (__GFP_COMP)',
    );
    assert.equal(
      edited('0x4000000000000000 (zone 1)', '0x4000000000000000 (zone 1 | PG_locked)'),
      `(1UL << ${profile.constant('ZONES_PGSHIFT')}) | (1UL << 0)`,
    );
    assert.equal(edited('0xffffff7f (~PG_buddy)', '0xffffff7f (~PG_table)'), '(~PG_table)');
  });
});
