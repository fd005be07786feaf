/** Findings as JSON, for scripts. The shape is in docs/reports.md. */
import type { Finding } from '../finding.js';

export const findingsJson = (findings: readonly Finding[]): string =>
  JSON.stringify(
    {
      findings: findings.map(
        ({ kind, headline, place, kernel, sections, assumed, facts, scenario }) => ({
          kind,
          headline,
          place,
          kernel: {
            version: kernel.version ? kernel.version.join('.') : null,
            release: kernel.release ?? null,
            source: kernel.source,
          },
          facts,
          sections,
          assumed,
          hasScenario: scenario !== undefined,
        }),
      ),
    },
    null,
    2,
  );
