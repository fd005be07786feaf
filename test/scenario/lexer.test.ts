import assert from 'node:assert/strict';
import { Diagnostics } from '../../src/scenario/syntax/diagnostic.js';
import { lex } from '../../src/scenario/syntax/lexer.js';
import { readInteger, readQuoted } from '../../src/scenario/syntax/literals.js';
import { decodeUtf8, encodeUtf8 } from '../../src/scenario/syntax/utf8.js';
import { diagnosticLines } from './marked.js';

/** Tokens as `text@start`, then findings. */
function check(text: string, expected: string, findings: string[] = []): void {
  const diagnostics = new Diagnostics();
  const tokens = lex(text, diagnostics);
  assert.equal(tokens.pop()?.kind, 'end');
  assert.equal(tokens.map((token) => `${token.text}@${token.start}`).join(' '), expected, text);
  assert.deepEqual(diagnosticLines(text, diagnostics.all()), findings, text);
}

describe('lexer', () => {
  it('splits names, numbers and the longest punctuators', () => {
    check('a+++b', 'a@0 ++@1 +@3 b@4');
    check('x<<=y>>=z...', 'x@0 <<=@1 y@4 >>=@5 z@8 ...@9');
    check('p->q.r--', 'p@0 ->@1 q@3 .@4 r@5 --@6');
    check('0x1fUL 1e+5 017 0b101', '0x1fUL@0 1e+5@7 017@12 0b101@16');
    check('0xe+1', '0xe@0 +@3 1@4');
    check('_a1 $b', '_a1@0 $b@4');
  });

  it('skips comments and white space', () => {
    check('a // b\nc', 'a@0 c@7');
    check('a/* b\n * c */d', 'a@0 d@13');
    check('\ufeffa\r\n\tb', 'a@1 b@5');
  });

  it('reads quoted text as one token', () => {
    check('"a\\"b" \'\\\'\'', '"a\\"b"@0 \'\\\'\'@7');
    check('"a // b"', '"a // b"@0');
  });

  it('joins lines at a backslash and keeps the places of the source', () => {
    check('ab\\\ncd ef', 'abcd@0 ef@7');
    check('"a\\\r\nb" c', '"ab"@0 c@8');
    check('// a \\\n b\nc', 'c@10');
  });

  it('keeps a preprocessor line whole', () => {
    check('#define A 1 // x\nb', '#define A 1 // x@0 b@17');
    check('#define A \\\n 1\nb', '#define A  1@0 b@15');
    check('#define A /* x\ny */ 1\nb', '#define A /* x\ny */ 1@0 b@22');
  });

  it('reports what is no token and goes on', () => {
    // Macros may pass over it: whoever has replaced them complains.
    check('a @ b', 'a@0 @@2 b@4');
    check('"ab\nc', '"ab@0 c@4', [
      '1:1 `"ab` unterminated: this string has no closing " on its line [Insert "]',
    ]);
    check("'a", "'a@0", [
      "1:1 `'a` unterminated: this character has no closing ' on its line [Insert ']",
    ]);
    check('a /* b', 'a@0', ['1:3 `/*` unterminated: this comment has no closing */']);
    check('a € 😀', 'a@0 €@2 😀@4');
  });
});

describe('literals', () => {
  const value = (text: string): string => {
    const literal = readInteger(text);
    if ('problem' in literal) return literal.problem;
    const { value, unsigned, longs, decimal } = literal;
    return `${value}${unsigned ? 'u' : ''}${'l'.repeat(longs)}${decimal ? '' : ' not decimal'}`;
  };

  it('integers of every base and suffix', () => {
    for (const [text, expected] of [
      ['0', '0 not decimal'],
      ['42', '42'],
      ['017', '15 not decimal'],
      ['0x1F', '31 not decimal'],
      ['0b1010', '10 not decimal'],
      ['1u', '1u'],
      ['1UL', '1ul'],
      ['1lu', '1ul'],
      ['1ULL', '1ull'],
      ['1llu', '1ull'],
      ['1ll', '1ll'],
      ['18446744073709551615', '18446744073709551615'],
      ['1lll', "'lll' is not an integer suffix: use u, l, ul, ll or ull"],
      ['1lL', "'lL' is not an integer suffix: use u, l, ul, ll or ull"],
      ['089', "'089' starts with 0, so it is octal, which has no digits 8 and 9"],
      ['1.5', "'1.5' is a floating-point number, which the kernel does not use"],
      ['1e5', "'1e5' is a floating-point number, which the kernel does not use"],
      ['0x', "'0x' is not a hexadecimal number: write 0x followed by hexadecimal digits"],
      ['0xfg', "'0xfg' is not a hexadecimal number: write 0x followed by hexadecimal digits"],
      ['0b2', "'0b2' is not a binary number: write 0b followed by 0s and 1s"],
      ['12ab', "'12ab' is not a number"],
    ] as const)
      assert.equal(value(text), expected, text);
  });

  it('escapes', () => {
    const check = (text: string, bytes: number[], problems: string[] = []) => {
      const read = readQuoted(text);
      assert.deepEqual([...read.bytes], bytes, text);
      assert.deepEqual(
        read.problems.map((p) => `${p.start}-${p.end} ${p.message}`),
        problems,
        text,
      );
    };
    check('"a\\n\\t\\0\\x41\\101\\\\\\e"', [97, 10, 9, 0, 65, 65, 92, 27]);
    check('"é€😀"', [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]);
    check('"\\u00e9\\U0001F600"', [0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]);
    check('"a\\qb"', [97, 98], ["2-4 '\\q' is not an escape sequence"]);
    check('"\\x1ff"', [255], ["1-6 '\\x1ff' does not fit in a byte"]);
    check('"\\777"', [255], ["1-5 '\\777' does not fit in a byte"]);
  });

  it('UTF-8 there and back, malformed bytes replaced', () => {
    for (const text of ['', 'abc', 'é€😀\u0000x']) assert.equal(decodeUtf8(encodeUtf8(text)), text);
    assert.equal(decodeUtf8([0x61, 0xff, 0x62, 0xe2, 0x82]), 'a\ufffdb\ufffd');
  });
});
