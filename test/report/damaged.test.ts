/**
 * Logs as they come: with the prefixes of loggers, wrapped, cut, two reports a line at a time. Nothing that is damaged may throw, hang,
 * or make a number up.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { damageFactor, Figures } from '../damage.js';
import { random as seeded } from '../engine/random.js';
import { fieldNames, fieldText, found, words } from './field.js';
import { cpuMs } from '../cpuTime.js';

const REPORTS = ['01', '03', '05', '07', '09', '10', '14', '16', '18', '23', '29'];

const facts = (text: string): unknown =>
  found(text).map((finding) => [finding.kind, finding.facts]);

/** The text of each line, without printk's time. */
const bare = (number: string): string[] =>
  fieldText(number)
    .split('\n')
    .map((line) => line.replace(/^\[\s*\d+\.\d+\] |^<4>/, ''));

const PREFIXES: readonly (readonly [name: string, prefix: (line: string, at: number) => string])[] =
  [
    ['none', (line) => line],
    ['syslog', (line) => `Nov 30 01:02:03 box-1 kernel: ${line}`],
    [
      'syslog with time',
      (line, at) => `Nov  3 01:02:03 box kernel: [ 1834.41${String(at).padStart(4, '0')}] ${line}`,
    ],
    ['journald, ISO', (line) => `2024-03-01T10:20:30.123456+01:00 host kernel: ${line}`],
    ['dmesg -T', (line) => `[Mon Jan  1 10:00:00 2024] ${line}`],
    ['dmesg -x', (line) => `kern  :warn  : [   12.345678] ${line}`],
    ['level and caller', (line) => `<4>[   12.345678][  T212] ${line}`],
    ['quoted in a mail', (line) => `> > [   12.345678] ${line}`],
    ['carriage returns', (line) => `[   12.345678] ${line}\r`],
  ];

describe('a log', () => {
  for (const number of REPORTS)
    for (const [name, prefix] of PREFIXES)
      it(`${number} with prefixes: ${name}`, () => {
        const text = bare(number).map(prefix).join('\n');
        assert.deepEqual(facts(text), facts(bare(number).join('\n')));
      });

  it('with other lines around and between', () => {
    const noise = [
      'usb 1-1: new high-speed USB device number 5',
      'eth0: link up',
      '',
      'audit: type=1400 audit(1.2:3): apparmor="ALLOWED"',
    ];
    const text = bare('05')
      .flatMap((line, at) => [line, noise[at % noise.length] ?? ''])
      .join('\n');
    assert.deepEqual(facts(text), facts(bare('05').join('\n')));
  });

  it('of two CPUs, a line of each in turn', () => {
    const [one, two] = [bare('01'), bare('07')];
    const lines: string[] = [];
    for (let at = 0; at < Math.max(one.length, two.length); at++) {
      if (one[at] !== undefined)
        lines.push(`[  10.00${String(at).padStart(4, '0')}][  T212] ${one[at] ?? ''}`);
      if (two[at] !== undefined)
        lines.push(`[  10.00${String(at).padStart(4, '0')}][  T801] ${two[at] ?? ''}`);
    }
    const both = found(lines.join('\n'));
    assert.deepEqual(
      both.map((finding) => finding.facts.cause),
      ['cma-blocks', 'cma'],
    );
    assert.deepEqual(
      both.map((finding) => finding.facts.zones),
      [found(one.join('\n'))[0]?.facts.zones, found(two.join('\n'))[0]?.facts.zones],
    );
  });

  it('of two CPUs that print no caller: zones of one name go to one report each', () => {
    const one = bare('01');
    const two = bare('01').map((line) =>
      line.replace('media_svc', 'other').replace('free:244520kB', 'free:244516kB'),
    );
    const lines = one.flatMap((line, at) => [line, two[at] ?? '']);
    const both = found(lines.join('\n'));
    assert.deepEqual(
      both.map((finding) => (finding.facts.zones as { free: number }[])[0]?.free),
      [61130, 61129],
    );
  });

  it('with two reports and the numbers of one says that the other borrows them', () => {
    const [first] = bare('05');
    const both = found([first?.replace('wr_int/3', 'wr_int/4'), ...bare('05')].join('\n'));
    assert.deepEqual(
      both.map((finding) => finding.facts.cause),
      ['shortage', 'shortage'],
    );
    assert.equal(both.filter((finding) => /report beside it/.test(words(finding))).length, 1);
  });

  it('whose zone line is wrapped by a mail', () => {
    const text = bare('05')
      .map((line) =>
        line.startsWith('DMA32 free')
          ? line.replace(' min:', '\nmin:').replace(' high:', '\n  high:')
          : line,
      )
      .join('\n');
    assert.deepEqual(facts(text), facts(bare('05').join('\n')));
  });

  it('that ends after its first line tells only that', () => {
    const [finding] = found(bare('01')[0] ?? '');
    assert.equal(finding?.facts.cause, 'no-numbers');
    assert.deepEqual(finding.facts.zones, []);
  });

  it('without reports has no finding', () => {
    assert.deepEqual(found('hello\nworld 0x10\n[ 1.000000] eth0: link up\n'.repeat(10)), []);
    assert.deepEqual(found(''), []);
  });

  it('with lines that nearly fit a pattern costs no time', () => {
    const ms = cpuMs(() => {
      for (const head of [
        'Node 0, zone Normal ',
        'Node 0, zone Normal, type Movable ',
        'raw: ',
        'head: ',
        'DMA: ',
        'lowmem_reserve[]: ',
        'Tainted: ',
        'page:',
        'Object 0x0: ',
        'DMA free:1kB ',
      ])
        for (const word of ['12345 ', '0000000000000000 ', 'G ', '1*4kB ', 'a:1kB ', '00 '])
          found(`${head}${word.repeat(900)}!`);
    });
    assert.ok(ms < 3000, `${ms.toFixed(0)} ms`);
  });

  it('that is cut, overwritten or mixed up never throws', () => {
    const below = seeded(4711);
    const made = 'test/data/made-reports';
    const texts = [
      ...fieldNames().map((name) => fieldText(name.slice(0, 2))),
      ...readdirSync(made).map((name) => readFileSync(`${made}/${name}`, 'utf8')),
    ];
    const figures = new Figures('reports');
    for (let round = 0; round < 1500 * (damageFactor(1500) ?? 1); round++) {
      figures.next();
      const text = mutated(texts, below);
      for (const finding of found(text)) {
        assert.ok(
          !/NaN|Infinity|undefined|\[object/.test(words(finding)),
          `${words(finding)}\n---\n${text}`,
        );
        JSON.stringify(finding.facts);
      }
    }
    figures.done();
  }).timeout(7_200_000);
});

/** A few random changes: characters, pieces cut out or doubled, lines shuffled, numbers made huge. */
function mutated(texts: readonly string[], below: (count: number) => number): string {
  const pick = (): string => texts[below(texts.length)] ?? '';
  let text = pick();
  for (let change = below(5) + 1; change > 0; change--) {
    const at = below(text.length + 1);
    const length = below(40);
    switch (below(6)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = text.slice(0, at) + String.fromCharCode(below(256)) + text.slice(at + 1);
        break;
      case 2:
        text = text.slice(0, at) + text.slice(at, at + 400).repeat(2) + text.slice(at + 400);
        break;
      case 3:
        text = text.slice(0, at) + pick().slice(0, below(600)) + text.slice(at);
        break;
      case 4:
        text = text.replace(/\d+/g, (number) =>
          below(12) === 0 ? '99999999999999999999' : below(12) === 0 ? '0' : number,
        );
        break;
      default: {
        const lines = text.split('\n');
        const [line = ''] = lines.splice(below(lines.length), 1);
        lines.splice(below(lines.length + 1), 0, line);
        text = lines.join('\n');
      }
    }
  }
  return text;
}
