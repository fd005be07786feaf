import assert from 'node:assert/strict';
import { parseTemplate, type EvaluateOptions, type ScenarioVm } from '../../src/scenario/index.js';
import { typeName } from '../../src/engine/types/typeName.js';
import { log, machine, runToEnd, valueText } from './machines.js';

const TEXT = `struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 2);
struct pt { int x : 4; int y; } point = { 3, -4 };
char *name = "abc";
u64 big = 0xfedcba9876543210;
int twice(int n) {
  int result = n * 2;
  return result;
}
int last = twice(4);`;

/** A machine that stands in twice(), before its return. */
function inTwice(): ScenarioVm {
  const vm = machine(TEXT);
  while (vm.depth(0) < 2) vm.runStatement();
  vm.runStatement();
  return vm;
}

/** `type value` or the message. */
function shown(vm: ScenarioVm, text: string, frame = 0, options?: EvaluateOptions): string {
  const result = vm.evaluate(text, vm.frames(0)[frame], options);
  if (!result.ok) return result.message;
  return `${typeName(result.type)}: ${valueText(vm, result)}`;
}

describe('evaluate', function () {
  const vm = inTwice();
  const page = vm.evaluate('page');
  assert.ok(page.ok);

  for (const [text, expected] of [
    ['n', 'int: 4'],
    ['result + n', 'int: 12'],
    ['&result == &*&result', 'int: 1'],
    ['point', 'struct pt: {x = 3, y = -4}'],
    ['point.x - point.y', 'int: 7'],
    ['name', 'char *: 0xfffffc0000000000 "abc"'],
    ['*name', "char: 97 'a'"],
    ['big', 'u64: 18364758544493064720'],
    ['big > 1', 'int: 1'],
    ['(long)big', 'long: -81985529216486896'],
    ['sizeof(struct page)', 'unsigned long: 64'],
    ['compound_order(page)', 'unsigned int: 2'],
    ['page_to_pfn(page) == page - pfn_to_page(0)', 'int: 1'],
    ['page->_refcount.counter', 'int: 1'],
    ['PageHead(page) && !PageTail(page)', 'int: 1'],
    ['contig_page_data.node_zones[0].name', 'const char *: "DMA"'],
    ['(enum migratetype)1', 'enum migratetype: MIGRATE_MOVABLE'],
    ['GFP_KERNEL', 'gfp_t: 0xcc0'],
    ['twice', 'int (*)(int n): 0xfffffc0000400000'],
    ['"a" "b"[1]', "char: 98 'b'"],
    ['LIST_POISON1', 'void *: 0xdead000000000100 <LIST_POISON1>'],
    ['$new & 7', 'unsigned long: 5'],
    ['resutl', "neither the scenario nor the kernel has 'resutl' (did you mean 'result'?)"],
    ['"abc"', 'string literals cannot be inspected here'],
    ['n +', 'expected an expression, not the end of the text'],
    ['n n', "expected the end of the expression, not 'n'"],
    ['*(int *)8', 'kernel NULL pointer dereference, address: 0000000000000008'],
    ['1 / (n - 4)', 'divide error: 0000 [#1]'],
    ['n = 3', 'this expression must not change anything: it cannot assign'],
    ['n++', 'this expression must not change anything: it cannot assign'],
    ['twice(3)', "'twice' cannot be called here: it would run the scenario"],
    ['alloc_page(GFP_KERNEL)', 'alloc_pages() cannot be called here: it changes the machine'],
    ['(struct pt){ 1 }', 'a compound literal cannot be used here: it makes a new object'],
  ] as const)
    it(`${text} is ${expected}`, () => {
      const options = {
        values: { $new: { type: vm.evaluate('1ul').ok ? ulong(vm) : ulong(vm), value: 0xd } },
      };
      const result = shown(vm, text, 0, text.startsWith('$') ? options : undefined);
      if (expected === 'const char *: "DMA"') assert.match(result, /"DMA"$/);
      else assert.equal(result, expected);
    });

  it('in an outer frame, names mean what they mean there', () => {
    assert.equal(shown(vm, 'result', 1), "neither the scenario nor the kernel has 'result'");
    assert.equal(shown(vm, 'last', 1), 'int: 0');
  });

  it('an object has an address, a value has none; a bit-field says which bits', () => {
    const field = vm.evaluate('point.x');
    assert.ok(field.ok && field.address !== undefined);
    assert.deepEqual(field.bits, { offset: 0, width: 4, unitBytes: 1 });
    const sum = vm.evaluate('point.x + 1');
    assert.ok(sum.ok);
    assert.equal(sum.address, undefined);
  });
});

const ulong = (vm: ScenarioVm) => {
  const result = vm.evaluate('1ul');
  assert.ok(result.ok);
  return result.type;
};

describe('statement expressions where nothing may change', () => {
  it('name values', () => {
    const vm = machine('int n = -13; int *p = &n; n = -13;');
    runToEnd(vm);
    assert.equal(shown(vm, 'abs(n) + roundup(n + 20, 8)'), 'int: 21');
    assert.equal(
      shown(vm, '({ int a = n, b = a * 2; __auto_type c = b + 1LL; c - *p; })'),
      'long long: -12',
    );
    assert.equal(shown(vm, '({ unsigned char c = n; c; })'), 'unsigned char: 243');
    assert.match(shown(vm, '({ int a; a = n; a; })'), /may change something/);
  });
});

describe('evaluate with side effects', function () {
  it('assigns, calls the script and the kernel, makes objects', () => {
    const vm = inTwice();
    const effect = (text: string) => shown(vm, text, 0, { sideEffects: true });
    assert.equal(effect('n = 7, result += n'), 'int: 15');
    assert.equal(effect('twice(twice(5)) + n'), 'int: 27');
    assert.equal(effect('point.x = 9'), 'int: -7');
    assert.equal(effect('(point = (struct pt){ 2, 5 }).y'), 'int: 5');
    assert.match(effect('alloc_page(GFP_KERNEL)'), /^struct page \*: 0xffffea/);
    assert.equal(effect('pr_info("%s %d", "from the console", n)'), 'void: void');
    assert.deepEqual(log(vm), ['from the console 7']);
    runToEnd(vm);
    assert.equal(shown(vm, 'last'), 'int: 15');
  });

  it('what fails, or would have to wait, is undone', () => {
    const vm = inTwice();
    const hash = vm.tape.hash();
    const effect = (text: string) => shown(vm, text, 0, { sideEffects: true });
    assert.equal(
      effect('n = 1, *(int *)0'),
      'kernel NULL pointer dereference, address: 0000000000000000',
    );
    assert.equal(effect('n = 1, BUG()'), 'kernel BUG at test.mms:1!');
    assert.equal(
      effect('lock_page(page), n = 1, lock_page(page)'),
      'the expression would have to wait for a page lock',
    );
    assert.equal(vm.tape.hash(), hash);
    assert.equal(shown(vm, 'n'), 'int: 4');
  });

  it('a call that does not end is given up', () => {
    const vm = machine('void spin(void) { for (;;) ; }\nint n = 1;');
    const result = vm.evaluate('spin()', undefined, { sideEffects: true });
    assert.deepEqual(result, { ok: false, message: 'the expression runs for too long' });
  });
});

describe('assign by evaluating', function () {
  it('converts as C does, to locals, bit-fields, members and the kernel', () => {
    const vm = inTwice();
    const [frame] = vm.frames(0);
    const set = (target: string, text: string): string => {
      const result = vm.evaluate(`${target} = ${text}`, frame, { sideEffects: true });
      if (!result.ok) return result.message;
      const assigned = vm.evaluate(target, frame);
      return assigned.ok ? valueText(vm, assigned) : assigned.message;
    };
    assert.equal(set('n', '300 + result'), '308');
    assert.equal(set('point.x', '15'), '-1');
    assert.equal(
      set('*name', "'x'"),
      'unable to handle page fault for address: fffffc0000000000 (a string literal cannot be written)',
    );
    assert.equal(set('page->flags', 'page->flags | 1ul << PG_dirty'), '4611686018427453448');
    assert.equal(shown(vm, 'PageDirty(page)'), 'int: 1');
    assert.equal(set('point', '(struct pt){ 1, 2 }'), '{x = 1, y = 2}');
    assert.equal(set('page', 'NULL'), '0x0');
    assert.equal(set('point', '5'), "assignment: cannot convert 'int' to 'struct pt'");
    assert.equal(set('n', 'oops'), "neither the scenario nor the kernel has 'oops'");
    assert.equal(shown(vm, 'point.x + point.y + n'), 'int: 311');
  });
});

describe('log points', function () {
  it('take templates apart', () => {
    const parts = (text: string) =>
      parseTemplate(text).map(({ kind, text: part }) => (kind === 'text' ? part : `<${part}>`));
    assert.deepEqual(parts('page {page} order {order}'), ['page ', '<page>', ' order ', '<order>']);
    assert.deepEqual(parts('{{x}} {f("}")} {a[1]}'), ['{x} ', '<f("}")>', ' ', '<a[1]>']);
    assert.deepEqual(parts("{'}'}{s.{b}}"), ["<'}'>", '<s.{b}>']);
    assert.deepEqual(parts('open { brace'), ['open { brace']);
    assert.deepEqual(parts(''), []);
  });
});
