/** Makes a failing scenario small: acts are left out, in ever smaller pieces, as long as it fails in the same way. */
import { runScenario } from './run.js';
import type { Act, RandomScenario } from './randomScenario.js';

/** What a failure is about, without its numbers. */
const kindOf = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/0x[0-9a-f]+|\b[0-9a-f]*\d[0-9a-f]*\b/g, '#').slice(0, 60);

function fails(scenario: RandomScenario, kind: string): boolean {
  const result = runScenario(scenario);
  return 'failure' in result && kindOf(result.failure.message) === kind;
}

/** The acts without some of them, the largest pieces first; then with less inside of children. */
function* without(acts: readonly Act[]): Generator<readonly Act[]> {
  for (let size = acts.length; size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < acts.length; at += size)
      yield [...acts.slice(0, at), ...acts.slice(at + size)];
  for (const [i, act] of acts.entries()) {
    if (typeof act === 'string') continue;
    for (const child of without(act.child))
      yield [...acts.slice(0, i), { ...act, child }, ...acts.slice(i + 1)];
  }
}

function* smaller(scenario: RandomScenario): Generator<RandomScenario> {
  const { threads, acts, setup } = scenario;
  if (threads.length > 0) yield { ...scenario, threads: [] };
  for (const fewer of without(acts)) yield { ...scenario, acts: fewer };
  for (const [i, thread] of threads.entries())
    for (const fewer of without(thread))
      yield { ...scenario, threads: threads.map((each, j) => (i === j ? fewer : each)) };
  for (let i = 0; i < setup.length; i++)
    yield { ...scenario, setup: setup.filter((_, j) => j !== i) };
}

/** @param budget runs, at most */
export function shrink(scenario: RandomScenario, message: string, budget = 150): RandomScenario {
  const kind = kindOf(message);
  let small = scenario;
  for (let left = budget; left > 0;) {
    let found: RandomScenario | undefined;
    for (const candidate of smaller(small)) {
      if (left-- <= 0) break;
      if (!fails(candidate, kind)) continue;
      found = candidate;
      break;
    }
    if (found === undefined) break;
    small = found;
  }
  return small;
}
