/**
 * The c-testsuite (github.com/c-testsuite/c-testsuite), whose tests are not in this repository: their licences are their
 * authors'. `npm run test:c -- FOLDER`, where FOLDER holds 00001.c and the others with what they must print.
 *
 * A test is a scenario as it is: printf() goes to the kernel log, and main() is called because nothing else is.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROFILES } from '../scenario/machines.js';
import { runProgram } from './program.js';

/** What the tests use of a C library. */
const HEADER = `int printf(const char *format, ...) {
  static char text[4096]; va_list args; int length;
  va_start(args, format); length = vscnprintf(text, sizeof(text), format, args); va_end(args);
  pr_cont("%s", text); return length; }
int puts(const char *s) { return printf("%s\\n", s); }
int putchar(int c) { return printf("%c", c); }
#line 1
`;

/** Left out of the scenario language, or of kernels: floating point, a C library. */
const LEFT_OUT: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(
    ['00113', '00119', '00123', '00140', '00174', '00175', '00178', '00195', '00204'].map(
      (test) => [test, /floating-point/],
    ),
  ),
  '00040': /'calloc'/,
  '00187': /unknown type 'FILE'/,
  '00189': /unknown type 'FILE'/,
  // Kernels are built without them.
  '00207': /Linux has no variable-length arrays/,
};

const folder = process.env.C_TESTSUITE;

describe('c-testsuite', () => {
  if (folder === undefined) return;
  const tests = readdirSync(folder)
    .filter((name) => name.endsWith('.c'))
    .map((name) => name.slice(0, -2));
  for (const profile of PROFILES)
    for (const test of tests)
      it(`${test} ${profile}`, () => {
        const read = (ending: string): string =>
          readFileSync(path.join(folder, `${test}.c${ending}`), 'utf8');
        const run = runProgram(HEADER + read(''), profile);
        const leftOut = LEFT_OUT[test];
        if (leftOut !== undefined) {
          assert.match(run.errors[0] ?? '', leftOut);
          return;
        }
        assert.deepEqual(run.errors, []);
        assert.equal(run.output, read('.expected'));
        assert.equal(run.failure, undefined);
      });
});
