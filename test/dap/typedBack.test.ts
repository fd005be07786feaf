/**
 * What is shown can be typed back: any variable that can be set takes its own text, by reference and by expression, in every format of
 * numbers, and nothing changes by it; and its expression evaluates to that text. Samples of the tree, the same ones in each run.
 */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { onScenario, type Drive } from './drive.js';
import { build } from './session.js';

const DEPTH = 4;
/** Children that are looked at of each that has some. */
const CHILDREN = 3;
const OF_GLOBALS = 40;

/** Spread over a list: the first and the last one, too. */
function sampled<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list;
  const step = (list.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => list[Math.round(i * step)]).filter(
    (one): one is T => one !== undefined,
  );
}

interface Found {
  readonly parent: number;
  readonly path: string;
  readonly variable: Dap.Variable;
}

async function tree(drive: Drive): Promise<readonly Found[]> {
  const found: Found[] = [];
  const open = async (
    parent: number,
    path: string,
    depth: number,
    count: number,
  ): Promise<void> => {
    for (const variable of sampled(await childrenOf(drive, parent), count)) {
      const one = { parent, path: `${path}/${variable.name}`, variable };
      found.push(one);
      if (variable.variablesReference > 0 && depth < DEPTH)
        await open(variable.variablesReference, one.path, depth + 1, CHILDREN);
    }
  };
  for (const { name, variablesReference } of await drive.scopes())
    await open(variablesReference, name, 0, name === 'Globals' ? OF_GLOBALS : Infinity);
  return found;
}

const paged = new Map<number, number>();

async function childrenOf(drive: Drive, parent: number): Promise<readonly Dap.Variable[]> {
  const indexed = paged.get(parent) ?? 0;
  const children = await drive.variables(
    parent,
    indexed > CHILDREN ? { filter: 'indexed', start: indexed - CHILDREN, count: CHILDREN } : {},
  );
  for (const { variablesReference, indexedVariables = 0 } of children)
    if (variablesReference > 0) paged.set(variablesReference, indexedVariables);
  return children;
}

const isReadOnly = ({ presentationHint }: Dap.Variable): boolean =>
  presentationHint?.attributes?.includes('readOnly') === true;

/** How many of those it has tried could be set. */
async function typeBack(drive: Drive): Promise<number> {
  const before = await drive.hash();
  const frameId = (await drive.top()).id;
  let tried = 0;
  for (const { parent, path, variable } of await tree(drive)) {
    const { name, value, evaluateName: expression } = variable;
    if (expression !== undefined)
      assert.equal((await drive.evaluate(expression, 'watch', frameId)).result, value, path);
    if (isReadOnly(variable)) continue;
    assert.doesNotMatch(value, /^<error/, path);
    const set = { variablesReference: parent, name, value };
    const answer = await drive.client.body<{ value: string }>('setVariable', set);
    assert.equal(answer.value, value, path);
    tried++;
    if (expression === undefined) continue;
    const assigned = { expression, value, frameId };
    const again = await drive.client.body<{ value: string }>('setExpression', assigned);
    assert.equal(again.value, value, path);
  }
  assert.equal(await drive.hash(), before);
  return tried;
}

describe('what is shown', function () {
  before(build);

  for (const format of ['auto', 'hex', 'decimal'])
    it(`can be typed back: ${format}`, () =>
      onScenario(
        'values.mms',
        async (drive) => {
          await drive.setFunctions([{ name: 'prep_new_page' }]);
          await drive.go('continue');
          assert.ok((await typeBack(drive)) > 100);
          await drive.setFunctions([]);
          await drive.go('stepOut');
          assert.ok((await typeBack(drive)) > 100);
        },
        { args: { numberFormat: format } },
      ));
});
