import assert from 'node:assert/strict';
import { parseScript } from '../../src/scenario/syntax/parse.js';
import { nearest } from '../../src/scenario/syntax/suggest.js';
import { diagnosticLines } from './marked.js';

const isTypeName = (name: string): boolean => /_t$/.test(name);

/** Findings of the parser, and how many statements it made of the text all the same. */
function check(text: string, nrStatements: number, expected: readonly string[]): void {
  const { script, diagnostics } = parseScript(text, { isTypeName });
  assert.deepEqual(diagnosticLines(text, diagnostics), expected, text);
  assert.equal(script.statements.length, nrStatements, text);
}

describe('parser: findings, each said once, and going on', function () {
  it('a missing semicolon is mended where it belongs', () => {
    check('int a = 1\nint b = 2;', 2, [
      "1:9 `1` expected: expected ';' after the declaration, not 'int' [Insert ';']",
    ]);
    check('do x++; while (x < 3)\ny();', 2, [
      "1:21 `)` expected: expected ';' after 'do ... while (...)', not 'y' [Insert ';']",
    ]);
    check('foo bar baz;\nint d;', 2, [
      "1:7 `r` expected: expected ';' after the declaration, not 'baz' [Insert ';']",
    ]);
  });

  it('several in one text', () => {
    check('int a = ;\nf(1 2);\nwhile (1) { a = b + ; c = ); }\nint d = 1', 4, [
      "1:9 `;` expected: expected an expression, not ';'",
      "2:3 `1` expected: expected ')' after the arguments, not '2' [Insert ')']",
      "3:21 `;` expected: expected an expression, not ';'",
      "3:27 `)` expected: expected an expression, not ')'",
      "4:9 `1` expected: expected ';' after the declaration, not the end of the text [Insert ';']",
    ]);
  });

  it('brackets that do not match', () => {
    check('if (a { b; }\nc;', 2, [
      "1:5 `a` expected: expected ')' after the condition, not '{' [Insert ')']",
    ]);
    check('if a) b;\nc;', 2, ["1:2 `f` expected: expected '(' after 'if', not 'a' [Insert '(']"]);
    check('int a[3;\nint b;', 2, [
      "1:7 `3` expected: expected ']' after the length, not ';' [Insert ']']",
    ]);
    check('task a { x = 1;\nf();', 1, ["1:8 `{` expected: this '{' is never closed"]);
    check('x = 1; } y = 2;', 2, ["1:8 `}` expected: this '}' has no matching '{'"]);
    check('void f(int a { return; }\nint b;', 2, [
      "1:12 `a` expected: expected ')' after the parameters, not '{' [Insert ')']",
    ]);
    check('struct page *p = alloc_pages(GFP_KERNEL, 2;\nint x;', 2, [
      "1:42 `2` expected: expected ')' after the arguments, not ';' [Insert ')']",
    ]);
  });

  it('statements out of place', () => {
    check('else x = 1;', 1, ["1:1 `else` expected: this 'else' has no 'if'"]);
    check('goto *p;\nx = 1;', 2, [
      '1:6 `*` unsupported: goto needs a label: write a switch instead of a computed goto',
    ]);
    check('f(void) { return 1; }\nint y;', 2, [
      "1:1 `f` expected: a function needs the type of its result: write int f(...) [Insert 'int']",
    ]);
    check('int f(a, b) int a; char c; { return a; }\nint y;', 2, [
      "1:25 `c` unknown-name: 'f' has no parameter 'c'",
    ]);
    check('int f(int a, b) int b; { return a; }', 1, [
      "1:7 `int a` expected: give the parameters of 'f' their types either in the parentheses or behind them",
    ]);
    check('void *p = &&out;', 1, [
      '1:11 `&&` unsupported: a label has no address here: write a switch instead of a computed goto',
    ]);
    check('asm("nop");', 1, ['1:1 `asm` unsupported: assembler code cannot run in a scenario']);
    check('for (i = 0, i < 3, i++) f(i);\ng();', 2, [
      "1:22 `+` expected: expected ';' after the start of 'for', not ')' [Insert ';']",
    ]);
    check('switch (x) { case 1 f(); case : g(); }', 1, [
      "1:19 `1` expected: expected ':' after the value of the case, not 'f' [Insert ':']",
      "1:31 `:` expected: expected an expression, not ':'",
    ]);
  });

  it('declarations', () => {
    check('int 3x;\nint ok;', 2, ["1:5 `3x` expected: expected a name to declare, not '3x'"]);
    check('struct { int a } x;\nint y;', 2, [
      "1:14 `a` expected: expected ';' after the member, not '}' [Insert ';']",
    ]);
    check('enum { A, B C };\nint y;', 2, [
      "1:11 `B` expected: expected '}' after the enumerators, not 'C' [Insert '}']",
    ]);
    check('foo(struct page *p);', 1, [
      "1:18 `p` expected: only a type is expected here: remove the name 'p'",
    ]);
  });

  it('members, literals and escapes', () => {
    check('p->;\np.3;\nq->x;', 3, [
      "1:4 `;` expected: expected the name of a member, not ';'",
      "2:3 `3` expected: expected the name of a member, not '3'",
    ]);
    check("a = 09; b = 1.5; c = ''; d = 'ab'; e = \"\\q\";", 5, [
      "1:5 `09` bad-number: '09' starts with 0, so it is octal, which has no digits 8 and 9",
      "1:13 `1.5` bad-number: '1.5' is a floating-point number, which the kernel does not use",
      "1:22 `''` bad-character: a character literal must hold a character",
      "1:30 `'ab'` warning bad-character: a character literal of more than one byte is a number that compilers choose",
      "1:41 `\\q` bad-escape: '\\q' is not an escape sequence",
    ]);
  });

  it('preprocessor lines', () => {
    check('#include <linux/mm.h>\n#ifdef X\nint a;\n#endif\n#defin A 1\n#define 3\n#error no', 0, [
      '1:1 `#include <linux/mm.h>` hint bad-directive: no header is needed: every type, function and constant of the kernel is known already [Remove the #include]',
      "5:1 `#defin A 1` bad-directive: unknown directive #defin (did you mean 'define'?) [Change to 'define']",
      '6:9 `3` bad-macro: #define needs a name',
      '7:1 `#error no` bad-directive: #error no',
    ]);
    check('#define SQ(x) ((x)*(x))\nint a = SQ(1,2);\nint b = SQ(1', 2, [
      "2:9 `SQ(1,2)` bad-macro: macro 'SQ' takes 1 argument, not 2",
      "3:9 `SQ` bad-macro: macro 'SQ' has no closing ')'",
      "3:10 `Q` expected: expected ';' after the declaration, not the end of the text [Insert ';']",
    ]);
    const bomb = Array.from({ length: 40 }, (_, i) => `#define M${i} M${i + 1} M${i + 1}`);
    check(`${bomb.join('\n')}\n#define M40\nM0;`, 1, [
      '42:1 `M0` bad-macro: the macros used here never stop expanding',
    ]);
  });

  it('a finding in a macro points at its use', () => {
    check('#define BAD (1 + )\nint a = BAD;', 1, [
      "2:9 `BAD` expected: expected an expression, not ')'",
    ]);
  });

  it('nesting beyond sense ends, with one finding', () => {
    check(`x = ${'('.repeat(300)}1${')'.repeat(300)};`, 1, [
      '1:203 `(` too-deep: nested more than 200 levels deep',
    ]);
    check('{'.repeat(5000), 1, ['1:201 `{` too-deep: nested more than 200 levels deep']);
    check(`x = ${'1+'.repeat(5000)}1;\nint y;`, 2, [
      '1:2006 `+` too-deep: more than 1000 operators in a row',
    ]);
  });

  it('never throws and always ends: every prefix and every deletion of a script', () => {
    const text = `#define N 3
struct x { int a[N]; struct page *p; } v = { .a = { 1, 2 }, .p = alloc_pages(GFP_KERNEL, 0) };
int f(int a, u_t *b) { for (int i = 0; i < a; i++) { if (b[i] > 3 ? 1 : 0) continue; else break; } return 1; }
task t { switch (v.a[0]) { case 1 ... 2: do f(1, (u_t *)0); while (0); default: pr_info("%d\\n", 'a'); } }
cpu(1) { typedef unsigned long ul; ul q = sizeof(ul) << 2; enum { A, B = 2 } e = A; }`;
    for (let i = 0; i <= text.length; i++) {
      parseScript(text.slice(0, i), { isTypeName });
      parseScript(text.slice(i), { isTypeName });
      parseScript(text.slice(0, i) + text.slice(i + 1), { isTypeName });
    }
    assert.deepEqual(parseScript(text, { isTypeName }).diagnostics, []);
  });
});

describe('suggestions', function () {
  const names = ['alloc_pages', 'alloc_page', 'GFP_KERNEL', 'free_area', 'lru', 'slab'];
  for (const [written, expected] of [
    ['aloc_pages', 'alloc_pages'],
    ['alloc_pagse', 'alloc_pages'],
    ['gfp_kernel', 'GFP_KERNEL'],
    ['free-area', 'free_area'],
    ['Slab', 'slab'],
    ['lur', 'lru'],
    ['xyz', undefined],
    ['allocate_some_pages', undefined],
  ] as const)
    it(`${written} -> ${expected ?? 'nothing'}`, () =>
      assert.equal(nearest(written, names), expected));
});
