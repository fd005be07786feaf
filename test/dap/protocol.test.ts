/** The conversation itself: who may ask what when, every request answered once, nothing kills the adapter. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import { createContext, runInContext } from 'node:vm';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { WriteBody } from '../../src/engine/view/history.js';
import type * as WithoutNode from '../../src/adapter/debugAdapter.js';
import { createInlineAdapter, listen } from '../../src/adapter/index.js';
import { ERROR_NAMES, helpOf } from '../../src/adapter/protocol/errors.js';
import { encodeFrame, FrameDecoder } from '../../src/adapter/protocol/framing.js';
import { NEEDS } from '../../src/adapter/topics/table.js';
import { problemsOf } from './protocolSchema.js';
import { lineOf, onScenario, scenario } from './drive.js';
import { build, CLIENT, withAdapter, withProcess } from './session.js';
import { scratchFolder } from '../scratch.js';

describe('protocol', function () {
  before(build);

  it('answers initialize, then says that it is ready for breakpoints', () =>
    withAdapter(async (client) => {
      const capabilities = await client.body<Dap.Capabilities>('initialize', CLIENT);
      await client.waitForEvent('initialized');
      assert.equal(capabilities.supportsStepBack, true);
      const order = client.messages.filter(({ direction }) => direction === '<-');
      assert.deepEqual(
        order.map(({ message }) => message.type),
        ['response', 'event'],
      );
    }));

  it('refuses every request before initialize', () =>
    withProcess(async (client) => {
      client.sendsWrongThings = true;
      for (const command of Object.keys(NEEDS)) {
        if (command === 'initialize' || command === 'disconnect') continue;
        assert.equal((await client.failure(command, {})).short, 'notInitialized', command);
      }
      // What could not be begun can be ended.
      await client.send('disconnect', {});
      await client.process.gone;
      assert.equal(client.process.exitCode, 0);
    }));

  it('refuses what needs a machine before there is one', () =>
    withAdapter(async (client) => {
      client.sendsWrongThings = true;
      await client.send('initialize', CLIENT);
      for (const [command, needs] of Object.entries(NEEDS))
        if (needs === 'target' || needs === 'stop')
          assert.equal((await client.failure(command, {})).short, 'notLaunched', command);
      assert.equal((await client.failure('initialize', CLIENT)).short, 'alreadyInitialized');
    }));

  it('answers requests that nobody knows', () =>
    withAdapter(async (client) => {
      client.sendsWrongThings = true;
      for (const command of ['', 'nonsense', 'toString', '__proto__', 'constructor', 'attach']) {
        const error = await client.failure(command, { any: 1 });
        assert.equal(error.short, 'unknownRequest');
      }
      await client.send('initialize', CLIENT);
    }));

  it('says which argument is missing or wrong', () =>
    withAdapter(async (client) => {
      client.sendsWrongThings = true;
      assert.equal((await client.failure('initialize', undefined)).short, 'badArguments');
      await client.send('initialize', CLIENT);
      const cases: [string, unknown, string][] = [
        ['setBreakpoints', undefined, "'setBreakpoints' needs 'source' to be an object."],
        ['setBreakpoints', { source: [] }, "'setBreakpoints' needs 'source' to be an object."],
        [
          'setFunctionBreakpoints',
          { breakpoints: 'all' },
          "'setFunctionBreakpoints' needs 'breakpoints' to be an array.",
        ],
        ['launch', { program: 5 }, "'launch' needs 'program' to be a string."],
      ];
      for (const [command, args, sentence] of cases)
        assert.equal((await client.failure(command, args)).sentence, sentence);
    }));

  it('explains a launch that cannot be', () =>
    withAdapter(async (client) => {
      await client.send('initialize', CLIENT);
      const cases: [object, string, RegExp][] = [
        [{}, 'nothingToDebug', /set 'program'/],
        [{ state: '/no/such/file' }, 'cannotRead', /\/no\/such\/file: there is no such file/],
        [{ core: '/etc' }, 'cannotRead', /folder/],
        [{ state: 'package.json' }, 'cannotOpen', /./],
        [{ core: 'package.json' }, 'cannotOpen', /./],
        [{ core: 'package.json', profile: 'alpha' }, 'cannotOpen', /x86_64-slub/],
      ];
      for (const [args, short, sentence] of cases) {
        const error = await client.failure('launch', args);
        assert.equal(error.short, short, JSON.stringify(args));
        assert.match(error.sentence, sentence);
        assert.equal(error.response.body.error?.showUser, true);
        assert.match(error.response.body.error.url ?? '', /^https:/);
      }
    }));

  it('leads to pages and sections that exist', () => {
    for (const name of ERROR_NAMES) {
      const place = helpOf(name);
      const [page = '', anchor] = place.split('#');
      const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm);
      const anchors = [...headings].map(([, text = '']) =>
        text
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(anchors.includes(anchor ?? ''), `${name}: ${place}`);
    }
  });

  it('survives garbage, and says so', () =>
    withAdapter(async (client) => {
      const framed = (body: string): string => `Content-Length: ${body.length}\r\n\r\n${body}`;
      const noise: (string | Uint8Array)[] = [
        'hello\r\n\r\n',
        'Content-Length: x\r\n\r\n',
        framed('null'),
        framed('[]'),
        framed('{}'),
        framed('"a"'),
        framed('{oops'),
        'Content-Length: 99999999999999999999\r\n\r\n',
        Uint8Array.from({ length: 5000 }, (_, i) => (i * 37) & 255),
        framed('{"type":"request","seq":77,"command":5}'),
        framed('{"type":"event","event":"x","seq":1}'),
        framed('{"type":"response","request_seq":1,"seq":1}'),
      ];
      for (const one of noise) client.raw(one);
      await client.send('initialize', CLIENT);
      const refusals = client.messages
        .map(({ message }) => message as Dap.Response)
        .filter(({ message }) => message === 'malformedMessage');
      // Only a request that has a number can be answered; `request_seq` is never made up.
      assert.deepEqual(
        refusals.map(({ request_seq }) => request_seq),
        [77],
      );
      const complaints = client.takeEvents('output') as Dap.OutputEvent[];
      assert.ok(complaints.length >= 6, `${complaints.length} complaints`);
      for (const { body } of complaints) assert.match(body.output, /^This is not a message/);
      for (const one of noise) client.raw(one);
      assert.deepEqual(await client.body('threads'), { threads: [] });
    }));

  it('answers each of many requests at once exactly once', () =>
    withAdapter(async (client) => {
      client.sendsWrongThings = true;
      await client.send('initialize', CLIENT);
      const asked = Array.from({ length: 200 }, (_, i) =>
        i % 3 === 0 ? client.failure('nonsense') : client.send('threads'),
      );
      await Promise.all(asked);
      const answered = client.messages
        .filter(({ message }) => message.type === 'response')
        .map(({ message }) => (message as Dap.Response).request_seq);
      assert.equal(new Set(answered).size, answered.length);
    }));

  it('takes lines from 0 when the client counts so', () =>
    onScenario(
      'blocks.mms',
      async (drive) => {
        const line = lineOf(drive.program, 'print');
        const [breakpoint] = await drive.setLines([{ line: line - 1 }]);
        assert.equal(breakpoint?.line, line - 1);
        await drive.go('continue');
        assert.equal(await drive.line(), line - 1);
        // What is written for people counts as their editors do.
        const { text, statement } = await drive.client.body<WriteBody>('mmscope/lastWrite', {
          expression: 'counter',
        });
        const told = Number(/ at main:(\d+): /.exec(text)?.[1]);
        assert.equal(statement?.line, told - 1);
      },
      { client: { linesStartAt1: false } },
    ));

  it('answers disconnect and ends by itself', () =>
    withProcess(async (client) => {
      await client.send('initialize', CLIENT);
      await client.send('disconnect', {});
      await client.process.gone;
      assert.equal(client.process.exitCode, 0);
    }));

  it('answers what is under way before it ends', () =>
    withProcess(async (client) => {
      await client.send('initialize', CLIENT);
      const launch = client.failure('launch', { program: scenario('large.mms') });
      const lines = client.failure('setFunctionBreakpoints', { breakpoints: [] });
      await client.send('disconnect', {});
      assert.deepEqual([(await launch).short, (await lines).short], ['cancelled', 'cancelled']);
      await client.process.gone;
    }));

  it('cancels a request that still waits, and answers it at once', () =>
    withAdapter(async (client) => {
      await client.send('initialize', CLIENT);
      const launch = client.send('launch', { program: scenario('blocks.mms') });
      const functions = client.failure('setFunctionBreakpoints', { breakpoints: [] });
      const requestId = client.messages.at(-1)?.message.seq;
      await client.send('cancel', { requestId });
      assert.equal((await functions).short, 'cancelled');
      await launch;
      // What is done, or was never asked, cannot be cancelled: that is no error.
      await client.send('cancel', { requestId: 1 });
      await client.send('cancel', {});
    }));

  it('cancels a long answer midway, and gives others meanwhile', () =>
    onScenario('blocks.mms', async ({ client }) => {
      const long = { memoryReference: '0xffff888000000000', count: 16 << 20 };
      const cancelled = client.failure('readMemory', long);
      const requestId = client.messages.at(-1)?.message.seq;
      const threads = client.send('threads');
      await client.send('cancel', { requestId });
      assert.equal((await cancelled).short, 'cancelled');
      await threads;
      const whole = client.body<Dap.ReadMemoryResponse['body']>('readMemory', long);
      const ends: string[] = [];
      await Promise.all([
        whole.then(() => ends.push('readMemory')),
        client.send('threads').then(() => ends.push('threads')),
      ]);
      assert.deepEqual(ends, ['threads', 'readMemory']);
      assert.equal(Buffer.from((await whole)?.data ?? '', 'base64').length, 16 << 20);
    }));

  it('refuses arguments of other types, elements of arrays too', () =>
    onScenario('blocks.mms', async ({ client }) => {
      client.sendsWrongThings = true;
      const source = { path: scenario('blocks.mms') };
      const cases: [string, unknown, string][] = [
        ['continue', { threadId: 1.5 }, "'threadId' to be a whole number"],
        ['next', { threadId: '1' }, "'threadId' to be a whole number"],
        ['stepIn', { threadId: 1, singleThread: 1 }, "'singleThread' to be true or false"],
        ['setBreakpoints', { source, breakpoints: [3] }, "'breakpoints[0]' to be an object"],
        [
          'setBreakpoints',
          { source, breakpoints: [{ line: 3 }, { line: 'x' }] },
          "'breakpoints[1].line' to be a whole number",
        ],
        ['setBreakpoints', { source: { path: 5 } }, "'source.path' to be a string"],
        ['setExceptionBreakpoints', { filters: [7] }, "'filters[0]' to be a string"],
        [
          'setExceptionBreakpoints',
          { filters: [], filterOptions: [{ filterId: null }] },
          "'filterOptions[0].filterId' to be a string",
        ],
        ['setDataBreakpoints', { breakpoints: [{}] }, "'breakpoints[0].dataId' to be a string"],
        ['setFunctionBreakpoints', { breakpoints: [null] }, "'breakpoints[0]' to be an object"],
        ['completions', { text: 'a', column: 7.5 }, "'column' to be a whole number"],
        [
          'readMemory',
          { memoryReference: '0x1000', count: 7.5 },
          "'count' to be a whole number that is not negative",
        ],
        [
          'readMemory',
          { memoryReference: '0x1000', count: -1 },
          "'count' to be a whole number that is not negative",
        ],
        [
          'readMemory',
          { memoryReference: '0x1000', offset: -1.18e21, count: 1 },
          "'offset' to be a whole number",
        ],
        ['terminateThreads', { threadIds: ['1'] }, "'threadIds[0]' to be a whole number"],
      ];
      for (const [command, args, what] of cases) {
        const error = await client.failure(command, args);
        assert.equal(error.sentence, `'${command}' needs ${what}.`);
      }
    }));

  it('runs when it is launched and configured, whichever comes last', () =>
    withAdapter(async (client) => {
      await client.send('initialize', CLIENT);
      const early = await client.body<Dap.SetBreakpointsResponse['body']>('setBreakpoints', {
        source: { path: scenario('blocks.mms') },
        breakpoints: [{ line: lineOf(scenario('blocks.mms'), 'lock') }],
      });
      assert.equal(early.breakpoints[0]?.verified, false);
      assert.equal(early.breakpoints[0].reason, 'pending');
      await client.send('configurationDone');
      await client.send('launch', { program: scenario('blocks.mms') });
      const changed: Dap.BreakpointEvent = await client.waitForEvent('breakpoint');
      assert.deepEqual(
        [changed.body.reason, changed.body.breakpoint.id, changed.body.breakpoint.verified],
        ['changed', early.breakpoints[0].id, true],
      );
      const stop: Dap.StoppedEvent = await client.waitForEvent('stopped');
      assert.deepEqual(stop.body.hitBreakpointIds, [early.breakpoints[0].id]);
      assert.equal((await client.failure('launch', {})).short, 'alreadyLaunched');
    }));

  it('kernel frames open a Linux tree when there is one', () =>
    withAdapter(async (client) => {
      const tree = scratchFolder();
      mkdirSync(path.join(tree, 'mm'));
      const text = '#include <x.h>\nint trylock_page(void);\n\nvoid\nlock_other(void)\n{\n}\n';
      writeFileSync(
        path.join(tree, 'mm', 'page_alloc.c'),
        `${text}struct page *__alloc_pages(gfp_t gfp,\n  int order)\n{\n}\n`,
      );
      await client.send('initialize', CLIENT);
      const launch = client.send('launch', { program: scenario('blocks.mms'), kernelSource: tree });
      await client.send('setFunctionBreakpoints', { breakpoints: [{ name: '__alloc_pages' }] });
      await client.send('configurationDone');
      await launch;
      await client.waitForEvent('stopped');
      const { stackFrames } = await client.body<Dap.StackTraceResponse['body']>('stackTrace', {
        threadId: 1,
      });
      assert.equal(stackFrames[0]?.source?.path, path.join(tree, 'mm', 'page_alloc.c'));
      assert.equal(stackFrames[0].line, 8);
      // What the tree does not have is shown in the engine's own text.
      assert.equal(stackFrames[1]?.source?.origin, 'mmscope kernel, read-only');
    }));

  it('writes its messages to a file, or to the console, when asked to', async () => {
    const file = path.join(scratchFolder(), 'messages.log');
    for (const trace of [file, true])
      await withAdapter(async (client) => {
        await client.send('initialize', CLIENT);
        await client.send('launch', { program: scenario('blocks.mms'), trace });
        // The answer is noted after it is sent: a second one waits for that.
        await client.send('threads');
        await client.send('threads');
        const outputs = client.takeEvents('output') as Dap.OutputEvent[];
        const text =
          trace === true
            ? outputs.map(({ body }) => body.output).join('')
            : readFileSync(file, 'utf8');
        assert.match(text, /-> \{.*"command":"threads"/);
        assert.match(text, /<- \{.*"command":"threads"/);
      });
  });

  it('serves many sessions over TCP', async () => {
    const server = await listen(0);
    try {
      const sessions = Array.from(
        { length: 3 },
        () =>
          new Promise<unknown>((resolve, reject) => {
            const decoder = new FrameDecoder();
            const socket = createConnection(server.port, '127.0.0.1');
            socket.on('error', reject);
            socket.write(
              encodeFrame({ seq: 1, type: 'request', command: 'initialize', arguments: CLIENT }),
            );
            socket.on('data', (chunk) => {
              for (const decoded of decoder.push(chunk)) {
                if (decoded.kind !== 'message') continue;
                assert.deepEqual(problemsOf(decoded.value), []);
                resolve(decoded.value);
                socket.destroy();
              }
            });
          }),
      );
      for (const answer of await Promise.all(sessions))
        assert.equal((answer as Dap.Response).success, true);
    } finally {
      server.close();
    }
  });

  it('runs where there is no node', async () => {
    const script =
      "import('./scripts/bundle.mjs').then((m) => m.bundleWithoutNode('src/adapter/debugAdapter.ts'))";
    execFileSync(process.execPath, ['--input-type=module', '-e', script]);
    // Of the outside, what every web host has and the adapter uses.
    const world = createContext({ TextDecoder, TextEncoder });
    runInContext(readFileSync('build/run/src/adapter/debugAdapter.web.js', 'utf8'), world);
    const { DebugAdapter } = (world as { bundled: typeof WithoutNode }).bundled;
    const adapter = new DebugAdapter({
      readFile: (name) => Promise.resolve(readFileSync(name)),
      openFile: (name) => Promise.reject(new Error(name)),
      resolvePath: (name) => name,
      yieldToMessages: () => Promise.resolve(),
      now: () => 0,
    });
    const stopped = new Promise<unknown>((resolve) =>
      adapter.onDidSendMessage((message) => {
        const { event, body } = message as Dap.StoppedEvent;
        if (event === 'stopped') resolve(body.reason);
      }),
    );
    const launch = { program: scenario('blocks.mms'), stopOnEntry: true };
    for (const [command, args] of Object.entries({
      initialize: CLIENT,
      configurationDone: undefined,
      launch,
    }))
      adapter.handleMessage({ seq: 1, type: 'request', command, arguments: args });
    assert.equal(await stopped, 'entry');
    adapter.dispose();
  });

  it('runs inside another process, without streams', async () => {
    const adapter = createInlineAdapter();
    const answer = new Promise<unknown>((resolve) =>
      adapter.onDidSendMessage((message) => resolve(message)),
    );
    adapter.handleMessage({ seq: 1, type: 'request', command: 'initialize', arguments: CLIENT });
    assert.equal(((await answer) as Dap.Response).success, true);
    adapter.handleMessage(null);
    adapter.handleMessage(undefined);
    adapter.handleMessage(5);
    adapter.dispose();
    adapter.handleMessage({ seq: 2, type: 'request', command: 'threads' });
  });
});
