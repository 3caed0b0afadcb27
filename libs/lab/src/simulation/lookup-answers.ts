import { randomId, type Id } from '@banyan/ids';
import type { Applications, CommandOf, Lookup, LookupEvent } from '@banyan/overlay';
import type { Millis } from '@banyan/sansio';
import type { Host } from '@banyan/simulator';
import type { OverlaySimulation } from './overlay-simulation.ts';
import { exponential } from './random-variates.ts';

/** What the nodes of an experiment have whose users ask for roots. */
export type LookupApplications = { readonly lookup: Lookup } & Applications;

/** Users' lookups from asking to the answer. Those whose node died while they waited, before they were late, count for nothing. */
export type AnswerFigures = {
  readonly asked: number;
  /** Answered, by a node that was the true root when the question came to it, within the time allowed. */
  readonly rightInTime: number;
  readonly late: number;
  /** By a node that was not the root at that instant. */
  readonly wrong: number;
  /** Never; the node that asked lived on. */
  readonly unanswered: number;
  readonly senderDied: number;
};

interface Question {
  readonly key: Id;
  readonly at: Host;
  readonly askedAt: Millis;
}

/**
 * Asks for roots as users do, with the lookup application that is shipped: it answers across the ring and asks again, end to
 * end, what died on its way. What is judged is the answer, at the instant at which its root gave it.
 */
export class LookupAnswers<A extends LookupApplications> {
  readonly #simulation: OverlaySimulation<A>;
  readonly #allowedMs: Millis;
  readonly #open = new Map<number, Question>();
  /** Roots that were right when a question for this key was delivered to them. */
  readonly #right = new Map<Id, Set<Id>>();
  #asked = 0;
  #rightInTime = 0;
  #late = 0;
  #wrong = 0;
  #senderDied = 0;

  constructor(simulation: OverlaySimulation<A>, { allowedMs }: { readonly allowedMs: Millis }) {
    this.#simulation = simulation;
    this.#allowedMs = allowedMs;
    simulation.observe({
      step: (_now, host, _input, effects) => {
        for (const effect of effects) if (effect.type === 'delivered' && effect.app === 'lookup') this.#delivered(host, effect.key);
      },
      event: (now, _host, app, event) => {
        if (app === 'lookup') this.#answered(now, event as LookupEvent);
      },
      crashed: (now, host) => this.#died(now, host),
    });
  }

  /** A Poisson process of questions by ready nodes for random keys, from now until `until`. */
  runPoisson(perNodePerSecond: number, until: Millis): void {
    const { rng, ring, world } = this.#simulation;
    const next = (): void => {
      const at = world.now + exponential(rng, 1_000 / (perNodePerSecond * Math.max(1, ring.size)));
      if (at > until) return;
      world.at(at, () => {
        this.#ask();
        next();
      });
    };
    if (perNodePerSecond > 0) next();
  }

  /** How they ended, were this the end. */
  figures(): AnswerFigures {
    return { asked: this.#asked, rightInTime: this.#rightInTime, late: this.#late, wrong: this.#wrong, unanswered: this.#open.size, senderDied: this.#senderDied };
  }

  #ask(): void {
    const { rng, world } = this.#simulation;
    const at = this.#simulation.anyReady();
    if (at === undefined) return;
    const requestId = ++this.#asked;
    const key = randomId(rng);
    this.#open.set(requestId, { key, at, askedAt: world.now });
    this.#simulation.command(at, 'lookup', { type: 'lookup', requestId, key, replicas: 1 } as CommandOf<A['lookup']>);
  }

  #delivered(host: Host, key: Id): void {
    const root = this.#simulation.idOf(host);
    if (!this.#simulation.ring.isRoot(root, key)) return;
    const right = this.#right.get(key);
    if (right === undefined) this.#right.set(key, new Set([root]));
    else right.add(root);
  }

  #answered(now: Millis, event: LookupEvent): void {
    if (event.type !== 'found') return;
    const question = this.#open.get(event.requestId);
    if (question === undefined) return;
    this.#open.delete(event.requestId);
    // Who answers itself is heard before it is seen.
    const isOwn = event.root.id === this.#simulation.idOf(question.at) && this.#simulation.ring.isRoot(event.root.id, question.key);
    const isRight = isOwn || this.#right.get(question.key)?.has(event.root.id) === true;
    this.#right.delete(question.key);
    if (!isRight) this.#wrong += 1;
    else if (now - question.askedAt > this.#allowedMs) this.#late += 1;
    else this.#rightInTime += 1;
  }

  #died(now: Millis, host: Host): void {
    for (const [requestId, { at, askedAt, key }] of this.#open) {
      if (at !== host) continue;
      this.#open.delete(requestId);
      this.#right.delete(key);
      if (now - askedAt > this.#allowedMs) this.#late += 1;
      else this.#senderDied += 1;
    }
  }
}
