/** What an `expect` that does not hold says, and what a scenario has come to. */
import assert from 'node:assert/strict';
import { endSummary, failedExpectText } from '../../src/scenario/index.js';
import { machine, runToEnd } from './machines.js';

/** What the failed expectations of a script say, without their source. */
function said(text: string): string[] {
  const vm = machine(text);
  runToEnd(vm);
  return vm.tape
    .marksBetween(0, vm.tape.cursor + 1)
    .flatMap(({ event }) => (event.kind === 'expect-failed' ? [event.operands] : []));
}

describe('expect', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['int n = 2; expect(n == 1);', 'n is 2'],
    ['int n = 2; int m = 3; expect(n == m);', 'n is 2, m is 3'],
    ['unsigned char c = 200; expect(c < -1);', 'c is 200'],
    ['long n = -1; expect(n == 4294967295ul);', 'n is -1'],
    ['int n = -1; unsigned int u = 5; expect(n < u);', 'n is -1, u is 5'],
    ['struct page *p = alloc_page(GFP_KERNEL); expect(page_count(p) == 2);', 'page_count(p) is 1'],
    ['int n = 4; expect(!n);', 'n is 4'],
    ['int n = 4; expect(!(n == 4));', 'n is 4'],
    ['int n = 0; expect(n);', ''],
    ['int n = 6; expect(n & 1);', 'n is 6'],
    ['int a = 1; int b = 2; expect(a == 1 && b == 3);', 'b is 2'],
    ['int a = 1; int b = 2; expect(a == 2 || b == 3);', 'a is 1, b is 2'],
    ['int a = 1; int b = 2; expect(a == 2 || (b == 2 && a == 3));', 'a is 1'],
    // A call on the right is statements of its own: the left side is noted behind them.
    ['int f(void) { int x = 3; return x; } int n = 2; expect(n == f());', 'n is 2, f() is 3'],
    // Each side is worked out once.
    ['int n = 0; expect(n++ == 5); expect(n == 7);', 'n++ is 0; n is 1'],
  ];
  for (const [text, operands] of cases)
    it(`${text} says '${operands}'`, () => assert.equal(said(text).join('; '), operands));

  it('says it as a sentence', () => {
    const event = { kind: 'expect-failed', source: 'expect(n == 1)', task: 0 } as const;
    const span = { start: 0, end: 0 };
    assert.equal(
      failedExpectText({ ...event, span, operands: 'n is 2' }),
      'expect(n == 1) does not hold: n is 2',
    );
    assert.equal(
      failedExpectText({ ...event, span, operands: '' }),
      'expect(n == 1) does not hold',
    );
  });

  it('in an expression of the debugger is told in its own words', () => {
    const vm = machine('int n = 2;\nn = 3;');
    runToEnd(vm);
    assert.ok(vm.evaluate('expect(n == 1)', undefined, { sideEffects: true }).ok);
    const [mark] = vm.tape.marksBetween(0, vm.tape.cursor + 1).slice(-1);
    assert.ok(mark?.event.kind === 'expect-failed');
    assert.equal(failedExpectText(mark.event), 'expect(n == 1) does not hold: n is 3');
  });

  it('is counted where the machine stands, at any place in time', () => {
    const vm = machine('for (int i = 0; i < 3; i++) expect(i != 1);');
    const seen: [number, string][] = [];
    do seen.push([vm.tape.cursor, endSummary(vm.expects)]);
    while (vm.runStatement().kind !== 'exited');
    assert.equal(endSummary(vm.expects), '2 expects held, 1 failed');
    for (const [position, summary] of seen.toReversed()) {
      vm.tape.seek(position);
      assert.equal(endSummary(vm.expects), summary);
    }
    assert.equal(seen[0]?.[1], '');
  });
});

describe('the end of a scenario', () => {
  const cases: readonly (readonly [number, number, readonly string[], string])[] = [
    [0, 0, [], ''],
    [1, 0, [], '1 expect held'],
    [12, 1, [], '12 expects held, 1 failed'],
    [0, 2, [], '2 expects failed'],
    [
      2,
      0,
      ['3 pages not given back: allocated at line 9'],
      '2 expects held; 3 pages not given back: allocated at line 9',
    ],
    [0, 0, ['1 page not given back'], '1 page not given back'],
  ];
  for (const [held, failed, notGivenBack, text] of cases)
    it(`is summed up as '${text}'`, () =>
      assert.equal(endSummary({ held, failed }, notGivenBack), text));
});
