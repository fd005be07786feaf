/** What package.json contributes, held against itself: commands, when-clauses, keys, settings. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface MenuItem {
  readonly command: string;
  readonly when?: string;
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  contributes: {
    commands: readonly { command: string; category?: string; enablement?: string }[];
    menus: Readonly<Record<string, readonly MenuItem[]>>;
    keybindings: readonly { command: string; key: string; when: string }[];
    debuggers: readonly {
      variables: Readonly<Record<string, string>>;
      configurationSnippets: readonly { body: object }[];
      configurationAttributes: { launch: { properties: Readonly<Record<string, object>> } };
    }[];
    configuration: readonly {
      properties: Readonly<Record<string, { order: number; scope: string }>>;
    }[];
  };
};
const names = contributes.commands.map(({ command }) => command);
const [mmscope] = contributes.debuggers;

describe('package.json', () => {
  it('gives every command a category, and menus only commands that there are', () => {
    for (const { command, category } of contributes.commands) assert.ok(category, command);
    for (const items of Object.values(contributes.menus))
      for (const { command } of items) assert.ok(names.includes(command), command);
  });

  it('offers what needs a machine only while there is one', () => {
    const palette = new Map(
      contributes.menus['commandPalette']?.map((item) => [item.command, item.when]),
    );
    for (const name of ['revealInMap', 'whereIsThisPage', 'showLastWrite']) {
      const command = `mmscope.${name}`;
      assert.equal(palette.get(command), 'mmscope.sessionActive', command);
      const found = contributes.commands.find((each) => each.command === command);
      assert.equal(found?.enablement, 'mmscope.stopped', command);
    }
  });

  it('reveals pages and other addresses from the variables view', () => {
    const items = contributes.menus['debug/variables/context'] ?? [];
    const [, pattern = ''] =
      /=~ \/(.+)\/$/.exec(
        items.find(({ command }) => command === 'mmscope.revealInMap')?.when ?? '',
      ) ?? [];
    for (const context of ['mmscopePage', 'mmscopeAddress'])
      assert.match(context, new RegExp(pattern));
    assert.doesNotMatch('something', new RegExp(pattern));
  });

  it('takes keys only while our session is stopped, or in the walkthrough', () => {
    for (const { key, when } of contributes.keybindings)
      assert.match(
        when,
        /^(debugType == mmscope && debugState == stopped|inWelcome && mmscope\.)/,
        key,
      );
  });

  it('has a launch attribute for each setting of a session, and a command for each variable', () => {
    const attributes = Object.keys(mmscope?.configurationAttributes.launch.properties ?? {});
    for (const name of ['numberFormat', 'stopAtEnd', 'historyMiB', 'kernelSource'])
      assert.ok(attributes.includes(name), name);
    const bodies = JSON.stringify(mmscope?.configurationSnippets);
    for (const [variable, command] of Object.entries(mmscope?.variables ?? {})) {
      assert.ok(names.includes(command), command);
      assert.ok(bodies.includes(`\${command:${variable}}`), variable);
    }
  });

  it('orders its settings and gives each a scope', () => {
    const settings = Object.values(contributes.configuration[0]?.properties ?? {});
    assert.deepEqual(
      settings.map(({ order }) => order),
      settings.map((_, index) => index + 1),
    );
    for (const { scope } of settings) assert.ok(scope);
  });
});
