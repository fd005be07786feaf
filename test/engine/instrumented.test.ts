/** The instrumented kernel does what the plain one does, and tells where it is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openState } from '../../src/engine/image/state/openState.js';
import * as plain from '../../src/engine/entry/plain.js';
import { kernel as instrumented, tables } from '../../src/engine/entry/instrumented.js';
import { listenTo } from '../../src/engine/probe.js';

const STATE = 'examples/data/i386-highmem4g-slub-1G.trace.gz';

describe('instrumented kernel', () => {
  it('leaves the same tape as the plain one', () => {
    const text = gunzipSync(readFileSync(STATE)).toString('latin1');
    const run = (kernel: typeof plain): { hash: string; end: number } => {
      const { mm, tape } = openState(text);
      const gfp = mm.GFP_KERNEL | mm.__GFP_COMP;
      for (let order = 0; order <= 10; order++) {
        const page = kernel.alloc_pages(mm, gfp, order);
        assert.notEqual(page, 0);
        if (order % 2 === 0) kernel.__free_pages(mm, page, order);
      }
      return { hash: tape.hash(), end: tape.end };
    };
    assert.deepEqual(run(instrumented), run(plain));
  });

  it('reports functions, lines and locals of expand()', () => {
    const { mm } = openState(gunzipSync(readFileSync(STATE)).toString('latin1'));
    const seen: { line: string; locals: Readonly<Record<string, unknown>> }[] = [];
    listenTo(
      {
        enter: () => undefined,
        leave: () => undefined,
        at(statement, locals) {
          const fn = tables.functions[tables.statementFunction[statement] ?? -1];
          if (fn?.name !== 'expand') return;
          const line =
            tables.sources[fn.file]?.split('\n')[(tables.statementLine[statement] ?? 0) - 1];
          seen.push({ line: line?.trim() ?? '', locals: { ...locals() } });
        },
      },
      () => instrumented.alloc_pages(mm, mm.GFP_KERNEL, 5),
    );
    const expand = tables.functions.find((fn) => fn.name === 'expand');
    assert.equal(expand?.locals['page'], 'struct page *');
    assert.ok(seen.length > 0);
    const highs = seen
      .filter(({ line }) => line.startsWith('while'))
      .map(({ locals }) => locals['high']);
    assert.deepEqual(
      highs,
      highs.map((_, i) => Number(highs[0]) - i),
    );
  });
});
