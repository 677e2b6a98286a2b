import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';

const read = (path: string): string => readFileSync(projectPath(...path.split('/')), 'utf8');

it('names functions that are where the head of decoder.ts says', () => {
  const [head = ''] = read('lib/model/decoder.ts').split('import ');
  const text = head.replace(/^\/\/ ?/gm, '').replace(/\s+/g, ' ');
  const stops = [...text.matchAll(/`(\w+)` in ((?:lib|native)\/[\w./-]+\.(?:ts|inc\.h))/g)];
  expect(stops.length).toBeGreaterThan(12);
  for (const [stop, name = '', path = ''] of stops)
    expect(read(path), stop).toMatch(
      new RegExp(`(?:function|const|inline \\w+) ${name}\\b|^ +(?:readonly )?${name}: `, 'm'),
    );
});
