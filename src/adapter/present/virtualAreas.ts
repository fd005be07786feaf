/**
 * vmalloc space as a list by address: areas with their guard pages, areas that wait for a purge, and gaps.
 *
 * Source: Linux 6.1 mm/vmalloc.c, include/linux/vmalloc.h.
 */
import { formatAddress, PAGE_SIZE, type VirtAddr } from '../../engine/memory/address.js';
import { placeAt } from '../../engine/types/access.js';
import { counted } from '../../engine/view/counted.js';
import { largestGap, vmapSpace, type VmapPiece } from '../../engine/view/vmapSpace.js';
import { bytesText } from '../../engine/view/bytesText.js';
import type { MachineContext } from './context.js';
import { fact, group, type Format, type Shown } from './shown.js';
import { showPlace } from './typedValue.js';

const NAME = 'Virtual areas';

export function virtualAreas(context: MachineContext): Shown {
  const space = vmapSpace(context.surveyor.reader);
  if (space === undefined)
    return fact(NAME, 'none: this machine was recorded without its vmalloc areas');
  const nrAreas = space.pieces.filter(({ kind }) => kind === 'area').length;
  const areas = counted(nrAreas, 'area');
  const range = rangeText(context, space.start, space.end);
  return group(NAME, `${range}: ${areas}, largest gap ${bytesText(largestGap(space))}`, {
    nrIndexed: space.pieces.length,
    indexed: (start, count) =>
      space.pieces
        .slice(start, start + count)
        .map((piece, i) => showPiece(context, `[${start + i}]`, piece)),
  });
}

const rangeText = (
  { profile: { pointerSize } }: MachineContext,
  start: VirtAddr,
  end: VirtAddr,
): string => `${formatAddress(start, pointerSize)}–${formatAddress(end, pointerSize)}`;

function showPiece(context: MachineContext, name: string, piece: VmapPiece): Shown {
  const { start, end } = piece.kind === 'area' ? piece.area : piece;
  const where = `${rangeText(context, start, end)}, ${bytesText(end - start)}`;
  if (piece.kind === 'gap') return fact(name, `${where}: gap`);
  if (piece.kind === 'lazy') return fact(name, `${where}: freed, waiting for the purge`);
  const { area } = piece;
  const by = context.surveyor.allocations?.area(start);
  const caller = area.caller === undefined ? '' : ` by ${area.caller}`;
  return {
    ...group(name, `${where}: ${area.what}${caller}`, {
      named: (format) => [
        ...(by === undefined ? [] : [fact('allocated', by)]),
        ...(area.nrPages ? [fact('pages', `${area.nrPages}`)] : []),
        ...(area.guard === undefined
          ? [fact('guard page', 'none')]
          : [
              fact(
                'guard page',
                `${rangeText(context, area.guard, (area.guard + PAGE_SIZE) as VirtAddr)}, mapped by nothing`,
              ),
            ]),
        ...vmStruct(context, area.vm, format),
      ],
    }),
    memory: start,
  };
}

function vmStruct(context: MachineContext, vm: VirtAddr | undefined, format: Format): Shown[] {
  const type = context.profile.types.struct('vm_struct');
  if (vm === undefined || type === undefined) return [];
  return [showPlace(context, 'struct vm_struct', placeAt(vm, type), undefined, format)];
}
