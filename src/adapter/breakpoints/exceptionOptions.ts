/**
 * `exceptionOptions` of setExceptionBreakpoints: filters chosen by a path of names instead of by themselves. The filters are a tree of
 * one level, so a path has one segment, and none means all of them. `never` switches off what another argument has switched on.
 *
 * Source: DAP ExceptionOptions, ExceptionPathSegment.
 */
import type { Dap } from '../protocol/dap.js';
import { EXCEPTION_FILTERS } from './exceptionFilters.js';

export interface ChosenFilters {
  readonly filterIds: readonly string[];
  readonly breakMode: Dap.ExceptionBreakMode;
  /** Why it chooses nothing. */
  readonly problem?: string;
}

export function chosenFilters({ path = [], breakMode }: Dap.ExceptionOptions): ChosenFilters {
  const ids = EXCEPTION_FILTERS.map(({ id }) => id);
  const [segment, ...deeper] = path;
  if (segment === undefined) return { filterIds: ids, breakMode };
  const unknown = segment.names.find((name) => !ids.includes(name));
  if (unknown !== undefined || deeper.length > 0)
    return {
      filterIds: [],
      breakMode,
      problem:
        unknown === undefined
          ? 'Exception filters have no parts: a path has one segment.'
          : `There is no exception filter '${unknown}': write ${ids.join(', ')}.`,
    };
  const isNamed = (id: string): boolean => segment.names.includes(id);
  return { filterIds: ids.filter((id) => isNamed(id) !== (segment.negate === true)), breakMode };
}
