/** The pure halves of the extension's session: where it stands, what of the walkthrough is done, examples and their copies. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import {
  after,
  isEnd,
  isLaunch,
  type Standing,
} from '../../src/extension/debug/sessionMessages.js';
import { deedsOf } from '../../src/extension/deeds.js';
import { copyPlan } from '../../src/extension/exampleCopy.js';
import { exampleList } from '../../src/extension/exampleList.js';

const launched = { type: 'response', command: 'launch', success: true };
const event = (name: string, body = {}) => ({ type: 'event', event: name, body });

describe('where a session stands', () => {
  const play = (...messages: Parameters<typeof after>[1][]): Standing | undefined => {
    let standing: Standing | undefined;
    for (const message of messages) standing = after(standing, message) ?? standing;
    return standing;
  };

  it('begins with a launch that succeeds, not with one that fails', () => {
    assert.equal(play(event('initialized')), undefined);
    assert.equal(play(event('initialized'), { ...launched, success: false }), undefined);
    assert.deepEqual(play(launched), { stopped: false, epoch: 0, stop: 0 });
    assert.ok(isLaunch(launched));
  });

  it('is not made anew by what comes after its end', () => {
    assert.ok(isEnd(event('terminated')));
    assert.equal(play({ type: 'response', command: 'continue', success: true }), undefined);
    assert.equal(play(event('stopped'), event('memory')), undefined);
  });

  it('counts stops and edits', () => {
    const edited = { type: 'response', command: 'setVariable', success: true };
    assert.deepEqual(play(launched, event('stopped'), edited), {
      stopped: true,
      epoch: 2,
      stop: 1,
    });
    const next = { type: 'response', command: 'next', success: true };
    assert.equal(play(launched, event('stopped'), next)?.stopped, false);
  });
});

describe('the walkthrough', () => {
  const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    contributes: {
      walkthroughs: readonly {
        steps: readonly {
          id: string;
          description: string;
          completionEvents: readonly string[];
          media: { image: Record<string, string> };
        }[];
      }[];
      commands: readonly { command: string }[];
    };
  };
  const strings = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>;
  const steps = contributes.walkthroughs[0]?.steps ?? [];

  it('has at most six steps', () => assert.ok(steps.length > 0 && steps.length <= 6));

  it('ticks each step when it is done', () => {
    const messages = [
      event('stopped', { reason: 'entry' }),
      { type: 'response', command: 'next', success: true },
      { type: 'response', command: 'stepBack', success: true },
      event('stopped', { reason: 'function breakpoint' }),
      { type: 'response', command: 'evaluate', success: true, body: { result: 'pfn 0x1f40, ...' } },
    ];
    const done = new Set(['open', ...messages.flatMap(deedsOf)]);
    for (const { id, completionEvents } of steps) {
      assert.deepEqual(completionEvents, [`onContext:mmscope.did.${id}`]);
      assert.ok(done.has(id), id);
    }
  });

  it('is not ticked by what failed or says nothing of a page', () => {
    const evaluate = { type: 'response', command: 'evaluate', success: true };
    assert.deepEqual(deedsOf({ ...evaluate, body: { result: '42' } }), []);
    assert.deepEqual(deedsOf({ type: 'response', command: 'next', success: false }), []);
  });

  it('has a picture of each step in four themes', () => {
    for (const { id, media } of steps) {
      assert.deepEqual(Object.keys(media.image), ['dark', 'light', 'hc', 'hcLight'], id);
      for (const file of Object.values(media.image)) assert.ok(existsSync(file), file);
    }
  });

  it('links to commands that there are', () => {
    const own = contributes.commands.map(({ command }) => command);
    for (const { description } of steps) {
      const text = strings[description.slice(1, -1)] ?? '';
      assert.notEqual(text, '', description);
      for (const [, command = ''] of text.matchAll(/\(command:([\w.]+)/g))
        if (command.startsWith('mmscope.')) assert.ok(own.includes(command), command);
    }
  });
});

describe('the examples', () => {
  const files = readdirSync('examples').filter((file) => file.endsWith('.mms'));
  const texts = new Map(files.map((file) => [file, readFileSync(`examples/${file}`, 'utf8')]));

  it('are all listed, first-steps first, each with what it shows', () => {
    const list = exampleList(texts);
    assert.deepEqual(list.map(({ file }) => file).sort(), files.sort());
    assert.equal(list[0]?.file, 'first-steps.mms');
    for (const { file, shows } of list) assert.ok(shows.length > 20, file);
  });

  it('that are not in the order come last, with their own first sentence', () => {
    const list = exampleList(new Map([...texts, ['new.mms', '// Something new.\n']]));
    assert.deepEqual(list.at(-1), { file: 'new.mms', shows: 'Something new.', group: 'More' });
  });

  it('stand in chapters, and examples/README.md has them so', () => {
    const list = exampleList(texts);
    const chapters = list.filter(({ group }, i) => list[i - 1]?.group !== group);
    assert.equal(new Set(list.map(({ group }) => group)).size, chapters.length);
    const index = readFileSync('examples/README.md', 'utf8');
    const rows = [...index.matchAll(/^(?:## (.*)|- \[(.*?)\]\((.*?)\): (.*))$/gm)];
    let group = '';
    const written = [];
    for (const [, chapter, name, file = '', shows = ''] of rows)
      if (chapter === undefined) written.push({ file, shows, group, name });
      else group = chapter;
    assert.deepEqual(
      written,
      list.map((each) => ({ ...each, name: each.file.replace('.mms', '') })),
    );
  });

  it('are copied with their machine, and never over what the user has', async () => {
    const name = 'split-a-block.mms';
    const machine = 'data/i386-highmem4g-slub-1G.trace.gz';
    const none = (): Promise<boolean> => Promise.resolve(false);
    assert.deepEqual(await copyPlan(name, texts.get(name) ?? '', none), [name, machine]);
    const hasFile = (file: string): Promise<boolean> => Promise.resolve(file === name);
    assert.deepEqual(await copyPlan(name, texts.get(name) ?? '', hasFile), [machine]);
  });
});
