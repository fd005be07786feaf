/** Reading recorded states, rebuilding the machine, and writing it back as it was recorded. */
import assert from 'node:assert/strict';
import { readText } from '../../src/cli/openFile.js';
import {
  checksumText,
  dumpMemmap,
  dumpZones,
  expandSequence,
  findState,
  formatSequence,
  openState,
  parseZones,
  readTrace,
  readZones,
  TraceError,
  zonesLines,
  type TraceDump,
  type TraceItem,
} from '../../src/engine/image/state/index.js';
import { ImageError } from '../../src/engine/image/kernelImage.js';
import { isKept, recordedTraces, titleOf } from '../recordings.js';

const itemsOf = (text: string, chunkBytes = Infinity): TraceItem[] => {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; at += chunkBytes) chunks.push(text.slice(at, at + chunkBytes));
  return [...readTrace(chunks)];
};

/** The first dump of a name. */
const dumpOf = (items: readonly TraceItem[], name: string): TraceDump => {
  const dump = items.find((item) => item.kind === 'dump' && item.name === name);
  assert.ok(dump?.kind === 'dump', `no %${name}`);
  return dump;
};

describe('sequences of a recording', () => {
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ['194d', [0x194d]],
    ['1 2', [1, 2]],
    ['1:3:1', [1, 2, 3]],
    ['36c00:4:-400', [0x36c00, 0x36800, 0x36400, 0x36000]],
    ['0:a:0', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['189c 1890 18a4:4:2', [0x189c, 0x1890, 0x18a4, 0x18a6, 0x18a8, 0x18aa]],
    ['', []],
  ];
  for (const [text, values] of cases)
    it(`'${text}'`, () => {
      assert.deepEqual(expandSequence(text.split(' ').filter((token) => token !== '')), values);
      assert.equal(formatSequence(values), text);
    });

  for (const text of ['x', '1:2', '1:-2:1', '1:2:3:4', ''])
    it(`refuses '${text}'`, () => assert.equal(expandSequence([text]), undefined));
});

describe('the items of a trace', () => {
  const TEXT = [
    'mode run',
    '%kstop',
    '%run ops',
    'mark x86_64-slub/512M/tour/1',
    'a 0 0 K -> 194d gfp=cc0',
    'events 7',
    'a 1 2 K|COMP',
    '  +zl 1960 o=2 mt=0',
    '  +pa 1960 o=2 mt=0 gfp=40cc0',
    ' -> 1960 gfp=40cc0',
    'gup 1 0x1000 1 0 -> ret=1',
    '  > pfn=1960 ref=2',
    'forget 1',
    'dump slabs',
    '',
    '%slabs',
    '%slab kmalloc-8',
    'kc kmalloc-8',
    '%end',
    '%end',
    '%ran ops=5 errors=0',
    '  +pf 1960 o=2',
    '',
  ].join('\n');

  it('come in order, with results, events and details', () => {
    const items = itemsOf(TEXT);
    assert.deepEqual(
      items.map((item) => item.kind),
      [
        ...['mode', 'kstop', 'run', 'mark'],
        ...['op', 'op', 'op', 'op', 'op', 'op', 'dump', 'ran', 'event'],
      ],
    );
    assert.deepEqual(items[6], {
      kind: 'op',
      line: 7,
      name: 'a',
      args: ['1', '2', 'K|COMP'],
      result: '1960 gfp=40cc0',
      events: ['zl 1960 o=2 mt=0', 'pa 1960 o=2 mt=0 gfp=40cc0'],
      details: [],
    });
    assert.deepEqual(dumpOf(items, 'slabs').lines, ['%slab kmalloc-8', 'kc kmalloc-8', '%end']);
  });

  it('do not depend on where the text is cut', () => {
    for (const chunkBytes of [1, 2, 7, 64])
      assert.deepEqual(itemsOf(TEXT, chunkBytes), itemsOf(TEXT));
  });

  const complaints: readonly (readonly [string, string, RegExp])[] = [
    ['a dump without end', 'mode run\n%zones\nnode', /^line 3: %zones of line 2 has no %end$/],
    ['an end without dump', 'mode run\n%end', /^line 2: %end without a dump/],
  ];
  for (const [title, text, message] of complaints)
    it(title, () =>
      assert.throws(
        () => itemsOf(text),
        (error) => error instanceof TraceError && message.test(error.message),
      ),
    );

  it('a damaged line of a dump is named', () => {
    const text = '%zones\nnode start=1 spanned=zz\n%end';
    assert.throws(
      () => parseZones(dumpOf(itemsOf(text), 'zones')),
      (error) =>
        error instanceof TraceError && /^line 2: %zones: 'zz' is not a number$/.test(error.message),
    );
  });

  it('a trace without a full state cannot be opened', () => {
    assert.throws(() => openState(TEXT), ImageError);
  });
});

/** A rebuilt machine, dumped, is the text that it was rebuilt from. */
function itRebuilds(file: string): void {
  it(titleOf(file), () => {
    const items = itemsOf([...readText(file)].join(''));
    const memmap = dumpOf(items, 'memmap');
    const zones = dumpOf(items.slice(0, items.indexOf(memmap)).reverse(), 'zones');
    const [from = '', to = ''] = memmap.args;
    const image = openState(findState(readText(file)));
    const { nrTouchedFrames } = image.memory;
    assert.deepEqual(dumpZones(image), zones.lines);
    assert.deepEqual([...dumpMemmap(image, parseInt(from, 16), parseInt(to, 16))], memmap.lines);
    assert.deepEqual(
      zonesLines(parseZones(zones), image.profile.pointerSize),
      zones.lines,
      'the dump read and written',
    );
    assert.ok(nrTouchedFrames < 200, `opening touched ${nrTouchedFrames} frames`);
    assert.equal(image.tape.end, 0, 'a machine starts without a past');
    const check = items.find((item) => item.kind === 'op' && item.name === 'ck');
    if (check?.kind === 'op' && check.result !== undefined)
      assert.equal(`ck=${checksumText(readZones(image), image.mm.NR_PCP_LISTS)}`, check.result);
  });
}

const hasMemmap = (file: string): boolean =>
  [...readTrace(readText(file))].some((i) => i.kind === 'dump' && i.name === 'memmap');

describe('a rebuilt machine is what was recorded', function () {
  // The first state of each kind of run: other processes have run before it.
  const first = /[/\\](idle-s1|bulk-n40|kmap-n200|vmalloc-n100|slabseq-n200|usr2)/;
  recordedTraces('.', /^(idle-s1|bulk|kmap|vmalloc|slabseq|usr2|pcp0|mixed)/)
    .filter((trace) => isKept(trace) || first.test(trace))
    .filter(hasMemmap)
    .forEach(itRebuilds);
});
