// A side that computes nothing: it answers as the JSON it is started with says, and notes what it
// was asked. `losses`, `seconds` of a step, measurement by measurement, `peakBytes`; `dieAt`: the
// request at which it ends; `failAt`, with `error`; `babbleAt`: the request that it answers with
// something else; `log`: a file for the requests.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const plan = JSON.parse(process.argv[2]);
const seconds = [...plan.seconds];
let last = seconds[0];
const answers = {
  describe: () => ({ description: plan.name }),
  peak: () => ({ flops: plan.flops ?? 1e9 }),
  prepare: () => ({}),
  load: () => ({}),
  check: () => ({ losses: plan.losses }),
  time: ({ steps }) => {
    last = seconds.shift() ?? last;
    return { seconds: steps * last };
  },
  memory: () => ({ peakBytes: plan.peakBytes }),
};
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (plan.log !== undefined) appendFileSync(plan.log, `${plan.name} ${request.do}\n`);
  if (request.do === plan.dieAt) {
    process.stderr.write('first words\nlast words\n');
    process.exit(7);
  }
  const answer = request.do === plan.failAt ? { error: plan.error } : answers[request.do](request);
  console.log(request.do === plan.babbleAt ? 'what?' : JSON.stringify(answer));
}
