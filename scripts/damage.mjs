/**
 * `npm run damage [-- COUNT]`: damaged inputs of every form, COUNT of each (10000 if it is left out): dumps in their containers, reports, captures.
 * Those that open the dump of a whole kernel cost more, and there are fewer of them.
 */
import { spawnSync } from 'node:child_process';

const count = process.argv[2] ?? '10000';
if (!/^[1-9]\d*$/.test(count)) {
  console.error('usage: npm run damage [-- COUNT]');
  process.exit(2);
}
const files = [
  'test/dumps/damaged.test.ts',
  'test/report/damaged.test.ts',
  'test/report/damagedCaptures.test.ts',
];
const done = spawnSync(
  process.execPath,
  [
    'scripts/mocha.mjs',
    ...files,
    '--',
    '--grep',
    'damaged dumps|never throws',
    '--timeout',
    '7200000',
  ],
  { stdio: 'inherit', env: { ...process.env, MMSCOPE_DAMAGE: count } },
);
process.exit(done.status ?? 1);
