/** Variable arguments of every type, lists that are copied, handed on, and led to by pointers. */
import { CONSTANTS, INTS, many, show, type Kind } from './kind.js';

/** What a type arrives as. */
const promoted = (type: string): string => (/char|short/.test(type) ? 'int' : type);

export const variadics: Kind = ({ globals, body, random, fresh }) => {
  const fn = fresh('v');
  globals.push(
    `struct ${fn}_pair { ${random.pick(INTS)} a; ${random.pick(INTS)} b; };`,
    `struct ${fn}_big { char c[${1 + random.below(40)}]; };`,
    `static long long ${fn}_one(int kind, va_list *at)\n{\nswitch (kind) {`,
    ...INTS.map(
      (type, i) => `case ${i}: return (${type})va_arg(*at, ${promoted(type)}) * ${i + 1}LL;`,
    ),
    `case 10: { char *p = va_arg(*at, char *); return p ? p[0] * 256 + p[1] : -1; }`,
    `case 11: { struct ${fn}_pair p = va_arg(*at, struct ${fn}_pair); return (long long)p.a * 3 + p.b; }`,
    `case 12: return va_arg(*at, struct ${fn}_big).c[0];`,
    `case 13: { long long (*call)(long long) = va_arg(*at, long long (*)(long long)); return call(5); }`,
    `case 14: return *va_arg(*at, int *);`,
    '}\nreturn 0;\n}',
    `static long long ${fn}_twice(long long x) { return x * 2 + 1; }`,
    `static long long ${fn}_list(const char *kinds, va_list list)\n{\nva_list own; long long sum = 0;\nva_copy(own, list);\nfor (; *kinds; kinds++) sum = sum * 7 + ${fn}_one(*kinds - 'a', &own);\nva_end(own);\nreturn sum;\n}`,
    `static long long ${fn}(${random.pick(INTS)} first, const char *kinds, ...)\n{\nva_list list; long long a, b;\nva_start(list, kinds);\na = ${fn}_list(kinds, list);\nb = *kinds ? ${fn}_one(*kinds - 'a', &list) : 0;\nb += kinds[0] && kinds[1] ? ${fn}_list(kinds + 1, list) : 0;\nva_end(list);\nreturn a * 3 + b + first;\n}`,
  );
  body.push(
    `struct ${fn}_pair ${fn}_p = { ${random.pick(CONSTANTS)}, ${random.pick(CONSTANTS)} }; struct ${fn}_big ${fn}_b = { "z" }; int ${fn}_i = ${random.pick(CONSTANTS)};`,
  );
  for (let n = 0; n < 8; n++) {
    const kinds = many(random.below(9), () => random.below(15));
    const args = kinds.map((kind) => {
      if (kind < 10) return `(${INTS[kind] ?? ''})${random.pick(CONSTANTS)}`;
      return ['"xy"', `${fn}_p`, `${fn}_b`, `${fn}_twice`, `&${fn}_i`][kind - 10] ?? '';
    });
    const letters = kinds.map((kind) => String.fromCharCode(97 + kind)).join('');
    const through = random.chance(30) ? `(*&${fn})` : random.chance(30) ? `(1 ? ${fn} : 0)` : fn;
    body.push(
      show('v', `${through}(${[random.pick(CONSTANTS), `"${letters}"`, ...args].join(', ')})`),
    );
  }
};
