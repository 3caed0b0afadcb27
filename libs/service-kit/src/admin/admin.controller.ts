import { Controller, Get, Headers, HttpCode, Inject, Res } from '@nestjs/common';
import type { MetricsRegistry } from '@banyan/telemetry';
import type { Readiness } from '../readiness.ts';
import { METRICS, READINESS, RUNNING_PAGE } from '../service-ports.ts';
import type { RunningPage } from './running-page.ts';

/** As much of the response as a health page sets. */
interface StatusSetter {
  status(code: number): unknown;
  setHeader(name: string, value: string): unknown;
}

const OPEN_METRICS = 'application/openmetrics-text';

/** What health pages show. */
interface HealthPage {
  readonly status: string;
  readonly conditions: Readonly<Record<string, boolean>>;
}

/** The pages every service has for whoever runs it. */
@Controller()
export class AdminController {
  readonly #readiness: Readiness;
  readonly #metrics: MetricsRegistry;
  readonly #running: () => RunningPage;

  constructor(@Inject(READINESS) readiness: Readiness, @Inject(METRICS) metrics: MetricsRegistry, @Inject(RUNNING_PAGE) running: () => RunningPage) {
    this.#readiness = readiness;
    this.#metrics = metrics;
    this.#running = running;
  }

  /** The process answers; nothing more is claimed. */
  @Get('livez')
  @HttpCode(200)
  livez(): HealthPage {
    return { status: 'alive', conditions: {} };
  }

  /** 200 while the service is of use: every condition holds and it is not stopping; else 503. */
  @Get('readyz')
  readyz(@Res({ passthrough: true }) response: StatusSetter): HealthPage {
    const { isReady, isStopping, conditions } = this.#readiness;
    response.status(isReady ? 200 : 503);
    return { status: isReady ? 'ready' : isStopping ? 'stopping' : 'waiting', conditions };
  }

  /** 200 once the service has been ready; else 503. */
  @Get('startupz')
  startupz(@Res({ passthrough: true }) response: StatusSetter): HealthPage {
    const { hasStarted, conditions } = this.#readiness;
    response.status(hasStarted ? 200 : 503);
    return { status: hasStarted ? 'started' : 'starting', conditions };
  }

  /** Who this is and what it runs with; secrets are hidden. */
  @Get('config')
  config(): RunningPage {
    return this.#running();
  }

  /** Every metric, for Prometheus; with exemplars for whoever takes OpenMetrics. */
  @Get('metrics')
  metrics(@Headers('accept') accept: string | undefined, @Res({ passthrough: true }) response: StatusSetter): Promise<string> {
    const form = accept?.includes(OPEN_METRICS) === true ? 'openmetrics' : 'text';
    response.setHeader('content-type', form === 'openmetrics' ? `${OPEN_METRICS}; version=1.0.0; charset=utf-8` : 'text/plain; version=0.0.4; charset=utf-8');
    return this.#metrics.scrape(form);
  }
}
