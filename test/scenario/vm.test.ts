import assert from 'node:assert/strict';
import { checkLog, log, machine, runToEnd } from './machines.js';

describe('machine: the language', function () {
  it('functions, recursion, forward calls', () =>
    checkLog(
      `pr_info("%d %d", fib(10), even(7));
       int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
       bool even(int n) { return n == 0 || odd(n - 1); }
       bool odd(int n) { return n != 0 && even(n - 1); }
       int sum(int a, int b, int c) { return a + 10 * b + 100 * c; }
       pr_info("%d", 1000 + sum(1, sum(2, 0, 0), sum(sum(3, 0, 0), 0, 0)) * 2);
       void nothing(void) { }
       nothing();
       void early(int n) { if (n) return; pr_info("late"); }
       early(1); early(0);`,
      ['55 0', '1642', 'late'],
    ));

  it('values that wait while a call runs', () =>
    checkLog(
      `int one(void) { int x = 1; return x; }
       long big(void) { return 0x123456789abcdll + one() * one(); }
       pr_info("%d %d", 5 - (3 - one() * (2 + one())), one() + one() * 2 + (one() << 3));
       int a[2] = { 1, 2 };
       a[one()] += one() + a[one() - one()];
       pr_info("%d", a[1]);`,
      ['5 11', '4'],
    ));

  it('loops, break, continue', () =>
    checkLog(
      `int n = 0;
       for (int i = 0; i < 10; i++) { if (i == 3) continue; if (i == 6) break; n += i; }
       pr_info("%d", n);
       while (n > 10) n -= 3;
       do n++; while (n % 7);
       pr_info("%d", n);
       for (;;) { if (n++ > 20) break; else continue; }
       pr_info("%d", n);
       for (int i = 0, j = 10; i < j; i++, j--) n = i * j;
       pr_info("%d", n);`,
      ['12', '14', '22', '24'],
    ));

  it('switch: fallthrough, default in the middle, ranges, nested loops', () =>
    checkLog(
      `for (int i = 0; i < 8; i++) {
         switch (i) {
         case 0: pr_info("zero");
         case 1: pr_info("one or less"); break;
         default: pr_info("other %d", i); break;
         case 3 ... 5: if (i == 4) continue; pr_info("three to five");
         }
         if (i == 6) break;
       }
       switch (3) { case 1: pr_info("no"); }
       switch ((unsigned char)259) { case 3: pr_info("yes"); }
       switch (~0ull) { case 5 ... 0xffffffffffffffff: pr_info("all above 4"); break; default: pr_info("no"); }
       switch (-1) { case 0 ... 5: pr_info("no"); break; case -3 ... -1: pr_info("negative"); }`,
      [
        'zero',
        'one or less',
        'one or less',
        'other 2',
        'three to five',
        'three to five',
        'other 6',
        'yes',
        'all above 4',
        'negative',
      ],
    ));

  it('arrays, pointers to locals, pointer arithmetic', () =>
    checkLog(
      `void fill(int *to, int n) { while (n--) *to++ = n * n; }
       int f(void) {
         int a[5], *p = a, **pp = &p, s = 0;
         fill(a, 5);
         for (p = &a[4]; p >= a; p--) s = s * 10 + *p % 10;
         *pp = a + 1;
         return s * 100 + (int)(p - a) * 10 + p[1] + (&a[3] - &a[1]);
       }
       pr_info("%d", f());
       char text[] = "hello", *q = text + 4;
       *q = 0; q[-4] = 'J';
       pr_info("%s %d %c", text, (int)sizeof(text), 1[text]);
       short grid[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } };
       pr_info("%d %d %d", grid[1][0], *(*grid + 5), (int)(sizeof(grid) / sizeof(grid[0])));`,
      ['149616', 'Jell 6 e', '4 6 2'],
    ));

  it('structs by value, bit-fields, unions', () =>
    checkLog(
      `struct point { int x, y; struct { short in; }; };
       struct point make(int x, int y) { struct point p = { x, y, { 7 } }; return p; }
       int total(struct point p) { p.x += 100; return p.x + p.y + p.in; }
       struct point a = make(1, 2), b;
       b = a; b.y = 5;
       pr_info("%d %d %d %d", total(a), a.x, total(b), make(3, 4).y);
       b = total(b) > 100 ? make(8, 9) : a;
       struct point *p = &b; p->in = 1;
       pr_info("%d %d %d", p->x, (*p).y, total(*p));
       struct flags { unsigned a : 3; int b : 4; unsigned c : 30; u64 d : 40; } f = { 9, -3, 1 << 29 };
       f.a += 5; f.b--; f.c |= 3; f.d = ~0ull;
       pr_info("%u %d %u %llu %d", f.a, f.b, f.c, (u64)f.d, f.a++);
       union { int i; unsigned char b[4]; } u = { .i = 0x01020304 };
       u.b[0] = 0xff;
       pr_info("%x %d", u.i, (int)sizeof(u));
       pr_info("%d", ((struct point){ .y = 6 }).y + total((struct point){ 1 }.x ? a : b));`,
      ['110 1 113 4', '8 9 118', '6 -4 536870915 1099511627775 6', '10203ff 4', '116'],
    ));

  it('integers wrap, promote and compare as in C', () =>
    checkLog(
      `unsigned char c = 250; c += 10;
       int i = INT_MAX; i++;
       unsigned u = 0; u--;
       pr_info("%d %d %u %d %d", c, i, u, -1 < 0u, (char)200 < 0);
       long long l = 1; l <<= 40; l |= 5;
       u64 x = -1; x >>= 60;
       bool b = 256; b += 5;
       pr_info("%llx %llu %d %d", l, x, b, c++ + ++c);
       u64 count = 0x8000000000000003; int i3 = 1; i3 <<= count;
       pr_info("%d %d", 1 << count, i3);`,
      ['4 -2147483648 4294967295 0 1', '10000000005 15 1 10', '8 8'],
    ));

  it('long and pointers have the size of the architecture', () => {
    const text = `pr_info("%d %d %d %d", (int)sizeof(long), (int)sizeof(void *), (int)sizeof(struct list_head), (int)sizeof(size_t));
       unsigned long a = ~0ul; pr_info("%lx %d", a, (a + 1) == 0);
       pr_info("%d", (unsigned long)(void *)-1 == ULONG_MAX);`;
    checkLog(text, ['8 8 16 8', 'ffffffffffffffff 1', '1'], ['x86_64-slub']);
    checkLog(text, ['4 4 8 4', 'ffffffff 1', '1'], ['i386-highmem4g-slub']);
  });

  it('initialisers: designators, braces left out, strings, statics, nested scopes', () =>
    checkLog(
      `int a[] = { 1, [5] = 6, 7, [2] = 3 };
       struct in { int x, y; }; struct out { struct in p[2]; int z; } o = { 1, 2, { 3 }, 5 }, q = { .p[1].y = 4, 9 };
       pr_info("%d %d%d%d%d", (int)ARRAY_SIZE(a), a[0], a[2], a[5], a[6]);
       pr_info("%d%d%d%d%d %d%d", o.p[0].x, o.p[0].y, o.p[1].x, o.p[1].y, o.z, q.p[1].y, q.z);
       int count(void) { static int n = 40; static char *s = "x"; return ++n + (*s == 'x'); }
       count(); pr_info("%d", count());
       char s[8] = "ab", *names[] = { "one", "two" };
       pr_info("%s %s %d", names[1], s, s[7]);
       int x = 1; { int x = 2; { int x = 3; pr_info("%d", x); } pr_info("%d", x); } pr_info("%d", x);
       int z[3] = { }; int *w = (int[]){ 4, 5 }; pr_info("%d %d", z[2], w[1]);`,
      ['7 1367', '12305 49', '43', 'two ab 0', '3', '2', '1', '0 5'],
    ));

  it('side effects in order: comma, logical, conditional, assignment', () =>
    checkLog(
      `int n = 0, log = 0;
       int step(int d, int r) { log = log * 10 + d; return r; }
       n = (step(1, 0), step(2, 5)) + (step(3, 0) && step(4, 1)) + (step(5, 1) || step(6, 1)) + (step(7, 1) ? step(8, 2) : step(9, 3));
       pr_info("%d %d", n, log);
       n = step(1, 0) ?: 17; pr_info("%d", n);
       int a, b; a = b = 3; a += b -= 1; pr_info("%d %d", a, b);
       int i = 1; i = i++ + 5; pr_info("%d", !i + ~i);`,
      ['8 123578', '17', '5 2', '-7'],
    ));

  it('pointers to functions', () =>
    checkLog(
      `int add(int a, int b) { return a + b; } int sub(int a, int b) { return a - b; }
       int (*ops[2])(int, int) = { add, &sub };
       int apply(int (*op)(int, int), int x) { return op(x, 3) + (*op)(x, 1); }
       pr_info("%d %d %d", ops[0](1, 2), apply(sub, 10), ops[1] == sub);
       typedef int (*op_t)(int, int); op_t o = ops[1]; pr_info("%d", o(5, 1));`,
      ['3 16 1', '4'],
    ));

  it('kernel lists and macros', () =>
    checkLog(
      `struct item { int n; struct list_head node; } items[3], *pos, *next;
       LIST_HEAD(head);
       for (int i = 0; i < 3; i++) { items[i].n = i + 1; list_add_tail(&items[i].node, &head); }
       int sum = 0;
       list_for_each_entry(pos, &head, node) sum = sum * 10 + pos->n;
       list_for_each_entry_reverse(pos, &head, node) sum = sum * 10 + pos->n;
       pr_info("%d", sum);
       list_for_each_entry_safe(pos, next, &head, node) if (pos->n == 2) list_del(&pos->node);
       pr_info("%d %d", list_first_entry(&head, struct item, node)->n, container_of(head.prev, struct item, node)->n);
       struct list_head *h; int n = 0; list_for_each(h, &head) n++;
       pr_info("%d %d %d", n, list_empty(&head), items[1].node.next == LIST_POISON1);
       int a = 1, b = 2; swap(a, b); pr_info("%d %d %d %d", a, b, min(a, b), clamp(7, 1, 5));
       pr_info("%lu %d", PAGE_ALIGN(4097ul), (int)IS_ALIGNED(8192, 4096));
       #define TWICE(x) ((x) * 2)
       #define N 21
       pr_info("%d", TWICE(N));`,
      ['123321', '1 3', '2 0 1', '2 1 1 5', '8192 1', '42'],
    ));
});

/** The log without what follows the first line of a page fault's report. */
const firstLines = (vm: ReturnType<typeof machine>): readonly string[] =>
  log(vm).filter((line) => !/^(#PF:|PGD |\*pd)/.test(line));

describe('machine: what goes wrong is an event, and the task ends', function () {
  const check = (text: string, expected: readonly string[], profile = 'x86_64-slub' as const) => {
    const vm = machine(text, profile);
    const results = runToEnd(vm);
    assert.deepEqual(firstLines(vm), expected, text);
    assert.equal(results.filter(({ kind }) => kind === 'failed').length, 1, text);
    assert.equal(vm.tasks()[0]?.status, 'failed');
    assert.ok(vm.frames(0).length > 0, 'where it died can be seen');
  };

  it('NULL, wild and non-canonical pointers', () => {
    check('struct page *p = NULL; p->_refcount.counter = 1; pr_info("no");', [
      'BUG: kernel NULL pointer dereference, address: 0000000000000034',
    ]);
    check('*(int *)0x12345678 = 1;', [
      'BUG: unable to handle page fault for address: 0000000012345678',
    ]);
    check('pr_info("%d", *(int *)0xdead000000000100ul);', [
      'general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1]',
    ]);
    // page_folio() looks at compound_head.
    check('lock_page(NULL);', ['BUG: kernel NULL pointer dereference, address: 0000000000000008']);
    check('struct list_head l = { LIST_POISON1, LIST_POISON2 }; list_del(&l);', [
      'general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1]',
    ]);
    check('char *s = "abc"; s[1] = 0;', [
      'BUG: unable to handle page fault for address: fffffc0000000001 (a string literal cannot be written)',
    ]);
  });

  it('division by zero, BUG_ON, endless recursion, wrong calls', () => {
    check('int z = 0; pr_info("%d", 1 / z);', ['divide error: 0000 [#1]']);
    check('int m = INT_MIN, o = -1; m % o;', ['divide error: 0000 [#1]']);
    check('void f(int n) { BUG_ON(n == 2); f(n + 1); }\nf(0);', ['kernel BUG at test.mms:1!']);
    check('int f(int n) { return f(n + 1) + 1; } f(0);', [
      'BUG: main stack guard page was hit at fffffc0000c0fff8 (stack is fffffc0000c10000..fffffc0000c1ffff)',
    ]);
    check('void (*f)(void) = (void (*)(void))contig_page_data.node_zones; f();', [
      'BUG: a kernel function cannot be called through a pointer: call it by name',
    ]);
    check('void (*f)(void) = NULL; f();', [
      'BUG: kernel NULL pointer dereference, address: 0000000000000000',
    ]);
    check('cpu(1) { pr_info("no"); }', ['BUG: CPU 1 is not online: the machine has CPUs 0 to 0']);
    check('char b[4]; memset(b, 0, -1);', [
      'BUG: a size of 18446744073709551615 bytes is too large, at test.mms:1',
    ]);
  });

  it('a script that writes over its own stack harms only its variables', () =>
    checkLog(
      `int smash(int n) { int a[2]; memset(a - 1, 0xff, 24); return n == -1; }
       int f(void) { int kept = 5; return 100 + smash(kept) * 10 + (kept == -1); }
       pr_info("%d", f());`,
      ['111'],
    ));

  it('arguments that no kernel would survive', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['__free_pages(p, 11);', /^BUG: order 11 is not below MAX_ORDER \(11\)$/],
      ['__free_pages(p, -1);', /^BUG: order 4294967295 is not below/],
      [
        'split_page(pfn_to_page(32767), 3);',
        /^BUG: a block of order 3 at this page would end past/,
      ],
      [
        'free_pages((unsigned long)&p, 0);',
        /^BUG: unable to handle page fault for address: fffffc0000800000$/,
      ],
      ['free_pages((unsigned long)p, 0);', /^BUG: unable to handle page fault for address: ffffea/],
      [
        'free_pages_exact(page_address(p), -1);',
        /^BUG: 18446744073709551615 bytes are more than the machine has/,
      ],
      ['put_page((struct page *)((char *)p + 8));', /^BUG: ffffea[0-9a-f]+ is not a struct page$/],
      [
        'put_page((struct page *)&contig_page_data);',
        /^BUG: ffffffff8[0-9a-f]+ is not a struct page$/,
      ],
      [
        'put_page(pfn_to_page(1ul << 40));',
        /^BUG: unable to handle page fault|is not a struct page$|general protection/,
      ],
      ['drain_local_pages((struct zone *)p);', /^BUG: ffffea[0-9a-f]+ is not a struct zone$/],
      [
        'alloc_pages_bulk_array(GFP_KERNEL, -1, &p);',
        /^BUG: 18446744073709551615 pages are more than the machine has \(32768\)$/,
      ],
      ['memcpy(p, NULL, 8);', /^BUG: kernel NULL pointer dereference, address: 0000000000000000$/],
      ['pr_info((char *)8);', /^BUG: kernel NULL pointer dereference, address: 0000000000000008$/],
    ];
    for (const [text, expected] of cases) {
      const vm = machine(`struct page *p = alloc_page(GFP_KERNEL);\n${text}\npr_info("survived");`);
      runToEnd(vm);
      assert.equal(firstLines(vm).length, 1, text);
      assert.match(log(vm)[0] ?? '', expected, text);
    }
  });

  it('expect goes on, and is counted; WARN_ON says where', () => {
    const vm = machine(
      'int a = 1;\nexpect(a == 1);\nexpect(a == 2 || !a);\nif (WARN_ON(a)) pr_info("on");',
    );
    const failed: string[] = [];
    for (;;) {
      const result = vm.runStatement();
      failed.push(...result.failedExpects.map(({ source, span }) => `${source} at ${span.start}`));
      if (result.kind === 'exited') break;
    }
    assert.deepEqual(failed, ['expect(a == 2 || !a) at 27']);
    assert.equal(vm.failedExpects, 1);
    assert.deepEqual(log(vm), [
      'FAILED expect(a == 2 || !a)',
      'WARNING: at test.mms:4: WARN_ON(a)',
      'on',
    ]);
  });
});
