import type { EffectiveConfig } from '@banyan/config';
import type { Addresses } from '../service-definition.ts';

/** What `/config` shows: who this is, and what it runs with; secrets are hidden. */
export interface RunningPage {
  readonly service: string;
  readonly name: string;
  readonly version: string;
  readonly id?: string;
  /** Empty until it listens. */
  readonly addresses: Addresses;
  readonly digest: string;
  readonly config: EffectiveConfig;
}
