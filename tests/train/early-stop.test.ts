import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type EarlyStopSettings,
  type EarlyStopState,
  nothingSeen,
  observe,
  reasonToStop,
} from '../../lib/train/step/early-stop';

/** The evaluations after which it stops, counted from 1; undefined if it goes on. */
function stopsAfter(settings: EarlyStopSettings, values: readonly number[]): number | undefined {
  let state: EarlyStopState = nothingSeen;
  const place = values.findIndex((value, index) => {
    state = observe(settings, state, 10 * (index + 1), { [settings.metric]: value });
    return reasonToStop(settings, state) !== undefined;
  });
  return place < 0 ? undefined : place + 1;
}

describe('early stop', () => {
  const accuracy = { metric: 'accuracy', better: 'larger' } as const;
  const loss = { metric: 'loss', better: 'smaller' } as const;

  it('stops when there was no improvement for as many evaluations as its patience', () => {
    expect(stopsAfter({ ...loss, patience: 2 }, [3, 2, 2.5, 1, 1, 1.5, 0.5])).toBe(6);
    expect(stopsAfter({ ...accuracy, patience: 2 }, [0.1, 0.2, 0.2, 0.3, 0.1])).toBeUndefined();
  });

  it('stops when the target is reached, exactly too', () => {
    expect(stopsAfter({ ...accuracy, target: 0.9 }, [0.2, 0.8, 0.9, 1])).toBe(3);
    expect(stopsAfter({ ...loss, target: 0.5 }, [2, 0.6, 0.4])).toBe(3);
  });

  it('takes the same value for no improvement', () => {
    expect(stopsAfter({ ...loss, patience: 2 }, [1, 1, 1])).toBe(3);
    expect(stopsAfter({ ...accuracy, patience: 2 }, [1, 1, 1])).toBe(3);
  });

  it('stops at larger values as it does at smaller ones of the other sign', () => {
    const values = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 12 });
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: -3, max: 3 }),
        (seen, patience, target) => {
          const negated = seen.map((value) => -value);
          expect(stopsAfter({ ...loss, patience }, negated)).toBe(
            stopsAfter({ ...accuracy, patience }, seen),
          );
          expect(stopsAfter({ ...loss, target: -target }, negated)).toBe(
            stopsAfter({ ...accuracy, target }, seen),
          );
        },
      ),
    );
  });

  it('takes a value that is no number for no improvement', () => {
    expect(stopsAfter({ ...loss, patience: 2 }, [NaN, 1, NaN, NaN])).toBe(4);
  });

  it('remembers the best value and its step', () => {
    let state: EarlyStopState = nothingSeen;
    for (const [step, value] of [3, 1, 2].entries())
      state = observe({ ...loss, patience: 5 }, state, step, { loss: value });
    expect(state).toEqual({ best: { value: 1, step: 1 }, stale: 1 });
  });

  it('says why', () => {
    const best = { value: 0.5, step: 20 };
    const reasons = [
      reasonToStop({ ...accuracy, target: 0.5 }, { best, stale: 0 }),
      reasonToStop({ ...accuracy, patience: 3 }, { best, stale: 3 }),
      reasonToStop({ ...accuracy, patience: 3, target: 0.6 }, { best, stale: 2 }),
      reasonToStop({ ...accuracy, patience: 0 }, nothingSeen),
    ];
    expect(reasons).toEqual([
      'accuracy has reached 0.5, the target is 0.5',
      'accuracy has not improved on 0.5 of step 20 in 3 evaluations',
      undefined,
      undefined,
    ]);
  });

  it('says which metrics there are when its own is not among them', () => {
    expect(() => observe({ ...accuracy, patience: 1 }, nothingSeen, 1, { loss: 1 })).toThrow(
      /no 'accuracy'; it gives loss/,
    );
  });
});
