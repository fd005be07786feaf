/** Links to the window Memory: what of a log's line is one, and what an answer in the debug console is about. */
import assert from 'node:assert/strict';
import { addressesIn } from '../../src/extension/address/addressesIn.js';
import { placeAnswered } from '../../src/extension/address/placeAnswered.js';

const found = (line: string): readonly string[] =>
  addressesIn(line).map(({ start, text }) => {
    assert.equal(line.slice(start, start + text.length), text);
    return text;
  });

describe('links to the window Memory', () => {
  it('are the addresses of a line, and no counts, masks or words', () => {
    assert.deepEqual(found('page:ffffea0000080000 refcount:1 mapcount:0 pfn:0x2000'), [
      'ffffea0000080000',
    ]);
    assert.deepEqual(found('BUG: unable to handle page fault for address: 0xf0801000'), [
      '0xf0801000',
    ]);
    assert.deepEqual(found('BUG: unable to handle page fault for address: cc7f1000'), ['cc7f1000']);
    assert.deepEqual(found('EAX: 00000000 EBX: 0bfe0161, deadbeef, 81911000, effaced'), []);
    assert.deepEqual(found('flags: 0x200(slab|zone=1) 0000000000000000 ffffffffffffffff'), []);
    assert.deepEqual(found('commit deadbeefdeadbeefdeadbeef, 0x1234567z'), []);
  });

  it('stand behind where(x) and walk(x) in the console, and behind nothing else', () => {
    const answer = (result: string, success = true) => ({
      type: 'response',
      success,
      body: { result },
    });
    assert.equal(placeAnswered('where(page)', answer('pfn 0x1f40: free block')), 'pfn 0x1f40');
    assert.equal(placeAnswered(' walk(va)', answer('0xf0801000: PGD ...')), '0xf0801000');
    assert.equal(placeAnswered('where(page)', answer('pfn 0x1f40', false)), undefined);
    assert.equal(placeAnswered('page', answer('0xf0801000')), undefined);
    assert.equal(placeAnswered('where(1)', answer('nowhere')), undefined);
  });
});
