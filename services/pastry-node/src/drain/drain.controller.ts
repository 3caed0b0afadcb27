import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { DRAIN, GRACE_MS } from '../ports.ts';
import type { Drain } from './drain.ts';
import type { DrainStep } from './drain-steps.ts';

/** What `/drain` answers when the node has left. */
interface DrainPage {
  readonly status: 'drained';
  readonly steps: readonly DrainStep[];
}

/**
 * For an orchestrator that asks before it stops the process (a preStop hook): begins the drain, and answers when the node has left.
 * By GET too, since hooks know nothing else.
 */
@Controller()
export class DrainController {
  constructor(
    @Inject(DRAIN) private readonly drain: Drain,
    @Inject(GRACE_MS) private readonly graceMs: () => number,
  ) {}

  @Get('drain')
  byGet(): Promise<DrainPage> {
    return this.#run();
  }

  @Post('drain')
  @HttpCode(200)
  byPost(): Promise<DrainPage> {
    return this.#run();
  }

  async #run(): Promise<DrainPage> {
    await this.drain.run(this.graceMs());
    return { status: 'drained', steps: this.drain.steps };
  }
}
