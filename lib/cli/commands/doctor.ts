// `bipe doctor`: what works on this machine, what does not, and what to do; one line each.

import { type Command } from 'commander';
import { examineMachine, type Diagnosis } from '../shared/doctor';
import { examples } from '../shared/options';
import { printResult } from '../shared/output';

/** Adds the subcommand. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('what works on this machine, what does not, and what to do')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('doctor'))
    .action(async ({ json }: { readonly json?: boolean }) => {
      const diagnoses = await examineMachine();
      printResult(json, diagnoses, diagnoses.map(describe));
      if (diagnoses.some((diagnosis) => diagnosis.state === 'broken')) process.exitCode = 1;
    });
}

const marks: Readonly<Record<Diagnosis['state'], string>> = { works: '✓', limited: '!', broken: '✗' };

function describe({ state, what, detail, mend }: Diagnosis): string {
  return `${marks[state]} ${what}: ${detail}${mend === null ? '' : ` -> ${mend}`}`;
}
