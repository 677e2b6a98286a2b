// What an export may replace: files whose JSON beside them says that they are a figure's or a
// table's.

import { isJsonOfKind, type Output } from '../base/outputs';

/** The files of a figure or a table, its JSON among them, as `checkOutputs` takes them. */
export function exportOutputs(paths: readonly string[]): Output[] {
  return paths.map((path) => ({
    path,
    what: 'of an exported figure or table',
    isOwn: () => isJsonOfKind(path.replace(/\.\w+$/, '.json'), 'figure', 'table'),
  }));
}
