/** Initialisers: designators of members of elements, ranges, elided braces, strings, compound literals, lengths that they give. */
import { CONSTANTS, many, show, showBytes, type Kind } from './kind.js';

export const literals: Kind = ({ globals, body, random, fresh }) => {
  const [inner, outer] = [fresh('in'), fresh('out')];
  const constant = (): string => random.pick(CONSTANTS);
  const [rows, columns] = [2 + random.below(2), 2 + random.below(3)];
  globals.push(
    `struct ${inner} { char c; short v[3]; union { int i; unsigned char u[4]; }; };`,
    `struct ${outer} { int a; struct ${inner} in[${rows}]; char s[5]; long m[${rows}][${columns}]; const char *text; };`,
  );
  const innerItem = (): string =>
    random.pick([
      `{ ${constant()}, { ${constant()}, ${constant()} }, { ${constant()} } }`,
      `{ .v = { [1 ... 2] = ${constant()} }, .c = ${constant()} }`,
      `{ .u = { 1, ${constant()} } }`,
      `{ ${constant()}, ${constant()}, ${constant()}, ${constant()}, ${constant()} }`,
      `{ .v[2] = ${constant()}, ${constant()} }`,
      `{ .i = ${constant()} }`,
      '{ }',
    ]);
  const item = (): string =>
    random.pick([
      `.a = ${constant()}`,
      `.in = { ${innerItem()}, [${rows - 1}] = ${innerItem()} }`,
      `.in[${random.below(rows)}] = ${innerItem()}`,
      `.in[0 ... ${rows - 1}] = ${innerItem()}`,
      `.in[${random.below(rows)}].v[${random.below(3)}] = ${constant()}`,
      `.in[${random.below(rows)}].c = ${constant()}`,
      `.in[0 ... ${rows - 1}].v[0 ... ${random.below(3)}] = ${constant()}`,
      `.s = "${random.pick(['', 'ab', 'abcde', '\\0x', '\\377'])}"`,
      `.s = { 'x', [3] = 'y' }`,
      `.s[${random.below(5)}] = ${constant()}`,
      `.m[${random.below(rows)}][0 ... ${columns - 1}] = ${constant()}`,
      `.m[0 ... ${rows - 1}][${random.below(columns)}] = ${constant()}`,
      `.m = { { ${constant()} }, [${rows - 1}] = { [${columns - 1}] = ${constant()} } }`,
      `.m = { ${many(1 + random.below(rows * columns), constant).join(', ')} }`,
    ]);
  const items = (): string => many(1 + random.below(6), item).join(', ');
  const elided = (): string => many(1 + random.below(9), constant).join(', ');
  const strip = (name: string): string => `${name}.text = 0;`;
  for (let i = 0; i < 4; i++) {
    const name = fresh('o');
    const text = random.chance(30) ? elided() : items();
    if (random.chance(50)) {
      globals.push(`static struct ${outer} ${name} = { ${text} };`);
    } else body.push(`static struct ${outer} ${name} = { ${text} };`);
    body.push(strip(name), showBytes(name));
  }
  const array = fresh('a');
  const length = random.below(5);
  body.push(
    `static struct ${inner} ${array}[] = { [${length}] = ${innerItem()}, ${innerItem()}, [${random.below(3)}] = ${innerItem()}, [1 ... 2].c = ${constant()} };`,
    show('length', `sizeof(${array}) / sizeof(${array}[0])`),
    showBytes(array),
  );
  const chars = fresh('s');
  body.push(
    `static char ${chars}[][${3 + random.below(3)}] = { "a", { 'b', 'c' }, [4] = "de", "f" "g" };`,
    show('rows', `sizeof(${chars}) / sizeof(${chars}[0])`),
    showBytes(chars),
  );
  const local = fresh('p');
  body.push(
    `int (*${local})[3] = (int [][3]){ { ${constant()}, 2 }, [2] = { [1 ... 2] = ${constant()} } };`,
    show('literal', `${local}[2][1] + ${local}[0][0] + ${local}[1][2]`),
    show('struct', `((struct ${inner}){ .v = { 5, 6, ${constant()} } }).v[${random.below(3)}]`),
    show(
      'array',
      `((short []){ 4, ${constant()}, 6 })[${random.below(3)}] + sizeof((short []){ 1, 2, 3 })`,
    ),
    `{ struct ${inner} *q = &(struct ${inner}){ .c = ${constant()}, .i = 77 }; q->c++; printf("lit %d %d\\n", q->c, q->i); *q = (struct ${inner}){ .v[1] = 3 }; printf("lit %d %d\\n", q->c, q->v[1]); }`,
  );
  // The value of a range is taken once.
  const counter = fresh('k');
  body.push(
    `{ int ${counter} = 5; int r[6] = { [1 ... 4] = ${counter}++, ${counter}++ }; for (int i = 0; i < 6; i++) printf("%d ", r[i]); printf("k %d\\n", ${counter}); }`,
    `{ int ${counter} = ${random.below(9)}; struct ${inner} d[2] = { [0 ... 1] = { .c = ${counter}, .v = { ${counter} * 2, ${counter} * 3 } }, [1] = { 9 } }; for (int i = 0; i < 2; i++) printf("%d %d %d %d\\n", d[i].c, d[i].v[0], d[i].v[1], d[i].v[2]); }`,
  );
};
