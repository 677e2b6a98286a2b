// A process that computes for another one: it is sent jobs, does one at a time, and says how it
// goes. Results are in the run store when a job is done. It ends with the process that it works
// for, or at Ctrl-C, and a training is saved before.

import { heedSignal } from '../base/interrupt';
import { failure, type Job, type Message, sendingReporter } from './run/jobs';
import { RunStore } from './run/store';

const interrupted = new AbortController();
let isBusy = false;

function send(message: Message): void {
  // Nobody hears it if the other process is gone.
  if (process.connected) process.send?.(message, () => undefined);
}

async function perform(job: Job): Promise<void> {
  const { experimentNamed } = await import('./registry.js');
  const onCurve = (step: number, loss: number): void => {
    send({ kind: 'curve', step, loss });
  };
  await experimentNamed(job.item).perform(job.settings, {
    fresh: job.fresh,
    store: new RunStore(job.store),
    reporter: sendingReporter(send),
    ...(job.piece && { piece: { ...job.piece, onCurve } }),
  });
}

function stop(): void {
  interrupted.abort();
  if (!isBusy) process.exit();
}

heedSignal(interrupted.signal);
// A second Ctrl-C ends the process where it stands.
process.once('SIGINT', stop).once('SIGTERM', stop).on('disconnect', stop);
process.on('message', (job: Job) => {
  isBusy = true;
  void perform(job)
    .then(
      () => {
        send({ kind: 'done' });
      },
      (error: unknown) => {
        send(failure(error));
      },
    )
    .finally(() => {
      isBusy = false;
      if (interrupted.signal.aborted) process.exit();
    });
});
