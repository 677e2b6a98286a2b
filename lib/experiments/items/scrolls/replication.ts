// The scores on SCROLLS that an independent replication reports, as a table of their own: they are
// not the paper's, and not comparable with ours where the metric is another.

import { makeTable } from '../../../report/measures';
import { encodingStyle } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { replicatedScrolls, replicatedScrollsTasks, replicationSource } from '../../paper/replication';
import { titleOf } from './comparison';

/** A row for each of its tasks. */
export function replicatedScores(): Table {
  const encodings = Object.keys(replicatedScrolls);
  return makeTable<number>(
    {
      id: 'table-scrolls-replication',
      title: 'SCROLLS in an independent replication',
      caption:
        `The scores of ${replicationSource}, with models of 155 million parameters; not the paper's numbers. ` +
        'It has no bilevel encoding there. Of summaries it gives ROUGE-L alone, where SCROLLS, and our table, take the geometric mean of three.',
    },
    [
      { key: 'task', label: 'Task', of: (place) => titleOf(replicatedScrollsTasks[place]?.task ?? '') },
      { key: 'metric', label: 'Score', of: (place) => replicatedScrollsTasks[place]?.metric },
      ...encodings.map((encoding) => ({
        key: encoding,
        label: encodingStyle(encoding, encodings).name,
        format: 'fixed2' as const,
        of: (place: number) => replicatedScrolls[encoding]?.[place],
      })),
    ],
    replicatedScrollsTasks.map((_, place) => place),
  );
}
