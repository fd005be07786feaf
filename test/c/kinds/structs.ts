/** Structs by value: given back, handed on, chosen, of arrays, in structs, beside recursion and functions inside of functions. */
import { CONSTANTS, INTS, show, type Kind } from './kind.js';

export const structs: Kind = ({ globals, body, random, fresh }) => {
  const s = fresh('s');
  const [a, b, c] = [random.pick(INTS), random.pick(INTS), random.pick(INTS)];
  const length = 1 + random.below(5);
  const fields = (name: string): string =>
    `printf("%lld %lld %lld %d %p %s\\n", (long long)${name}.in.a, (long long)${name}.in.v[${length - 1}], (long long)${name}.u.c, ${name}.u.lo, ${name}.to == 0 ? "none" : "some", ${name}.t);`.replace(
      '%p',
      '%s',
    );
  const value = (): string => random.pick(CONSTANTS);
  globals.push(
    `struct ${s}_in { ${a} a; ${b} v[${length}]; };`,
    `struct ${s} { struct ${s}_in in, *to; union { ${c} c; struct { unsigned char lo, hi; }; } u; char t[3]; };`,
    `static struct ${s}_in ${s}_make(${a} a, ${b} first) { struct ${s}_in r = { a, { first } }; for (int i = 1; i < ${length}; i++) r.v[i] = r.v[i - 1] * 3 + 1; return r; }`,
    `static struct ${s} ${s}_wrap(struct ${s}_in in, int n) { struct ${s} r; memset(&r, 0, sizeof(r)); r.in = in; r.u.c = n; r.t[n & 1] = 'x'; in.a++; return r; }`,
    `static struct ${s} ${s}_deep(struct ${s} x, int n) { x.in.a += n; x.in.v[n % ${length}] ^= n; if (n == 0) return x; struct ${s} y = ${s}_deep(x, n - 1); y.in.a ^= x.in.a; return y; }`,
    `static long long ${s}_sum(struct ${s}_in x, struct ${s} y, int z) { long long r = x.a + y.in.a * 3 + z; for (int i = 0; i < ${length}; i++) r = r * 5 + x.v[i] - y.in.v[i]; return r; }`,
    `static long long ${s}_ackermann(int m, int n) { return m == 0 ? n + 1 : n == 0 ? ${s}_ackermann(m - 1, 1) : ${s}_ackermann(m - 1, ${s}_ackermann(m, n - 1)); }`,
    `static int ${s}_odd(unsigned n);\nstatic int ${s}_even(unsigned n) { return n ? ${s}_odd(n - 1) : 1; }\nstatic int ${s}_odd(unsigned n) { static int calls; calls++; return n ? ${s}_even(n - 1) : calls * 100; }`,
    `static int ${s}_old(x, y, p) short x; unsigned char y; char *p; { return x * 1000 + y + p[0]; }`,
  );
  body.push(
    `struct ${s} ${s}_x, ${s}_y, ${s}_z[3];`,
    `memset(${s}_z, 0, sizeof(${s}_z));`,
    `${s}_x = ${s}_wrap(${s}_make(${value()}, ${value()}), ${random.below(300)}); ${fields(`${s}_x`)}`,
    `${s}_y = ${s}_deep(${s}_x, ${2 + random.below(6)}); ${fields(`${s}_y`)}`,
    `${s}_z[1] = ${s}_z[2] = ${s}_y; ${s}_z[1].in = ${s}_make(1, ${value()}); ${s}_z[1].to = 0; ${fields(`${s}_z[1]`)} ${fields(`${s}_z[2]`)}`,
    show(
      'member',
      `${s}_make(${value()}, ${value()}).v[${length - 1}] + ${s}_wrap(${s}_make(1, 2), 3).u.lo + ${s}_wrap(${s}_x.in, 4).t[0]`,
    ),
    show(
      'chosen',
      `(${value()} ? ${s}_x : ${s}_y).in.a + (${s}_y.in.a > 0 ? ${s}_x : ${s}_y).in.v[0]`,
    ),
    show(
      'comma',
      `(${s}_x.in.a++, ${s}_x).in.a + ({ struct ${s} t = ${s}_y; t.in.a ^= 1; t; }).in.a`,
    ),
    show(
      'sum',
      `${s}_sum(${s}_make(${value()}, 5), ${s}_deep(${s}_y, 2), ${value()}) + ${s}_sum((${s}_x = ${s}_y).in, ${s}_z[1], 7)`,
    ),
    show('assigned', `(${s}_z[0] = ${s}_x, ${s}_z[0].in.a) + (${s}_y.in = ${s}_z[2].in).a`),
    show('pointers', `(&${s}_z[1])->in.v[0] + (*(${s}_z + 2)).in.a + (${s}_z + 1)[-1].in.a`),
    `{ struct ${s} *p = ${s}_z; *p++ = ${s}_x; (*p).in = (--p)->in; p->to = &p[1].in; p->to->a = ${value()}; printf("%lld\\n", (long long)${s}_z[1].in.a); }`.replace(
      '(*p).in = (--p)->in;',
      'p->in = p[-1].in; p--;',
    ),
    show('ackermann', `${s}_ackermann(2, ${random.below(4)})`),
    show('even', `${s}_even(${random.below(40)}) + ${s}_odd(${random.below(40)})`),
    show('old', `${s}_old((int)${value()}, (int)${value()}, "k")`),
    `{ int base = ${random.below(50)}; int add(int n) { base += n; return n <= 0 ? base : add(n - 1) + base; } printf("nested %d %d\\n", add(${random.below(6)}), base); }`
      .replace('printf("nested %d %d\\n", add', 'int r = add')
      .replace(', base); }', '; printf("nested %d %d\\n", r, base); }')
      .replace(')); printf', '); printf'),
    `{ struct { int a[2]; } p = { { ${value()}, 2 } }, q = p; q.a[0]++; p = q; printf("%d %d\\n", p.a[0], q.a[0] == p.a[0]); __typeof__(p) *r = &q; r->a[1] = 9; printf("%d\\n", q.a[1]); }`,
    show(
      'sizes',
      `sizeof(struct ${s}_in) + sizeof(${s}_make(1, 2)) * 10 + sizeof(${s}_wrap(${s}_x.in, 1).u) * 100 + sizeof ${s}_z / sizeof *${s}_z * 7`,
    ),
  );
};
