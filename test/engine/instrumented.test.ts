/** The instrumented kernel tells where it is. That it does what the plain one does: instrumentedTape.test.ts. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openState } from '../../src/engine/image/state/openState.js';
import { kernel as instrumented, tables } from '../../src/engine/entry/instrumented.js';
import { listenTo } from '../../src/engine/probe.js';

const STATE = 'examples/data/i386-highmem4g-slub-1G.trace.gz';

describe('instrumented kernel', () => {
  it('every local of every function can be set', () => {
    const fixed = tables.functions.flatMap(({ name, locals, settable }) =>
      Object.keys(locals)
        .filter((local) => !settable.includes(local))
        .map((local) => `${name}: ${local}`),
    );
    assert.deepEqual(fixed, []);
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
            tables.sources.c[fn.c.file]?.split('\n')[(tables.statementLine.c[statement] ?? 0) - 1];
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
