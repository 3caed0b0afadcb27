// The steady load, as the probe tells of it in its log.
import { eventually } from './shell.mjs';

export const GOES_ON_MS = 90_000;
/** Messages that everybody has to get before the next thing happens. */
const SOME = 500;

export class Load {
  #engine;
  #probe;

  constructor(engine, probe) {
    this.#engine = engine;
    this.#probe = probe;
  }

  async last(event) {
    const lines = (await this.#engine.docker('logs', '--tail', '20', this.#probe)).split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line)).findLast((line) => line.event === event);
  }

  async progress() {
    return (await this.last('progress')) ?? { sent: 0, least: 0 };
  }

  /** Waits until everybody has what is published from now on; how many messages that is. */
  async goesOn(what) {
    const { sent } = await this.progress();
    const { least } = await eventually(what, GOES_ON_MS, async () => {
      const running = await this.#engine.docker('inspect', '--format', '{{.State.Running}}', this.#probe);
      if (running.trim() !== 'true') throw new Error(`the probe ended:\n${await this.#engine.docker('logs', '--tail', '20', this.#probe)}`);
      const seen = await this.progress();
      return seen.least >= sent + SOME && seen;
    });
    return least;
  }
}
