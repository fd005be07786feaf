/** Locals of kernel functions, which are in no memory: as they are shown and set. */
import assert from 'node:assert/strict';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { Drive } from './drive.js';
import { lineOf, onScenario, scenario } from './drive.js';
import { build } from './session.js';

const VALUES = scenario('values.mms');

const toMarker = async (drive: Drive, marker: string): Promise<void> => {
  await drive.setLines([{ line: lineOf(VALUES, marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
};

const locals = async (drive: Drive): Promise<Map<string, string>> => {
  const [scope] = await drive.scopes();
  const list = await drive.variables(scope?.variablesReference ?? 0);
  return new Map(list.map(({ name, value }) => [name, value]));
};

const set = async (
  drive: Drive,
  expression: string,
  value: string,
): Promise<Dap.SetExpressionResponse['body']> =>
  drive.client.body('setExpression', { expression, value, frameId: (await drive.top()).id });

describe('locals of kernel functions', function () {
  before(build);

  it('a number has the sign of its type, in the list of variables as in a watch', () =>
    onScenario('callbacks.mms', async (drive) => {
      await drive.setFunctions([{ name: 'create_cache' }]);
      await drive.go('continue');
      const ctor = (await locals(drive)).get('ctor');
      assert.match(ctor ?? '', /^0xffff[0-9a-f]{12}$/);
      assert.equal(await drive.value('ctor'), ctor);
    }));

  it('flags of a fault, of an area and of an entry have their names, and an entry is set; what a local hides reads as before', () =>
    onScenario('user-faults.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(drive.program, 'first write') }]);
      await drive.go('continue');
      const address = await drive.value('address');
      await drive.setFunctions([{ name: 'do_user_addr_fault' }]);
      await drive.go('continue');
      const faulting = await locals(drive);
      assert.equal(faulting.get('error_code'), '0x6 (X86_PF_WRITE|X86_PF_USER)');
      const hidden = await drive.find('Scenario', 'address');
      assert.deepEqual([hidden.value, await drive.value('main::address')], [address, address]);
      await drive.setFunctions([{ name: 'page_add_new_anon_rmap' }]);
      await drive.go('continue');
      const { id } = (await drive.frames())[1] ?? {};
      const above = async (name: string): Promise<string> =>
        (await drive.evaluate(name, 'watch', id)).result;
      assert.match(await above('entry'), /^0x80000000[0-9a-f]{8} \(P\|RW\|US\|A\|D\|NX\)$/);
      const flags = '0x100073 (VM_READ|VM_WRITE|VM_MAYREAD|VM_MAYWRITE|VM_MAYEXEC|VM_ACCOUNT)';
      assert.deepEqual([await above('vm_flags'), await above('vma->vm_flags')], [flags, flags]);
      // Of the upper half of what a process has: hardly a count.
      assert.match(await above('vma->vm_end'), /^0x7ff/);
      assert.match(await above('vma->vm_end + 0'), /^0x7ff/);
      const entry = { expression: 'entry', value: 'entry & ~_PAGE_DIRTY', frameId: id };
      await drive.client.body('setExpression', entry);
      const again = (await drive.frames())[1];
      const clean = (await drive.evaluate('entry', 'watch', again?.id)).result;
      assert.match(clean, /^0x80000000[0-9a-f]{8} \(P\|RW\|US\|A\|NX\)$/);
    }));

  it('a structure that is in no memory opens to its members, which are read like C', () =>
    onScenario('user-faults.mms', async (drive) => {
      await drive.setLines([{ line: lineOf(drive.program, 'first write') }]);
      await drive.go('continue');
      const buf = await drive.value('address');
      const [set, refused] = await drive.setFunctions([
        {
          name: 'do_anonymous_page',
          condition: `vmf->address == ${buf} && vmf->vma->vm_flags & 2`,
        },
        { name: 'do_wp_page', condition: 'vmf->adress == 0' },
      ]);
      assert.equal(set?.verified, true);
      assert.match(refused?.message ?? '', /adress|vmf/);
      assert.equal((await drive.go('continue')).reason, 'function breakpoint');
      const vmf = await drive.find('Locals', 'vmf');
      assert.match(vmf.value, /^\{vma = 0x[0-9a-f]+, /);
      assert.equal(vmf.type, 'struct vm_fault *');
      const members = new Map(
        (await drive.variables(vmf.variablesReference)).map((each) => [each.name, each]),
      );
      assert.deepEqual(
        [members.get('address')?.value, members.get('address')?.evaluateName],
        [buf, 'vmf->address'],
      );
      assert.equal(await drive.value('vmf -> address'), buf);
      assert.equal(await drive.value('vmf->vma->vm_mm == current->mm'), '1');
      // Set while the function runs.
      assert.equal(members.get('pte')?.value, 'NULL');
      await drive.setFunctions([{ name: 'page_add_new_anon_rmap' }]);
      await drive.go('continue');
      const { id } = (await drive.frames())[1] ?? {};
      assert.match((await drive.evaluate('vmf->pte', 'watch', id)).result, /^0xffff/);
    }));

  it('a local of a kernel function is set: the rest of the statement runs with it, each time', () =>
    onScenario('values.mms', async (drive) => {
      await drive.setFunctions([{ name: '__alloc_pages', condition: 'order == 2' }]);
      await drive.go('continue');
      const stack = await drive.stack();
      const order = await drive.find('Locals', 'order');
      const body = await drive.client.body<Dap.SetVariableResponse['body']>('setVariable', {
        variablesReference: order.parent,
        name: 'order',
        value: '3',
      });
      assert.equal(body.value, '3');
      assert.equal(await drive.stack(), stack);
      assert.equal(await drive.value('order'), '3');
      const gfp = await set(drive, 'gfp', 'gfp | __GFP_ZERO');
      assert.equal(gfp.value, '0x40dc0 (GFP_KERNEL|__GFP_COMP|__GFP_ZERO)');
      await drive.setFunctions([]);
      await drive.setLines([{ line: lineOf(VALUES, 'free') }]);
      await drive.go('continue');
      assert.equal(await drive.value('compound_order(block)'), '3');
      const hash = await drive.hash();
      // Back before the statement and forward again, over the tape and through the kernel.
      await drive.go('stepBack');
      await drive.go('stepIn');
      assert.equal(await drive.value('order'), '2');
      await drive.go('continue');
      assert.equal(await drive.hash(), hash);
      // An edit before it cuts it off, and what it did.
      await drive.go('stepBack');
      await set(drive, 'small', '1');
      await drive.go('continue');
      assert.equal(await drive.value('compound_order(block)'), '2');
    }));

  it('pointers of kernel functions: what can be set, and why not', () =>
    onScenario('values.mms', async (drive) => {
      await toMarker(drive, 'block');
      await drive.setFunctions([{ name: 'prep_new_page' }]);
      await drive.go('continue');
      const before = await drive.value('page');
      const set0 = await set(drive, 'page', 'main::page');
      assert.equal(set0.value.slice(0, 18), (await drive.value('main::page')).slice(0, 18));
      assert.equal((await set(drive, 'page', before)).value, before);
      const wild = await drive.client.failure('setExpression', {
        expression: 'page',
        value: '0x10',
        frameId: (await drive.top()).id,
      });
      assert.equal(wild.short, 'cannotAssign');
    }));

  it('what C shows as a variable can be set: one with one value, one of a block, one of a loop', () =>
    onScenario('objects-slub.mms', async (drive) => {
      const objects = scenario('include/objects.h');
      await drive.setLines([{ line: lineOf(objects, 'first') }], objects);
      await drive.go('continue');
      const [breakpoint] = await drive.setFunctions([{ name: 'allocate_slab' }]);
      await drive.go('continue');
      await drive.setFunctions([]);
      const file = (await drive.top()).source?.path ?? '';
      const visible = async (name: string): Promise<boolean> => {
        const [scope] = await drive.scopes();
        const all = await drive.variables(scope?.variablesReference ?? 0);
        return all.some((one) => one.name === name);
      };
      const until = async (name: string): Promise<void> => {
        for (let i = 0; i < 40 && !(await visible(name)); i++) await drive.go('next');
        assert.ok(await visible(name), name);
      };
      assert.ok(breakpoint?.verified && file.endsWith('mm/slub.c'));
      // `const min` in the source.
      await until('min');
      assert.equal((await set(drive, 'min', '12345')).value, '12345');
      await until('next');
      assert.equal(await drive.value('min'), '12345');
      // The variable of a loop, which ends with it: two of three objects are not linked.
      assert.equal(await drive.value('idx'), '0');
      await set(drive, 'idx', '7');
      assert.equal(await drive.value('idx'), '7');
      await drive.go('next');
      await drive.go('stepBack');
      assert.equal(await drive.value('idx'), '7');
      await drive.go('stepOut');
    }));

  it('what a function inside of the function uses can be set, too', () =>
    onScenario('corruption-slub.mms', async (drive) => {
      await drive.setFunctions([{ name: 'check_object' }]);
      await drive.go('continue');
      for (let i = 0; i < 6; i++) await drive.go('next');
      assert.notEqual(await drive.value('p'), '0');
      await set(drive, 'p', '0');
      assert.equal(await drive.value('p'), '0');
    }));
});
