// By which code and on which machine a model was trained: kept beside its checkpoint, a line for each time that training was begun or
// gone on with, since the model may be asked something much later, by other code.

import { basename, join } from 'node:path';
import { DataError, systemCode, WorkbenchError } from '../base/errors';
import { readTextFile, writeFileAtomic } from '../base/files';
import { fromJson, toJson } from '../base/json';
import { displayPath } from '../base/paths';
import {
  originOf,
  type Origin,
  type Provenance,
  provenancePart,
  type ProvenancePart,
} from '../report/provenance';
import { type MetricsLine, readMetrics } from '../train/metrics';
import { type TrainingPosition } from '../train/train';

/** Training from a position on. */
interface TrainingSession extends TrainingPosition {
  readonly origin: Origin;
}

const fileName = 'sessions.json';

async function readSessions(folder: string): Promise<TrainingSession[]> {
  const path = join(folder, fileName);
  try {
    return fromJson(await readTextFile(path)) as TrainingSession[];
  } catch (error) {
    if (error instanceof DataError && systemCode(error.cause) === 'ENOENT') return [];
    if (!(error instanceof SyntaxError)) throw error;
    throw new DataError(`${displayPath(path)}: damaged; delete it, and its models' origin is not known`, {
      cause: error,
    });
  }
}

/** Keeps that training goes on here, by whom. What was trained beyond this position is gone, as are its checkpoints. */
export async function beginSession(
  folder: string,
  position: TrainingPosition,
  origin: Origin,
): Promise<void> {
  const kept = (await readSessions(folder)).filter(({ step }) => step < position.step);
  await writeFileAtomic(join(folder, fileName), `${toJson([...kept, { ...position, origin }], 2)}\n`);
}

/**
 * A finished training as parts of what is made of its model: one for each origin, and one of none for what was trained before sessions
 * were kept.
 *
 * @param folder of the training
 * @param name   the model's
 */
export async function trainingParts(folder: string, name: string): Promise<ProvenancePart[]> {
  const sessions = await readSessions(folder);
  const seconds = secondsOf(await metricsOf(folder));
  const begins = [...sessions.map((session) => session.seconds), seconds];
  const before = begins[0] ?? 0;
  return [
    ...(before > 0 ? [trainingPart(null, name, folder, before)] : []),
    ...sessions.map(({ origin }, index) =>
      trainingPart(origin, name, folder, Math.max(0, (begins[index + 1] ?? 0) - (begins[index] ?? 0))),
    ),
  ];
}

/**
 * The parts of a run that was kept before sessions were: what was trained while it ran, by the times of its metrics, is of its own origin,
 * and kept so from now on. Of what was trained earlier the origin is known where a run that trained it was found before.
 *
 * @param run    the run's folder, which has the answers
 * @param folder of its training
 * @param known  seconds of training, where its metrics are gone
 */
export async function partsOfBefore(
  provenance: Provenance,
  run: string,
  folder: string,
  known: number,
): Promise<ProvenancePart[]> {
  const { createdAt, durationSeconds, preset: name } = provenance;
  const origin = originOf(provenance);
  const began = Date.parse(createdAt) / 1000 - durationSeconds;
  const lines = await metricsOf(folder);
  if (lines.length === 0)
    return [trainingPart(null, name, folder, known), askedPart(origin, name, run, durationSeconds)];
  const earlier = lines.filter(({ machine }) => machine.wallTime <= began);
  const position = { step: earlier.at(-1)?.step ?? 0, seconds: secondsOf(earlier) };
  const seconds = secondsOf(lines) - position.seconds;
  if (seconds > 0 && (await readSessions(folder)).length === 0) await beginSession(folder, position, origin);
  return [
    ...(await trainingParts(folder, name)),
    askedPart(origin, name, run, Math.max(0, durationSeconds - seconds)),
  ];
}

/** What a model was asked, as a part. */
export function askedPart(origin: Origin, name: string, run: string, seconds: number): ProvenancePart {
  return provenancePart(origin, [{ name: `${name}: evaluation`, run: basename(run), seconds }]);
}

function trainingPart(origin: Origin | null, name: string, folder: string, seconds: number): ProvenancePart {
  return provenancePart(origin, [{ name: `${name}: training`, run: basename(folder), seconds }]);
}

/** Until the last line. */
function secondsOf(lines: readonly MetricsLine[]): number {
  return lines.at(-1)?.machine.seconds ?? 0;
}

/** None where they are damaged: a result can be read without them. */
async function metricsOf(folder: string): Promise<MetricsLine[]> {
  try {
    return await readMetrics(folder);
  } catch (error) {
    if (error instanceof WorkbenchError) return [];
    throw error;
  }
}
