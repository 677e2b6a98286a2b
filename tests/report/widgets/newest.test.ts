import fc from 'fast-check';
import { expect, it } from 'vitest';
import { newestOnly } from '../../../lib/report/widgets/newest';

it('one work at a time, and after the last request one that began after it', async () => {
  const property = fc.asyncProperty(
    fc.scheduler(),
    fc.array(fc.nat(5), { minLength: 1 }),
    async (scheduler, moves) => {
      let value = -1;
      let working = 0;
      const seen: number[] = [];
      const request = newestOnly(async () => {
        working += 1;
        expect(working).toBe(1);
        seen.push(value);
        await scheduler.schedule(Promise.resolve());
        working -= 1;
      });
      const moving = moves.map((to) =>
        scheduler.schedule(Promise.resolve()).then(() => {
          value = to;
          return request();
        }),
      );
      await scheduler.waitIdle();
      await Promise.all(moving);
      expect(working).toBe(0);
      expect(seen.at(-1)).toBe(value);
      expect(seen.length).toBeLessThanOrEqual(moves.length);
    },
  );
  await fc.assert(property);
});
