// By which code and on which machine a model was trained: kept beside its checkpoint, a line for
// each time that training was begun or gone on with, since the model may be asked something much
// later, by other code.

import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { DataError, WorkbenchError } from '../../base/errors';
import { readTextFile, writeFileAtomic } from '../../base/files';
import { toJson } from '../../base/json';
import { displayPath } from '../../base/paths';
import { parseJsonWith } from '../../base/schema';
import { type Origin, originSchema, provenancePart, type ProvenancePart } from '../../report/provenance';
import { type MetricsLine, readMetrics } from '../../train/metrics';
import { type TrainingPosition } from '../../train/run';

const fileName = 'sessions.json';

/** Trainings, each from a position on. */
const sessionsSchema = z.array(z.object({ step: z.number(), seconds: z.number(), origin: originSchema }));

async function readSessions(folder: string): Promise<z.infer<typeof sessionsSchema>> {
  const path = join(folder, fileName);
  if (!existsSync(path)) return [];
  return parseJsonWith(
    sessionsSchema,
    await readTextFile(path),
    (_why, cause) =>
      new DataError(`${displayPath(path)}: damaged; delete it, and its models' origin is not known`, {
        cause,
      }),
  );
}

/**
 * Keeps that training goes on here, by whom. What was trained beyond this position is gone, as are
 * its checkpoints.
 */
export async function beginSession(
  folder: string,
  position: TrainingPosition,
  origin: Origin,
): Promise<void> {
  const kept = (await readSessions(folder)).filter(({ step }) => step < position.step);
  await writeFileAtomic(join(folder, fileName), `${toJson([...kept, { ...position, origin }], 2)}\n`);
}

/**
 * A finished training as parts of what is made of its model: one for each origin, and one of none
 * for what no session is known of.
 *
 * @param folder of the training
 */
export async function trainingParts(folder: string): Promise<ProvenancePart[]> {
  const sessions = await readSessions(folder);
  const seconds = secondsOf(await metricsOf(folder));
  const begins = [...sessions.map((session) => session.seconds), seconds];
  const before = begins[0] ?? 0;
  return [
    ...(before > 0 ? [trainingPart(null, folder, before)] : []),
    ...sessions.map(({ origin }, index) =>
      trainingPart(origin, folder, Math.max(0, (begins[index + 1] ?? 0) - (begins[index] ?? 0))),
    ),
  ];
}

/** An evaluation as a part of a result's provenance. */
export function askedPart(origin: Origin, run: string, seconds: number): ProvenancePart {
  return provenancePart(origin, [{ name: 'evaluation', run: basename(run), seconds }]);
}

function trainingPart(origin: Origin | null, folder: string, seconds: number): ProvenancePart {
  return provenancePart(origin, [{ name: 'training', run: basename(folder), seconds }]);
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
