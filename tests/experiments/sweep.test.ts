import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConfigError, DataError, MachineError, UsageError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { createDecoder } from '../../lib/model/config';
import { parseTrainingConfig } from '../../lib/train/config';
import { smallConfig } from '../train/small-config';
import { type Plan, type PlannedJob } from '../../lib/experiments/run/definition';
import { estimate } from '../../lib/experiments/sweep/estimate';
import {
  findSweep,
  folderOfSweep,
  type Submission,
  type Sweep,
  SweepFolder,
  sweepNames,
  tasksOf,
} from '../../lib/experiments/sweep/folder';
import { defaultProfile, type Profile, readProfile } from '../../lib/experiments/sweep/profile';
import { arrayArguments, textOfCollectScript, textOfJobsScript } from '../../lib/experiments/sweep/script';
import {
  accounts,
  isQueued,
  isRunning,
  parseAccounts,
  parseQueue,
  queue,
} from '../../lib/experiments/sweep/slurm';
import { lastLine, statusOf, summaryOf } from '../../lib/experiments/sweep/status';
import { arraysOf, dryRun, submitMissing } from '../../lib/experiments/sweep/submit';
import { temporaryFolder } from '../support/command';
import { fakeSlurm } from '../support/slurm';

/** A profile as it is read from a file. */
async function profileWith(fields: unknown): Promise<Profile> {
  const path = join(temporaryFolder(), 'cluster.json');
  writeFileSync(path, typeof fields === 'string' ? fields : JSON.stringify(fields));
  return readProfile(path);
}

describe('a profile', () => {
  it('has a default for each field', async () => {
    expect(await profileWith({})).toEqual(defaultProfile);
    expect(await profileWith({ partition: 'gpu', gpus: 2 })).toEqual({
      ...defaultProfile,
      partition: 'gpu',
      gpus: 2,
    });
  });

  it.each([
    [{ partitoin: 'gpu' }, /unknown field 'partitoin'; did you mean partition\?/],
    [{ time: 'long' }, /time: must be minutes, HH:MM:SS or days-HH:MM:SS$/],
    [{ memory: '16 GB' }, /memory: must be a number with K, M, G or T, e\.g\. 8G$/],
    [{ gpus: -1 }, /gpus: /],
    [{ partition: 'gpu\n#SBATCH --exclusive' }, /partition: must be one word/],
    [{ setup: ['module load node\nrm x'] }, /setup\[0\]: must be one line$/],
    [{ options: ['-N 2'] }, /options\[0\]: must be an option of sbatch, --name=value$/],
    [{ collect: { gpus: 1 } }, /collect: unknown field 'gpus'/],
    ['{ "gpus": 1, ', /cluster\.json: not JSON/],
  ])('that says %j is refused in one line', async (fields, message) => {
    const refused = profileWith(fields);
    await expect(refused).rejects.toBeInstanceOf(ConfigError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/\n/);
  });

  it('that is not there is named', async () => {
    await expect(readProfile('/none/cluster.json')).rejects.toThrow('/none/cluster.json: no such file');
  });
});

describe('the scripts of a sweep', () => {
  const site = {
    from: '/shared/bipe',
    bipe: '/shared/bipe/scripts/bipe.mjs',
    folder: '/shared/s',
    name: 'fig3-paper-1',
  };

  it('ask for what the profile says, and become the command', async () => {
    const profile = await profileWith({
      partition: 'gpu',
      account: 'us',
      gpus: 1,
      cpus: 4,
      memory: '16G',
      time: '1-00:00:00',
      setup: ['module load node'],
      options: ['--constraint=a100'],
      collect: { partition: 'cpu', memory: '2G' },
    });
    expect(textOfJobsScript(site, profile)).toBe(`#!/bin/bash
#SBATCH --job-name=fig3-paper-1
#SBATCH --partition=gpu
#SBATCH --account=us
#SBATCH --gres=gpu:1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=16G
#SBATCH --time=1-00:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120
#SBATCH --constraint=a100
set -e
cd '/shared/bipe'
module load node
export TF_NUM_INTRAOP_THREADS="\${SLURM_CPUS_PER_TASK:-1}"
exec node '/shared/bipe/scripts/bipe.mjs' sweep work 'fig3-paper-1' "$1" "$SLURM_ARRAY_TASK_ID"
`);
    const collect = textOfCollectScript(site, profile);
    expect(collect).toContain('#SBATCH --partition=cpu\n#SBATCH --account=us\n#SBATCH --ntasks=1\n');
    expect(collect).toContain('--mem=2G\n#SBATCH --time=1-00:00:00\n');
    expect(collect).not.toMatch(/gres|constraint|signal/);
    expect(collect).toContain("sweep collect 'fig3-paper-1' --resubmit\n");
  });

  it('say to the shell what a path is, whatever is in it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a '"$\\`;&|()*?!~#]+$/), (path) => {
        const text = textOfJobsScript({ ...site, from: `/${path}` }, defaultProfile);
        const line = text.split('\n').find((one) => one.startsWith('cd ')) ?? '';
        const { stdout } = spawnSync('bash', ['-c', line.replace(/^cd /, 'printf %s ')], {
          encoding: 'utf8',
        });
        expect(stdout).toBe(`/${path}`);
      }),
      { numRuns: 30 },
    );
  });

  it('are submitted as an array, of which only so many run', () => {
    const submission = { number: 3, jobs: 12, after: '77' };
    expect(arrayArguments(site, { ...defaultProfile, throttle: 5 }, submission)).toEqual([
      '--parsable',
      '--array=0-11%5',
      '--dependency=afterany:77',
      '--output=/shared/s/logs/3-%a.log',
      '/shared/s/jobs.sh',
      '3',
    ]);
  });

  it('have each job once, in arrays that are not too long', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 20 }), (jobs, most) => {
        const arrays = arraysOf(jobs, most);
        expect(arrays.flat()).toEqual(jobs);
        for (const array of arrays) {
          expect(array.length).toBeLessThanOrEqual(most);
          expect(array.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('what Slurm prints', () => {
  it('is read: squeue of a cluster with jobs in every state', () => {
    const printed = `1|0|RUNNING|n1
1|1|COMPLETED|n1
1|2|PENDING|(Resources)
1|3|FAILED|n2
2|N/A|PENDING|(Dependency)
3|0|PENDING|(BeginTime)
`;
    expect(Object.fromEntries(parseQueue(printed))).toEqual({
      '1_0': { state: 'RUNNING', detail: 'n1' },
      '1_1': { state: 'COMPLETED', detail: 'n1' },
      '1_2': { state: 'PENDING', detail: 'Resources' },
      '1_3': { state: 'FAILED', detail: 'n2' },
      '2': { state: 'PENDING', detail: 'Dependency' },
      '3_0': { state: 'PENDING', detail: 'BeginTime' },
    });
    expect(parseQueue('').size).toBe(0);
  });

  it('is read: sacct, or that there are no accounts', () => {
    const printed = '12_0|COMPLETED\n12_1|CANCELLED by 0\n12_2|TIMEOUT\n13|NODE_FAIL\n12_[3-5]|PENDING\n';
    expect(Object.fromEntries(parseAccounts(printed))).toEqual({
      '12_0': 'COMPLETED',
      '12_1': 'CANCELLED',
      '12_2': 'TIMEOUT',
      '13': 'NODE_FAIL',
    });
    expect(parseAccounts('Slurm accounting storage is disabled\n').size).toBe(0);
  });

  it('is a job that ended, or one that is to run', () => {
    for (const state of [
      'COMPLETED',
      'FAILED',
      'TIMEOUT',
      'CANCELLED',
      'NODE_FAIL',
      'OUT_OF_MEMORY',
      'PREEMPTED',
    ])
      expect([isQueued(state), isRunning(state)]).toEqual([false, false]);
    // By the manual of squeue ("Job state codes").
    const runs = ['RUNNING', 'CONFIGURING', 'COMPLETING', 'RESIZING', 'SIGNALING', 'STAGE_OUT'];
    const waits = [
      'PENDING',
      'REQUEUED',
      'REQUEUE_HOLD',
      'REQUEUE_FED',
      'SPECIAL_EXIT',
      'SUSPENDED',
      'STOPPED',
    ];
    for (const state of runs) expect([isQueued(state), isRunning(state)], state).toEqual([true, true]);
    for (const state of waits) expect([isQueued(state), isRunning(state)], state).toEqual([true, false]);
  });
});

/** A sweep of so many jobs, none of them done. */
async function sweepOf(jobs: number): Promise<{ folder: SweepFolder; sweep: Sweep; plan: Plan }> {
  const folder = new SweepFolder(join(temporaryFolder(), 'stub'));
  const planned = Array.from({ length: jobs }, (_, index): PlannedJob => {
    return {
      piece: { title: 'All', index },
      name: `job ${index}`,
      cost: index % 7,
      isDone: false,
      seconds: null,
      next: null,
    };
  });
  const plan = { settings: {}, jobs: planned };
  const sweep: Sweep = {
    item: 'stub',
    preset: 'quick',
    set: [],
    engine: 'slurm',
    settings: {},
    jobs: [],
  };
  return { folder, sweep: await folder.update(sweep, plan), plan };
}

it('asks for the queue, and for accounts, without the line of titles', async () => {
  const titled = (titles: string, row: string) =>
    `case " $* " in *" --noheader "*) ;; *) echo "${titles}" ;; esac; echo "${row}"`;
  fakeSlurm({
    squeue: titled('ARRAY_JOB_ID|ARRAY_TASK_ID|STATE|REASON', '7|1|PENDING|(Priority)'),
    sacct: titled('12|COMPLETED', '7_1|FAILED'),
  });
  expect([...(await queue()).keys()]).toEqual(['7_1']);
  expect([...(await accounts(['7_1'])).keys()]).toEqual(['7_1']);
});

it('reads the queue however long it is', async () => {
  fakeSlurm({ squeue: 'yes "7|0|RUNNING|n1" | head -n 200000; echo "7|1|PENDING|(Priority)"' });
  expect(Object.fromEntries(await queue())).toEqual({
    '7_0': { state: 'RUNNING', detail: 'n1' },
    '7_1': { state: 'PENDING', detail: 'Priority' },
  });
});

it('says what would be submitted, and what is open of it alone', async () => {
  const { folder, plan } = await sweepOf(3);
  const commands = (isDone: (job: number) => boolean): string[] => {
    const jobs = plan.jobs.map((job, index) => ({ ...job, isDone: isDone(index) }));
    return dryRun(folder, { ...plan, jobs }, { ...defaultProfile, arraySize: 2 });
  };
  expect(commands(() => true)).toEqual(['all done']);
  const arrays = (lines: readonly string[]) =>
    lines.filter((line) => line.startsWith('sbatch ')).map((line) => /--array=(\S+)/.exec(line)?.[1]);
  expect(arrays(commands(() => false))).toEqual(['0-1', '0-0', undefined]);
  expect(arrays(commands((job) => job === 1))).toEqual(['0-1', undefined]);
  expect(
    commands(() => false)
      .slice(0, 3)
      .join('\n'),
  ).toMatch(/<id of array 0>[^]*<id of array 1>/);
  expect(commands(() => false)).toContain('#!/bin/bash');
});

describe('submitting a sweep', () => {
  it('without Slurm says what to do, and leaves nothing behind that stands for a job', async () => {
    const { folder, sweep } = await sweepOf(2);
    fakeSlurm({});
    // Slurm may be here.
    const before = process.env['PATH'];
    process.env['PATH'] = temporaryFolder();
    const refused = submitMissing(folder, sweep, defaultProfile).finally(() => {
      process.env['PATH'] = before;
    });
    await expect(refused).rejects.toBeInstanceOf(MachineError);
    await expect(refused).rejects.toThrow(
      "sbatch: not found; go to a machine of the cluster that has Slurm's commands, or take --engine local",
    );
    expect(await folder.submissions()).toEqual([]);
    expect((await statusOf(folder, sweep)).map(({ state }) => state)).toEqual(['open', 'open']);
  });

  it('says what Slurm says, in one line', async () => {
    const { folder, sweep } = await sweepOf(1);
    fakeSlurm({
      sbatch:
        'echo "sbatch: error: invalid partition specified: gpu" >&2; echo "sbatch: error: Batch job submission failed: Invalid partition name specified" >&2; exit 1',
    });
    await expect(submitMissing(folder, sweep, defaultProfile)).rejects.toThrow(
      /^sbatch: sbatch: error: Batch job submission failed: Invalid partition name specified$/,
    );
    expect(await folder.submissions()).toEqual([]);
  });

  it('says what failed where Slurm says nothing, or nothing of a job', async () => {
    const { folder, sweep } = await sweepOf(1);
    fakeSlurm({ sbatch: 'exit 3' });
    await expect(submitMissing(folder, sweep, defaultProfile)).rejects.toThrow(
      /^sbatch: Command failed: sbatch [^\n]*$/,
    );
    fakeSlurm({ sbatch: 'echo "Submitted batch job"' });
    await expect(submitMissing(folder, sweep, defaultProfile)).rejects.toThrow(
      "sbatch: printed 'Submitted batch job', and no id of a job",
    );
    // Of several clusters, the name of one follows.
    fakeSlurm({ sbatch: 'echo "warning: slow"; echo "81;west"' });
    expect((await submitMissing(folder, sweep, defaultProfile)).arrays).toEqual([{ id: '81', jobs: [0] }]);
  });

  it('says how much is not submitted where Slurm takes no more, and the rest is submitted by the next try', async () => {
    const { folder, sweep } = await sweepOf(3);
    const slurm = fakeSlurm({
      sbatch:
        'cd "${0%/*}"; n=$(cat n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > n; [ $n = 2 ] && { echo "sbatch: error: Resource temporarily unavailable" >&2; exit 1; }; echo $n',
      squeue: 'echo "1|0|PENDING|(Priority)"',
    });
    const single = { ...defaultProfile, arraySize: 1 };
    await expect(submitMissing(folder, sweep, single)).rejects.toThrow(
      /^sbatch: sbatch: error: Resource temporarily unavailable; 2 jobs are not submitted, the others are: submit the rest with .*sweep retry .* \(MaxJobCount\)$/,
    );
    const { arrays, queued } = await submitMissing(folder, sweep, single);
    expect([queued, arrays.flatMap(({ jobs }) => jobs)]).toEqual([[2], [1, 0]]);
    expect(readFileSync(join(slurm, 'n'), 'utf8')).toBe('5\n');
  });

  it('knows of cancelled jobs that Slurm has forgotten, until they are submitted again', async () => {
    const { folder, sweep } = await sweepOf(2);
    fakeSlurm({ sbatch: 'echo 7', squeue: 'true', sacct: 'exit 1', scancel: 'true' });
    await submitMissing(folder, sweep, defaultProfile);
    const states = async () => (await statusOf(folder, sweep)).map(({ state }) => state);
    expect(await states()).toEqual(['failed', 'failed']);
    await folder.markCancelled();
    expect(await states()).toEqual(['cancelled', 'cancelled']);
    await submitMissing(folder, sweep, defaultProfile);
    expect(await states()).toEqual(['failed', 'failed']);
  });

  it('again submits what is neither done nor queued, and not more often than it may', async () => {
    const { folder, sweep } = await sweepOf(4);
    const slurm = fakeSlurm({
      sbatch:
        'cd "${0%/*}"; n=$(cat n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > n; echo "$@" >> asked; echo $n',
      squeue: 'cat "${0%/*}/queue"',
      sacct: 'exit 1',
    });
    const queue = (text: string): void => {
      writeFileSync(join(slurm, 'queue'), text);
    };
    const submit = async (attempts?: number) => {
      const { arrays, queued, givenUp } = await submitMissing(folder, sweep, defaultProfile, attempts);
      return { arrays, queued, givenUp };
    };
    // Longest first.
    expect(await submit()).toEqual({ arrays: [{ id: '1', jobs: [3, 2, 1, 0] }], queued: [], givenUp: [] });
    queue(
      '1|0|RUNNING|n1\n1|1|FAILED|n1\n1|2|PENDING|(Priority)\n1|3|COMPLETED|n1\n2|N/A|PENDING|(Dependency)\n',
    );
    await folder.markDone(0);
    const states = async () => (await statusOf(folder, sweep)).map(({ state }) => state);
    expect(await states()).toEqual(['done', 'waiting', 'failed', 'running']);
    expect(await submit(2)).toEqual({ arrays: [{ id: '3', jobs: [2] }], queued: [1, 3], givenUp: [] });
    queue('1|0|RUNNING|n1\n1|2|PENDING|(Priority)\n3|0|TIMEOUT|n1\n');
    expect(await submit(2)).toEqual({ arrays: [], queued: [1, 3], givenUp: [2] });
    queue('1|0|CANCELLED|n1\n1|2|CANCELLED by 0|n1\n3|0|TIMEOUT|n1\n');
    expect(await states()).toEqual(['done', 'cancelled', 'failed', 'cancelled']);
    expect(summaryOf(await statusOf(folder, sweep))).toBe('4 jobs: 1 done, 1 failed, 2 cancelled');
    // Slurm forgets; without accounts nobody knows how it ended.
    queue('');
    expect(await states()).toEqual(['done', 'failed', 'failed', 'failed']);
    expect(summaryOf(await statusOf(folder, sweep))).toBe('4 jobs: 1 done, 3 failed');
    expect(readFileSync(join(slurm, 'asked'), 'utf8').match(/--dependency=\S+/g)).toEqual([
      '--dependency=afterany:1',
      '--dependency=afterany:3',
    ]);
  });

  it('of 10,000 jobs is ten arrays, one after the other, and each job is in one', async () => {
    const { folder, sweep } = await sweepOf(10_000);
    const slurm = fakeSlurm({
      sbatch:
        'cd "${0%/*}"; n=$(cat n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > n; echo "$@" >> asked; echo $n',
      squeue: 'cat "${0%/*}/queue"',
    });
    const { arrays } = await submitMissing(folder, sweep, { ...defaultProfile, throttle: 50 });
    expect(arrays).toHaveLength(10);
    expect(new Set(arrays.flatMap(({ jobs }) => jobs)).size).toBe(10_000);
    const asked = readFileSync(join(slurm, 'asked'), 'utf8').trim().split('\n');
    expect(asked.filter((line) => line.includes('--array=0-999%50'))).toHaveLength(10);
    expect(asked[3]).toContain('--dependency=afterany:3 ');
    expect(asked[10]).toContain('--dependency=afterany:1:2:3:4:5:6:7:8:9:10 ');
    const rows = arrays.flatMap(({ id, jobs }) =>
      jobs.map((_, task) => `${id}|${task}|PENDING|(Dependency)`),
    );
    writeFileSync(join(slurm, 'queue'), `${rows.join('\n')}\n`);
    expect(summaryOf(await statusOf(folder, sweep))).toBe('10000 jobs: 10000 waiting');
  });
});

describe('the folder of a sweep', () => {
  it('is named after what it is of, and by its settings', () => {
    const sweep: Sweep = {
      item: 'fig3',
      preset: 'quick',
      set: [],
      engine: 'local',
      settings: { seeds: [1], steps: 3 },
      jobs: [],
    };
    const nameOf = (changes: Partial<Sweep>): string => folderOfSweep({ ...sweep, ...changes }).name;
    expect(nameOf({})).toMatch(/^fig3-quick-[0-9a-f]{8}$/);
    expect(nameOf({ settings: { steps: 3, seeds: [1] }, engine: 'slurm' })).toBe(nameOf({}));
    expect(nameOf({ settings: { steps: 4, seeds: [1] } })).not.toBe(nameOf({}));
    expect(nameOf({ preset: 'evening' })).toMatch(/^fig3-evening-/);
    const folder = folderOfSweep(sweep);
    expect(folder.path).toBe(projectPath('runs', 'sweeps', folder.name));
    const below = (path: string): string => path.slice(folder.path.length);
    expect([folder.profilePath, folder.collectLog, folder.logOf(3, 7)].map(below)).toEqual([
      '/profile.json',
      '/logs/collect.log',
      '/logs/3-7.log',
    ]);
  });

  it('is found by its name, or by the beginning of it if no other begins so', async () => {
    const names = ['a', 'b'].map((end) => `stub-${process.pid}-${end}`);
    const folders = names.map((name) => new SweepFolder(projectPath('runs', 'sweeps', name)));
    const empty = projectPath('runs', 'sweeps', `stub-${process.pid}-none`);
    onTestFinished(() => {
      for (const path of [...folders.map(({ path: one }) => one), empty]) rmSync(path, { recursive: true });
    });
    mkdirSync(empty, { recursive: true });
    const { sweep, plan } = await sweepOf(1);
    for (const folder of folders) await folder.update(sweep, plan);
    const known = await sweepNames();
    expect(known.filter((name) => name.startsWith(`stub-${process.pid}-`))).toEqual(names);
    for (const [index, name] of names.entries())
      expect((await findSweep(name)).path).toBe(folders[index]?.path);
    await expect(findSweep(`stub-${process.pid}-`)).rejects.toThrow(
      new UsageError(`sweep 'stub-${process.pid}-': which of ${names.join(', ')}?`),
    );
    await expect(findSweep(`${names[0] ?? ''}a`)).rejects.toThrow(`did you mean ${names[0] ?? ''}?`);
  });

  it('has what was submitted in order, and the latest task of each job', async () => {
    const { folder } = await sweepOf(3);
    const submissions = Array.from({ length: 12 }, (_, number): Submission => ({
      id: number === 11 ? null : String(70 + number),
      jobs: number === 11 ? [1] : [number % 2, 2],
    }));
    for (const [number, submission] of submissions.entries())
      await folder.writeSubmission(number, submission);
    writeFileSync(join(folder.path, 'submissions', 'notes.txt'), '');
    expect(await folder.submissions()).toEqual(submissions);
    expect(tasksOf(await folder.submissions(), 4)).toEqual([
      { task: { submission: 10, task: 0, id: '80_0', isCancelled: false }, attempts: 6 },
      { task: { submission: 11, task: 0, id: null, isCancelled: false }, attempts: 6 },
      { task: { submission: 10, task: 1, id: '80_1', isCancelled: false }, attempts: 11 },
      { task: undefined, attempts: 0 },
    ]);
    await folder.forgetSubmission(11);
    await folder.forgetSubmission(11);
    expect(await folder.submissions()).toEqual(submissions.slice(0, 11));
    await folder.markCancelled();
    expect((await folder.submissions()).map(({ isCancelled }) => isCancelled)).toEqual(
      Array.from({ length: 11 }, () => true),
    );
  });

  it('gives the last words of a log, however long it is', async () => {
    const path = join(temporaryFolder(), 'a.log');
    expect(await lastLine(path)).toBe('');
    for (const [text, last] of [
      ['', ''],
      ['\n \n', ''],
      ['one', 'one'],
      ['one\n  two words \n\n', 'two words'],
      [`${'x'.repeat(9000)}\nthe end\n`, 'the end'],
      [`begin\n${'y'.repeat(5000)}`, 'y'.repeat(4096)],
    ] as const) {
      writeFileSync(path, text);
      expect(await lastLine(path)).toBe(last);
    }
  });

  it('believes the run store: a mark of a run that is gone goes, too', async () => {
    const { folder, sweep, plan } = await sweepOf(3);
    await folder.markDone(0);
    const jobs = plan.jobs.map((job, index) => ({ ...job, isDone: index === 2 }));
    await folder.update(sweep, { ...plan, jobs });
    expect([...(await folder.done())]).toEqual([2]);
  });

  it('that is gone or damaged is named', async () => {
    const { folder } = await sweepOf(1);
    writeFileSync(join(folder.path, 'plan.json'), '{');
    await expect(folder.read()).rejects.toThrow(/plan\.json: damaged .*; submit the sweep again$/);
    rmSync(folder.path, { recursive: true });
    await expect(folder.read()).rejects.toBeInstanceOf(DataError);
    await expect(folder.read()).rejects.toThrow(/: this sweep is gone; results are kept in the run store/);
  });

  it('that cannot be written is named', async () => {
    const parent = temporaryFolder();
    writeFileSync(join(parent, 'file'), '');
    const folder = new SweepFolder(join(parent, 'file', 'sweep'));
    await expect(folder.markDone(1)).rejects.toBeInstanceOf(MachineError);
    expect(existsSync(join(parent, 'file', 'sweep'))).toBe(false);
    mkdirSync(join(parent, 'other'));
  });
});

describe('the estimate of a plan', () => {
  const job = (fields: Partial<PlannedJob>): PlannedJob => ({
    piece: null,
    name: 'a job',
    cost: 1,
    isDone: false,
    seconds: null,
    next: null,
    ...fields,
  });

  it('takes the time of the trainings that were measured, by their cost', () => {
    const done = [job({ isDone: true, seconds: 10, cost: 2 }), job({ isDone: true, seconds: 30, cost: 6 })];
    const open = [job({ cost: 4 }), job({ cost: 10 })];
    const expected = { jobs: 4, done: 2, seconds: 70, longest: 50, measured: 2 };
    expect(estimate([...done, ...open])).toMatchObject(expected);
    expect(estimate(open, done)).toMatchObject({ ...expected, jobs: 2, done: 0 });
    expect(estimate(open)).toMatchObject({ seconds: null, longest: null, measured: 0 });
    // Nothing is left to do.
    expect(estimate(done)).toMatchObject({ seconds: 0, longest: 0, bytes: 0, files: 0 });
    // A model that was found elsewhere took no time, and a job without a cost says nothing.
    const untimed = [job({ isDone: true, cost: 9 }), job({ isDone: true, seconds: 5, cost: 0 })];
    expect(estimate([...untimed, ...done, ...open])).toMatchObject({ seconds: 70, measured: 2 });
  });

  it('counts the numbers of each model that is still to be trained, and their moments', () => {
    const next = (settings: object) => ({
      item: 'a',
      revision: 1,
      libraryVersion: '1',
      settings,
      data: [],
    });
    const training = (hiddenSize: number) => {
      const model = { ...smallConfig.model, hiddenSize, encoding: 'rope' };
      return { training: { ...smallConfig, model } };
    };
    const sizeOf = (hiddenSize: number): number => {
      const { model } = parseTrainingConfig(training(hiddenSize).training);
      return createDecoder(model).parameters.reduce(
        (sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1),
        0,
      );
    };
    const open = [16, 32, 16].map((size) => job({ next: next(training(size)) }));
    const others = [
      job({ next: next({ words: 3 }) }),
      job({ next: next({ training: null }) }),
      job({ next: next({ training: {} }) }),
      job({ isDone: true }),
    ];
    expect(estimate([...open, ...others])).toMatchObject({
      bytes: 16 * (2 * sizeOf(16) + sizeOf(32)),
      files: 27,
    });
  });
});
