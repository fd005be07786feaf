/** What views tell of pages, held against the tables: who maps a frame, and that its references are all explained. */
import assert from 'node:assert/strict';
import {
  compound_head,
  PageHuge,
  PageTail,
  page_mapcount,
} from '../../../src/engine/entry/functions.js';
import { Problems, type Inspected } from '../../../src/engine/inspect/inspected.js';
import { pageAccount } from '../../../src/engine/inspect/process/pageAccount.js';
import { CountedPages } from '../../../src/engine/inspect/process/pageCounts.js';
import { rmapOf } from '../../../src/engine/inspect/process/rmap.js';
import type { ScenarioVm } from '../../../src/scenario/index.js';
import type { Mappings } from './spaces.js';

const SOME = 61;

export function checkTold(vm: ScenarioVm, inspected: Inspected, mappings: Mappings): void {
  const { mm: k } = vm.image;
  const counted = new CountedPages(inspected);
  for (const page of [...mappings.small.keys(), ...mappings.whole.keys()]) {
    const pfn = k.page_to_pfn(page);
    // Of the pages of a huge one some.
    if (PageTail(k, page) && pfn % SOME !== 0) continue;
    const name = `page 0x${pfn.toString(16)}`;
    const account = pageAccount(inspected, pfn, (head) => ({
      holders: vm.holdings.pageHolders(head),
    }));
    assert.ok(account !== undefined, `${name} has no account`);
    const unknown = account.rows.filter(
      ({ kind, text }) => kind === 'other' || /nothing here/.test(text),
    );
    assert.deepEqual(unknown, [], `the account of ${name}`);
    const counts = counted.of(pfn);
    assert.ok(counts !== undefined, name);
    assert.equal(counts.mapcount, page_mapcount(k, page), `the mapcount that is told of ${name}`);
    if (PageHuge(k, compound_head(k, page))) continue;
    const ways = rmapOf(inspected, counts, new Problems()).filter(({ isMapped }) => isMapped);
    assert.equal(ways.length, counts.mapcount, `${name}: how many map it, by its reverse map`);
  }
}
