/** Names that package.json and the code share. */
import { workspace } from 'vscode';

/** The language id and the debugger type. */
export const MMSCOPE = 'mmscope';

export type NumberFormat = 'auto' | 'hex' | 'decimal';

/** The settings, with the defaults of package.json. */
export function settings() {
  const section = workspace.getConfiguration(MMSCOPE);
  return {
    adapter: section.get<'inline' | 'stdio' | 'server'>('adapter', 'inline'),
    kernelSource: section.get<string>('kernelSource', 'c'),
    numberFormat: section.get<NumberFormat>('numberFormat', 'auto'),
    stopAtEnd: section.get<boolean>('stopAtEnd', true),
    historyMiB: section.get<number>('historyMiB', 256),
    openMapOnStart: section.get<'beside' | 'panel' | 'never'>('map.openOnStart', 'beside'),
  };
}
