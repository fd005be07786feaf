/**
 * Entries of page tables as objects of C: expressions that denote them and their bits, and data breakpoints on A and D, which
 * the processor sets on its walk. On every paging mode that the bundled kernels use.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import { Drive, lineOf } from './drive.js';
import { build, withAdapter } from './session.js';

/** A page mapped by hand, where nothing was mapped. */
const SCENARIO = `
pgd_t *pgd = pgd_offset_k(va);
pmd_t *pmd = pmd_alloc(&init_mm, pud_alloc(&init_mm, p4d_alloc(&init_mm, pgd, va), va), va);
pte_t *pte = pte_alloc_kernel(pmd, va);
struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);
set_pte(pte, pte_mkold(pte_mkclean(mk_pte(page, PAGE_KERNEL))));
int value = *(int *)va; // read
value = *(int *)(va + 4); // read again
*(int *)(va + 8) = 42; // written
set_pte(pte, pte_mkold(*pte)); // made old
invlpg(va);
copy_from_kernel_nofault(&value, (void *)va, sizeof(value)); // read by the kernel
pte_clear(&init_mm, va, pte);
pr_info("done\\n"); // end
`;

const MACHINES = [
  { profile: 'x86_64-slub', va: '0xffffc90000005000', levels: ['PGD', 'PUD', 'PMD', 'PTE'] },
  { profile: 'i386-pae-slab', va: '0xf8005000', levels: ['PGD', 'PMD', 'PTE'] },
  { profile: 'i386-highmem4g-slub', va: '0xf8005000', levels: ['PGD', 'PTE'] },
] as const;
type Machine = (typeof MACHINES)[number];

const onMachine = (
  { profile, va }: Machine,
  test: (drive: Drive) => Promise<void>,
): Promise<void> =>
  withAdapter(async (client) => {
    const program = path.resolve('build/test/scenarios', `entries-${profile}.mms`);
    mkdirSync(path.dirname(program), { recursive: true });
    const pragma = `#pragma mmscope machine profile=${profile} ram=64M`;
    writeFileSync(program, `${pragma}\nunsigned long va = ${va};${SCENARIO}`);
    const drive = new Drive(client, program);
    await drive.launch({ program });
    await test(drive);
  });

async function reach(drive: Drive, marker: string): Promise<void> {
  await drive.setLines([{ line: lineOf(drive.program, marker) }]);
  await drive.go('continue');
  await drive.setLines([]);
}

/** The entries on the way of `va`, as walk() shows them. */
async function entriesOf(drive: Drive): Promise<Dap.Variable[]> {
  const { variablesReference } = await drive.evaluate('walk(va)');
  return (await drive.variables(variablesReference)).filter(({ name }) => name !== 'leads to');
}

/** The data breakpoint on a bit of the pte. */
async function watchBit(drive: Drive, name: string): Promise<void> {
  const pte = (await entriesOf(drive)).at(-1);
  const { dataId } = await drive.client.body<{ dataId: string }>('dataBreakpointInfo', {
    name,
    variablesReference: pte?.variablesReference,
  });
  const [breakpoint] = await drive.setData([{ dataId }]);
  assert.equal(breakpoint?.verified, true);
}

describe('entries of page tables', function () {
  before(build);

  for (const machine of MACHINES) {
    const { profile, va, levels } = machine;

    it(`${profile}: expressions denote entries and bits: the same value, and they can be set`, () =>
      onMachine(machine, async (drive) => {
        await reach(drive, 'read');
        const entries = await entriesOf(drive);
        assert.deepEqual(
          entries.map(({ name }) => name.replace(/\[.*/, '')),
          levels,
        );
        for (const entry of entries) {
          const named = entry.evaluateName ?? '';
          const x = entry.name.slice(0, 3).toLowerCase();
          assert.match(named, new RegExp(`^\\(\\(${x}_t \\*\\)0x[0-9a-f]+\\)->${x}$`));
          const again = await drive.evaluate(named);
          assert.deepEqual([again.result, again.type], [entry.value, `${x}val_t`]);
          const bits = (await drive.variables(entry.variablesReference)).filter(
            ({ presentationHint }) => presentationHint?.kind === 'property',
          );
          const bitsAgain = (await drive.variables(again.variablesReference)).filter(
            ({ presentationHint }) => presentationHint?.kind === 'property',
          );
          assert.deepEqual(
            bitsAgain.map(({ name, value }) => [name, value]),
            bits
              .filter(({ name }) => !name.startsWith('['))
              .map(({ name, value }) => [name, value]),
          );
          for (const bit of bits)
            assert.equal(await drive.value(bit.evaluateName ?? ''), bit.value, bit.name);
        }
        const pte = entries.at(-1)?.evaluateName ?? '';
        assert.equal(await drive.value(`&${pte} == &pte->pte`), '1');
        assert.equal(await drive.value('pte->pte'), entries.at(-1)?.value);
        const set = (expression: string, value: string) =>
          drive.client.body<Dap.SetExpressionResponse['body']>('setExpression', {
            expression,
            value,
          });
        assert.match((await set(pte, `${pte} & ~_PAGE_RW`)).value, /^0x[0-9a-f]+ P (?:G )?/);
        assert.equal(await drive.value('pte_write(*pte)'), '0');
        assert.equal((await set(`(${pte} >> 1 & 1)`, '1')).value, '1');
        assert.equal(await drive.value('pte_write(*pte)'), '1');
        const refused = await drive.client.failure('setExpression', {
          expression: `(${pte} >> 1 & 3)`,
          value: '1',
        });
        assert.equal(refused.short, 'cannotAssign');
      }));

    it(`${profile}: the processor's own access sets A and D, and stops there`, () =>
      onMachine(machine, async (drive) => {
        await reach(drive, 'read');
        await watchBit(drive, 'A');
        const read = await drive.go('continue');
        assert.equal(read.reason, 'data breakpoint');
        const label = (name: string): string => `${name} of PTE[0x5] of ${va}`;
        const page = `the page at ${va}`;
        assert.equal(read.text, `${label('A')}: 0 -> 1 by the processor, on an access to ${page}`);
        // Behind the statement that made the access; reading again sets nothing.
        assert.equal(await drive.line(), lineOf(drive.program, 'read') + 1);
        const old = await drive.go('continue');
        assert.match(old.text ?? '', /: 1 -> 0 in .*set_pte\(\)/);
        const kernel = await drive.go('continue');
        assert.equal(kernel.text, read.text);
        assert.equal(await drive.line(), lineOf(drive.program, 'read by the kernel') + 1);
        for (const seen of [old, read])
          assert.equal((await drive.go('reverseContinue')).text, seen.text);
        await watchBit(drive, 'D');
        const written = await drive.go('continue');
        assert.equal(written.text, `${label('D')}: 0 -> 1 by the processor, on a write to ${page}`);
        assert.equal(await drive.line(), lineOf(drive.program, 'written') + 1);
        assert.equal(await drive.value('pte_young(*pte) && pte_dirty(*pte)'), '1');
      }));
  }
});
