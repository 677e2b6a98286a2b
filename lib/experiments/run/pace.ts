// How long the rest of a pool's work takes, by the pace of what is done.

/** A job that is at work. */
export interface RunningJob {
  readonly cost: number;
  /** Seconds since it began. */
  readonly elapsed: number;
}

/** Jobs that took less were found done. */
const leastSeconds = 5;

/** The pace of a pool's jobs, learned from those that are done. */
export class Pace {
  #seconds = 0;
  #cost = 0;

  /** Notes a job that is done. */
  add(cost: number, seconds: number): void {
    if (seconds < leastSeconds) return;
    this.#seconds += seconds;
    this.#cost += cost;
  }

  /**
   * Seconds until all is done by so many processes: those of all work that is left, shared out
   * evenly, but no less than the longest job takes alone. Undefined while no job is done.
   *
   * @param waiting costs of the jobs that have not begun
   */
  left(waiting: readonly number[], running: readonly RunningJob[], workers: number): number | undefined {
    if (this.#cost === 0) return undefined;
    const pace = this.#seconds / this.#cost;
    const times = [
      ...waiting.map((cost) => cost * pace),
      ...running.map(({ cost, elapsed }) => Math.max(0, cost * pace - elapsed)),
    ];
    const sum = times.reduce((total, seconds) => total + seconds, 0);
    return Math.max(0, sum / workers, ...times);
  }
}
