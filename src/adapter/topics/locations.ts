/**
 * DAP locations: where a name is declared, or where what a value leads to is defined. Scenario variables in the scenario, locals and
 * function pointers of the kernel in its sources, structs and their members as pahole prints them.
 */
import { kernelPlace, kernelSource } from '../debuggee/kernelSources.js';
import { typeLocation } from '../debuggee/typeSources.js';
import type { Declared } from '../present/shown.js';
import type { Dap } from '../protocol/dap.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';

export const locationHandlers = (session: Session): Handlers<'locations'> => ({
  async locations({ locationReference }) {
    const declared = session.current.variables.location(locationReference);
    const found = await locate(session, declared);
    if (found === undefined) throw errors.noSuchSource('declaration');
    const { counting } = session;
    return {
      source: found.source,
      line: counting.toTheirLine(found.line),
      column: counting.toTheirColumn(found.column ?? 1),
    };
  },
});

interface Found {
  readonly source: Dap.Source;
  readonly line: number;
  readonly column?: number;
}

async function locate(session: Session, declared: Declared): Promise<Found | undefined> {
  const { target } = session.current;
  switch (declared.kind) {
    case 'struct':
      return typeLocation(target.image.profile, declared.type, declared.member);
    case 'scenario': {
      const program = target.scenario?.program;
      if (program === undefined) return undefined;
      const { file, line, column } = program.position(declared.offset);
      return { source: { name: file.name, path: file.path }, line, column };
    }
    case 'function': {
      const { functionId } = declared;
      const linux = await session.linuxSource?.placeOf(functionId);
      if (linux !== undefined)
        return {
          source: { name: linux.path.split('/').at(-1) ?? '', path: linux.path },
          line: linux.line,
        };
      const place = kernelPlace(functionId, session.kernelLanguage);
      return place && { source: kernelSource(place.file), line: place.startLine };
    }
  }
}
