import assert from 'node:assert/strict';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { EndlessRun } from '../../src/cli/run/whereabouts.js';
import { compileScenario } from '../../src/scenario/index.js';
import { checkLog, compile, log, machine, runToEnd } from './machines.js';
import { diagnosticLines } from './marked.js';

/** Findings of a text. */
function findings(text: string): string[] {
  return diagnosticLines(text, compileScenario(text, loadProfile('x86_64-slub')).diagnostics);
}

describe('C is C: declarations', () => {
  it('a definition has its own names for its parameters', () =>
    checkLog(
      `int minus(int b, int a);
       int minus(int a, int b) { return a - b; }
       int add(int, int), twice();
       int add(int a, int b) { return a + b; }
       int twice(int a) { return a * 2; }
       pr_info("%d %d %d", minus(10, 3), add(2, 3), twice(4));`,
      ['7 5 8'],
    ));

  it('a definition as before C89 has the types behind the names', () =>
    checkLog(
      `long join(a, b, c) char *a; unsigned char b; { return a[0] * 65536 + b * 256 + c; }
       pr_info("%lx", join("A", 0x1ff, 3));`,
      ['41ff03'],
    ));

  it('a function inside of another one uses its variables, in each of its activations', () => {
    checkLog(
      `int walk(int depth) {
         int sum = 0, calls = 0;
         struct { int times; } count = { 0 };
         void add(int n) {
           int twice(int m) { calls++; count.times += 2; return m * 2 + depth; }
           sum += twice(n);
           if (n > 0) add(n - 1);
         }
         add(depth);
         if (depth > 0) { int inner = walk(depth - 1); sum = sum * 100 + inner; }
         return sum + calls + count.times;
       }
       int plain(int n) { int less(int a, int b) { return a < b; } int (*f)(int, int) = less; return f(n, 3); }
       task other { int mine = 5; int get(void) { return ++mine; } get(); pr_info("%d", get() + walk(1)); }
       pr_info("%d %d", walk(2), plain(2));`,
      ['1618 1', '416'],
    );
    assert.deepEqual(
      findings('int f(int n) { int g(void) { return n; } int (*p)(void) = g; return p(); } f(1);'),
      [
        "1:59 `g` unsupported: 'g' uses variables of the function around it: it can only be called there by its name. Pass what it uses as arguments, then a pointer to it can be had",
      ],
    );
  });

  it('a bit-field of a packed struct may lie across nine bytes', () =>
    checkLog(
      `struct __packed wide { unsigned a : 5; unsigned long long b : 64; long long c : 61; unsigned d : 6; };
       struct wide w = { 3, 0xfedcba9876543210ULL, -5, 41 };
       unsigned char *p = (unsigned char *)&w;
       w.b++; w.c -= 2;
       pr_info("%zu %llx %lld %d %d", sizeof(w), (unsigned long long)w.b, (long long)w.c, w.a, w.d);
       pr_info("%*ph", (int)sizeof(w), p);`,
      ['17 fedcba9876543211 -7 3 41', '23 42 86 ca 0e 53 97 db 3f ff ff ff ff ff ff ff a7'],
    ));

  it('extern, tentative definitions, prototypes of what is never called', () => {
    checkLog(
      `extern int total; extern int many[];
       int get(void) { extern int total; return total + many[2]; }
       int total; int total = 5; int total; int many[] = { 1, 2, 3 };
       int later(void); extern int nobody; int strcmp(const char *, const char *);
       struct node; struct list { struct node *first; }; struct node { int v; };
       enum mode; enum mode { SLOW, FAST }; enum mode m = FAST;
       pr_info("%d %d %d", get(), m, strcmp("a", "a"));`,
      ['8 1 0'],
    );
    assert.deepEqual(findings('extern int nobody; int x = nobody;'), [
      "1:28 `nobody` unknown-name: neither the script nor the kernel has a variable 'nobody'",
    ]);
    assert.deepEqual(findings('int total; long total;'), [
      "1:17 `total` redefined: 'total' was declared with type 'int' before, not 'long'",
    ]);
    assert.deepEqual(findings('void f(void); f();'), [
      "1:15 `f` unknown-name: 'f' is declared but never defined",
    ]);
  });

  it('a name of the prelude gives way to a function of the script', () =>
    checkLog(
      `void swap(int *a, int *b) { int t = *a; *a = *b; *b = t; }
       int x = 1, y = 2; swap(&x, &y); pr_info("%d %d", x, y);`,
      ['2 1'],
    ));

  it('typedefs of functions, qualifiers in array parameters, unused parameters', () =>
    checkLog(
      `typedef int fn(int); fn twice; int twice(int a) { return 2 * a; }
       int apply(fn f, int v[const 4], int w[static 2], int) { return f(v[0]) + w[1]; }
       int a[4] = { 1, 2, 3, 4 }; fn *p = twice;
       pr_info("%d %d", apply(p, a, a, 0), (*p)(4));`,
      ['4 8'],
    ));

  it('attributes that change the layout', () => {
    checkLog(
      `struct hdr { u8 kind; u32 len; } __packed; struct { char c; int i __aligned(16); } x;
       struct bits { u8 a : 3; u32 b : 20; } __packed; struct __attribute__((aligned(32))) big { char c; };
       u32 slot __aligned(64); struct bits v = { 5, 0xabcde };
       pr_info("%zu %zu %zu %zu %lu", sizeof(struct hdr), sizeof(x), sizeof(v), sizeof(struct big), (unsigned long)&slot % 64);
       pr_info("%x %x %d %d", v.a, v.b, (int)_Alignof(struct hdr), (int)__alignof__(long long));`,
      ['5 32 3 32 0', '5 abcde 1 8'],
    );
  });

  it('bit-fields of 64-bit types, as gcc lays them out and computes with them', () => {
    const text = `struct s { u64 a : 22; u64 b : 27; }; struct t { long : 18; long a : 18; u64 b : 29; u8 c; };
      pr_info("%zu %zu", sizeof(struct s), sizeof(struct t));
      struct s x = { 0 }; x.b = 1; pr_info("%08x %08x", ((u32 *)&x)[0], ((u32 *)&x)[1]);
      struct w { unsigned long long a : 40; long long b : 33; } w = { 0 };
      pr_info("%llx %lld", (unsigned long long)~w.a, (long long)(w.a - 1));`;
    checkLog(
      text,
      ['8 12', '00400000 00000000', 'ffffffffff 1099511627775'],
      ['i386-highmem4g-slub'],
    );
    checkLog(text, ['8 16', '00400000 00000000', 'ffffffffff 1099511627775'], ['x86_64-slub']);
  });

  it('enumerators beyond int, packed enums', () =>
    checkLog(
      `enum big { A = 0x100000000, B = -1, C }; enum __attribute__((packed)) small { D = 200 };
       pr_info("%zu %zu %zu %d %llx", sizeof(enum big), sizeof(enum small), sizeof(A), C, (u64)A);`,
      ['8 1 8 0 100000000'],
    ));
});

describe('C is C: expressions and initialisers', () => {
  it('statement expressions, also where values wait', () =>
    checkLog(
      `#define larger(a, b) ({ typeof(a) _a = (a); typeof(b) _b = (b); _a > _b ? _a : _b; })
       int f(int n) { return n * 2; }
       int sum = 1 + f(3) * ({ int s = 0; for (int i = 0; i < 4; i++) s += f(i); s; }) + f(1);
       pr_info("%d %d %d", larger(3, 4), sum, larger(larger(1, 5), f(2)));
       int g(int n) { int k = 10 + ({ if (n > 2) return 7; n; }); return k; }
       pr_info("%d %d", g(1), g(3));
       struct p { int x, y; } v = ({ struct p t = { 1, 2 }; t; }); pr_info("%d %d", v.y, ({ v; }).x);
       for (int i = 0; i < 3; i++) { int k = 5 * ({ if (i == 1) continue; i; }); pr_info("k %d", k); }`,
      ['4 75 5', '11 7', '2 1', 'k 0', 'k 10'],
    ));

  it('_Generic, _Static_assert, _Alignof, __auto_type, casts to unions', () => {
    checkLog(
      `const char *cs = "a"; char *s = "b"; __auto_type t = 5UL; union u { int i; char c; };
       pr_info("%d %d %d", _Generic(1L, int: 1, long: 2), _Generic(cs, char *: 1, const char *: 2), _Generic(s, const char *: 2, default: 3));
       pr_info("%zu %d", sizeof(t) / sizeof(long), ((union u)7).i);
       static_assert(sizeof(int) == 4); BUILD_BUG_ON(sizeof(short) != 2);`,
      ['2 2 3', '1 7'],
    );
    assert.deepEqual(
      findings('_Static_assert(sizeof(int) == 8, "no"); int x = _Generic(1, long: 2);'),
      [
        '1:1 `_Static_assert(sizeof(int) == 8, "no");` static-assert: static assertion failed: no',
        "1:49 `_Generic(1, long: 2)` type-mismatch: no choice of this _Generic is for type 'int'",
      ],
    );
  });

  it('ranges, old designators, nested designators that go on, values given twice', () =>
    checkLog(
      `int a[8] = { [0 ... 3] = -1, 5, [6] 7 };
       struct p { int x, y, z[3]; } p = { y: 2, .z[1] = 3, 4 }, q[2] = { [0] = { 1, 2 }, [0] = { .y = 3 } };
       int n = 0; int side[] = { [0 ... 2] = ++n };
       pr_info("%d %d %d %d", a[0], a[4], a[5], a[6]);
       pr_info("%d %d %d %d %d", p.y, p.z[1], p.z[2], q[0].x, q[0].y);
       pr_info("%d %d", n, side[2]);`,
      ['-1 5 0 7', '2 3 4 0 3', '1 1'],
    ));

  it('variable arguments', () =>
    checkLog(
      `struct p { int x; char c[9]; };
       int add(const char *types, ...) {
         va_list ap, again; int sum = 0; va_start(ap, types); va_copy(again, ap);
         for (; *types; types++) switch (*types) {
           case 'i': sum += va_arg(ap, int); break;
           case 'q': sum += va_arg(ap, long long); break;
           case 'p': sum += va_arg(ap, struct p).c[8]; break;
           case 's': sum += *va_arg(ap, char *); }
         va_end(ap); sum += va_arg(again, int) * 1000; va_end(again); return sum; }
       void say(const char *fmt, ...) { va_list ap; struct va_format vaf; char b[32];
         va_start(ap, fmt); vsnprintf(b, sizeof(b), fmt, ap); va_end(ap); pr_info("<%s>", b);
         va_start(ap, fmt); vaf.fmt = fmt; vaf.va = &ap; pr_info("[%pV]", &vaf); va_end(ap); }
       struct p v = { 1, { [8] = 5 } }; int (*f)(const char *, ...) = add;
       pr_info("%d %d", add("iqps", 1, 2LL, v, "A"), f("i", add("ii", 3, 4)));
       say("%d %s %llx", -1, "two", 0x123456789abcULL);`,
      ['1073 3010007', '<-1 two 123456789abc>', '[-1 two 123456789abc]'],
    ));

  it('wide and multi-byte characters; bytes above 0x7f are bytes', () =>
    checkLog(
      `char a[2] = { 0x80 }, b[2] = { 0x81 }, c[4]; wchar_t w[] = L"z\\u00e9"; unsigned short u[] = u"\\U0001F600";
       pr_info("%d %d %d %zu %x %zu", L'z', 'ab', u8'\\xff', sizeof(w) / 4, w[1], sizeof(u) / 2);
       pr_info("%zu %d", strlen(a), strcmp(a, b)); strscpy(c, a, sizeof(c)); pr_info("%02x %02x", (u8)c[0], (u8)c[1]);
       sprintf(c, "%c", 0xc8); pr_info("%02x %02x [%.s]", (u8)c[0], (u8)c[1], "abc"); pr_info("%c%c %s", 0xc3, 0xa9, "é");`,
      ['122 24930 255 3 e9 3', '1 -1', '80 00', 'c8 00 [abc]', 'é é'],
    ));
});

describe('C is C: statements', () => {
  it('goto forward, backward, out of loops and cpu blocks', () =>
    checkLog(
      `int f(int n) { int r = 0; if (n < 0) goto out;
       again: r += n; if (n-- > 1) goto again;
       for (;;) for (;;) goto out;
       out: return r; }
       pr_info("%d %d", f(3), f(-1));
       int i = 0; retry: i++; if (i < 3) goto retry;
       cpu(0) { goto done; }
       done: pr_info("%d", i);`,
      ['6 0', '3'],
      ['x86_64-slub'],
    ));

  it('labels that are missing, given twice, or in a cpu block', () => {
    assert.deepEqual(
      findings('void f(void) { goto out; a: ; a: ; } f(); goto in; cpu(0) { in: ; }'),
      [
        "1:21 `out` unknown-name: there is no label 'out' here",
        "1:31 `a` redefined: the label 'a' is defined twice",
        "1:48 `in` bad-control: goto cannot lead into a cpu block, in which 'in' lies",
      ],
    );
  });

  it('labels of a statement that a condition governs, and chains of else', () => {
    const chain = Array.from({ length: 2000 }, (_, i) => `if (n == ${i}) r = ${i};`).join(' else ');
    checkLog(
      `int n = 1999, r = -1; if (0) label: r = 1; else r = 2; pr_info("%d", r); switch (3) case 3: pr_info("three"); ${chain} pr_info("%d", r);`,
      ['2', 'three', '1999'],
      ['x86_64-slub'],
    );
  });

  it('100,000 statements, initialisers, bytes of string', () => {
    const many = `int n = 0;\n${'n++;\n'.repeat(100_000)}`;
    assert.ok(compile(many).code.length > 500_000);
    const list = Array.from({ length: 100_000 }, (_, i) => i % 100).join();
    checkLog(
      `char a[] = { ${list} }; pr_info("%zu %d", sizeof(a), a[99999]);`,
      ['100000 99'],
      ['x86_64-slub'],
    );
    checkLog(
      `char s[] = "${'x'.repeat(100_000)}"; struct { int a, b; } p[] = { ${'1, 2, '.repeat(20_000)} }; pr_info("%zu %zu", strlen(s), sizeof(p));`,
      ['100000 160000'],
      ['x86_64-slub'],
    );
  });
});

describe('a scenario as a module', () => {
  const module = (result: string): string => `#include <linux/module.h>
MODULE_LICENSE("GPL"); MODULE_AUTHOR("x");
static int count = 3; module_param(count, int, 0444); MODULE_PARM_DESC(count, "how many");
static noinline int __init my_init(void) { struct page *p = alloc_page(GFP_KERNEL); if (!p) goto out; __free_page(p);
  pr_info("init %d", count); return ${result};
out: return -ENOMEM; }
static void __exit my_exit(void) { pr_info("exit"); }
module_init(my_init); module_exit(my_exit); EXPORT_SYMBOL_GPL(my_exit);`;

  it('is loaded and unloaded', () => {
    checkLog(module('0'), ['init 3', 'exit']);
    checkLog(module('-EINVAL'), ['init 3', 'FAILED my_init() returned -22']);
  });

  it('main() is called where nothing else is, and counts as failed by its result', () => {
    checkLog('int main(void) { pr_info("main"); return 0; }', ['main']);
    checkLog('int main(int argc, char **argv) { return argv ? 2 : argc + 3; }', [
      'FAILED main() returned 3',
    ]);
    checkLog('int main(void) { pr_info("main"); return 0; }\npr_info("top");', ['top']);
    assert.deepEqual(findings('static int a; void f(void) { a++; }\nint g(int n) { return n; }'), [
      "1:20 `f` warning no-effect: nothing is called: a scenario runs its top-level statements, or main() if it has none; write f(); [Insert 'f();']",
    ]);
  });

  it('WARN_ON_ONCE warns once for each place, and again when its run is undone', () => {
    const text =
      'for (int i = 0; i < 3; i++) { WARN_ON_ONCE(i); pr_info_once("once"); }\nWARN_ON_ONCE(1);';
    checkLog(text, [
      'once',
      'WARNING: at test.mms:1: WARN_ON_ONCE(i)',
      'WARNING: at test.mms:2: WARN_ON_ONCE(1)',
    ]);
    const vm = machine(text);
    runToEnd(vm);
    const whole = log(vm);
    vm.tape.seek(vm.startPosition);
    runToEnd(vm);
    assert.deepEqual(log(vm), whole);
  });

  it('pr_cont goes on with an open line', () => {
    const vm = machine('pr_info("a:"); pr_cont(" 1"); pr_cont(" 2\\n"); pr_info("b\\n");');
    runToEnd(vm);
    const events = vm.tape.marksBetween(0, vm.tape.cursor + 1).map(({ event }) => event);
    assert.deepEqual(events, [
      { kind: 'printk', level: 6, text: 'a:', open: true },
      { kind: 'printk', level: 6, text: ' 1', continues: true, open: true },
      { kind: 'printk', level: 6, text: ' 2', continues: true },
      { kind: 'printk', level: 6, text: 'b' },
    ]);
  });
});

describe('what is wrong with a name', () => {
  it('Linux has it and scenarios do not; what they have for it', () => {
    assert.deepEqual(findings('kfree_rcu_mightsleep_not(1);'), [
      "1:1 `kfree_rcu_mightsleep_not` unknown-name: neither the script nor the kernel has a function 'kfree_rcu_mightsleep_not'",
    ]);
    assert.match(
      findings('page_frag_free(0);').join(),
      /page_frag_free\(\) exists in Linux 6\.1 but is not available here: see .*put_page\(\)/,
    );
    assert.match(findings('int x = devm_clk_get;').join(), /neither|exists in Linux 6\.1/);
  });

  it('a macro without its arguments, a keyword misspelt', () => {
    assert.deepEqual(findings('struct page *p = alloc_page; struct page *q = alloc_page();'), [
      "1:18 `alloc_page` unknown-name: 'alloc_page' is a macro: write alloc_page(gfp_mask)",
      "1:47 `alloc_page()` bad-macro: macro 'alloc_page' takes 1 argument, not 0",
    ]);
    assert.deepEqual(findings('whlie (0);').slice(0, 1), [
      "1:1 `whlie` unknown-name: 'whlie' is not a keyword (did you mean 'while'?) [Change to 'while']",
    ]);
    assert.match(findings('unsinged x;').join(), /did you mean 'unsigned'/);
  });

  it('an assignment where a truth is wanted', () =>
    assert.deepEqual(findings('int a; expect(a = 1); WARN_ON((a = 1));'), [
      "1:17 `=` warning conversion: '=' assigns: write '==' to compare [Change to '==']",
    ]));

  it('a file that is no text is said to be none, once', () => {
    assert.equal(findings('\0ELF').length, 1);
    assert.match(findings('a \ufffd b').join(), /is not a text in UTF-8/);
  });
});

describe('where a run is that does not end', () => {
  it('is said after some seconds, and again after twice as long', () => {
    const vm = machine('void spin(void)\n{\n  for (;;) ;\n}\nspin();');
    let nowMs = 0;
    const lines: string[] = [];
    const output = { out: () => undefined, err: (line: string) => void lines.push(line) };
    const watch = new EndlessRun(vm, 'spin.mms', output, () => nowMs);
    for (let i = 1; i <= 4096 * 8; i++) {
      vm.runStatement();
      if (i % 4096 === 0) nowMs += 1000;
      watch.passed();
    }
    assert.deepEqual(lines, [
      'spin.mms:3:3: note: still running after 3 s and 12,288 statements; task main is here',
      '  in spin() at spin.mms:3:3',
      '  in main at spin.mms:5:1',
      'spin.mms:3:3: note: still running after 6 s and 24,576 statements; task main is here',
      '  in spin() at spin.mms:3:3',
      '  in main at spin.mms:5:1',
    ]);
  });
});

describe('where a task died', () => {
  it('the place and the calls that led there', () => {
    const vm = machine(
      'unsigned long flags(struct page *p)\n{\n  return p->flags;\n}\nint one(void) { return 1; }\npr_info("%d", one() + (int)flags(0));',
    );
    const [died] = runToEnd(vm).filter(({ kind }) => kind === 'failed');
    assert.ok(died?.kind === 'failed');
    const { sources } = vm.program;
    assert.equal(sources.textAt(died.span), 'return p->flags;');
    assert.deepEqual(
      vm.frames(0).map((frame) => `${frame.function.name}:${frame.location.line}`),
      ['flags:3', 'main:6'],
    );
  });

  it('after a call has returned, and in a builtin', () => {
    const vm = machine('int one(void) { return 1; }\nint x = one() + *(int *)0;');
    const [died] = runToEnd(vm).filter(({ kind }) => kind === 'failed');
    assert.ok(died?.kind === 'failed');
    assert.equal(vm.program.sources.position(died.span.start).line, 2);
    const other = machine('int n = 1 +\n  strlen(NULL);');
    const [second] = runToEnd(other).filter(({ kind }) => kind === 'failed');
    assert.ok(second?.kind === 'failed');
    assert.equal(other.program.sources.textAt(second.span), 'strlen(NULL)');
  });
});

describe('small names of the kernel', () => {
  it('numbers', () =>
    checkLog(
      `pr_info("%d %d %d %d", roundup(10, 4), rounddown(10, 4), round_up(10, 8), round_down(15, 8));
       pr_info("%d %d %d %lu %lu", ilog2(64), order_base_2(65), is_power_of_2(64), roundup_pow_of_two(33), rounddown_pow_of_two(33));
       pr_info("%lx %llx %llx", GENMASK(7, 4), GENMASK_ULL(39, 32), BIT_ULL(40));
       pr_info("%d %d %d %d %d", fls(0x80), ffs(8), (int)__ffs(16), fls64(1ULL << 40), hweight32(0xff));
       pr_info("%d %d %d %d", DIV_ROUND_CLOSEST(7, 2), min3(3, 1, 2), max3(3, 1, 2), clamp_t(int, 9, 1, 5));
       pr_info("%x %x %d %d", upper_32_bits(0x123456789ULL), lower_32_bits(0x123456789ULL), abs(-3), FIELD_GET(0xf0, 0xa5) | FIELD_PREP(0xf00, 3));
       pr_info("%llu %d %u", U64_MAX, S8_MIN, SZ_64K); int table[ilog2(SZ_4K)]; pr_info("%zu", ARRAY_SIZE(table));
       pr_info("%x %llx %d", swab32(0x01020304), swab64(1), -ETIMEDOUT); u64 n = 1000000000007ULL; u32 rest = do_div(n, 10); pr_info("%llu %u", n, rest);`,
      [
        '12 8 16 8',
        '6 7 1 64 32',
        'f0 ff00000000 10000000000',
        '8 4 4 41 8',
        '4 1 3 5',
        '1 23456789 3 778',
        '18446744073709551615 -128 65536',
        '12',
        '4030201 100000000000000 -110',
        '100000000000 7',
      ],
    ));

  it('structs, lists, strings', () =>
    checkLog(
      `struct item { int n; struct list_head link; char tail[4]; } a = { 1 }, b = { 2 }, c = { 3 }, *pos, *n;
       LIST_HEAD(one); LIST_HEAD(two);
       list_add_tail(&a.link, &one); list_add_tail(&b.link, &one); list_move(&b.link, &two); list_replace(&b.link, &c.link);
       list_splice_init(&two, &one); list_for_each_entry(pos, &one, link) pr_info("%d", pos->n);
       pr_info("%d %d %d", list_empty(&two), list_is_last(&a.link, &one), list_is_singular(&one));
       list_for_each_entry_safe(pos, n, &one, link) list_del_init(&pos->link); pr_info("%d %d", list_empty(&one), list_empty(&a.link));
       struct node { int v; struct hlist_node h; } x = { 7 }, y = { 8 }, *i; HLIST_HEAD(head);
       hlist_add_head(&x.h, &head); hlist_add_behind(&y.h, &x.h); hlist_for_each_entry(i, &head, h) pr_info("%d", i->v);
       hlist_del_init(&x.h); pr_info("%d %d", hlist_unhashed(&x.h), hlist_entry(head.first, struct node, h)->v);
       char s[16]; strcpy(s, "abc"); strcat(s, "def"); pr_info("%s %d %s %s", s, strncmp(s, "abx", 2), strchr(s, 'c'), strstr(s, "ef"));
       pr_info("%zu %zu %d", offsetofend(struct item, n), sizeof_field(struct item, tail), memchr(s, 'e', 6) == s + 4);`,
      ['3', '1', '1 1 0', '1 1', '7', '8', '1 8', 'abcdef 0 cdef ef', '4 4 1'],
    ));

  it('orders of any size', () => {
    const text =
      'pr_info("%d %d %d", get_order(1), get_order(4097), get_order(0)); pr_info("%px", alloc_pages_exact(-1UL, GFP_KERNEL));';
    checkLog(text, ['0 1 52', '0000000000000000'], ['x86_64-slub']);
    checkLog(text, ['0 1 20', '00000000'], ['i386-highmem4g-slub']);
    checkLog(
      'pr_info("%d %d %d", get_order((1UL << 54) + 1), get_order(1UL << 63), get_order(-1UL));',
      ['43 51 52'],
      ['x86_64-slub'],
    );
  });

  it('an uninitialised list faults where the kernel would', () => {
    const vm = machine('struct list_head head, entry; list_move(&entry, &head);');
    runToEnd(vm);
    assert.deepEqual(
      log(vm).map((line) => line.trimEnd()),
      [
        'BUG: kernel NULL pointer dereference, address: 0000000000000008',
        '#PF: supervisor write access in kernel mode',
        '#PF: error_code(0x0002) - not-present page',
        'PGD 0 P4D 0',
      ],
    );
  });
});
