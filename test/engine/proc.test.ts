/** What /proc shows of machines that no recording has: very long free lists, several CPUs. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { __free_pages, alloc_pages } from '../../src/engine/entry/functions.js';
import { proc_lines } from '../../src/engine/entry/functions.js';
import type { Page } from '../../src/engine/machine/ctypes.js';
import { NULL } from '../../src/engine/machine/ctypes.js';
import { loadProfile } from '../../src/engine/types/bundled.js';

describe('/proc/pagetypeinfo', function () {
  it('stops counting a list at 100000, and says so', () => {
    const { mm, tape } = bootMachine({
      profile: loadProfile('x86_64-slub'),
      ramBytes: 1 << 30,
      cmaBytes: 0,
    });
    tape.setRecording(false);
    const gfp = mm.GFP_KERNEL | mm.__GFP_NOWARN;
    const pages: Page[] = [];
    for (let page = alloc_pages(mm, gfp, 0); page !== NULL; page = alloc_pages(mm, gfp, 0))
      pages.push(page);
    const orderZero = (): string | undefined =>
      proc_lines(mm, 'pagetypeinfo')
        ?.find((line) => /DMA32, type +Unmovable /.test(line))
        ?.match(/Unmovable (.{6,8}) /)?.[1];
    // Every second page, so that no two are buddies.
    const singles = pages.filter((page) => (mm.page_to_pfn(page) & 1) === 0);
    assert.ok(singles.length > 110_000);
    for (const page of singles.slice(0, 90_000)) __free_pages(mm, page, 0);
    assert.match(orderZero() ?? '', /^ *\d{5} *$/);
    for (const page of singles.slice(90_000)) __free_pages(mm, page, 0);
    assert.equal(orderZero(), '>100000 ');
  });
});

describe('/proc/zoneinfo', () => {
  it('shows the lists and the threshold of each CPU', () => {
    const { mm } = bootMachine({
      profile: loadProfile('x86_64-slub-smp'),
      ramBytes: 512 << 20,
      cpus: 3,
    });
    const lines = proc_lines(mm, 'zoneinfo') ?? [];
    const start = lines.findIndex((line) => /zone +DMA32/.test(line));
    const from = lines.indexOf('  pagesets', start);
    const shape = lines.slice(from, from + 17).map((line) => line.replace(/(?<!cpu): +\d+/, ': #'));
    const cpu = (n: number): string[] => [
      `    cpu: ${n}`,
      ...['              count: #', '              high: #', '              batch: #'],
      '  vm stats threshold: #',
    ];
    assert.deepEqual(shape, [
      '  pagesets',
      ...cpu(0),
      ...cpu(1),
      ...cpu(2),
      '  node_unreclaimable: #',
    ]);
  });
});
