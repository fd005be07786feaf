/**
 * What the adapter says it can do, and what the client says it can. The first is read from capabilityTable.ts.
 *
 * Source: DAP Capabilities and InitializeRequestArguments, 1.68.
 */
import { CAPABILITY_TABLE } from './capabilityTable.js';
import type { Dap } from './dap.js';

export const CAPABILITIES: Dap.Capabilities = Object.fromEntries(
  Object.entries(CAPABILITY_TABLE).flatMap(([name, { value }]) =>
    value === undefined ? [] : [[name, value]],
  ),
);

/** What the client told about itself. */
export interface ClientTraits {
  readonly supportsVariableType: boolean;
  readonly supportsMemoryReferences: boolean;
  readonly supportsMemoryEvent: boolean;
  readonly supportsInvalidatedEvent: boolean;
  readonly supportsVariablePaging: boolean;
  readonly supportsANSIStyling: boolean;
  readonly supportsProgressReporting: boolean;
  /** It takes members that the protocol does not have, for its menus. */
  readonly isVsCode: boolean;
}

export const clientTraits = (args: Dap.InitializeRequestArguments): ClientTraits => ({
  supportsVariableType: args.supportsVariableType ?? false,
  supportsMemoryReferences: args.supportsMemoryReferences ?? false,
  supportsMemoryEvent: args.supportsMemoryEvent ?? false,
  supportsInvalidatedEvent: args.supportsInvalidatedEvent ?? false,
  supportsVariablePaging: args.supportsVariablePaging ?? false,
  supportsANSIStyling: args.supportsANSIStyling ?? false,
  supportsProgressReporting: args.supportsProgressReporting ?? false,
  isVsCode: args.clientID === 'vscode',
});
