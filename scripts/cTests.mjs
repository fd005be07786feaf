/**
 * C beside other compilers, more of it than `npm test` runs:
 *
 *     npm run test:c -- FOLDER            the tests of a checkout of c-testsuite (tests/single-exec)
 *     npm run test:gcc -- [COUNT [FIRST [KIND]]]
 *                                         so many random programs of each kind (test/c/kinds), from a seed on, against gcc
 *                                         -m64 and -m32
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './bundle.mjs';

const [what, ...args] = process.argv.slice(2);
const [folder] = args;
const [count = '1000', first = '1', kind = ''] = args;
if (what === 'suite' && folder === undefined) {
  console.error(
    'usage: npm run test:c -- FOLDER, a checkout of c-testsuite: its tests/single-exec',
  );
  process.exit(2);
}
const env =
  what === 'suite'
    ? { C_TESTSUITE: path.resolve(folder) }
    : { GCC_COUNT: count, GCC_FIRST: first, GCC_KIND: kind };
const { status } = spawnSync(
  process.execPath,
  [path.join(root, 'scripts/mocha.mjs'), `test/c/${what}.test.ts`],
  { stdio: 'inherit', cwd: root, env: { ...process.env, ...env } },
);
process.exit(status ?? 1);
