import type { Millis, Rng } from '@banyan/sansio';
import { exponential, gamma, gammaFunction, standardNormal } from './random-variates.ts';

const MINUTE_MS: Millis = 60_000;

/** A distribution of time spans in ms. */
export interface Spans {
  readonly meanMs: Millis;
  /** One whole span. */
  draw(rng: Rng): Millis;
  /** What is left of the span that a random instant falls into: the stationary state of a renewal process. */
  residual(rng: Rng): Millis;
}

/** How long nodes stay. `off`: how long they stay away before they come back; without it each node comes once. */
export interface SessionModel {
  readonly on: Spans;
  readonly off?: Spans;
}

/** Memoryless sessions with this mean; their median is the mean times ln 2. */
export function poissonSessions(meanMinutes: number): SessionModel {
  const meanMs = meanMinutes * MINUTE_MS;
  const draw = (rng: Rng): Millis => exponential(rng, meanMs);
  return { on: { meanMs, draw, residual: draw } };
}

/** Sessions like those of Gnutella: lognormal, median 60 min, mean 2.3 h. Source: fitted to Saroiu et al. 2002 as Castro et al. 2004 give it. */
export const GNUTELLA_SESSIONS: SessionModel = { on: lognormal({ medianMs: 60 * MINUTE_MS, sigma: 1.29 }) };

/** Nodes of KAD come and go all day: Weibull, mean on 4.1 h, mean off 15 h. Source: Steiner et al. 2007. */
export const KAD_SESSIONS: SessionModel = {
  on: weibull({ shape: 0.615, scaleMs: 169.5 * MINUTE_MS }),
  off: weibull({ shape: 0.476, scaleMs: 413.7 * MINUTE_MS }),
};

function lognormal({ medianMs, sigma }: { readonly medianMs: Millis; readonly sigma: number }): Spans {
  return {
    meanMs: medianMs * Math.exp(sigma ** 2 / 2),
    draw: (rng) => medianMs * Math.exp(sigma * standardNormal(rng)),
    // A random instant falls into a span with a chance in proportion to its length, anywhere within it. Lengths weighed by themselves are lognormal again.
    residual: (rng) => rng.next() * medianMs * Math.exp(sigma ** 2 + sigma * standardNormal(rng)),
  };
}

function weibull({ shape, scaleMs }: { readonly shape: number; readonly scaleMs: Millis }): Spans {
  return {
    meanMs: scaleMs * gammaFunction(1 + 1 / shape),
    draw: (rng) => scaleMs * exponential(rng, 1) ** (1 / shape),
    // As above: weighed by its length, (span / scale) ** shape has a gamma distribution.
    residual: (rng) => rng.next() * scaleMs * gamma(rng, 1 + 1 / shape) ** (1 / shape),
  };
}
