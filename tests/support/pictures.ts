// Pictures of what a test has on the screen, for a person to look at: with BIPE_PICTURES=1, since
// they take longer than the tests that take them.

import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { projectPath } from '../../lib/base/paths';

/** Keeps a picture as `.cache/screenshots/<name>.png`. */
export async function picture(shown: Page | Locator, name: string, fullPage = false): Promise<void> {
  if (process.env['BIPE_PICTURES'] !== '1') return;
  const path = join(projectPath('.cache', 'screenshots'), `${name}.png`);
  await shown.screenshot({ path, ...(fullPage && { fullPage }) });
}
