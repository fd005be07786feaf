/**
 * Shipped examples, stepped in VS Code with the window Memory beside: after every step what changed is in view, or an arrow says how many
 * changes lie where, by geometry. Some in the whole suite; `npm run stories -- examples` steps each of them, further.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { FrameChangesBody } from '../../../src/engine/view/frameChanges.js';
import type { ClockBody, MapBody } from '../../../src/engine/view/map.js';
import { Changes } from '../../../webview/views/physical/changes.js';
import { inSight } from '../../web/inSight.js';
import type { Session } from './session.js';
import { tell, workspace } from './story.js';
import type { Workbench } from './workbench.js';

const isAlone = process.env['MMSCOPE_UI_NAMED']?.split(' ').includes('examples') === true;
const SOME = ['fork-and-cow.mms', 'vmalloc-areas.mms'];
const STEPS = isAlone ? 12 : 5;

const examples = (): string[] =>
  workspace === '' || !isAlone
    ? SOME
    : readdirSync(workspace).filter((name) => name.endsWith('.mms'));

/** Steps over lines; how many steps changed something that the map shows. */
async function steppedThrough(bench: Workbench): Promise<number> {
  const { session } = bench;
  let nrChanged = 0;
  let before = -1;
  const looked = async (): Promise<void> => {
    await session.settled();
    const map = await bench.webview('.legend');
    await bench.eventually(async () => {
      const { zones } = answer(session, 'mmscope/map') as MapBody;
      const { now } = answer(session, 'mmscope/clock') as ClockBody;
      // Where nothing was written the window does not ask what was.
      const isAsked = before >= 0 && now !== before;
      const runs = isAsked
        ? (answer(session, 'mmscope/frameChanges') as FrameChangesBody).runs
        : [];
      const changes = new Changes(runs);
      await inSight(map, zones, changes);
      if (changes.spans.length > 0) nrChanged++;
      before = now;
    });
  };
  await looked();
  for (let i = 0; i < STEPS; i++) {
    await session.step('Step Over');
    if (session.hasEnded) break;
    await looked();
  }
  return nrChanged;
}

/** What the window was answered since the last stop. */
function answer(session: Session, command: string): unknown {
  const body = session.answerTo(command);
  assert.ok(body !== undefined, `${command} was not answered since the stop`);
  return body;
}

tell('examples with the window Memory beside', { shots: 'examples' }, (step) => {
  let total = 0;
  for (const name of examples())
    step(`shows what each step of ${name} changes`, async (bench) => {
      await bench.editor.quickOpen(name);
      await bench.session.start();
      total += await steppedThrough(bench);
      if (!bench.session.hasEnded) await bench.session.end();
    });

  step('of which most had something to show', () => {
    assert.ok(total > examples().length, `${total} steps`);
    return Promise.resolve();
  });
});
