/** Objects of SLAB with DEBUG_SLAB, of which no bundled build is: the words of struct kmem_cache are given. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import { asVirt } from '../../src/engine/memory/address.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import { objectLayout } from '../../src/engine/view/atlas/objectLayout.js';
import { StructReader } from '../../src/engine/view/structReader.js';

const image = bootMachine({ profile: loadProfile('i386-pae-slab'), ramBytes: 64 << 20 });
const { SLAB_RED_ZONE, SLAB_STORE_USER } = image.mm;

/** What a struct kmem_cache of a build with DEBUG_SLAB would say. */
function debugged(members: Readonly<Record<string, number>>): StructReader {
  const plain = new StructReader(image);
  const of: StructReader['uint'] = (struct, member, at) =>
    members[member] ?? plain.uint(struct, member, at);
  const offset: StructReader['offset'] = (struct, member) =>
    member === 'obj_offset' ? 0 : plain.offset(struct, member);
  return Object.assign(Object.create(plain) as StructReader, { uint: of, offset });
}

const layout = (members: Readonly<Record<string, number>>): readonly string[] =>
  objectLayout(debugged(members), asVirt(0xc0000000)).map(
    ({ kind, from, to }) => `${kind} ${from}-${to}`,
  );

describe('the place of an object of SLAB, debugged', () => {
  it('has a red zone on both sides', () => {
    const members = { size: 120, object_size: 100, obj_offset: 8, flags: SLAB_RED_ZONE };
    assert.deepEqual(layout(members), [
      'redzone 0-8',
      'object 8-108',
      'padding 108-112',
      'redzone 112-120',
    ]);
  });

  it('and its last caller behind them, in the room of a red zone', () => {
    const flags = SLAB_RED_ZONE | SLAB_STORE_USER;
    assert.deepEqual(layout({ size: 128, object_size: 100, obj_offset: 8, flags }), [
      'redzone 0-8',
      'object 8-108',
      'padding 108-112',
      'redzone 112-120',
      'track 120-128',
    ]);
  });

  it('is moved to the end of a page where that shows writes behind it', () => {
    const members = { size: 4096, object_size: 100, obj_offset: 3980, flags: SLAB_RED_ZONE };
    assert.deepEqual(layout(members), [
      'padding 0-3972',
      'redzone 3972-3980',
      'object 3980-4080',
      'padding 4080-4088',
      'redzone 4088-4096',
    ]);
  });
});
