/** Narrow and wide integers: assignments that cut, operators that assign, shifts of signed numbers, mixed signs, _Bool, enumerators. */
import { CONSTANTS, INTS, show, type Kind } from './kind.js';

const TYPES = [...INTS, '_Bool', 'char'];

export const narrow: Kind = ({ globals, body, random, fresh }) => {
  const v = fresh('v');
  const isGlobal = random.chance(40);
  const names = TYPES.map((_, i) => `${v}_${i}`);
  for (const [i, type] of TYPES.entries())
    (isGlobal ? globals : body).push(
      `${isGlobal ? 'static ' : ''}${type} ${names[i] ?? ''} = ${random.pick(CONSTANTS)};`,
    );
  const isBool = (name: string): boolean => name === `${v}_10`;
  const all = names.map((name) => show(name, name)).join(' ');
  for (let n = 0; n < 25; n++) {
    const [a, b, c] = [random.pick(names), random.pick(names), random.pick(names)];
    const constant = random.pick(CONSTANTS);
    const count = `(${b} & ${random.pick(['7', '15', '31'])})`;
    const wide = /_[6-9]$/.test(a) ? '31' : '7';
    const step = random.pick([
      () => `${a} = ${b};`,
      () => `${a} = ${constant};`,
      () =>
        `${a} ${random.pick(['+=', '-=', '*=', '&=', '|=', '^='])} ${random.chance(50) ? b : constant};`,
      () => `${a} ${random.pick(['<<=', '>>='])} ${random.below(8)};`,
      () => `${a} ${random.pick(['/=', '%='])} (${b} & 0x1f) + 1;`,
      () => (isBool(a) ? `${a}++;` : `${random.pick([`${a}++`, `++${a}`, `${a}--`, `--${a}`])};`),
      () => show('post', `${a}${isBool(a) ? '++' : random.pick(['++', '--'])}`),
      () => show('chain', `${a} = ${b} = ${c} + 1`),
      () => show('shift', `${a} >> ${count}`) + show('left', `${a} << (${b} & ${wide})`),
      () =>
        show('less', `${a} < ${b}`) +
        show('more', `${a} >= ${constant}`) +
        show('same', `${a} == ${b}`),
      () => show('div', `${a} / ((${b} & 0xf) + 2)`) + show('mod', `${a} % -((${b} & 0xf) + 2)`),
      () => show('neg', `-${a}`) + show('not', `~${b}`) + show('bang', `!${c}`),
      () =>
        show(
          'mix',
          `(${random.pick(TYPES)})(${a} ${random.pick(['+', '-', '*', '^'])} ${b}) + ${c}`,
        ),
      () => show('cond', `${a} ? ${b} : ${c}`),
      () => show('compound', `${a} += ${b} * 3`) + show('sub', `${a} -= ${constant}`),
      () => show('logic', `${a} && ${b} || !${c}`),
      () =>
        show('cast', `(${random.pick(TYPES)})(${random.pick(TYPES)})${a}`) +
        show('minus', `(${random.pick(TYPES)})-${a}`),
      () =>
        `switch (${a}) { case 0: printf("zero\\n"); break; case -1: printf("minus\\n"); case ${random.pick(['5', '255', '128', '65535'])}: printf("some\\n"); default: printf("other\\n"); }`.replace(
          'case -1:',
          isBool(a) ? 'case 1:' : 'case -1:',
        ),
      () =>
        `{ ${random.pick(TYPES)} *p = (void *)&${a}; unsigned char *q = (void *)&${b}; ${a} = ${constant}; printf("%d %d\\n", q[0], (int)sizeof(*p)); }`,
      () => show('ulong', `(unsigned long)${a} / 3`) + show('llong', `(long long)${a} * ${b}`),
    ])();
    body.push(step);
    if (random.chance(40)) body.push(all);
  }
  body.push(all);
};
