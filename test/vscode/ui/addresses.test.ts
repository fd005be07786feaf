/**
 * Addresses as a user meets them, on a real machine's memory: hovers before anything runs and while it stands, the command
 * "Where Is This Page?", the console's helpers, page tables among the variables. A screenshot of each step.
 */
import assert from 'node:assert/strict';
import { placeOf, tell } from './story.js';
import { EDITOR_HOVER } from './editor.js';
import type { Workbench } from './workbench.js';

const EXAMPLE = 'kinds-of-address.mms';

tell('addresses in VS Code', { shots: 'addresses' }, (step) => {
  const hoverOn = (bench: Workbench, text: string): Promise<string> =>
    bench.editor.hoverAnew(placeOf(EXAMPLE, text), EDITOR_HOVER);

  step('opens the example', (bench) => bench.editor.open(EXAMPLE));

  step('before it runs, a hover tells the kind and the linear translation', async (bench) => {
    const text = await hoverOn(bench, '0xc1801080;');
    assert.match(text, /is a kernel logical address/);
    assert.match(text, /__pa\(0xc1801080\) = 0x1801080/);
    assert.match(text, /The machine is in a file/);
  });

  step('starts with F5', async (bench) => {
    await bench.session.start(placeOf(EXAMPLE, 'void *logical').line);
  });

  step('a logical address: translation, verdict, slab and object', async (bench) => {
    const text = await hoverOn(bench, '0xc1801080;');
    assert.match(text, /is a kernel logical address/);
    assert.match(text, /PGD\[0x306\]/);
    assert.match(text, /slab: kmem_cache/);
    assert.match(text, /object: 1 at 0xc1801080, allocated/);
  });

  step('a vmalloc address: what __pa makes of it, and the page', async (bench) => {
    const text = await hoverOn(bench, '0xcc7f1000;');
    assert.match(text, /is a vmalloc address/);
    assert.match(text, /__pa\(\) of it is meaningless; vmalloc_to_page\(\) gives page 0xbfe0/);
    assert.match(text, /PTE\[0x3f1\]/);
  });

  step('a highmem page by its physical address', async (bench) => {
    const text = await hoverOn(bench, '0x0bfe0000');
    assert.match(text, /is a physical address/);
    assert.match(text, /highmem: it has no kernel logical address/);
    assert.match(text, /mapped at: 0xcc7f1000/);
  });

  step('a user address, through the tables of its process', async (bench) => {
    const text = await hoverOn(bench, '0x08048000;');
    assert.match(text, /is a user virtual address/);
    assert.match(text, /Through the page tables \(init \(pid 1\)\)/);
    assert.match(text, /get_user_pages\(\) gives page 0xffc0/);
  });

  step('a conversion, by its name', async (bench) => {
    const text = await hoverOn(bench, '__pa(0xc1801080)');
    assert.match(text, /__pa\(0xc1801080\) = 0x1801080/);
  });

  step('where is this page, by command', async (bench) => {
    await bench.quick.command('mmscope: Where Is This Page?');
    await bench.quick.answer('0x9000');
    await bench.quick.row('free_list[MIGRATE_MOVABLE], position 28').waitFor();
  });

  step('and in the debug console', async (bench) => {
    await bench.press('Escape');
    const text = await bench.session.evaluate('where(0xc1801080)', /slab of order 0/);
    assert.match(text, /kmem_cache/);
  });

  step('page tables among the variables, down to the bits of an entry', async (bench) => {
    // Only rows in view are there: what is not wanted is folded away.
    await bench.variables.foldScope('Locals');
    await bench.variables.openScope('Machine');
    await bench.variables.expand('page tables');
    await bench.variables.scroll(44);
    await bench.variables.expand('init (pid 1)');
    await bench.variables.scroll(178);
    await bench.variables.expand('[0x20] 0x08000000');
    await bench.variables.expand('[0x48..0x67] 0x08048000');
    assert.match(
      await bench.variables.valueOf('[0x48] 0x08048000'),
      /P US A → page 0xffc0000, 4 KiB/,
    );
  });

  step('ends the session', async (bench) => {
    await bench.session.end();
  });
});
