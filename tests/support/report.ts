// Reports made by hand.

import { type Report } from '../../lib/experiments/run/report';
import { sampleProvenance } from '../report/samples';

/** A report of nothing, with some fields of one's own. */
export function reportWith(fields: Partial<Report>): Report {
  return {
    item: 'fig4',
    title: 'Figure 4',
    question: 'Does it hold?',
    answer: fields.findings?.[0],
    preset: 'quick',
    settings: {},
    numbers: {},
    rows: [],
    missing: [],
    provenance: sampleProvenance,
    reused: false,
    comparison: null,
    figures: [],
    tables: [],
    findings: [],
    ...fields,
  };
}
