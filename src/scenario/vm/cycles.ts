/** Tasks that wait for each other in a circle: why none of them ever goes on. */
import type { Wait } from './scheduler.js';

/** The circles among tasks that wait in vain, each once, from its task with the lowest number on. A task that waits for itself is none. */
function cyclesOf(waits: readonly Wait[]): readonly (readonly Wait[])[] {
  const byTask = new Map(waits.map((wait) => [wait.task, wait]));
  const found: Wait[][] = [];
  const follow = (path: readonly Wait[], first: Wait): void => {
    for (const holder of path.at(-1)?.holders ?? []) {
      const next = byTask.get(holder);
      if (next === first && path.length > 1) found.push([...path]);
      // Circles with a lower task are found from that one.
      else if (next !== undefined && next.task > first.task && !path.includes(next))
        follow([...path, next], first);
    }
  };
  for (const wait of waits) follow([wait], wait);
  return found;
}

/** `cycle: main waits for other, other for main` */
export function cycleTexts(
  waits: readonly Wait[],
  nameOf: (task: number) => string,
): readonly string[] {
  return cyclesOf(waits).map((cycle) => {
    const parts = cycle.map(({ task }, i) => {
      const next = cycle[(i + 1) % cycle.length] ?? cycle[0];
      const verb = i === 0 ? ' waits' : '';
      return `${nameOf(task)}${verb} for ${nameOf(next?.task ?? task)}`;
    });
    return `cycle: ${parts.join(', ')}`;
  });
}
