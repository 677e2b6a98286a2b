// GitHub shows a notebook without outputs. So the notebook of an item begins with the picture that
// was published of it; notebooks and their copies in work/ are equally deep in the repository.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { experiments } from '../../lib/experiments/registry';
import { galleryPath } from '../../lib/experiments/run/reference';

interface Notebook {
  readonly cells: readonly { readonly source: readonly string[] }[];
}

const withPicture = experiments.filter(({ id }) =>
  existsSync(galleryPath({ item: id, preset: 'quick' }, 'svg')),
);

describe.each([...new Set(withPicture.map(({ notebook }) => notebook))])('%s', (notebook) => {
  it('begins with a published picture of its item, hidden where outputs are shown', () => {
    const { cells } = JSON.parse(readFileSync(projectPath(notebook), 'utf8')) as Notebook;
    const [, , line = ''] = cells[0]?.source ?? [];
    const [, link = ''] = /^!\[Published result: [^\]]+\]\(([^)]+)\)\n$/.exec(line) ?? [];
    const pictures = withPicture
      .filter((experiment) => experiment.notebook === notebook)
      .map(({ id }) => galleryPath({ item: id, preset: 'quick' }, 'svg'));
    expect(pictures).toContain(resolve(dirname(projectPath(notebook)), link));
    expect(pictures).toContain(resolve(projectPath('work'), link));
    expect(readFileSync(projectPath('scripts', 'lib', 'jupyterlab.css'), 'utf8')).toContain(
      "img[alt^='Published result: ']",
    );
  });
});
