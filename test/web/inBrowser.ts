/** Suites of the window in a browser: skipped, with the reason, where there is none; and the window on a machine, as most begin. */
import { openView, stepTo } from './boards.js';
import { scenarioMachine, type AdapterMachine } from './machines.js';
import { launch, MapPage, noBrowser, type Machine, type PageOptions } from './mapPage.js';

export function describeInBrowser(title: string, body: () => void): void {
  describe(title, () => {
    if (noBrowser === undefined) body();
    else it.skip(`is drawn (${noBrowser})`);
  });
}

/** The window, with nothing told to it yet. */
export const openMap = async (machine: Machine, options?: PageOptions): Promise<MapPage> =>
  MapPage.open(await launch(), machine, options);

export interface Shown {
  readonly machine: AdapterMachine;
  readonly map: MapPage;
}

/** The window stopped in a scenario: at its first line, or where the line that holds a text is next. */
export async function showScenario(
  file: string,
  { line, view, ...options }: PageOptions & { readonly line?: string; readonly view?: string } = {},
): Promise<Shown> {
  const machine = await scenarioMachine(file);
  if (line !== undefined) await stepTo(machine, file, line);
  const map = await openMap(machine, options);
  await map.stopped();
  if (view !== undefined) await openView(map, view);
  return { machine, map };
}
