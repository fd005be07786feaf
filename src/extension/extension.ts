/**
 * The extension's entry: every feature is registered here, each by one line, and owns itself from there on.
 *
 * Invariant: nothing runs at activation but registrations; the engine is loaded when the first session starts.
 */
import type { ExtensionContext } from 'vscode';
import { registerConsoleLinks } from './address/consoleLinks.js';
import { registerDocumentLinks } from './address/documentLinks.js';
import { registerAddressHovers } from './address/hover.js';
import { registerMemoryLinks } from './address/memoryLink.js';
import { registerWhereCommand } from './address/whereCommand.js';
import { registerAdapters } from './debug/adapters.js';
import { registerAskFor } from './debug/askFor.js';
import { registerBreakInside } from './debug/breakInside.js';
import { registerClock } from './debug/clock.js';
import { registerConfigurations } from './debug/configurations.js';
import { registerExceptionFrame } from './debug/exceptionFrame.js';
import { registerExportVmcore } from './debug/exportVmcore.js';
import { registerFirstStop } from './debug/firstStop.js';
import { registerLastWrite } from './debug/lastWrite.js';
import { registerMachineTree } from './debug/machineTree.js';
import { registerNumberFormat } from './debug/numberFormat.js';
import { registerRunCommands } from './debug/runCommands.js';
import { registerOpenDump } from './debug/openDump.js';
import { Sessions } from './debug/sessions.js';
import { registerVmlinuxPicker } from './debug/vmlinuxPicker.js';
import { registerExamples } from './examples.js';
import { registerDiagnostics } from './language/diagnostics.js';
import { registerExpressions } from './language/expressions.js';
import { registerInlineValues } from './language/inlineValues.js';
import { registerServices } from './language/services.js';
import { registerLanguageModelTools } from './languageModelTools.js';
import { registerMap } from './map/register.js';
import { registerReports } from './report/register.js';
import { registerWalkthrough } from './walkthrough.js';

export function activate(context: ExtensionContext): void {
  const sessions = new Sessions();
  context.subscriptions.push(
    sessions,
    registerConfigurations(),
    registerAskFor(),
    registerOpenDump(),
    registerExportVmcore(sessions),
    registerFirstStop(sessions),
    registerExceptionFrame(sessions),
    registerAdapters(context.extensionUri),
    registerRunCommands(),
    registerBreakInside(),
    registerLastWrite(sessions),
    registerNumberFormat(sessions),
    registerVmlinuxPicker(sessions),
    registerMachineTree(sessions),
    registerExamples(context.extensionUri),
    registerExpressions(),
    registerInlineValues(),
    registerDiagnostics(),
    registerServices(),
    registerLanguageModelTools(sessions),
    registerAddressHovers(sessions),
    registerWhereCommand(sessions),
    registerMemoryLinks(),
    registerDocumentLinks(sessions),
    registerConsoleLinks(),
    registerClock(sessions),
    registerMap(context.extensionUri, sessions),
    registerReports(context),
    registerWalkthrough(context, sessions),
  );
}
