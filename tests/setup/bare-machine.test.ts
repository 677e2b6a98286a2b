// A clone whose packages are there, on a machine without Python, compiler, Chromium and apt: the
// doctor explains, and the numbers of Figure 1 still come out.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bareClone } from '../support/clone';
import { bipe, runScript } from '../support/command';

interface Diagnosis {
  readonly what: string;
  readonly state: 'works' | 'limited' | 'broken';
  readonly detail: string;
  readonly mend: string | null;
}

describe('a machine without Python, compiler, Chromium and apt', () => {
  it('is explained by the doctor, and Figure 1 still comes out', { timeout: 600_000 }, () => {
    const { root, env } = bareClone();
    const doctor = bipe(['doctor', '--json'], { root, env });
    expect(doctor.exitCode).toBe(0);
    const diagnoses = JSON.parse(doctor.stdout) as Diagnosis[];
    for (const what of [
      'Python',
      'C++ compiler',
      'apt',
      'JupyterLab',
      'TensorFlow',
      'engine binding',
      'fused kernels',
      'Chromium',
    ]) {
      const found = diagnoses.find((diagnosis) => diagnosis.what === what);
      expect(found, what).toMatchObject({ state: 'limited' });
      expect(`${found?.detail ?? ''}${found?.mend ?? ''}`, what).not.toContain('\n');
      expect(found?.mend, what).toBeTruthy();
    }
    expect(diagnoses.find((diagnosis) => diagnosis.what === 'engine')?.detail).toMatch(/^wasm/);
    expect(diagnoses.find((diagnosis) => diagnosis.what === 'captured steps')?.detail).toBe(
      'none: steps run operation by operation on wasm',
    );
    expect(diagnoses.find((diagnosis) => diagnosis.what === 'kernels in use')).toMatchObject({
      state: 'works',
      detail: 'none: they are for native-cpu, not wasm',
    });
    expect(diagnoses.filter((diagnosis) => diagnosis.state === 'broken')).toEqual([]);

    const reproduce = runScript('reproduce.mjs', ['fig1', 'fig3', '--preset', 'smoke'], { root, env });
    const figures = join(root, 'figures', 'local', 'smoke');
    expect(reproduce.exitCode).toBe(0);
    expect(reproduce.stderr).toMatch(/! JupyterLab: no Python: install Python/);
    expect(reproduce.stderr).toMatch(/! Chromium: not found/);
    expect(reproduce.stderr).toMatch(
      /^Engine: on WASM .* training takes about 29 times as long as on the native engine: the native library is not built; run npm run setup/m,
    );
    expect(reproduce.stdout).toContain('✓ holds: Books');
    expect(existsSync(join(figures, 'fig1.json'))).toBe(true);
    expect(existsSync(join(figures, 'fig1.svg'))).toBe(false);
    const { numbers } = JSON.parse(readFileSync(join(figures, 'fig1.json'), 'utf8')) as {
      numbers: { result: { modalities: { tokens: number }[] } };
    };
    expect(numbers.result.modalities[0]?.tokens).toBe(60_000);
  });
});
