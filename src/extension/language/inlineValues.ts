/**
 * Values at the ends of lines: in a scenario, what each line that has run assigned (variablesIn.ts says which); in the kernel's files the
 * same, of the function's locals alone. Without a provider VS Code takes each word for a variable of that name, also a member's.
 * Short; the variables view has them whole.
 */
import {
  debug,
  InlineValueText,
  languages,
  Range,
  type DebugSession,
  type Disposable,
} from 'vscode';
import { MMSCOPE } from '../identity.js';
import { shortValue, valuesUpTo, type ValuePlace } from './variablesIn.js';

/** More than a screen has. */
const MOST = 60;

/** Where VS Code shows a source of the adapter's; its path is kernelSources.ts's. */
const KERNEL_FILES = { scheme: 'debug', pattern: '**/mmscope-kernel/**' };

/** The value of a variable as it is where the session stands; undefined out of its scope. */
type ValueOf = (name: string) => Promise<string | undefined>;

export function registerInlineValues(): Disposable {
  return languages.registerInlineValuesProvider([{ language: MMSCOPE }, KERNEL_FILES], {
    async provideInlineValues(document, viewPort, { frameId, stoppedLocation }) {
      const session = debug.activeDebugSession;
      if (session?.type !== MMSCOPE) return [];
      const lines = document.getText().split(/\r?\n/);
      const places = valuesUpTo(lines, stoppedLocation.start.line)
        .filter(({ line }) => line >= viewPort.start.line && line <= viewPort.end.line)
        .slice(0, MOST);
      const valueOf =
        document.uri.scheme === KERNEL_FILES.scheme
          ? await localsOf(session, frameId)
          : evaluated(session, frameId);
      const shown = async ({ name, line, column }: ValuePlace) => {
        const value = await valueOf(name);
        const range = new Range(line, column, line, column + name.length);
        return value === undefined
          ? []
          : [new InlineValueText(range, `${name} = ${shortValue(value)}`)];
      };
      return (await Promise.all(places.map(shown))).flat();
    },
  });
}

const evaluated =
  (session: DebugSession, frameId: number): ValueOf =>
  async (expression) => {
    try {
      const args = { expression, frameId, context: 'watch' };
      return ((await session.customRequest('evaluate', args)) as { result: string }).result;
    } catch {
      return undefined;
    }
  };

interface Scopes {
  readonly scopes: readonly { readonly name: string; readonly variablesReference: number }[];
}

interface Variables {
  readonly variables: readonly { readonly name: string; readonly value: string }[];
}

/** A name that the function does not have may be the scenario's: of that the line says nothing. */
async function localsOf(session: DebugSession, frameId: number): Promise<ValueOf> {
  const { scopes } = (await session.customRequest('scopes', { frameId })) as Scopes;
  const locals = scopes.find(({ name }) => name === 'Locals');
  if (locals === undefined) return () => Promise.resolve(undefined);
  const { variablesReference } = locals;
  const { variables } = (await session.customRequest('variables', {
    variablesReference,
  })) as Variables;
  const values = new Map(variables.map(({ name, value }) => [name, value]));
  return (name) => Promise.resolve(values.get(name));
}
