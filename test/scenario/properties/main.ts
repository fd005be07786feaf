/** `npm run properties`: runs the random scenarios of many seeds, and prints those that fail, made small. */
import { parseArgs } from 'node:util';
import type { ProfileName } from '../../../src/engine/types/profile.js';
import { BUILDS, randomScenario, scenarioText } from './randomScenario.js';
import { COUNTED, runScenario } from './run.js';
import { shrink } from './shrink.js';

const USAGE = `usage: npm run properties -- [--seeds FIRST..LAST] [--build NAME] [--as-is] [--text]

  --seeds 1..200   which scenarios; each is run on one build, picked by its seed
  --build NAME     all of them on this build: ${BUILDS.join(', ')}
  --as-is          failing scenarios are not made small
  --text           prints the scenarios, and runs none`;

function main(): number {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1..200' },
      build: { type: 'string' },
      'as-is': { type: 'boolean', default: false },
      text: { type: 'boolean', default: false },
    },
  });
  const range = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seeds);
  const build = BUILDS.find((name) => name === values.build);
  if (range === null || (values.build !== undefined && build === undefined)) {
    console.error(USAGE);
    return 2;
  }
  const first = Number(range[1]);
  const last = Number(range[2] ?? range[1]);
  return values.text ? printTexts(first, last, build) : runAll(first, last, build, values['as-is']);
}

function printTexts(first: number, last: number, build: ProfileName | undefined): number {
  for (let seed = first; seed <= last; seed++)
    console.log(scenarioText(randomScenario(seed, build)));
  return 0;
}

function runAll(
  first: number,
  last: number,
  build: ProfileName | undefined,
  isAsIs: boolean,
): number {
  const failed: number[] = [];
  let [statements, signals] = [0, 0];
  const events = COUNTED.map(() => 0);
  for (let seed = first; seed <= last; seed++) {
    const scenario = randomScenario(seed, build);
    const result = runScenario(scenario);
    if ('figures' in result) {
      statements += result.figures.statements;
      signals += result.figures.signals;
      result.figures.events.forEach((nr, i) => (events[i] = (events[i] ?? 0) + nr));
    } else {
      failed.push(seed);
      const { message, statement } = result.failure;
      const { machine } = scenario;
      console.log(`\nseed ${seed}, ${JSON.stringify(machine)}, statement ${statement}: ${message}`);
      if (!isAsIs) console.log(`\n${scenarioText(shrink(scenario, message))}`);
    }
    if ((seed - first + 1) % 50 === 0)
      console.log(`${seed - first + 1} scenarios, ${failed.length} failed`);
  }
  console.log(
    `${last - first + 1} scenarios, ${statements} statements, ${signals} signals; ${failed.length === 0 ? 'all laws hold' : `failed: ${failed.join(', ')}`}`,
  );
  console.log(COUNTED.map((name, i) => `${name} ${events[i] ?? 0}`).join(', '));
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = main();
