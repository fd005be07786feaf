/** Types of expressions: promotions, ternaries, commas, enumerators, pointers, as _Generic, sizeof and typeof see them. */
import { CONSTANTS, expression, INTS, show, type Kind } from './kind.js';

const NAMED = [
  ...INTS,
  '_Bool',
  'char',
  'char *',
  'const char *',
  'void *',
  'int *',
  'const int *',
  'int (*)[3]',
];
const generic = (text: string, extra = ''): string =>
  `_Generic((${text}), ${NAMED.map((type, i) => `${type}: ${i + 1}`).join(', ')}${extra}, default: 99)`;

export const typing: Kind = ({ globals, body, random, fresh }) => {
  const e = fresh('e');
  const [first, last] = [
    random.pick(['0', '-1', '5', '-128', '0x7fffffff']),
    random.pick(['100', '0x7ffffffe', '0xffffffffU', '3']),
  ];
  globals.push(
    `enum ${e} { ${e}_A = ${first}, ${e}_B, ${e}_C = ${last}, ${e}_D = ${e}_C - ${random.below(9)}, ${e}_E = sizeof(int), ${e}_F = ${e}_A < ${e}_C ? 'x' : 7 };`.replace(
      `${first}, ${e}_B`,
      first === '0x7fffffff' ? `${first}, ${e}_B = 1` : `${first}, ${e}_B`,
    ),
    `struct ${e}_bits { unsigned u3 : 3; int i5 : 5; unsigned u32 : 32; unsigned long long q40 : 40, q33 : 33; long long s20 : 20; _Bool b : 1; unsigned char c8 : 8; enum ${e} en : ${last.startsWith('0xf') || last.startsWith('0x7') || first.startsWith('0x7') ? 32 : 9}; };`,
  );
  const vars = INTS.map((_, i) => `${e}_v${i}`);
  body.push(
    ...INTS.map((type, i) => `${type} ${e}_v${i} = ${random.pick(CONSTANTS)};`),
    `struct ${e}_bits ${e}_s = { 5, -3, 77, ${random.pick(CONSTANTS)}, 5, -1, 1, 200 }; ${e}_s.en = ${e}_B;`,
    `enum ${e} ${e}_x = ${e}_B; int ${e}_a[3] = { 1, 2, 3 }; const int ${e}_k = 4; char ${e}_t[7] = "abc"; void *${e}_n = 0; const char *${e}_cs = "q"; char *${e}_ms = ${e}_t; int (*${e}_pa)[3] = &${e}_a; _Bool ${e}_bo = 1;`,
  );
  const numbers = [
    ...vars,
    `${e}_x`,
    `${e}_bo`,
    `${e}_A`,
    `${e}_C`,
    `${e}_E`,
    `${e}_F`,
    `${e}_k`,
    `${e}_t[0]`,
  ];
  // 64-bit bit-fields keep their width as a type, which has no name.
  const narrow = ['u3', 'i5', 'u32', 'b', 'c8'].map((name) => `${e}_s.${name}`);
  for (let i = 0; i < 10; i++) {
    const text = expression(random, [...numbers, ...narrow], 1 + random.below(3));
    body.push(
      show('type', generic(text)),
      show('size', `sizeof(0 ? ${text} : ${text})`),
      show('value', text),
    );
  }
  for (const name of ['q40', 'q33', 's20', 'en']) {
    const field = `${e}_s.${name}`;
    body.push(
      show(name, `${field} + 0`),
      show(`${name} minus`, `-${field}`),
      show(`${name} less`, `${field} - 300 < 0`),
      show(`${name} not`, `~${field}`),
      show(`${name} shift`, `${field} << 7`),
      show(`${name} product`, `${field} * ${field}`),
    );
  }
  const pointer = (): string =>
    random.pick([
      `${e}_a`,
      `&${e}_a`,
      `${e}_pa`,
      `*${e}_pa`,
      `${e}_t`,
      `${e}_n`,
      `${e}_cs`,
      `${e}_ms`,
      '"str"',
      `&${e}_k`,
      `&${e}_a[1]`,
      `${e}_a + 1`,
      '(void *)0',
    ]);
  for (let i = 0; i < 8; i++) {
    const [a, b] = [pointer(), pointer()];
    body.push(
      show('ptr', generic(a)),
      show('comma', generic(`${random.pick(numbers)}, ${a}`)),
      show('null', generic(`${random.pick(vars)} ? ${a} : 0`)),
      show('size', `sizeof(${a}) + sizeof(*&*(char (*)[5])${b})`),
    );
    body.push(
      show('void', generic(`${random.pick(vars)} ? ${a} : (void *)${e}_n`)),
      show('nullv', generic(`1 ? ${a} : (void *)0`)),
    );
  }
  body.push(
    show('cast', generic(`(${random.pick(INTS)})${random.pick(numbers)}`)),
    show('assign', generic(`${vars[random.below(6)] ?? ''} = ${random.pick(numbers)}`)),
    show('inc', generic(`${vars[random.below(10)] ?? ''}++`)),
    show('not', generic(`!${random.pick(numbers)}`) + ` + ${generic(`${e}_v7 && 1`)}`),
    show('char', generic("'a'") + ` + ${generic('"a"[0]')} * 3 + sizeof('a')`),
    show('stmt', generic(`({ ${random.pick(INTS)} z = 3; z; })`)),
    show(
      'typeof',
      `sizeof(__typeof__(${expression(random, numbers, 2)})) + sizeof(__typeof__(${e}_a)) + sizeof(__typeof__(&${e}_a[0]))`,
    ),
    show(
      'constants',
      [
        '1',
        '2147483648',
        '0x80000000',
        '1U',
        '1L',
        '0xffffffffffffffff',
        '4294967296',
        "L'a'",
        '1ULL',
        '0x7fffffffffffffff',
        '037777777777',
        '0b101',
      ]
        .map((text, i) => `${generic(text)} * ${i + 1}`)
        .join(' + '),
    ),
    show(
      'shift',
      `${generic(`${e}_v0 << ${e}_v8`)} + ${generic(`${e}_v6 >> 1`)} * 20 + ${generic(`${e}_v3 << 1ULL`)} * 400`,
    ),
    show('difference', generic(`&${e}_a[2] - ${e}_a`)),
    show('sizeof', generic(`sizeof(int)`) + ` + ${generic('_Alignof(long)')}`),
    show(
      'unsigned',
      `(${e}_x - 1000 < 0) + (${e}_B - 1000 < 0) * 2 + ((enum ${e})-1 < 0) * 4 + (sizeof(enum ${e}) > 4) * 8`,
    ),
  );
};
