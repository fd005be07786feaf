/** What the connection promises, whatever handlers do: @vscode/debugadapter's server alone does not. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { Connection, type Dispatch } from '../../src/adapter/protocol/connection.js';
import { errors } from '../../src/adapter/protocol/errors.js';
import { problemsOf } from './protocolSchema.js';

class Served extends Connection {
  /** `1 threads ok`, `event output` */
  readonly sent: string[] = [];

  constructor(protected readonly dispatch: Dispatch) {
    super();
    this.onDidSendMessage((message) => {
      // The library swallows what a listener throws: problems are lines like any other.
      this.sent.push(...problemsOf(message));
      const { type, event } = message as Dap.Event;
      const { request_seq, command, success, message: short } = message as Dap.Response;
      this.sent.push(
        type === 'event' ? `event ${event}` : `${request_seq} ${command} ${success ? 'ok' : short}`,
      );
    });
  }

  request(seq: number, command: string): this {
    this.handleMessage({ seq, type: 'request', command });
    return this;
  }

  /** Lets handlers end. */
  settled(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
}

describe('connection', () => {
  it('answers once, however a handler ends', async () => {
    const ends: Readonly<Record<string, () => unknown>> = {
      threads: () => ({ threads: [] }),
      next: () => {
        throw new Error('at once');
      },
      stepIn: () => Promise.reject(new Error('later')),
      stepOut: () => {
        throw errors.running();
      },
      pause: () => undefined,
    };
    const served = new Served(({ command }) => ends[command]?.());
    Object.keys(ends).forEach((command, index) => served.request(index + 1, command));
    await served.settled();
    assert.deepEqual(served.sent.toSorted(), [
      '1 threads ok',
      '2 next defect',
      '3 stepIn defect',
      '4 stepOut notStopped',
      '5 pause ok',
    ]);
  });

  it('sends what a handler wants sent later behind its response, and nothing when it fails', async () => {
    const served = new Served(({ command }, { afterResponse }) => {
      afterResponse(() => served.event('initialized'));
      if (command === 'next') throw errors.running();
      return undefined;
    });
    served.request(1, 'pause').request(2, 'next');
    await served.settled();
    assert.deepEqual(served.sent.toSorted(), [
      '1 pause ok',
      '2 next notStopped',
      'event initialized',
    ]);
    assert.ok(served.sent.indexOf('1 pause ok') < served.sent.indexOf('event initialized'));
  });

  it('reports what fails behind a response as output', async () => {
    const served = new Served((_request, { afterResponse }) => {
      afterResponse(() => {
        throw new Error('too late');
      });
      return undefined;
    });
    served.request(1, 'pause');
    await served.settled();
    assert.deepEqual(served.sent, ['1 pause ok', 'event output']);
  });

  it('answers a cancelled request at once, and never again', async () => {
    let finish: () => void = () => undefined;
    let heard = false;
    const served = new Served(async (_request, { cancelled }) => {
      await new Promise<void>((resolve) => (finish = resolve));
      heard = cancelled();
    });
    served.request(1, 'pause');
    assert.equal(served.cancel(1), true);
    assert.deepEqual(served.sent, ['1 pause cancelled']);
    finish();
    await served.settled();
    assert.equal(heard, true);
    assert.equal(served.cancel(1), false);
    assert.deepEqual(served.sent, ['1 pause cancelled']);
  });

  it('survives anything in place of a message', async () => {
    const served = new Served(() => undefined);
    const numbered = [0.5, -1, 1e300].map((seq) => ({ type: 'request', seq, command: 'pause' }));
    for (const nothing of [null, undefined, 5, 'text', [], {}, ...numbered])
      served.handleMessage(nothing);
    served.handleMessage({ type: 'response', request_seq: 1 });
    served.handleMessage({ type: 'event', event: 'x' });
    served.request(7, 'pause');
    await served.settled();
    // None of them has a number that could be answered; each is complained of, by an event.
    assert.deepEqual(served.sent, [...Array<string>(9).fill('event output'), '7 pause ok']);
    served.handleMessage({ type: 'request', seq: 8, command: 5 });
    assert.equal(served.sent.at(-1), '8  malformedMessage');
  });

  it('sends nothing once it is disposed of', async () => {
    const served = new Served(() => undefined);
    served.request(1, 'pause');
    served.dispose();
    served.request(2, 'pause');
    served.event('initialized');
    await served.settled();
    assert.deepEqual(served.sent, []);
  });
});
