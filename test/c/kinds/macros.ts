/** The preprocessor: pasting with nothing, macros that name themselves, __VA_OPT__, scans again and again, #if of unsigned numbers. */
import { many, show, type Kind } from './kind.js';

const CONDITION_NUMBERS = [
  '0',
  '1',
  '-1',
  '2u',
  '0xffffffffu',
  '0x8000000000000000',
  '-1u',
  "'a'",
  "'\\377'",
  '0x7fffffffffffffff',
  'NOT_DEFINED',
  '4L',
  '1ull',
  '-5',
  '010',
];

export const macros: Kind = ({ globals, body, random, fresh }) => {
  const m = fresh('M');
  const condition = (depth: number): string => {
    if (depth === 0)
      return random.pick([
        ...CONDITION_NUMBERS,
        `${m}_ONE`,
        `${m}_SELF`,
        `defined(${m}_ONE)`,
        `defined ${m}_NONE`,
      ]);
    const sub = (): string => condition(depth - 1);
    return random.pick([
      () =>
        `(${sub()} ${random.pick(['+', '-', '*', '&', '|', '^', '<<', '>>'].slice(0, 6))} ${sub()})`,
      () => `(${sub()} ${random.pick(['<', '<=', '>', '>=', '==', '!=', '&&', '||'])} ${sub()})`,
      () => `(${random.pick(['!', '~', '-', '+'])} ${sub()})`,
      () => `(${sub()} ? ${sub()} : ${sub()})`,
      () => `(${sub()} / ((${sub()} & 7) + 1))`,
      () => `(${sub()} % ((${sub()} & 7) + 3))`,
      () => `(${sub()} << (${sub()} & 15))`,
      () => `(${sub()} >> (${sub()} & 15))`,
    ])();
  };
  globals.push(
    `#define ${m}_ONE 1`,
    `#define ${m}_SELF ${m}_SELF + 1`,
    `#define ${m}_CAT(a, b) a ## b`,
    `#define ${m}_XCAT(a, b) ${m}_CAT(a, b)`,
    `#define ${m}_CAT3(a, b, c) a ## b ## c`,
    `#define ${m}_STR(...) # __VA_ARGS__`,
    `#define ${m}_XSTR(...) ${m}_STR(__VA_ARGS__)`,
    `#define ${m}_EMPTY`,
    `#define ${m}_DEFER(x) x ${m}_EMPTY`,
    `#define ${m}_EVAL(...) ${m}_EVAL1(${m}_EVAL1(__VA_ARGS__))`,
    `#define ${m}_EVAL1(...) ${m}_EVAL2(${m}_EVAL2(__VA_ARGS__))`,
    `#define ${m}_EVAL2(...) __VA_ARGS__`,
    `#define ${m}_OPT(f, ...) f(__VA_OPT__(a __VA_ARGS__ b,) c)`,
    `#define ${m}_OPT2(x, ...) [x __VA_OPT__(y ## x) __VA_OPT__(, (__VA_ARGS__))]`,
    `#define ${m}_GNU(fmt, args...) fmt, ## args`,
    `#define ${m}_OBJ ${m}_FN`,
    `#define ${m}_FN(x...) <x ${m}_OBJ (x)>`,
    `#define ${m}_F(x...) ${m}_G(x)`,
    `#define ${m}_G(...) ${m}_F(__VA_ARGS__) __VA_ARGS__`,
    `#define ${m}_NARG(...) ${m}_NARG_(0, ## __VA_ARGS__, 5, 4, 3, 2, 1, 0)`,
    `#define ${m}_NARG_(_, a, b, c, d, e, n, ...) n`,
    `#define ${m}_FIRST(a, ...) a`,
    `#define ${m}_PARENS ()`,
    `#define ${m}_CALL(f, args) f args`,
    `#define ${m}_HASH(x, y) #x #y "z" #x`,
    `#define ${m}_12 twelve`,
    `#define ${m}_LIST(X) X(one, 1) X(two, 2) X(three, ${random.below(9)})`,
    `#define ${m}_AS_ENUM(n, v) ${m}_e_##n = v,`,
    `#define ${m}_AS_TEXT(n, v) #n "=" #v ";"`,
    `enum { ${m}_LIST(${m}_AS_ENUM) };`,
  );
  const atoms = [
    'a',
    '1',
    '',
    ' ',
    'x y',
    '"s\\n"',
    "'\\''",
    '(1, 2)',
    `${m}_ONE`,
    `${m}_SELF`,
    `${m}_EMPTY`,
    `${m}_CAT(,)`,
    `${m}_CAT(p, q)`,
    `${m}_XCAT(${m}_, 12)`,
    '+ +',
    '@',
    '"a\\"b"',
    '/* c */ k',
    `${m}_FN`,
    `${m}_OBJ`,
    '1.5e+3x',
    '.5',
    '->',
    '<<=',
  ];
  const atom = (): string => random.pick(atoms);
  const paste = (): string => random.pick(['a', '1', '', 'x y', `${m}_ONE`, '12', `${m}_`, 'L']);
  const call = (depth: number): string => {
    const arg = (): string => (depth === 0 || random.chance(40) ? atom() : call(depth - 1));
    return random.pick([
      () => `${m}_STR(${arg()}, ${arg()})`,
      () => `${m}_XSTR(${arg()})`,
      () => `${m}_CAT(${paste()}, ${paste().split(' ')[0] ?? ''})`,
      () => `${m}_XCAT(${m}_, ${random.pick(['ONE', 'EMPTY', '12', ''])})`,
      () =>
        `${m}_CAT3(${random.pick(['a', '', '1'])},${random.pick(['b', '', '2'])},${random.pick(['c', '', '3'])})`,
      () => `${m}_OPT(${arg()}${random.pick(['', ',', `, ${arg()}`, `, ${m}_EMPTY`])})`,
      () => `${m}_OPT2(${random.pick(['q', 'r2'])}${random.pick(['', ',', `, ${arg()}`])})`,
      () => `${m}_GNU(${arg()}${random.pick(['', `, ${arg()}`, `, ${arg()}, ${arg()}`])})`,
      () => `${m}_FN(${arg()}) (${arg()})`,
      () => `${m}_OBJ (${arg()})`,
      () => `${m}_F(${arg()})(${arg()})`,
      () => `${m}_EVAL(${m}_DEFER(${m}_FN)(${arg()}))`,
      () => `${m}_DEFER(${m}_CAT)(${paste()},)`,
      () =>
        `${m}_CALL(${random.pick([`${m}_FIRST`, `${m}_XSTR`, `${m}_FN`])}, (${arg()}, ${arg()}))`.replace(
          `${m}_FN, (`,
          `${m}_FIRST, (`,
        ),
      () => `${m}_FN ${m}_PARENS ${m}_FN\n(${arg()})`,
      () => `${m}_FIRST(${arg()}, ${arg()})`,
    ])();
  };
  for (let i = 0; i < 14; i++) body.push(`printf("%s\\n", ${m}_XSTR(${call(2)}));`);
  body.push(
    `printf("%s %s\\n", ${m}_HASH(${random.pick(["'\"'", '"\\\\"', ' a  b ', '\\n'])}, "\\t\\"${random.below(9)}"), ${m}_LIST(${m}_AS_TEXT));`,
    show(
      'narg',
      many(6, (n) => `${m}_NARG(${many(n, String).join(', ')}) * ${10 ** n}`).join(' + '),
    ),
    show('enum', `${m}_e_one + ${m}_e_two * 10 + ${m}_e_three * 100`),
  );
  for (let i = 0; i < 8; i++)
    body.push(
      `#if ${condition(3)}`,
      show('if', '1'),
      `#elif ${condition(2)}`,
      show('elif', '2'),
      '#else',
      show('else', '3'),
      '#endif',
    );
  body.push(
    `#undef ${m}_ONE`,
    `#ifdef ${m}_ONE`,
    'printf("still\\n");',
    `#else`,
    `#define ${m}_ONE 2 \\`,
    '  + 3',
    '#endif',
    show('one', `${m}_ONE * 2`),
    `printf("%s\\n", ${m}_XSTR(${m}_ONE \\`,
    '  ${m}_SELF));'.replace('${m}', m),
  );
};
