/** The instrumented kernel is kept between bundles: as it was made, and only as long as nothing that it was made from has changed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratchFolder } from '../scratch.js';

const SCRIPT = `
  const { keptInstrumented } = await import(process.argv[1]);
  let nrMade = 0;
  const make = () => (nrMade++, { texts: new Map([['a', 'b']]), tables: { ids: [1] }, sources: {} });
  const { texts, tables } = await keptInstrumented(process.argv[2], make);
  console.log(JSON.stringify({ nrMade, text: texts.get('a'), tables }));
`;
const INPUTS = [
  'src/engine/kernel/mm/a.ts',
  'scripts/kernel/print.mjs',
  'scripts/instrument.mjs',
  'tsconfig.base.json',
  'node_modules/typescript/package.json',
];

describe('the instrumented kernel that is kept', () => {
  const root = scratchFolder();
  const put = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  /** How often a bundle makes it. */
  const nrMade = (): number => {
    const cache = path.resolve('scripts/instrumentCache.mjs');
    const args = ['--input-type=module', '-e', SCRIPT, cache, root];
    const told = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as {
      readonly nrMade: number;
      readonly text: string;
      readonly tables: unknown;
    };
    assert.equal(told.text, 'b');
    assert.deepEqual(told.tables, { ids: [1] });
    return told.nrMade;
  };

  it('is made once', () => {
    for (const file of INPUTS) put(file, '1');
    assert.deepEqual([nrMade(), nrMade()], [1, 0]);
  });

  it('is made anew when any of its sources has changed', () => {
    for (const file of INPUTS) {
      put(file, '2');
      assert.equal(nrMade(), 1, file);
    }
    put('src/engine/kernel/mm/b.ts', '');
    assert.deepEqual([nrMade(), nrMade()], [1, 0]);
  });

  it('is made anew when not all of it was written', () => {
    const kept = path.join(root, 'build', 'instrumented.json');
    writeFileSync(kept, readFileSync(kept, 'utf8').slice(0, -10));
    assert.deepEqual([nrMade(), nrMade()], [1, 0]);
  });
});
