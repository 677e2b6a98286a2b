// How provenance names the machine, whatever the system says of its processors.

import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, type CpuInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { nvidiaGpu } from '../../lib/report/machine';
import { collectProvenance } from '../../lib/report/provenance';
import { temporaryFolder } from '../support/command';

vi.mock('node:os', async (original) => {
  const os = await original<{ readonly cpus: typeof cpus }>();
  return { ...os, cpus: vi.fn(os.cpus) };
});
beforeEach(() => void vi.mocked(cpus).mockReset());

/** The machine with so many processors of this model. */
function machineOf(model: string, count: number) {
  vi.mocked(cpus).mockReturnValue(Array.from({ length: count }, () => ({ model }) as CpuInfo));
  return collectProvenance({ item: 'a', preset: 'b', scale: 'c', startedAt: 0 }).machine;
}

it('names the processor without marks and needless spaces', () => {
  expect(machineOf(' Intel(R)  Xeon(R) Processor @ 2.10GHz ', 4)).toMatchObject({
    cpu: 'Intel Xeon Processor @ 2.10GHz',
    cores: 4,
  });
  expect(machineOf('AMD EPYC(tm) 9B14', 2).cpu).toBe('AMD EPYC 9B14');
});

it.each([
  ['unknown', 2, 2],
  ['', 2, 2],
  ['of which the system lists none', 0, 1],
])('names a processor "%s" by its kind', (model, count, cores) => {
  expect(machineOf(model, count)).toMatchObject({ cpu: `${process.arch} processor`, cores });
});

it('names the first graphics card that the driver lists', () => {
  const folder = temporaryFolder();
  expect(nvidiaGpu(join(folder, 'none'))).toBeNull();
  expect(nvidiaGpu(folder)).toBeNull();
  mkdirSync(join(folder, '0000:01:00.0'));
  expect(nvidiaGpu(folder)).toBeNull();
  const information = 'IRQ:   \t 3\nModel: \t\t NVIDIA H200 \nBus Type: PCIe\n';
  writeFileSync(join(folder, '0000:01:00.0', 'information'), information);
  expect(nvidiaGpu(folder)).toBe('NVIDIA H200');
  writeFileSync(join(folder, '0000:01:00.0', 'information'), 'No Model: here\n');
  expect(nvidiaGpu(folder)).toBeNull();
});
