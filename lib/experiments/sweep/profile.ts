// A profile: what each job of a sweep asks of a cluster, written once for a cluster by whoever uses
// it.

import { z } from 'zod';
import { readTextFile } from '../../base/files';
import { displayPath } from '../../base/paths';
import { countUpTo, parseWith } from '../../base/schema';
import { parseStrictJson } from '../../base/strict-json';

/** A value that stands on a line of its own in a script, without a blank. */
const word = z.string().regex(/^[\w.,:@/=+-]+$/, 'must be one word of letters, digits and .,:@/=+-');
const line = z.string().regex(/^[^\n\r]+$/, 'must be one line');
const time = z
  .string()
  .regex(/^(?:\d+(?::\d\d){0,2}|\d+-\d+(?::\d\d){0,2})$/, 'must be minutes, HH:MM:SS or days-HH:MM:SS');
const memory = z.string().regex(/^\d+[KMGT]?$/, 'must be a number with K, M, G or T, e.g. 8G');

const place = {
  /** null: the cluster's default. */
  partition: word.nullable().default(null),
  account: word.nullable().default(null),
  qos: word.nullable().default(null),
  cpus: countUpTo(1024).default(1),
  memory: memory.default('4G'),
  time: time.default('04:00:00'),
};

const profileSchema = z
  .strictObject({
    ...place,
    /** For each job. */
    gpus: z.int().min(0).max(64).default(0),
    /** Further options of sbatch, each as one line: `--constraint=a100`. */
    options: z
      .array(line.regex(/^--[a-z][\w-]*(?:=.*)?$/, 'must be an option of sbatch, --name=value'))
      .default([]),
    /** Shell lines before each job: what `node` needs. */
    setup: z.array(line).default([]),
    /** Jobs that run at once at most; null: as many as the cluster lets. */
    throttle: countUpTo(100_000).nullable().default(null),
    /** Jobs of one array at most: Slurm's limit, `MaxArraySize`, is 1,001 unless it was raised. */
    arraySize: countUpTo(100_000).default(1000),
    /** Seconds before the time limit at which a training is saved and queued again. */
    signal: countUpTo(3600).default(120),
    /** How often a job that failed is submitted again without being asked. */
    retries: z.int().min(0).max(10).default(1),
    /** What collects the results and draws: no GPU. Fields that are left out are as above. */
    collect: z
      .strictObject({
        partition: word,
        account: word,
        qos: word,
        cpus: countUpTo(1024),
        memory,
        time,
      })
      .partial()
      .default({}),
  })
  .readonly();

/** What each job of a sweep asks of a cluster. */
export type Profile = z.infer<typeof profileSchema>;

/** The profile of somebody who has written none. */
export const defaultProfile: Profile = profileSchema.parse({});

/**
 * Reads a profile.
 *
 * @throws DataError if there is no such file; ConfigError naming the field that is not right
 */
export async function readProfile(path: string): Promise<Profile> {
  const where = displayPath(path);
  return parseWith(profileSchema, parseStrictJson(await readTextFile(path), where), where);
}

/** What the job that collects asks for. */
export function collecting(profile: Profile): Profile {
  const { partition = profile.partition, account = profile.account, qos = profile.qos } = profile.collect;
  const { cpus = profile.cpus, memory = profile.memory, time = profile.time } = profile.collect;
  return { ...profile, partition, account, qos, cpus, memory, time, gpus: 0, options: [] };
}
