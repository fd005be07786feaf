/** Pointers to arrays and to functions, tables of functions, differences, comparisons, arrays of several dimensions. */
import { CONSTANTS, INTS, many, show, type Kind } from './kind.js';

export const pointers: Kind = ({ globals, body, random, fresh }) => {
  const type = random.pick(INTS);
  const [table, pick, matrix, walk] = [fresh('table'), fresh('pick'), fresh('mat'), fresh('walk')];
  const nrFunctions = 2 + random.below(4);
  const functions = many(nrFunctions, () => fresh('fn'));
  for (const [i, name] of functions.entries())
    globals.push(
      `static ${type} ${name}(${type} x, int y) { return x ${random.pick(['+', '*', '^', '-'])} y + ${i}; }`,
    );
  globals.push(
    `typedef ${type} ${table}_fn(${type}, int);`,
    `static ${table}_fn *const ${table}[] = { ${functions.join(', ')}, [${nrFunctions}] = &${functions[0] ?? ''} };`,
    `static ${type} (*${pick}(int i))(${type}, int) { return ${table}[i % ${nrFunctions + 1}]; }`,
    `struct ${table}_ops { ${table}_fn *call; ${type} (*more[2])(${type}, int); int n; };`,
    `static const struct ${table}_ops ${table}_all[] = { { ${functions[0] ?? ''}, { ${functions[1] ?? ''}, *${functions[0] ?? ''} }, 1 }, { .more[1] = ${functions.at(-1) ?? ''}, .call = ${functions[1] ?? ''} } };`,
  );
  const value = (): string => random.pick(CONSTANTS);
  body.push(
    `for (int i = 0; i < ${nrFunctions + 1}; i++) printf("t %lld %lld\\n", (long long)${table}[i](${value()}, i), (long long)(*${pick}(i + 1))(${value()}, 3));`,
    show('ops', `${table}_all[0].more[1](${value()}, 2) + (**${table}_all[1].more[1])(1, 1)`),
    show('call', `(&${table}_all[1])->call(${value()}, ${value()} & 7)`),
    show(
      'same',
      `${pick}(0) == ${table}[0] && ${pick} != 0 && ${table}_all[1].more[0] == 0 && !${table}_all[1].n`,
    ),
    show(
      'size',
      `sizeof(${table}) / sizeof(*${table}) + sizeof(${table}_all) / sizeof(${table}_all[0])`,
    ),
  );
  const [x, y, z] = [2 + random.below(2), 2 + random.below(3), 2 + random.below(3)];
  body.push(
    `${type} ${matrix}[${x}][${y}][${z}];`,
    `for (int i = 0; i < ${x * y * z}; i++) (&${matrix}[0][0][0])[i] = (${type})(i * ${value()});`,
    `${type} (*${walk})[${y}][${z}] = ${matrix}, (*${walk}_row)[${z}] = ${matrix}[1], *${walk}_cell = *${matrix}[${x - 1}], *(*${walk}_all)[1] = 0;`,
  );
  const index = (): string => `[${random.below(x)}][${random.below(y)}][${random.below(z)}]`;
  body.push(
    show(
      'm',
      `${matrix}${index()} + ${walk}${index()} + ${walk}_row[-1][0] + ${walk}_cell[${z - 1}]`,
    ),
    show(
      'deref',
      `*(*(*(${matrix} + ${random.below(x)}) + ${random.below(y)}) + ${random.below(z)}) + ${random.below(z)}[*${walk}_row]`,
    ),
    show(
      'diff',
      `(${walk} + 1)[0] - ${matrix}[0] + (&${matrix}${index()} - &${matrix}[0][0][0]) + ((char *)(${walk} + 1) - (char *)${walk})`,
    ),
    show(
      'row',
      `${walk}_row - ${matrix}[0] + (${walk}_row++ == ${matrix}[1]) + (${walk}_row - *${matrix})`,
    ),
    show(
      'sizes',
      `sizeof(${matrix}) + sizeof(*${matrix}) * 3 + sizeof(**${walk}) * 7 + sizeof(&${matrix}) + sizeof(*${walk}_row) + sizeof(*${walk}_all)`,
    ),
    show(
      'compare',
      `(${walk}_cell > &${matrix}[0][0][0]) + (${walk}_cell <= (${type} *)${walk}) * 2 + (&${matrix}[${x}] == ${walk} + ${x}) * 4`,
    ),
    `for (${type} *p = **${matrix}; p < **${matrix} + ${x * y * z}; p += ${1 + random.below(3)}) printf("%lld ", (long long)*p); printf("\\n");`,
    `{ const char *s = "pointer" + ${random.below(5)}; while (*s) printf("%c%c", *s, "abcdefgh"[*s++ & 7]); printf("%c\\n", 2["xyz"]); }`.replace(
      `printf("%c%c", *s, "abcdefgh"[*s++ & 7]);`,
      `{ printf("%c%c", *s, "abcdefgh"[*s & 7]); s++; }`,
    ),
  );
  const [ring, node] = [fresh('ring'), fresh('node')];
  globals.push(
    `struct ${node} { struct ${node} *next, **back; ${type} v; };`,
    `static struct ${node} ${ring}[4] = { { &${ring}[1], &${ring}[3].next, ${value()} }, { ${ring} + 2, &(*${ring}).next, 2 }, { .next = &${ring}[3], .v = ${value()} }, { ${ring}, .v = 4 } };`,
  );
  body.push(
    `{ struct ${node} *p = ${ring}; for (int i = 0; i < 6; i++, p = p->next) printf("n %d %lld\\n", (int)(p - ${ring}), (long long)p->next->next->v); }`,
    `{ *${ring}[1].back = ${ring}[0].next->next; printf("%d\\n", (int)(${ring}[0].next - ${ring})); (*${ring}[0].back)->v++; printf("%lld\\n", (long long)${ring}->v); }`,
  );
};
