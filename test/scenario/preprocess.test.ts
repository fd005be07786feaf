import assert from 'node:assert/strict';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { readScenario } from '../../src/scenario/index.js';
import { parseScript } from '../../src/scenario/syntax/parse.js';
import { preprocess } from '../../src/scenario/syntax/preprocess.js';
import { Diagnostics } from '../../src/scenario/syntax/diagnostic.js';
import { gatherIncludes, Sources, type FindInclude } from '../../src/scenario/syntax/sources.js';
import { preludeMacros } from '../../src/scenario/prelude.js';
import { checkLog } from './machines.js';
import { diagnosticLines } from './marked.js';

/** The tokens that come out, and the findings. */
function check(text: string, expected: string, findings: readonly string[] = []): void {
  const diagnostics = new Diagnostics();
  const { tokens } = preprocess(new Sources(text), { predefined: new Map() }, diagnostics);
  const words = tokens.slice(0, -1).map((token) => token.text);
  assert.equal(words.join(' '), expected, text);
  assert.deepEqual(diagnosticLines(text, diagnostics.all()), findings, text);
}

describe('preprocessor: macros', () => {
  it('# makes a string of an argument as it is written', () => {
    check(
      '#define S(x) #x\nS( a  +\n b ) S() S("a\\n" \'"\')',
      '"a + b" "" "\\"a\\\\n\\" \'\\"\'"',
    );
    check('#define S(x) #x\n#define X(x) S(x)\n#define N 3\nS(N) X(N)', '"N" "3"');
    check('#define S(x) # y\nS(1)', 'y', [
      "2:1 `S(1)` bad-macro: '#' is not followed by a parameter of the macro",
    ]);
  });

  it('# puts a space where gcc does: as the names of macros and parameters stand, not what they stand for', () => {
    const before =
      '#define S(x) #x\n#define X(x) S(x)\n#define E\n#define D(x) x E\n#define F(x) <x F(x)>\n#define G() g\n';
    check(
      `${before}X(D(a)(1)) X(F( b)) X(E a) X(-E-) X(- G() -) X(a E)`,
      [...['"a (1)"', '"<b F(b)>"', '"a"', '"--"', '"- g -"', '"a"']].join(' '),
    );
  });

  it('characters that C does not have may be made strings, or passed over', () => {
    check('#define S(x) #x\n#define N(x)\nS(a @ \\) N(`)', '"a @ \\\\"'.replace('\\\\', '\\'));
    check('a @ b € c', 'a b c', [
      "1:3 `@` stray-character: stray '@': C has no such character outside strings and comments",
      "1:7 `€` stray-character: stray '€': C has no such character outside strings and comments",
    ]);
  });

  it('## joins two tokens', () => {
    check('#define J(a, b) a##b\nJ(co, unt) J(1, e3) J(, x) J(x,) J(-, >)', 'count 1e3 x x ->');
    check('#define J(a, b) a ## _ ## b\n#define N 3\nJ(N, N)', 'N_N');
    check('#define J(a, b) a##b\nJ(+, x)', '+ x', [
      "2:1 `J(+, x)` bad-macro: '##' cannot join '+' and 'x': they make no token together",
    ]);
  });

  it('the rest of the arguments, in both spellings', () => {
    check('#define L(f, ...) p(f, ##__VA_ARGS__)\nL(a) L(a, b, c)', 'p ( a ) p ( a , b , c )');
    check('#define L(f, args...) p(f, ##args)\nL(a) L(a, b, c)', 'p ( a ) p ( a , b , c )');
    check('#define L(...) p(0 __VA_OPT__(,) __VA_ARGS__)\nL() L(b)', 'p ( 0 ) p ( 0 , b )');
    check('#define S(...) #__VA_ARGS__\nS(a, b ,c)', '"a, b ,c"');
    // gcc: the comma goes where they are left out, and stays where they are empty. __VA_OPT__ asks what they come to.
    check('#define L(f, ...) p(f, ##__VA_ARGS__)\nL(a, ) L(a)', 'p ( a , ) p ( a )');
    check('#define L(f, ...) p(f __VA_OPT__(,) __VA_ARGS__)\n#define E\nL(a, E)', 'p ( a )');
  });

  it('what comes out is looked at again, with what follows, and no macro names itself', () => {
    check('#define f(x) g(x)\n#define g f\nf(1) (2)', 'f ( 1 ) ( 2 )');
    check('#define A B\n#define B A\nA B', 'A B');
    check('#define f(a) a*g\n#define g(a) f(a)\nf(2)(9)', '2 * 9 * g');
    check('#define OPEN (\n#define id(x) x\nid OPEN 1 )', 'id ( 1 )');
    // ISO C11 6.10.3.5, example 3.
    check(
      '#define x 3\n#define f(a) f(x * (a))\n#undef x\n#define x 2\n#define g f\n#define z z[0]\n#define h g(~\n' +
        '#define m(a) a(w)\n#define w 0,1\n#define t(a) a\nf(y+1) + f(f(z)) % t(t(g)(0) + t)(1); g(x+(3,4)-w) | h 5) & m(f)^m(m);',
      'f ( 2 * ( y + 1 ) ) + f ( 2 * ( f ( 2 * ( z [ 0 ] ) ) ) ) % f ( 2 * ( 0 ) ) + t ( 1 ) ; ' +
        'f ( 2 * ( 2 + ( 3 , 4 ) - 0 , 1 ) ) | f ( 2 * ( ~ 5 ) ) & f ( 2 * ( 0 , 1 ) ) ^ m ( 0 , 1 ) ;',
    );
  });

  it('push_macro, __LINE__, __COUNTER__, #line, digraphs', () => {
    check(
      '#define L 1\n#pragma push_macro("L")\n#undef L\n#define L 2\nL\n#pragma pop_macro("L")\nL',
      '2 1',
    );
    const words = (text: string): string => {
      const { tokens } = preprocess(
        new Sources(text),
        { predefined: preludeMacros(), name: 'a.mms' },
        new Diagnostics(),
      );
      return tokens.map((token) => token.text).join(' ');
    };
    assert.equal(words('__LINE__\n__LINE__ __FILE__'), '1 2 "a.mms" ');
    assert.equal(words('#line 40 "b.c"\n__LINE__ __FILE__'), '40 "b.c" ');
    assert.equal(words('__COUNTER__ __COUNTER__'), '0 1 ');
    assert.equal(words('a<:1:> <% %>'), 'a [ 1 ] { } ');
  });

  it('what is passed over or cannot be meant is said', () => {
    check('#pragma mmscop machine arch=i386', '', [
      "1:9 `mmscop` warning bad-pragma: #pragma mmscop is passed over: write '#pragma mmscope' to choose the machine [Change to 'mmscope']",
    ]);
    check('#pragma GCC poison x\n#!/bin/sh\n#pragma pack(1)', '', [
      '1:1 `#pragma GCC poison x` hint bad-pragma: #pragma GCC is passed over: it means nothing in a scenario',
      "2:1 `#!/bin/sh` hint bad-directive: a line that begins with '#!' is passed over",
      '3:1 `#pragma pack(1)` unsupported: #pragma pack is not supported: write __packed after the struct',
    ]);
    check('#define A 1\n#define A 1\n#define A 2\nA', '2', [
      "3:9 `A` warning bad-macro: 'A' is defined anew, and differently: write #undef A before it",
    ]);
    check('a # b', 'a # b', [
      "1:3 `#` stray-character: stray '#': '#' and '##' can only be used in the definition of a macro",
    ]);
  });
});

describe('preprocessor: conditions', () => {
  it('one part is read, and of the others nothing is said', () => {
    check('#if 0\ndon\'t @ "\n#elif 1\na\n#else\nb\n#endif\nc', 'a c');
    check('#ifdef X\na\n#elif defined(X) || !defined Y\nb\n#else\nc\n#endif', 'b');
    check('#ifndef X\n#define X\n#if 0\n#else\na\n#endif\n#endif\n#ifndef X\nb\n#endif', 'a');
  });

  it('arithmetic of 64 bits', () => {
    for (const [text, holds] of [
      ['1 + 2 * 3 == 7 && (1 || 1 / 0)', true],
      ['-1 > 0u', true],
      ['-1 >> 63 == -1 && ~0u == 0xffffffffffffffff', true],
      ["'a' == 97 ? 0 : 1", false],
      ['nobody', false],
      ['1 << 40 == 0x10000000000', true],
    ] as const)
      check(`#if ${text}\na\n#endif`, holds ? 'a' : '');
    check('#if 1 / 0\n#endif\n#if\n#endif\n#if (1\n#endif', '', [
      '1:7 `/` bad-directive: division by zero in the condition of #if',
      '3:1 `#if` bad-directive: this #if has no condition',
      "5:6 `1` bad-directive: expected ')' in #if",
    ]);
  });

  it('parts without a beginning or an end', () => {
    check('#endif\n#else\n#if 1\na', 'a', [
      '1:1 `#endif` bad-directive: #endif without #if',
      '2:1 `#else` bad-directive: #else without #if',
      '3:1 `#if 1` bad-directive: this condition has no #endif',
    ]);
    check('#if 1\n#else\n#else\n#endif', '', ['3:1 `#else` bad-directive: #else after #else']);
  });

  it('the options of the kernel build, IS_ENABLED, the version', () => {
    const text = `#ifdef CONFIG_64BIT
pr_info("64");
#else
pr_info("32");
#endif
#if IS_ENABLED(CONFIG_HIGHMEM4G) && !IS_ENABLED(CONFIG_SMP)
pr_info("highmem");
#endif
pr_info("%d %d", IS_ENABLED(CONFIG_MMU), IS_ENABLED(CONFIG_NOT_THERE));
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0) && PAGE_SIZE == 4096
pr_info("6.1 %d", HZ);
#endif`;
    checkLog(text, ['64', '1 0', '6.1 100'], ['x86_64-slub']);
    checkLog(text, ['32', 'highmem', '1 0', '6.1 100'], ['i386-highmem4g-slub']);
  });
});

/** A scenario beside files that it may include. */
function compileWith(
  files: Readonly<Record<string, string>>,
  profile: ProfileName = 'x86_64-slub',
) {
  const findInclude: FindInclude = (name) => {
    const text = files[name];
    return text === undefined ? undefined : { path: name, text };
  };
  const scenario = readScenario(files['main.mms'] ?? '', { name: 'main.mms', findInclude });
  return { scenario, ...scenario.compile(loadProfile(profile)) };
}

describe('preprocessor: own files', () => {
  it('are read where they are included, and places in them are theirs', () => {
    const { program, diagnostics, scenario } = compileWith({
      'main.mms': '#include "a.h"\nint x = twice(4) + bad;\n',
      'a.h':
        '#ifndef A_H\n#define A_H\n#include "b.h"\nint twice(int n) { return FACTOR * m; }\n#endif\n',
      'b.h': '#pragma once\n#include "b.h"\n#define FACTOR 2\n',
    });
    assert.equal(program, undefined);
    const places = diagnostics.map(({ span, message }) => {
      const { file, line, column } = scenario.sources.position(span.start);
      return `${file.path ?? 'main.mms'}:${line}:${column} ${message}`;
    });
    assert.deepEqual(places, [
      "main.mms:2:20 neither the scenario nor the kernel has 'bad'",
      "a.h:4:36 neither the scenario nor the kernel has 'm'",
    ]);
  });

  it('that are missing, and files that include themselves', () => {
    const messages = (files: Readonly<Record<string, string>>): string[] =>
      compileWith(files).diagnostics.map(({ message }) => message);
    assert.deepEqual(messages({ 'main.mms': '#if 0\n#include "no.h"\n#endif\n' }), []);
    assert.deepEqual(messages({ 'main.mms': '#include "no.h"\n' }), [
      '"no.h" was not found: files are looked for beside the one that includes them',
    ]);
    assert.deepEqual(messages({ 'main.mms': '#include "x.h"\n', 'x.h': '#include "x.h"\n' }), [
      'files include each other more than 40 deep',
    ]);
    assert.deepEqual(
      parseScript('#include "x.h"').diagnostics.map(({ message }) => message),
      ['"x.h" cannot be read here: files are looked for beside the one that includes them'],
    );
  });

  it('are gathered by a reader that takes time', async () => {
    const files: Readonly<Record<string, string>> = { '/a.h': '#include "b.h"\n', '/b.h': 'b' };
    const asked: string[] = [];
    const find = await gatherIncludes('#include "a.h"\n#include "c.h"', (name, from) => {
      asked.push(`${from ?? 'main'} ${name}`);
      const text = files[`/${name}`];
      return Promise.resolve(text === undefined ? undefined : { path: `/${name}`, text });
    });
    assert.deepEqual(asked, ['main a.h', '/a.h b.h', 'main c.h']);
    assert.equal(find('b.h', '/a.h')?.text, 'b');
    assert.equal(find('c.h', undefined), undefined);
  });
});

describe('preprocessor: modules', () => {
  it('pr_fmt, KBUILD_MODNAME, pr_cont', () => {
    checkLog('#define pr_fmt(fmt) "mymod: " fmt\npr_info("loaded %d\\n", 1); printk("bare");', [
      'mymod: loaded 1',
      'bare',
    ]);
    checkLog('#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt\npr_err("x"); pr_err_once("y");', [
      'scenario: x',
      'scenario: y',
    ]);
  });
});
