import assert from 'node:assert/strict';
import type { ScenarioVm } from '../../src/scenario/index.js';
import { log, machine, PROFILES, runToEnd } from './machines.js';

/** A small linear congruential generator: the tests are the same each time. */
function lcg(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}

/** A random script that ends: loops count, functions recurse to a depth, tasks take and give up the lock of a page. */
function randomScript(seed: number): string {
  const random = lcg(seed);
  const pick = (...choices: readonly string[]): string => choices[random(choices.length)] ?? '';
  const variable = () => pick('g[0]', 'g[1]', 'g[2]', 'n', 'm');
  const value = (depth: number): string =>
    depth === 0
      ? pick('1', '3', '0x7fffffffffull', '-5', variable())
      : pick(
          `(${value(depth - 1)} ${pick('+', '-', '*', '&', '^', '|', '<', '==')} ${value(depth - 1)})`,
          `(${value(depth - 1)} ? ${value(depth - 1)} : ${value(depth - 1)})`,
          `f(${random(3)}, ${value(depth - 1)})`,
          `(${variable()} ${pick('=', '+=', '^=', '-=')} ${value(depth - 1)})`,
          `${pick('++', '--')}${variable()}`,
          `(long)page_to_pfn(p) % 7`,
        );
  const statement = (depth: number): string => {
    if (depth === 0)
      return pick(
        `${variable()} = ${value(2)};`,
        `${value(2)};`,
        `q = alloc_pages(GFP_KERNEL | __GFP_COMP, ${random(4)}); if (q) __free_pages(q, compound_order(q));`,
        'lock_page(p); schedule(); unlock_page(p);',
        'get_page(p); put_page(p);',
        'pr_info("%lx %lx", g[0], n);',
        'schedule();',
        'SetPageDirty(p); p->private = n; ClearPageDirty(p);',
      );
    return pick(
      `if (${value(1)}) { ${statement(depth - 1)} } else { ${statement(depth - 1)} }`,
      `for (int i = 0; i < ${random(3) + 1}; i++) { ${statement(depth - 1)} }`,
      `switch (${variable()} & 3) { case 0: ${statement(depth - 1)} break; case 1: n++; default: ${statement(depth - 1)} }`,
      `{ u8 b[3] = { n, 2 }; b[1] += m; ${statement(depth - 1)} m = b[1]; }`,
      `${statement(depth - 1)} ${statement(depth - 1)}`,
    );
  };
  const statements = (count: number) =>
    Array.from({ length: count }, () => statement(2)).join('\n  ');
  return `long g[3] = { 1, 2, 3 };
struct page *p = alloc_page(GFP_KERNEL);
long f(int depth, long x) { static long calls; calls++; if (depth <= 0) return x + calls; return f(depth - 1, x ^ depth) + 1; }
task one { long n = 1, m = 2; struct page *q;
  ${statements(3)} }
task two { long n = 4, m = 5; struct page *q;
  ${statements(3)} }
{ long n = 7, m = 8; struct page *q;
  ${statements(4)} }`;
}

/** Runs to the end; position and hash at each boundary. */
function record(vm: ScenarioVm): { position: number; hash: string }[] {
  const seen = [{ position: vm.tape.cursor, hash: vm.tape.hash() }];
  for (;;) {
    const { kind } = vm.runStatement();
    if (kind === 'exited' || kind === 'deadlock') return seen;
    seen.push({ position: vm.tape.cursor, hash: vm.tape.hash() });
  }
}

describe('time: all state is on the tape', function () {
  for (const profile of PROFILES)
    it(`random scripts on ${profile}: back to any boundary is the same state, and on from there the same run`, function () {
      for (let seed = 1; seed <= 12; seed++) {
        const vm = machine(randomScript(seed), profile);
        const seen = record(vm);
        const logged = log(vm);
        const random = lcg(seed);
        assert.ok(seen.length > 10);
        for (let i = 0; i < 20; i++) {
          const at = random(seen.length);
          const boundary = seen[at];
          assert.ok(boundary);
          vm.tape.seek(boundary.position);
          assert.equal(vm.tape.hash(), boundary.hash, `seed ${seed}, boundary ${at}`);
        }
        const middle = random(seen.length - 1);
        vm.tape.seek(seen[middle]?.position ?? 0);
        const again = record(vm);
        assert.deepEqual(again, seen.slice(middle), `seed ${seed}, again from ${middle}`);
        assert.deepEqual(log(vm), logged);
      }
    });

  it('looking changes nothing, wherever the cursor is', () => {
    const vm = machine(
      'int n = 1;\nint f(int x) { int y = x * 2; return y; }\nn = f(n);\nn = f(n);',
    );
    record(vm);
    const { end } = vm.tape;
    for (let position = 0; position <= end; position++) {
      vm.tape.seek(position);
      const hash = vm.tape.hash();
      for (const { id } of vm.tasks())
        for (const frame of vm.frames(id)) {
          vm.locals(frame).forEach(({ name }) => assert.ok(vm.evaluate(`&${name}`, frame).ok));
          vm.evaluate('n + *(int *)0x1234', frame);
          assert.ok(
            vm.evaluate('n * 2 + page_count(pfn_to_page(5))', frame, { sideEffects: true }).ok,
          );
          assert.ok(vm.evaluate('"text"[1] + n + page_count(pfn_to_page(5))', frame).ok);
        }
      assert.equal(vm.tape.hash(), hash);
      assert.equal(vm.tape.end, end);
    }
  });

  it('an edit in the past cuts what came after, and the run goes on with it', () => {
    const vm = machine(
      'int n = 1;\nint s = 0;\nfor (int i = 0; i < 4; i++)\n  s += n;\npr_info("%d", s);',
    );
    const seen = record(vm);
    assert.deepEqual(log(vm), ['4']);
    vm.tape.seek(seen[6]?.position ?? 0);
    assert.ok(vm.evaluate('n = 10 * n + s', undefined, { sideEffects: true }).ok);
    runToEnd(vm);
    assert.notDeepEqual(log(vm), ['4']);
    assert.equal(log(vm).length, 1);
  });
});

describe('frames and variables', function () {
  const text = `int global = 5;
int inner(int a, int b) {
  int c = a + b;
  {
    int a = 9;
    c += a;
  }
  return c;
}
int outer(int x) {
  int y = inner(x, 2) +
    inner(x, 3);
  return y;
}
global = outer(1);`;

  it('shows where each function is, and what is in view there', () => {
    const vm = machine(text);
    const seen: string[] = [];
    for (let i = 0; i < 100; i++) {
      const frames = vm.frames(0).map((frame) => {
        const locals = vm.locals(frame).map(({ name, kind }) => {
          const result = vm.evaluate(name, frame);
          return `${kind === 'parameter' ? '' : kind + ' '}${name}=${result.ok ? String(result.value) : '?'}`;
        });
        return `${frame.location.function}:${frame.location.line}(${locals.join(' ')})`;
      });
      seen.push(frames.join(' < '));
      assert.equal(vm.depth(0), frames.length);
      if (vm.runStatement().kind === 'exited') break;
    }
    assert.deepEqual(seen.slice(0, 9), [
      'main:1()',
      'main:15()',
      'outer:11(x=1) < main:15()',
      'inner:3(b=2 a=1) < outer:11(x=1) < main:15()',
      'inner:5(local c=3 b=2 a=1) < outer:11(x=1) < main:15()',
      'inner:6(local a=9 local c=3 b=2 a=9) < outer:11(x=1) < main:15()',
      'inner:8(local c=12 b=2 a=1) < outer:11(x=1) < main:15()',
      'inner:3(b=3 a=1) < outer:11(x=1) < main:15()',
      'inner:5(local c=4 b=3 a=1) < outer:11(x=1) < main:15()',
    ]);
    assert.equal(seen.at(-1), '');
  });

  it('globals are there before and after', () => {
    const vm = machine(text);
    assert.deepEqual(
      vm.globals().map(({ name }) => name),
      ['global'],
    );
    assert.deepEqual(value(vm, 'global'), 0);
    runToEnd(vm);
    assert.deepEqual(value(vm, 'global'), 12 + 13);
    assert.deepEqual(vm.frames(0), []);
  });
});

function value(vm: ScenarioVm, text: string): unknown {
  const result = vm.evaluate(text);
  return result.ok ? result.value : result.message;
}
