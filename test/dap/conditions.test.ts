/** Conditions that cannot be evaluated are refused when they are set, with the reason; the others are not. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { lineOf, onScenario, scenario } from './drive.js';
import { build, withAdapter, CLIENT } from './session.js';

const BLOCKS = scenario('blocks.mms');

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['(', /expression/],
  ['while(1)', /expression/],
  ['nosuch > 1', /nosuch/],
  ['counter = 5', /assign|change/],
  ['counter ==', /expression/],
];

const messageOf = ({ verified, reason, message = '' }: Dap.Breakpoint): string =>
  verified ? '' : `${reason}: ${message}`;

describe('a condition', function () {
  before(build);

  it('that cannot be evaluated is refused on a line, on a function, on a change, on a filter', () =>
    onScenario('blocks.mms', async (drive) => {
      const line = lineOf(BLOCKS, 'lock');
      for (const [condition, why] of WRONG) {
        const [own] = await drive.setLines([{ line, condition }]);
        const [kernel] = await drive.setFunctions([{ name: 'expand', condition }]);
        const [inside] = await drive.setFunctions([{ name: 'block-split', condition }]);
        const [data] = await drive.setData([{ dataId: 'page:0x100/_refcount', condition }]);
        const { breakpoints } = await drive.client.body<{ breakpoints: Dap.Breakpoint[] }>(
          'setExceptionBreakpoints',
          { filters: [], filterOptions: [{ filterId: 'bug', condition }] },
        );
        for (const breakpoint of [own, kernel, inside, data, ...breakpoints]) {
          assert.ok(breakpoint);
          const message = messageOf(breakpoint);
          assert.ok(
            message.startsWith(`failed: The condition '${condition}' cannot be evaluated: `),
            message,
          );
          assert.match(message, why);
        }
      }
      // None of them stops.
      const { exitCode } = await drive.finish();
      assert.equal(exitCode, 0);
      assert.deepEqual(drive.client.takeEvents('stopped'), []);
    }));

  it('knows what is known where the breakpoint stops', () =>
    onScenario('blocks.mms', async (drive) => {
      const good = [
        ...(await drive.setLines([
          { line: lineOf(BLOCKS, 'take: count'), condition: 'order > 1 && got != NULL' },
          { line: lineOf(BLOCKS, 'loop: free'), condition: 'i == 3' },
        ])),
        ...(await drive.setFunctions([
          { name: 'expand', condition: 'high > low && counter == 0' },
          { name: 'take', condition: 'order == 3' },
          { name: 'block-split', condition: 'order >= 4' },
        ])),
        ...(await drive.setData([{ dataId: 'page:0x100/_refcount', condition: 'new > 1' }])),
      ];
      const { breakpoints } = await drive.client.body<{ breakpoints: Dap.Breakpoint[] }>(
        'setExceptionBreakpoints',
        {
          filters: [],
          filterOptions: [
            { filterId: 'allocation-failure', condition: 'order > 3 && (gfp & __GFP_NORETRY)' },
            { filterId: 'bug', condition: 'pfn == 0x1a2b' },
            { filterId: 'inside', condition: 'block_split && order >= 4' },
          ],
        },
      );
      for (const breakpoint of [...good, ...breakpoints]) assert.equal(messageOf(breakpoint), '');
      // A name of another function is not one there.
      const [foreign] = await drive.setLines([
        { line: lineOf(BLOCKS, 'lock'), condition: 'got != NULL' },
      ]);
      assert.match(messageOf(foreign ?? { verified: true }), /got/);
    }));

  it('that was set before the launch is judged when there is something to judge it by', () =>
    withAdapter(async (client) => {
      await client.send('initialize', CLIENT);
      const { breakpoints } = await client.body<{ breakpoints: Dap.Breakpoint[] }>(
        'setExceptionBreakpoints',
        { filters: [], filterOptions: [{ filterId: 'expect', condition: 'nosuch' }] },
      );
      assert.equal(breakpoints[0]?.reason, 'pending');
      await client.send('launch', { program: BLOCKS });
      const { body }: Dap.BreakpointEvent = await client.waitForEvent('breakpoint');
      assert.equal(body.breakpoint.id, breakpoints[0].id);
      assert.match(messageOf(body.breakpoint), /'nosuch'/);
    }));
});
