/** Bit-fields in unions and packed structs, of every width and type, assigned, added to and compared. */
import type { Random } from '../random.js';
import { CONSTANTS, expression, INTS, many, show, showBytes, type Kind } from './kind.js';

const widthOf = (type: string): number =>
  /long long/.test(type)
    ? 64
    : /long|int/.test(type)
      ? 32
      : /short/.test(type)
        ? 16
        : /_Bool/.test(type)
          ? 1
          : 8;

interface Member {
  readonly text: string;
  /** What leads to a number; undefined: nothing does. */
  readonly path: string | undefined;
}

/** @param inUnion what another member wrote may not be a _Bool's */
function member(
  random: Random,
  fresh: (prefix: string) => string,
  packed: boolean,
  inUnion: boolean,
): Member {
  const name = fresh('m');
  const type = !inUnion && random.chance(8) ? '_Bool' : random.pick(INTS);
  if (random.chance(8))
    return {
      text: `${random.pick(INTS)} : ${random.below(2) * random.below(8)};`,
      path: undefined,
    };
  if (random.chance(65)) {
    const width = 1 + random.below(packed ? Math.min(40, widthOf(type)) : widthOf(type));
    return { text: `${type} ${name} : ${width};`, path: name };
  }
  const aligned = random.chance(10)
    ? ` __attribute__((aligned(${random.pick(['1', '2', '4', '16'])})))`
    : '';
  const memberPacked = random.chance(10) ? ' __attribute__((packed))' : '';
  return { text: `${type} ${name}${aligned}${memberPacked};`, path: name };
}

export const bits: Kind = ({ globals, body, random, fresh }) => {
  for (let i = 0; i < 2; i++) {
    const [tag, object] = [fresh('t'), fresh('o')];
    const kind = random.pick(['struct', 'union', 'struct']);
    const packed = random.chance(40);
    const members = many(2 + random.below(6), () =>
      member(random, fresh, packed, kind === 'union'),
    );
    const nested = fresh('n');
    const isNamed = random.chance(50);
    const nestedKind = random.pick(['struct', 'union']);
    const inner = many(1 + random.below(3), () =>
      member(random, fresh, packed, kind === 'union' || nestedKind === 'union'),
    );
    const attribute = packed
      ? ` __attribute__((packed${random.chance(20) ? ', aligned(4)' : ''}))`
      : '';
    globals.push(
      `${kind} ${tag} { ${members.map(({ text }) => text).join(' ')} ${nestedKind} { ${inner.map(({ text }) => text).join(' ')} int ${nested}_z; }${random.chance(30) ? ' __attribute__((packed))' : ''} ${isNamed ? nested : ''}; }${attribute};`,
      `static ${kind} ${tag} ${object};`,
    );
    const paths = [
      ...members.flatMap(({ path }) => (path === undefined ? [] : [`${object}.${path}`])),
      ...inner.flatMap(({ path }) =>
        path === undefined ? [] : [`${object}.${isNamed ? `${nested}.` : ''}${path}`],
      ),
    ];
    body.push(
      show('size', `sizeof(${object}) * 100 + _Alignof(${kind} ${tag})`),
      `memset(&${object}, 0, sizeof(${object}));`,
    );
    if (paths.length === 0) continue;
    for (let n = 0; n < 10; n++) {
      const target = random.pick(paths);
      const value = random.chance(50) ? random.pick(CONSTANTS) : expression(random, paths, 2);
      const statement = random.pick([
        `${target} = ${value};`,
        `${target} ${random.pick(['+=', '-=', '*=', '&=', '|=', '^='])} ${value};`,
        `${target}++;`,
        `--${target};`,
        `${target} <<= ${random.below(5)};`,
        `${target} >>= ${random.below(5)};`,
        show('was', `${target}++`),
        show('is', `++${target}`),
        show('set', `${target} = ${value}`),
        show('op', `${target} += ${value}`),
      ]);
      body.push(statement, showBytes(object));
    }
    for (let n = 0; n < 4; n++) body.push(show('e', expression(random, paths, 3)));
    for (const path of paths)
      body.push(
        show('less', `${path} - 1 < 0`),
        show('minus', `-${path}`),
        show('not', `~${path} >> 1`),
      );
    const copy = fresh('c');
    body.push(
      `${kind} ${tag} ${copy} = ${object};`,
      `printf("same %d\\n", memcmp(&${copy}, &${object}, sizeof(${copy})) == 0);`,
    );
  }
};
