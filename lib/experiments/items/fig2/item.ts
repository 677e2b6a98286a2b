// Figure 2: the schematic of bilevel positional encoding, drawn from what the code computes for a
// sentence of the reader's choice: standard against bilevel positions, and where each encoding
// acts.

import { z } from 'zod';
import { ConfigError } from '../../../base/errors';
import { sha256 } from '../../../base/files';
import { getTokenizer } from '../../../data/tokenizers/registry';
import { segmentText } from '../../../segment/text';
import { separatorsFor } from '../../../segment/separators';
import { defineExperiment } from '../../run/experiment';
import { tokenizerField } from '../../settings/fields';
import { drawFig2, type Fig2Result } from './draw';

/** More tokens than this cannot be told apart on a page. */
const mostTokens = 48;

const schema = z
  .strictObject({
    text: z
      .string()
      .min(1, 'is empty: give a sentence or two')
      .describe('the text that is cut into tokens and segments'),
    tokenizer: tokenizerField,
    separators: z.string().describe('what ends a segment: paper, released, or ids such as 869,13'),
  })
  .readonly();

/** Settings of Figure 2. */
export type Fig2Settings = z.infer<typeof schema>;

const settings: Fig2Settings = {
  text: 'A stone flew up. Two birds fell down. The thrower smiled.',
  tokenizer: 'llama2',
  separators: 'paper',
};

/** The tokens that the schematic shows, for a text of the reader's. */
async function tokensOf({ text, tokenizer: name, separators }: Fig2Settings): Promise<Fig2Result> {
  const tokenizer = await getTokenizer(name);
  const tokens = segmentText(text, tokenizer, separatorsFor(tokenizer, separators));
  if (tokens.length <= mostTokens) return { tokens };
  throw new ConfigError(
    `fig2 settings: text: it has ${tokens.length} tokens and the schematic shows at most ${mostTokens}; shorten it`,
  );
}

/** Figure 2 as a paper item. */
export const fig2 = defineExperiment<Fig2Settings, Fig2Settings, Fig2Result>({
  id: 'fig2',
  title: 'Figure 2: standard and bilevel positions',
  question: 'What does a bilevel encoding tell each token, and where does it enter the model?',
  claim:
    'A token has two positions: its place inside its segment, encoded absolutely and added to the embedding, and the index of its segment, encoded relatively in attention (schematic of Figure 2, public summary page and released code).',
  notebook: 'notebooks/fig2.ipynb',
  revision: 1,
  schema,
  presets: {
    smoke: {
      description: ({ text }) => `"${text}"`,
      time: 'seconds',
      settings: { ...settings, text: 'Up. Down.' },
    },
    quick: {
      description: ({ text }) => `"${text}"; give your own with --set text="..."`,
      time: 'seconds',
      settings,
    },
  },
  prepare: (chosen) =>
    Promise.resolve({
      input: chosen,
      data: [{ name: "the reader's text", version: '', checksum: sha256(chosen.text) }],
      missing: [],
    }),
  run: tokensOf,
  scale: () => 'A schematic: nothing is measured; the positions are those the library computes.',
  draw: (result) => drawFig2(result),
});
