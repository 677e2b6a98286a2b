// The boxes of a choice of several, in a fake notebook.

import { type FakeNotebook, type OpenedModel } from './widgets';

/** The boxes to tick beside a caption, in order. */
export function boxesOf({ models }: Pick<FakeNotebook, 'models'>, caption: string): OpenedModel[] {
  const children = ({ state }: OpenedModel): OpenedModel[] =>
    ((state['children'] ?? []) as string[]).flatMap((reference) =>
      models.filter(({ id }) => reference === `IPY_MODEL_${id}`),
    );
  const isCaption = ({ state }: OpenedModel): boolean =>
    state['_model_name'] === 'LabelModel' && state['value'] === caption;
  const found = models.findLast((model) => children(model).some(isCaption));
  if (found === undefined) throw new Error(`no boxes ${caption}`);
  return children(found).filter((child) => !isCaption(child));
}
