/** Whole sessions, as text to be read: what a client sees. `UPDATE_GOLDEN=1` writes them anew. */
import { lineOf, onScenario, scenario } from './drive.js';
import { build } from './session.js';
import { checkGolden, transcriptOf } from './transcript.js';

const BLOCKS = scenario('blocks.mms');

describe('transcripts', function () {
  before(build);

  it('a first session: breakpoint, stack, variables, step in and back', () =>
    onScenario(
      'blocks.mms',
      async (drive) => {
        await drive.stopped();
        await drive.frames();
        const [locals] = await drive.scopes();
        await drive.variables(locals?.variablesReference ?? 0);
        await drive.go('stepIn');
        await drive.stack();
        await drive.go('stepOut');
        await drive.go('next');
        await drive.go('stepBack');
        await drive.evaluate('page', 'hover');
        await drive.client.failure('evaluate', { expression: 'page->nothing', context: 'watch' });
        await drive.finish();
        await drive.client.send('disconnect', {});
        checkGolden('first-session', transcriptOf(drive.client));
      },
      {
        stopOnEntry: false,
        configure: async (drive) => {
          await drive.setLines([{ line: lineOf(BLOCKS, 'lock') }]);
        },
      },
    ));

  it('who locks the page: a data breakpoint on one flag', () =>
    onScenario('blocks.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(BLOCKS, 'lock') }]);
      await drive.go('continue');
      const flag = await drive.find('Locals', 'page', 'flags', 'PG_locked');
      const { dataId } = await drive.client.body<{ dataId: string }>('dataBreakpointInfo', {
        variablesReference: flag.parent,
        name: 'PG_locked',
      });
      await drive.setData([{ dataId }]);
      await drive.go('continue');
      await drive.stack();
      await drive.go('continue');
      await drive.stack();
      await drive.go('reverseContinue');
      await drive.client.send('disconnect', {});
      checkGolden('who-locks-the-page', transcriptOf(drive.client));
    }));

  it('an allocation that fails', () =>
    onScenario('failures.mms', async (drive) => {
      await drive.client.send('setExceptionBreakpoints', {
        filters: [],
        filterOptions: [{ filterId: 'allocation-failure', condition: 'order > 3' }],
      });
      await drive.go('continue');
      await drive.stack();
      await drive.client.send('exceptionInfo', { threadId: 1 });
      await drive.client.send('disconnect', {});
      checkGolden('allocation-failure', transcriptOf(drive.client));
    }));
});
