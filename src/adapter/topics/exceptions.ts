/** DAP exceptionInfo: what the kernel reported, with the state of the zones it looked at. */
import { populatedZones } from '../../engine/view/zones.js';
import { errors } from '../protocol/errors.js';
import type { Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import type { MachineContext } from '../present/context.js';
import type { Handlers } from './table.js';

export const exceptionHandlers = (session: Session): Handlers<'exceptionInfo'> => ({
  exceptionInfo() {
    const { target, stop } = session.current;
    const raised = stop?.hits.find((hit) => hit.raised !== undefined)?.raised;
    if (raised === undefined) throw errors.noException();
    const { filterId, typeName, sentence } = raised;
    const details: Dap.ExceptionDetails = {
      message: sentence,
      typeName,
      ...(typeName === 'allocation-failed' && { stackTrace: zonesText(target.context) }),
    };
    return {
      exceptionId: filterId,
      description: sentence,
      breakMode: 'always',
      details,
    };
  },
});

/** Per zone what warn_alloc() prints first: free pages against the watermarks. */
function zonesText({ image }: MachineContext): string {
  const { mm } = image;
  return populatedZones(image)
    .map(({ zone, name }) => {
      const mark = (index: number): number =>
        mm.read_ulong(zone + mm.zone_watermark + index * mm.ptr_words);
      const free = mm.read_long(zone + mm.zone_vm_stat + mm.NR_FREE_PAGES * mm.ptr_words);
      const marks = `min ${mark(mm.WMARK_MIN)} low ${mark(mm.WMARK_LOW)} high ${mark(mm.WMARK_HIGH)}`;
      const blocks = Array.from({ length: mm.MAX_ORDER }, (_, order) => {
        const area = zone + mm.zone_free_area + order * mm.free_area_words;
        return `${mm.read_ulong(area + mm.free_area_nr_free)}*2^${order}`;
      });
      return `zone ${name}: free ${free} pages, ${marks}; ${blocks.join(' ')}`;
    })
    .join('\n');
}
