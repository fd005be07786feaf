/** What is said of memory that is damaged, and of addresses that are none. */
import assert from 'node:assert/strict';
import type { AddressBody } from '../../src/engine/view/address.js';
import { lineOf, onScenario, scenario, type Drive } from './drive.js';
import { build } from './session.js';

const at = (test: (drive: Drive) => Promise<void>, marker = 'here'): Promise<void> =>
  onScenario('damaged.mms', async (drive) => {
    await drive.setLines([{ line: lineOf(scenario('damaged.mms'), marker) }]);
    await drive.go('continue');
    await test(drive);
  });

describe('damaged memory, and addresses that are none', function () {
  before(build);

  it('where() names the block that begins nearest, and that another one holds it, too', () =>
    at(async (drive) => {
      const { result, variablesReference } = await drive.evaluate('where(b + 4)');
      assert.match(result, /free block of order 2 \(4 pages\) from pfn 0x[0-9a-f]+4/);
      assert.match(
        result,
        /corrupt: also inside the free block of order \d+ from pfn 0x[0-9a-f]+0/,
      );
      const facts = await drive.variables(variablesReference);
      const block = facts.find(({ name }) => name === 'free block');
      assert.match(block?.value ?? '', /^order 2, 4 pages from pfn 0x[0-9a-f]+4$/);
      assert.match(facts.find(({ name }) => name === 'list')?.value ?? '', /free_area\[2\]/);
    }, 'freed twice'));

  it('walk() and hover know how many address bits the processor has', () =>
    at(async (drive) => {
      const { result } = await drive.evaluate('walk(va)');
      assert.match(result, /no page: PTE\[0x3\] has reserved bits 40, 41, .*51 set/);
      const { markdown } = await drive.client.body<AddressBody>('mmscope/address', {
        frameId: (await drive.top()).id,
        expression: 'va',
      });
      assert.match(markdown, /RSVD\(40,41/);
      assert.doesNotMatch(markdown, /0xfffff12345000, in a 4 KiB page/);
    }));

  it('an entry that is not present names its page inverted', () =>
    at(async (drive) => {
      const [member] = await drive.variables((await drive.evaluate('gone')).variablesReference);
      assert.match(member?.value ?? '', /not present A D NX, names page 0x1a5c3000 \(inverted\)/);
    }));

  it('addresses are never negative, and poison has a name', () =>
    at(async (drive) => {
      await assert.rejects(
        drive.evaluate('where(0xffff88003d8e0000)'),
        /No page is mapped at 0xffff88003d8e0000\./,
      );
      const { markdown } = await drive.client.body<AddressBody>('mmscope/address', {
        frameId: (await drive.top()).id,
        expression: '0xffff88003d8e0000',
      });
      assert.match(markdown, /`__pa\(0xffff88003d8e0000\)` = `0xffffff803d8e0000`/);
      assert.doesNotMatch(markdown, /0x-/);
      await assert.rejects(
        drive.evaluate('where(0xdead000000000122)'),
        /0xdead000000000122 is LIST_POISON2, not an address: list_del\(\) leaves it in prev\./,
      );
      await assert.rejects(
        drive.evaluate('where(0x6b6b6b6b6b6b6b6b)'),
        /0x6b6b6b6b6b6b6b6b is POISON_FREE/,
      );
      await assert.rejects(drive.evaluate('where(0x1234567812345678)'), /not a canonical address/);
    }));

  it("a scenario's own variable is told as that", () =>
    at(async (drive) => {
      await assert.rejects(
        drive.evaluate('where(&own)'),
        /0xfffffc00008\w+ is an address of the scenario's own objects\..* no page holds them\./,
      );
      const { report } = await drive.client.body<AddressBody>('mmscope/address', {
        frameId: (await drive.top()).id,
        expression: '&own',
      });
      assert.equal(report.kind, 'scenario');
    }));
});
