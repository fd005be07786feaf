/** The table of capabilities: the protocol's, the code's, the documentation's, and the tests that it names. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { CAPABILITIES } from '../../src/adapter/protocol/capabilities.js';
import {
  CAPABILITY_TABLE,
  type CapabilityRow,
} from '../../src/adapter/protocol/capabilityTable.js';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { listItems } from '../docs/listItems.js';
import { build, CLIENT, withAdapter } from './session.js';

const rows = Object.entries(CAPABILITY_TABLE) as [string, CapabilityRow][];

/** Members of the protocol's own interface. */
function protocolNames(): readonly string[] {
  const file = createRequire(import.meta.url).resolve(
    '@vscode/debugprotocol/lib/debugProtocol.d.ts',
  );
  const source = ts.createSourceFile(
    file,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === 'Capabilities')
      names.push(...node.members.map((member) => member.name?.getText() ?? ''));
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Name, whether it is here, meaning and test of each item in docs/debugging.md. */
function documented(): readonly (readonly string[])[] {
  const page = readFileSync('docs/debugging.md', 'utf8');
  const section = /^## Capabilities$([^]*?)^## /m.exec(page)?.[1] ?? '';
  return listItems(section).map((item) => {
    const [, name = item, absent, meaning = '', test = ''] =
      /^`(\w+)`( \(not here\))?: (.*?)(?: _Test:_ (.*))?$/.exec(item) ?? [];
    return [name, absent === undefined ? 'yes' : 'no', meaning, test];
  });
}

describe('capabilities', function () {
  before(build);

  it('are those of the protocol, each with a meaning', () => {
    assert.deepEqual(new Set(rows.map(([name]) => name)), new Set(protocolNames()));
    assert.equal(rows.length, 42);
    for (const [name, { value, meaning, test }] of rows) {
      assert.match(meaning, /^[^|]+\.$|\)\.?$/, name);
      assert.equal(test === undefined, value === undefined, name);
    }
    assert.ok(rows.filter(([, { value }]) => value !== undefined).length >= 39);
  });

  it('are announced as the table says, and nothing else', () =>
    withAdapter(async (client) => {
      const announced: Dap.Capabilities = await client.body('initialize', CLIENT);
      assert.deepEqual(announced, JSON.parse(JSON.stringify(CAPABILITIES)));
      const held = rows.filter(([, { value }]) => value !== undefined).map(([name]) => name);
      assert.deepEqual(Object.keys(announced).sort(), held.sort());
    }));

  it('are in the documentation word for word', () => {
    assert.deepEqual(
      documented(),
      rows.map(([name, { value, meaning, test = '' }]) => [
        name,
        value === undefined ? 'no' : 'yes',
        meaning,
        test,
      ]),
    );
    const held = rows.filter(([, { value }]) => value !== undefined).length;
    const page = readFileSync('docs/debugging.md', 'utf8');
    assert.ok(page.includes(`${held} of ${rows.length} hold.`));
  });

  it('each have the test that they name', () => {
    for (const [name, { test }] of rows) {
      if (test === undefined) continue;
      const [file = '', title = ''] = test.split(/: (.*)/s);
      const text = readFileSync(path.join('test/dap', file), 'utf8');
      const isThere = [`it('${title}'`, `it("${title}"`, `it(\`${title}\``];
      assert.ok(
        isThere.some((one) => text.includes(one)),
        `${name}: ${test}`,
      );
    }
  });
});
