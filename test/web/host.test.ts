/** The window's line to the extension: what was asked at one stop is not taken for an answer about another. */
import assert from 'node:assert/strict';
import { Host } from '../../webview/host.js';
import type { FromMap, MapSession, ToMap } from '../../webview/messages.js';

/** A host whose other end is this test: what it says, and how it is told. */
function host(): { host: Host; said: FromMap[]; tell: (message: ToMap) => void } {
  const window = new EventTarget();
  const said: FromMap[] = [];
  const acquireVsCodeApi = (): object => ({
    postMessage: (message: FromMap) => said.push(message),
  });
  Object.assign(globalThis, { window, acquireVsCodeApi });
  const made = new Host();
  made.start({ session: () => undefined, reveal: () => undefined });
  const tell = (message: ToMap): void =>
    void window.dispatchEvent(Object.assign(new Event('message'), { data: message }));
  return { host: made, said, tell };
}

const at = (epoch: number): ToMap => {
  const session: MapSession = { id: '1', name: '', subject: '', stopped: true, epoch, stop: epoch };
  return { type: 'session', session };
};

describe('what the window Memory asks', () => {
  after(() => {
    for (const name of ['window', 'acquireVsCodeApi']) Reflect.deleteProperty(globalThis, name);
  });

  it('is answered', async () => {
    const { host: asking, said, tell } = host();
    tell(at(1));
    const asked = asking.request('mmscope/clock');
    const ask = said.at(-1);
    assert.ok(ask?.type === 'ask' && ask.request === 'mmscope/clock');
    tell({ type: 'answer', id: ask.id, body: { now: 5 } });
    assert.deepEqual(await asked, { now: 5 });
  });

  it('is not answered with the machine of a later stop', async () => {
    const { host: asking, said, tell } = host();
    tell(at(1));
    const asked = asking.request('mmscope/freeAreas', {});
    const ask = said.at(-1);
    assert.ok(ask?.type === 'ask');
    tell(at(2));
    tell({ type: 'answer', id: ask.id, body: {} });
    await assert.rejects(asked, /has moved on/);
  });

  it('but a request to move is, though the machine has moved', async () => {
    const { host: asking, said, tell } = host();
    tell(at(1));
    const asked = asking.request('mmscope/goToTime', { time: 3 });
    const ask = said.at(-1);
    assert.ok(ask?.type === 'ask');
    tell(at(2));
    tell({ type: 'answer', id: ask.id, body: {} });
    await assert.doesNotReject(asked);
  });
});
