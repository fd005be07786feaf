/**
 * The account of pages' references, and who maps a frame, on the memory of real kernels: in a core of each machine of the user
 * programs, and after faults, fork and pins that are performed on it.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Processes } from '../../src/cli/replay/program/processes.js';
import { openStart } from '../../src/cli/replay/replay.js';
import { ToldPages } from '../../src/cli/replay/program/toldPages.js';
import {
  get_user_pages,
  pin_user_pages,
  unpin_user_page,
} from '../../src/engine/entry/functions.js';
import { inspectedOf } from '../../src/engine/image/dump/inspectedOf.js';
import { Problems } from '../../src/engine/inspect/inspected.js';
import { isMapped, isSpecial, userEntries } from '../../src/engine/inspect/process/entries.js';
import { mmNumbers, rssOf } from '../../src/engine/inspect/process/mmNumbers.js';
import { CountedPages } from '../../src/engine/inspect/process/pageCounts.js';
import { rmapOf } from '../../src/engine/inspect/process/rmap.js';
import { tasksOf, vmasOf } from '../../src/engine/inspect/tasks.js';
import type { Page } from '../../src/engine/machine/ctypes.js';
import { asVirt, type VirtAddr } from '../../src/engine/memory/address.js';
import { pageAccount } from '../../src/engine/inspect/process/pageAccount.js';

const FOLDER = 'test/golden/data/user';
const START = 0x2800_0000;
const [READ_WRITE, PRIVATE_ANON] = [3, 0x22];
const FAULT_WRITE = 1;

describe('the account of a page', () => {
  for (const machine of readdirSync(FOLDER).filter((name) =>
    existsSync(path.join(FOLDER, name, 'before.vmcore.gz')),
  )) {
    const open = () => openStart(path.join(FOLDER, machine, 'before.vmcore.gz'));

    it(`${machine}: every page of its process has as many references as holders`, () => {
      const image = open();
      const k = inspectedOf(image);
      const init = tasksOf(k, new Problems()).find(({ pid }) => pid === 1);
      assert.ok(init !== undefined && init.mm !== 0);
      let nrPages = 0;
      const unknown: string[] = [];
      for (const vma of vmasOf(k, init.mm, new Problems()))
        for (const entry of userEntries(k, init.mm, vma)) {
          if (entry.pfn === undefined || !isMapped(entry) || isSpecial(entry)) continue;
          const account = pageAccount(k, entry.pfn);
          if (account === undefined) continue;
          nrPages++;
          const other = account.rows.filter(({ kind }) => kind === 'other');
          if (other.length > 0) unknown.push(`${entry.pfn.toString(16)} ${other[0]?.text}`);
          const counts = new CountedPages(k).of(entry.pfn);
          assert.ok(counts !== undefined);
          if (counts.head.mapping === 0n) continue;
          const ways = rmapOf(k, counts, new Problems());
          const mapped = ways.filter((way) => way.isMapped);
          assert.ok(
            mapped.some(({ mm, va }) => mm === init.mm && va === entry.va),
            `rmap of pfn 0x${entry.pfn.toString(16)} at 0x${entry.va.toString(16)}`,
          );
          assert.equal(mapped.length, counts.mapcount);
        }
      assert.ok(nrPages > 10, `${nrPages} pages`);
      assert.deepEqual(unknown, []);
      const numbers = mmNumbers(k, init.mm);
      assert.ok(rssOf(numbers) <= nrPages);
    });

    it(`${machine}: faults, fork, a get and a pin`, () => {
      const image = open();
      const mm = image.mm;
      const processes = new Processes(mm, new ToldPages());
      const act = (pid: number, name: string, ...args: number[]): void =>
        processes.perform({ pid, name, args: args.map((arg) => arg.toString(16)) });
      act(1, 'mmap', START, 0x4000, READ_WRITE, PRIVATE_ANON, 0, 0);
      act(1, 'fault', START, FAULT_WRITE);
      act(1, 'fault', START + 0x1000, FAULT_WRITE);
      const pages: Page[] = [];
      assert.equal(pin_user_pages(mm, asVirt(START), 1, mm.FOLL_WRITE, pages), 1);
      assert.equal(get_user_pages(mm, asVirt(START), 1, mm.FOLL_WRITE, pages), 1);
      const pinned = mm.page_to_pfn(pages[0] as Page);
      const rows = (pfn: number): string[] =>
        (pageAccount(inspectedOf(image), pfn)?.rows ?? []).map(
          ({ kind, references }) => `${kind} ${references}`,
        );
      assert.deepEqual(rows(pinned), ['mappings 1', 'batch 1', 'pin 1024', 'other 1']);
      const known = pageAccount(inspectedOf(image), pinned, () => ({
        holders: [
          { kind: 'pin', count: 1, by: 'at line 4 by pin_user_pages() in task main', time: 17 },
          { kind: 'get', count: 1, by: 'at line 5 by get_user_pages() in task main', time: 18 },
        ],
      }));
      assert.equal(known?.pins, 1);
      assert.deepEqual(known.rows.map(({ text }) => text).slice(-2), [
        '1024: pinned at line 4 by pin_user_pages() in task main, at time 17',
        '1: a reference taken at line 5 by get_user_pages() in task main, at time 18',
      ]);
      unpin_user_page(mm, pages[0] as Page);
      assert.deepEqual(rows(pinned), ['mappings 1', 'batch 1', 'other 1']);

      // The child of a fork shares the second page.
      const frameAt = (va: VirtAddr): number | undefined => {
        const k = inspectedOf(image);
        const address = mm.va_of(processes.mm);
        const [entry] = [...userEntries(k, address, { start: va, end: asVirt(va + 0x1000) })];
        return entry?.pfn;
      };
      const shared = frameAt(asVirt(START + 0x1000));
      assert.ok(shared !== undefined);
      act(1, 'fork', 2);
      assert.deepEqual(rows(shared)[0], 'mappings 2');
      const counts = new CountedPages(inspectedOf(image)).of(shared);
      assert.ok(counts !== undefined);
      const ways = rmapOf(inspectedOf(image), counts, new Problems());
      assert.deepEqual(
        ways.map(({ va, isMapped: now }) => [va, now]),
        [
          [START + 0x1000, true],
          [START + 0x1000, true],
        ],
      );
      act(2, 'fault', START + 0x1000, FAULT_WRITE);
      assert.deepEqual(rows(shared)[0], 'mappings 1');
      const after = new CountedPages(inspectedOf(image)).of(shared);
      assert.ok(after !== undefined);
      const left = rmapOf(inspectedOf(image), after, new Problems());
      assert.deepEqual(left.map(({ isMapped: now }) => now).sort(), [false, true]);
    });
  }
});
