/**
 * A session as readable text, to be reviewed and compared: one line a message, long bodies as indented lines.
 * Sequence numbers, times of arrival and lines of the engine's own sources are left out: they change without meaning.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import path from 'node:path';
import type { DebugProtocol as Dap } from '@vscode/debugprotocol';
import type { AdapterClient } from './adapterClient.js';

const WIDTH = 110;

export function transcriptOf(client: AdapterClient): string {
  return client.messages
    .map(({ direction, message }) => {
      if (message.type === 'request') {
        const request = message as Dap.Request & { readonly arguments?: unknown };
        return `${direction} ${request.command}${bodyText(request.arguments)}`;
      }
      if (message.type === 'event') {
        const event = message as Dap.Event & { readonly body?: unknown };
        return `${direction} event ${event.event}${bodyText(event.body)}`;
      }
      const response = message as Dap.Response & { readonly body?: unknown };
      const outcome = response.success ? 'ok' : 'FAILED';
      return `${direction} ${response.command} ${outcome}${bodyText(response.body)}`;
    })
    .join('\n')
    .concat('\n');
}

/** Compares with the golden text of that name; UPDATE_GOLDEN=1 writes it. */
export function checkGolden(name: string, text: string): void {
  const file = path.resolve('test/dap/golden', `${name}.txt`);
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  assert.ok(existsSync(file), `there is no ${file}: run with UPDATE_GOLDEN=1`);
  const expected = readFileSync(file, 'utf8').split('\n');
  const lines = text.split('\n');
  const first = lines.findIndex((line, index) => line !== expected[index]);
  if (first < 0 && lines.length === expected.length) return;
  const at = first < 0 ? Math.min(lines.length, expected.length) : first;
  assert.equal(lines[at], expected[at], `${name}.txt differs first at line ${at + 1}`);
  assert.equal(lines.length, expected.length, `${name}.txt has another number of lines`);
}

function bodyText(body: unknown): string {
  if (body === undefined || body === null) return '';
  const text = valueText(masked(body), '');
  return text === '{}' ? '' : ` ${text}`;
}

/** JSON without quotes around names, on one line where it fits. */
function valueText(value: unknown, indent: string): string {
  if (Array.isArray(value))
    return wrapped(
      value.map((one) => [undefined, one]),
      '[',
      ']',
      indent,
    );
  if (typeof value === 'object' && value !== null)
    return wrapped(Object.entries(value), '{', '}', indent);
  return JSON.stringify(value);
}

function wrapped(
  entries: readonly (readonly [string | undefined, unknown])[],
  open: string,
  close: string,
  indent: string,
): string {
  const inner = `${indent}  `;
  const parts = entries.map(
    ([key, value]) => `${key === undefined ? '' : `${key}: `}${valueText(value, inner)}`,
  );
  const line = `${open}${parts.join(', ')}${close}`;
  if (line.length + indent.length <= WIDTH && !line.includes('\n')) return line;
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

/** The same with paths relative to the project, and without lines of the engine's kernel. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(`${path.resolve('.')}${path.sep}`, '');
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  const source = fields['source'] as Dap.Source | undefined;
  const inKernel = source?.sourceReference !== undefined && source.sourceReference > 0;
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([key]) => key !== 'sourceReference')
      .map(([key, held]) => [key, inKernel && key === 'line' ? 'LINE' : masked(held)]),
  );
}
