import assert from 'node:assert/strict';
import type { Statement } from '../../src/scenario/syntax/ast.js';
import { parseExpression, parseScript, parseTypeName } from '../../src/scenario/syntax/parse.js';
import { exprText, initializerText, typeText } from '../../src/scenario/syntax/print.js';
import { diagnosticLines } from './marked.js';

const isTypeName = (name: string): boolean => /_t$|^u(8|16|32|64)$/.test(name);

function checkExpression(text: string, expected: string): void {
  const { expression, diagnostics } = parseExpression(text, { isTypeName });
  assert.deepEqual(diagnosticLines(text, diagnostics), [], text);
  assert.equal(exprText(expression), expected, text);
}

describe('expressions: precedence and associativity', function () {
  for (const [text, expected] of [
    ['a + b * c', '(a + (b * c))'],
    ['a * b + c', '((a * b) + c)'],
    ['a - b - c', '((a - b) - c)'],
    ['a / b % c * d', '(((a / b) % c) * d)'],
    ['a << b + c', '(a << (b + c))'],
    ['a < b << c', '(a < (b << c))'],
    ['a == b < c', '(a == (b < c))'],
    ['a & b == c', '(a & (b == c))'],
    ['a ^ b & c', '(a ^ (b & c))'],
    ['a | b ^ c', '(a | (b ^ c))'],
    ['a && b | c', '(a && (b | c))'],
    ['a || b && c || d', '((a || (b && c)) || d)'],
    ['a ? b : c ? d : e', '(a ? b : (c ? d : e))'],
    ['a ? b, c : d', '(a ? (b, c) : d)'],
    ['a ? b ? c : d : e', '(a ? (b ? c : d) : e)'],
    ['a ?: b', '(a ?: b)'],
    ['a || b ? c : d', '((a || b) ? c : d)'],
    ['a = b = c', '(a = (b = c))'],
    ['a = b ? c : d', '(a = (b ? c : d))'],
    ['a ? b : c = d', '((a ? b : c) = d)'],
    ['a += b -= c', '(a += (b -= c))'],
    ['a <<= b >>= c', '(a <<= (b >>= c))'],
    ['a, b = c, d', '((a, (b = c)), d)'],
    ['-a * b', '((-a) * b)'],
    ['- -a', '(-(-a))'],
    ['!a == b', '((!a) == b)'],
    ['~a & b', '((~a) & b)'],
    ['*p++', '(*(p++))'],
    ['(*p)++', '((*p)++)'],
    ['++*p', '(++(*p))'],
    ['*p->q', '(*p->q)'],
    ['&a[1]', '(&a[1])'],
    ['&p->q.r[2].s', '(&p->q.r[2].s)'],
    ['*a[1]', '(*a[1])'],
    ['-a[b][c]++', '(-(a[b][c]++))'],
    ['f(a, b)(c)', 'f(a, b)(c)'],
    ['f()[1]->x', 'f()[1]->x'],
    ['sizeof a + b', '((sizeof a) + b)'],
    ['sizeof(a) * b', '((sizeof a) * b)'],
    ['sizeof(int) * b', '(sizeof(int) * b)'],
    ['sizeof(struct page *)', 'sizeof(struct page *)'],
    ['sizeof -a', '(sizeof (-a))'],
    ['sizeof a[1]', '(sizeof a[1])'],
    ['(int)a + b', '(((int)a) + b)'],
    ['(int)-a', '((int)(-a))'],
    ['(int)(a + b)', '((int)(a + b))'],
    ['(a) + b', '(a + b)'],
    ['(pfn_t)a + b', '(((pfn_t)a) + b)'],
    ['(pfn_t *)a->b', '((pfn_t *)a->b)'],
    ['(unsigned long)&a', '((unsigned long)(&a))'],
    ['(struct page *(*)[4])a', '((struct page *(*)[4])a)'],
    ['(int[]){ 1, 2 }[1]', '(int []){ 1, 2 }[1]'],
    ['(struct x){ .a = 1 }.a', '(struct x){ .a = 1 }.a'],
    ['a-- - --b', '((a--) - (--b))'],
    ['a & b && c & d', '((a & b) && (c & d))'],
    ['a < b == c > d', '((a < b) == (c > d))'],
    ['a >= b != c <= d', '((a >= b) != (c <= d))'],
    ['1u + 2ul + 0x3ll', '((1u + 2ul) + 3ll)'],
    ["'a' + '\\n'", "('a' + '\n')"],
    ['"a" "b" "c"', '"abc"'],
    ['container_of(p, struct page, lru)', 'container_of(p, struct page, lru)'],
    ['offsetof(struct zone, free_area[2].nr_free)', 'offsetof(struct zone, free_area[2].nr_free)'],
    ['f((a, b), c)', 'f((a, b), c)'],
    ['(void)a', '((void)a)'],
    ['!(flags & (1UL << PG_locked))', '(!(flags & (1ul << PG_locked)))'],
    ['task + cpu', '(task + cpu)'],
  ] as const)
    it(text, () => checkExpression(text, expected));
});

describe('types', function () {
  for (const text of [
    'int',
    'unsigned long',
    'long long unsigned int',
    'struct page *',
    'struct page **',
    'struct list_head [6]',
    'struct page *[4]',
    'struct page (*)[4]',
    'int (*)(struct page *, int)',
    'void (*[2])(void)',
    'int (*(*)(int))[3]',
    'gfp_t *',
    'enum zone_type',
    'typeof(int *)',
    'typeof((*p))',
  ])
    it(text, () => {
      const { type, diagnostics } = parseTypeName(text, { isTypeName });
      assert.deepEqual(diagnostics, []);
      assert.equal(typeText(type), text);
    });
});

/** Statements as a compact text that shows structure. */
function outline(statement: Statement): string {
  const list = (statements: readonly Statement[]) => statements.map(outline).join(' ');
  switch (statement.kind) {
    case 'expression':
      return `${exprText(statement.value)};`;
    case 'declaration': {
      const storage = statement.storage === 'automatic' ? '' : `${statement.storage} `;
      const parts = statement.declarators.map(
        ({ type, name, initializer }) =>
          typeText(type, name) + (initializer ? ` = ${initializerText(initializer)}` : ''),
      );
      return `${storage}${parts.join(' & ') || typeText(statement.base)};`;
    }
    case 'function':
      return `${typeText(statement.type, statement.name)} ${outline(statement.body)}`;
    case 'task':
      return `task ${statement.name} ${outline(statement.body)}`;
    case 'cpu':
      return `cpu ${exprText(statement.cpu)} ${outline(statement.body)}`;
    case 'if': {
      const otherwise = statement.otherwise ? ` else ${outline(statement.otherwise)}` : '';
      return `if ${exprText(statement.test)} ${outline(statement.then)}${otherwise}`;
    }
    case 'while':
      return `while ${exprText(statement.test)} ${outline(statement.body)}`;
    case 'do':
      return `do ${outline(statement.body)} while ${exprText(statement.test)}`;
    case 'for': {
      const { init, test, step } = statement;
      const head = [init && outline(init), test && exprText(test), step && exprText(step)];
      return `for <${head.map((part) => part ?? '').join('|')}> ${outline(statement.body)}`;
    }
    case 'switch':
      return `switch ${exprText(statement.value)} ${outline(statement.body)}`;
    case 'case':
      return `case ${exprText(statement.value)}${statement.high ? `..${exprText(statement.high)}` : ''}:`;
    case 'return':
      return statement.value ? `return ${exprText(statement.value)};` : 'return;';
    case 'block':
      return `{${list(statement.statements)}}`;
    case 'label':
    case 'goto':
      return `${statement.kind} ${statement.name};`;
    case 'static-assert':
      return `assert ${exprText(statement.test)};`;
    case 'default':
    case 'break':
    case 'continue':
    case 'empty':
      return `${statement.kind};`;
  }
}

function checkScript(text: string, expected: string, findings: string[] = []): void {
  const { script, diagnostics } = parseScript(text, { isTypeName });
  assert.deepEqual(diagnosticLines(text, diagnostics), findings, text);
  assert.equal(script.statements.map(outline).join(' '), expected, text);
}

describe('statements and declarations', function () {
  for (const [text, expected] of [
    ['int a;', 'int a;'],
    ['int a, *b, c[3], *d[4], (*e)[5];', 'int a & int *b & int c[3] & int *d[4] & int (*e)[5];'],
    ['unsigned long x = 1, y = x + 1;', 'unsigned long x = 1 & unsigned long y = (x + 1);'],
    [
      'struct page *p = alloc_pages(GFP_KERNEL, 2);',
      'struct page *p = alloc_pages(GFP_KERNEL, 2);',
    ],
    ['const char *s = "a";', 'const char *s = "a";'],
    ['int *const p, v[const 4];', 'int *const p & int v[4];'],
    ['out: goto out;', 'label out; goto out;'],
    ['int a[] = { [0 ... 3] = 1, [4] 2 };', 'int a[] = { [0 ... 3] = 1, [4] = 2 };'],
    ['struct x v = { a: 1 };', 'struct x v = { .a = 1 };'],
    ['x = ({ int y = 1; y; });', '(x = ({ ... }));'],
    ['x = _Generic(y, int: 1, default: 2);', '(x = _Generic(y, int: 1, default: 2));'],
    ['_Static_assert(1, "a");', 'assert 1;'],
    ['if (a) case 1: b; c;', 'if a {case 1: b;} c;'],
    ['int a[] = { 1, [3] = 4, 5, };', 'int a[] = { 1, [3] = 4, 5 };'],
    ['struct x v = { .a = 1, .b.c[2] = { 3 } };', 'struct x v = { .a = 1, .b.c[2] = { 3 } };'],
    ['static int n = 3;', 'static int n = 3;'],
    ['typedef unsigned long ul; ul a; ul * b;', 'typedef unsigned long ul; ul a; ul *b;'],
    ['gfp_t gfp; gfp_t * p;', 'gfp_t gfp; gfp_t *p;'],
    ['int gfp_t = 1; gfp_t * 2;', 'int gfp_t = 1; (gfp_t * 2);'],
    ['foo *p = x;', 'foo *p = x;'],
    ['int foo; foo *p;', 'int foo; (foo * p);'],
    ['foo bar;', 'foo bar;'],
    ['struct x { int a, b:3; struct { char c; }; } v;', 'struct x v;'],
    ['enum { A, B = 4, C } e = B;', 'enum {...} e = B;'],
    ['int f(int a, struct page *p) { return a; }', 'int f(int a, struct page *p) {return a;}'],
    ['static inline void g(void) {}', 'void g(void) {}'],
    ['int h(int, ...);', 'int h(int, ...);'],
    ['if (a) b; else if (c) d; else e;', 'if a b; else if c d; else e;'],
    ['if (a) if (b) c; else d;', 'if a if b c; else d;'],
    ['for (int i = 0; i < 4; i++) f(i);', 'for <int i = 0;|(i < 4)|(i++)> f(i);'],
    ['for (;;) ;', 'for <||> empty;'],
    ['for (i = 0, j = 1; ; ) { continue; }', 'for <((i = 0), (j = 1));||> {continue;}'],
    ['while (a--) { break; }', 'while (a--) {break;}'],
    ['do a++; while (a < 3);', 'do (a++); while (a < 3)'],
    [
      'switch (x) { case 1: case 2 ... 4: f(); break; default: g(); }',
      'switch x {case 1: case 2..4: f(); break; default; g();}',
    ],
    ['task writer { f(); }', 'task writer {f();}'],
    ['cpu(1) { f(); }', 'cpu 1 {f();}'],
    ['int cpu = 1; cpu (2);', 'int cpu = 1; cpu(2);'],
    ['{ int a; { a = 1; } }', '{int a; {(a = 1);}}'],
    ['int a; a * b;', 'int a; (a * b);'],
    ['a * b;', 'a *b;'],
    ['#define N 3\nint a[N]; int b = N + N;', 'int a[3]; int b = (3 + 3);'],
    ['#define SQ(x) ((x) * (x))\nint a = SQ(b + 1);', 'int a = ((b + 1) * (b + 1));'],
    ['#define A B\n#define B A\nA;', 'A;'],
    [
      '#define log(f, ...) pr_info(f, ##__VA_ARGS__)\nlog("a"); log("b", 1, 2);',
      'pr_info("a"); pr_info("b", 1, 2);',
    ],
    [
      '#define EACH(i, n) for (i = 0; i < n; i++)\nEACH(k, 3) f(k);',
      'for <(k = 0);|(k < 3)|(k++)> f(k);',
    ],
    ['#define F(x) x\nint F; F (1);', 'int F; 1;'],
    ['#define A 1\n#undef A\nint A;', 'int A;'],
  ] as const)
    it(text, () => checkScript(text, expected));
});
