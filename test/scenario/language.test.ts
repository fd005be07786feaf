import assert from 'node:assert/strict';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { compileScenario } from '../../src/scenario/index.js';
import { checkLog, compile } from './machines.js';
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
      "1:28 `nobody` unknown-name: neither the scenario nor the kernel has a variable 'nobody'",
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

describe('C is C: types as gcc has them', () => {
  it('ranges in ranges, and what follows them', () =>
    checkLog(
      `struct in { int v[3]; int w; }; struct out { struct in in[2]; int z; };
       struct out a = { .in[0 ... 1].v[0 ... 1] = 1, 7, 8, 9 };
       int m[3][3] = { [0 ... 1][1] = 5, 6, 7, [2][0 ... 2] = 1 };
       pr_info("%d %d %d %d | %d %d %d %d | %d", a.in[0].v[0], a.in[0].v[1], a.in[0].v[2], a.in[0].w, a.in[1].v[0], a.in[1].v[1], a.in[1].v[2], a.in[1].w, a.z);
       for (int i = 0; i < 3; i++) pr_info("%d %d %d", m[i][0], m[i][1], m[i][2]);`,
      ['1 1 0 0 | 1 1 7 8 | 9', '0 5 0', '0 5 6', '1 1 1'],
    ));

  it('bit-fields of enums, and what _Generic takes for one', () =>
    checkLog(
      `#define T(x) _Generic((x), signed char: 1, unsigned char: 2, int: 5, unsigned: 6, _Bool: 11, default: 99)
       enum e { A, B = 100 }; struct s { enum e e : 9; enum e w : 32; unsigned u3 : 3; int c8 : 8; _Bool b : 1; } s = { B, B, 5, 1, 1 };
       pr_info("%d %d | %d %d %d %d %d %d | %d", -s.e < 0, -s.w < 0, T(s.e), T(s.w), T(s.u3), T(s.c8), T(s.b), T(s.u3 + 0), T(s.u3 = 2));`,
      ['1 0 | 99 6 99 1 11 5 | 99'],
    ));

  it('enumerators while their list is read, and behind it', () =>
    checkLog(
      `enum e { A = -1, C = 0xffffffffU, F = A < C ? 7 : 8 }; enum small { S = 1 } small = S;
       pr_info("%d %d %d", F, sizeof(C) == 8, _Generic(small, unsigned: 1, default: 0));`,
      ['8 1 1'],
    ));

  it('a pointer that is chosen of two is to what both may be', () =>
    checkLog(
      `const int k = 1; int i; void *v; char *c; const char *cc;
       pr_info("%d %d", _Generic(i ? &k : v, const void *: 1, void *: 2), _Generic(i ? c : cc, const char *: 1, char *: 2));`,
      ['1 1'],
    ));
});
