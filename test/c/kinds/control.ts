/** Switches that fall through, gotos into and out of loops and blocks, loops in switches, breaks of each. */
import type { Random } from '../random.js';
import { expression, show, type Kind } from './kind.js';

export const control: Kind = ({ globals, body, random, fresh }) => {
  const fn = fresh('f');
  const names = ['a', 'b', 'n'];
  const labels: string[] = [];
  const declared: string[] = [];
  const step = (): string => {
    const target = random.pick(['a', 'b']);
    return `${target} ${random.pick(['+=', '^=', '-=', '='])} ${expression(random, names, 2)}; printf("${fresh('s')} %d %ld\\n", a, b);`;
  };
  // Every jump backward costs one of `fuel`.
  const jump = (): string =>
    labels.length === 0
      ? ';'
      : `if ((${expression(random, names, 1)}) & 1 && fuel-- > 0) goto ${random.pick(labels)};`;
  const block = (depth: number, inLoop: boolean, inSwitch: boolean): string => {
    if (depth === 0) return step();
    const sub = (): string => block(depth - 1, inLoop, inSwitch);
    const out = inLoop
      ? random.pick(['break;', 'continue;', ''])
      : inSwitch
        ? random.pick(['break;', ''])
        : '';
    switch (random.below(8)) {
      case 0: {
        const label = fresh('l');
        const text = `for (n = ${random.below(3)}; n < ${2 + random.below(3)} && fuel-- > 0; n++) { ${random.chance(50) ? `${label}:;` : ''} ${block(depth - 1, true, false)} ${jump()} }`;
        if (text.includes(`${label}:`)) labels.push(label);
        return text;
      }
      case 1: {
        // Declared outside: a goto may lead into the loop.
        const left = fresh('w');
        declared.push(left);
        return `${left} = ${random.below(4)}; while (${left}-- > 0 && fuel-- > 0) { ${block(depth - 1, true, false)} if (a & 1) ${random.pick(['break;', 'continue;', ';'])} ${step()} }`;
      }
      case 2:
        return `do { ${block(depth - 1, true, false)} ${random.chance(30) ? 'if (b & 2) continue;' : ''} } while (fuel-- > 0 && (${expression(random, names, 1)}) & 1);`;
      case 3: {
        const cases = [0, 1, 2, 3, 5, 6].filter(() => random.chance(60));
        const loop = fresh('l');
        const text = cases
          .map(
            (n) =>
              `case ${n}${random.chance(20) && n === 3 ? ' ... 4' : ''}: ${block(depth - 1, inLoop, true)} ${random.chance(50) ? 'break;' : ''}`,
          )
          .join('\n');
        const fallback = random.chance(70) ? `default: ${step()}` : '';
        const into = random.chance(30)
          ? `do { case 7: ${step()} ${loop}: ${step()} } while (fuel-- > 0 && a & 1);`
          : '';
        if (into !== '') labels.push(loop);
        return `switch ((${expression(random, names, 2)}) & 7) { ${random.chance(50) ? fallback + (random.chance(50) ? ' break;' : '') : ''} ${text} ${into} }`;
      }
      case 4: {
        const label = fresh('l');
        labels.push(label);
        return `if (${expression(random, names, 2)}) { ${sub()} ${label}: ${sub()} } else ${random.chance(50) ? `{ ${sub()} }` : step()}`;
      }
      case 5:
        return `{ int a = ${random.below(9)}; ${step()} b += a; } ${sub()}`;
      case 6:
        return `${jump()} ${sub()}`;
      default:
        return `if ((${expression(random, names, 1)}) & 3) { ${sub()} ${out} }`;
    }
  };
  const statements = [
    block(3, false, false),
    block(3, false, false),
    jump(),
    block(2, false, false),
  ];
  globals.push(
    `static long ${fn}(int a, long b)\n{\nint n = 0, fuel = 30;\n${declared.map((name) => `int ${name} = 0;`).join(' ')}\n${statements.join('\n')}\nreturn a + b * 3 + n;\n}`,
  );
  for (const [a, b] of pairs(random)) body.push(show('f', `${fn}(${a}, ${b})`));
};

const pairs = (random: Random): (readonly [string, string])[] =>
  [0, 1, 2, 3].map(() => [`${random.below(20) - 10}`, `${random.below(200) - 100}`]);
