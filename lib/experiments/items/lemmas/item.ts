// The form of the items of Lemmas 1.1 to 1.5: weights in closed form, certified for every error
// that is asked for. A lemma's own file says what is constructed, and how it is measured.

import { z } from 'zod';
import { heedStop } from '../../../base/interrupt';
import { type Figure } from '../../../report/figure';
import { type Certificate, type LemmaName } from '../../../theory/lemmas/certificate';
import { type Experiment, prepareNothing, type Preset } from '../../run/definition';
import { defineExperiment } from '../../run/experiment';
import { type Finding } from '../../run/report';
import { listOf } from '../../settings/fields';
import { drawLemma, type LemmaResult, type LemmaSeries, type LemmaTexts } from './drawing';

/** Errors that certificates are made for. */
export const epsilonsField = listOf(z.number().positive()).describe('errors that are asked for');

/** Settings that the items of lemmas have. */
interface LemmaSettings {
  readonly epsilons: readonly number[];
  /** Left out where nothing is drawn at random. */
  readonly seed?: number;
}

/** What a series of certificates is made of. */
export interface Construction extends Omit<LemmaSeries, 'certificates'> {
  readonly certify: (epsilon: number) => Certificate | Promise<Certificate>;
  /** True where rounding alone errs: one certificate, whatever error is asked for. */
  readonly isExact?: true;
}

/** A lemma. `Further` is what its result has beside the certificates. */
export interface Lemma<Settings extends LemmaSettings, Further extends object> {
  readonly lemma: LemmaName;
  /** The title without the lemma's name. */
  readonly title: string;
  readonly question: string;
  /** As an item's. */
  readonly answer?: RegExp;
  /** What is known of the paper's statement; default: that it is taken from Feng et al. */
  readonly source?: string;
  /** The statement that is certified here. */
  readonly definition: string;
  readonly revision: number;
  readonly schema: z.ZodType<Settings>;
  readonly describe: (settings: Settings) => string;
  readonly quick: Settings;
  /** Settings in which the smoke preset differs from `quick`. */
  readonly smoke: Partial<Settings>;
  /** Settings in which the paper's preset differs from `quick`. */
  readonly paper: Partial<Settings>;
  /** The time that the paper's preset takes; default: seconds. */
  readonly paperTime?: string;
  readonly usesEngine?: boolean;
  readonly constructions: (settings: Settings) => readonly Construction[];
  readonly further?: (settings: Settings) => Further;
  readonly scale: (settings: Settings) => string;
  readonly texts: Omit<LemmaTexts, 'id'>;
  /** Figures after that of the certificates. */
  readonly figures?: (result: LemmaResult & Further) => readonly Figure[];
  /** Findings after those of the certificates. */
  readonly findings?: (result: LemmaResult & Further) => readonly Finding[];
}

/** The item of a lemma. */
export function defineLemma<Settings extends LemmaSettings, Further extends object = object>(
  lemma: Lemma<Settings, Further>,
): Experiment<Settings, LemmaResult & Further> {
  const { question, answer, revision, schema, usesEngine = false, quick, scale, texts } = lemma;
  const id = `lemma${lemma.lemma}`;
  const preset = (settings: Partial<Settings>, time = 'seconds'): Preset<Settings> => ({
    description: lemma.describe,
    time,
    settings: { ...quick, ...settings },
  });
  return defineExperiment<Settings, null, LemmaResult & Further>({
    id,
    title: `Lemma ${lemma.lemma}: ${lemma.title}`,
    question,
    ...(answer && { answer }),
    claim: `Lemma ${lemma.lemma}${lemma.source ?? ', taken from Feng et al.'} (public summary page; we have not seen its text). Working definition: ${lemma.definition}.`,
    notebook: 'notebooks/lemmas.ipynb',
    revision,
    schema,
    presets: { smoke: preset(lemma.smoke), quick: preset({}), paper: preset(lemma.paper, lemma.paperTime) },
    seeds: ({ seed }) => (seed === undefined ? [] : [seed]),
    usesEngine,
    prepare: prepareNothing,
    run: async (settings, _input, { reporter }) => {
      const falling = [...settings.epsilons].sort((a, b) => b - a);
      const asked = lemma.constructions(settings).map(({ isExact = false, ...construction }) => ({
        ...construction,
        epsilons: isExact ? falling.slice(0, 1) : falling,
      }));
      const total = asked.reduce((sum, { epsilons }) => sum + epsilons.length, 0);
      const task = reporter.task(`certifying Lemma ${lemma.lemma}`, total, 'certificates');
      let done = 0;
      const series: LemmaSeries[] = [];
      for (const { certify, epsilons, ...named } of asked) {
        const certificates: Certificate[] = [];
        for (const epsilon of epsilons) {
          await heedStop();
          certificates.push(await certify(epsilon));
          task.update((done += 1));
        }
        series.push({ ...named, certificates });
      }
      task.finish();
      // Without a further part, `Further` is `object`.
      return { series, ...lemma.further?.(settings) } as LemmaResult & Further;
    },
    scale,
    draw: (result) => {
      const drawing = drawLemma(result, { ...texts, id });
      return {
        ...drawing,
        figures: [...drawing.figures, ...(lemma.figures?.(result) ?? [])],
        findings: [...drawing.findings, ...(lemma.findings?.(result) ?? [])],
      };
    },
  });
}
