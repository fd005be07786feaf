/**
 * Per-CPU memory: the chunks that alloc_percpu() takes from, and the kernel's own per-CPU variables, each with its copy on every CPU.
 *
 * Source: Linux 6.1 mm/percpu.c, include/linux/percpu-defs.h.
 */
import { asVirt, formatAddress } from '../../engine/memory/address.js';
import { placeAt } from '../../engine/types/access.js';
import type { KernelSymbol } from '../../engine/types/profile.js';
import { counted } from '../../engine/view/counted.js';
import { areasOfChunk, perCpuChunks, type PerCpuChunk } from '../../engine/view/perCpuChunks.js';
import { perCpuOf } from '../../engine/view/slabObject.js';
import type { MachineContext } from './context.js';
import { fact, group, type Shown } from './shown.js';
import { showPlace } from './typedValue.js';

export function perCpu(context: MachineContext): Shown {
  const chunks = perCpuChunks(context.surveyor.reader);
  const known =
    chunks.length === 0
      ? 'none: this machine was recorded without its chunks'
      : counted(chunks.length, 'chunk');
  return group('Per-CPU', known, {
    named: () => [
      ...perCpuChunks(context.surveyor.reader).map((chunk, i) => showChunk(context, chunk, i)),
      variables(context),
    ],
  });
}

function showChunk(context: MachineContext, chunk: PerCpuChunk, index: number): Shown {
  const { pointerSize } = context.profile;
  const first = chunk.isFirst ? ' (the first one)' : '';
  const standIn = context.surveyor.world.isUnplaced?.(chunk.base) === true;
  const value = `${chunk.nrPopulated} of ${counted(chunk.nrPages, 'page')}, ${counted(chunk.freeBytes, 'byte')} free${standIn ? ': stands in for the recorded one, which is not known' : first}`;
  const base = formatAddress(chunk.base, pointerSize);
  const areas = areasOfChunk(context.surveyor.reader, chunk);
  return {
    ...group(`chunk ${index} at ${base}`, value, {
      nrIndexed: areas.length,
      indexed: (start, count) =>
        areas
          .slice(start, start + count)
          .map((area, i) =>
            fact(
              `[${start + i}]`,
              `bytes ${area.start}–${area.end} of each CPU's unit: ${counted(area.end - area.start, 'byte')} ${area.used ? 'used' : 'free'}`,
            ),
          ),
    }),
    memory: chunk.address,
  };
}

function variables(context: MachineContext): Shown {
  const symbols = perCpuSymbols(context);
  if (symbols.length === 0)
    return fact(
      'variables',
      'none: this kernel is built for one CPU, so that its per-CPU variables are plain globals',
    );
  return group('variables', `${symbols.length}`, {
    named: () =>
      symbols.map((symbol) =>
        group(symbol.name, 'on each CPU', {
          named: (format) =>
            [...perCpuOf(context.surveyor.reader, symbol.address)].flatMap(({ cpu, at }) =>
              symbol.type === undefined
                ? []
                : [
                    showPlace(
                      context,
                      `CPU ${cpu}`,
                      placeAt(asVirt(at), symbol.type),
                      undefined,
                      format,
                    ),
                  ],
            ),
        }),
      ),
  });
}

const perCpuSymbols = ({ profile }: MachineContext): readonly KernelSymbol[] =>
  profile
    .symbolNames()
    .map((name) => profile.symbol(name))
    .filter(
      (symbol): symbol is KernelSymbol => symbol?.perCpu === true && symbol.type !== undefined,
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
