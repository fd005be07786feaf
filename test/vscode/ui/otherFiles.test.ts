/**
 * Addresses in files that are no scenarios: a driver's source, what dmesg printed, a large log. While a session stands still a
 * hover tells what they are in the machine; without one, nothing. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { placeOf, tell, workspace } from './story.js';
import { EDITOR_HOVER } from './editor.js';
import type { Workbench } from './workbench.js';

const EXAMPLE = 'kinds-of-address.mms';

/** Without tabs: places are told by what is on the screen. */
const FILES: Readonly<Record<string, string>> = {
  'driver.c': `// SPDX-License-Identifier: GPL-2.0
#include <linux/io.h>
#include <linux/mm.h>

#define MAX_FRAMES 0xffff

/* As printed by the last run: table at 0xc1801080, ring at 0xcc7f1000. */
static unsigned long table = 0xc1801080UL;

static phys_addr_t ring_phys(void)
{
    return __pa(0xcc7f1000);
}

static struct page *ring_page(void)
{
    return pfn_to_page(0xbfe0);
}
`,
  'dmesg.log': `[    0.000000] BIOS-provided physical RAM map:
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000000ffdffff] usable
[    0.004213] Memory: 250000K/261624K available
[   14.200412] ring: 4 KiB at cc7f1000, pfn 0xbfe0
[   17.730005] BUG: Bad page state in process insmod  pfn:0bfe0
[   17.730911] BUG: unable to handle page fault for address: c1801080
[   17.731000] CR0: 80050033 CR2: cc7f1000 CR3: 01911000 CR4: 00000690
`,
};

/** As logs of days are: a hundred thousand lines, and one line without end. */
const LARGE = 'days.log';
const NR_LINES = 100_000;
const LAST = `[99999.000001] ring: pfn 0xbfe0 is at cc7f1000\n`;
const largeLog = (): string =>
  Array.from(
    { length: NR_LINES - 2 },
    (_, i) => `[${i}.000000] ring: nothing at 0x${(i * 16).toString(16)}\n`,
  ).join('') + `[99998.000000] dump:${' c1801080'.repeat(20_000)}\n${LAST}`;

tell('addresses in other files in VS Code', { shots: 'other-files', prepare }, (step) => {
  const hoverOn = (bench: Workbench, file: string, text: string): Promise<string> =>
    bench.editor.hoverAnew(placeOf(file, text), EDITOR_HOVER);

  step('without a session, a hover in a C file says nothing', async (bench) => {
    await bench.editor.open('driver.c');
    assert.equal(await bench.editor.hoverIfAny(placeOf('driver.c', '0xc1801080UL')), undefined);
    assert.equal(await bench.editor.hoverIfAny(placeOf('driver.c', '__pa(')), undefined);
  });

  step('nor in a log', async (bench) => {
    await bench.editor.open('dmesg.log');
    assert.equal(await bench.editor.hoverIfAny(placeOf('dmesg.log', 'cc7f1000, pfn')), undefined);
    assert.equal(await bench.editor.hoverIfAny(placeOf('dmesg.log', 'pfn 0xbfe0')), undefined);
  });

  step('a session starts', async (bench) => {
    await bench.editor.open(EXAMPLE);
    await bench.session.start(placeOf(EXAMPLE, 'void *logical').line);
    await bench.editor.quickOpen('driver.c');
  });

  step('a logical address in C: slab and object', async (bench) => {
    const text = await hoverOn(bench, 'driver.c', '0xc1801080UL');
    assert.match(text, /0xc1801080 is a kernel logical address/);
    assert.match(text, /PGD\[0x306\]/);
    assert.match(text, /object: 1 at 0xc1801080, allocated/);
  });

  step('a vmalloc address in a comment', async (bench) => {
    const text = await hoverOn(bench, 'driver.c', '0xcc7f1000. ');
    assert.match(text, /0xcc7f1000 is a vmalloc address/);
    assert.match(text, /vmalloc_to_page\(\) gives page 0xbfe0/);
  });

  step('a conversion in C, by its name: the verdict', async (bench) => {
    const text = await hoverOn(bench, 'driver.c', '__pa(');
    assert.match(text, /__pa\(0xcc7f1000\) = 0xc7f1000: .*__pa\(\) of it is meaningless/);
  });

  step('a frame number in C, as the conversion around it takes it', async (bench) => {
    const text = await hoverOn(bench, 'driver.c', '0xbfe0)');
    assert.match(text, /0xbfe0 is a page frame number/);
    assert.match(text, /mapped at: 0xcc7f1000/);
  });

  step('a mask is not an address', async (bench) => {
    assert.equal(await bench.editor.hoverIfAny(placeOf('driver.c', '0xffff')), undefined);
  });

  step('a pointer without 0x in a log', async (bench) => {
    await bench.editor.quickOpen('dmesg.log');
    const text = await hoverOn(bench, 'dmesg.log', 'cc7f1000, pfn');
    assert.match(text, /0xcc7f1000 is a vmalloc address/);
  });

  step('a frame number in a log', async (bench) => {
    const text = await hoverOn(bench, 'dmesg.log', 'pfn 0xbfe0');
    assert.match(text, /0xbfe0 is a page frame number/);
    assert.match(text, /logical none \(highmem\)/);
    assert.match(text, /mapped at: 0xcc7f1000/);
  });

  step('as bad_page() prints it', async (bench) => {
    const text = await hoverOn(bench, 'dmesg.log', 'pfn:0bfe0');
    assert.match(text, /0xbfe0 is a page frame number/);
  });

  step('a range of physical memory, and what cr3 holds', async (bench) => {
    const range = await hoverOn(bench, 'dmesg.log', '0x0000000000100000');
    assert.match(range, /is a physical address/);
    const table = await hoverOn(bench, 'dmesg.log', '01911000');
    assert.match(table, /is a physical address/);
    assert.match(table, /page table: of the address space: init \(pid 1\)/);
  });

  step('the last line of a large log', async (bench) => {
    await bench.editor.quickOpen(LARGE);
    await bench.editor.goToLine(NR_LINES);
    const text = await hoverOn(bench, LARGE, 'pfn 0xbfe0');
    assert.match(text, /0xbfe0 is a page frame number/);
  });

  step('a line without end', async (bench) => {
    // VS Code has a hover of its own there, on what it does not do with such lines.
    const ours = '.monaco-hover .hover-contents:has-text("address")';
    const text = await bench.editor.hoverAnew(placeOf(LARGE, 'c1801080 c1801080'), ours);
    assert.match(text, /0xc1801080 is a kernel logical address/);
  });

  step('after the session, nothing again', async (bench) => {
    await bench.session.end();
    assert.equal(await bench.editor.hoverIfAny(placeOf(LARGE, 'pfn 0xbfe0')), undefined);
  });
});

function prepare(): void {
  for (const [name, text] of Object.entries({ ...FILES, [LARGE]: largeLog() }))
    writeFileSync(path.join(workspace, name), text);
}
