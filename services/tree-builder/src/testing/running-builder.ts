// A whole tree builder in this process, which has enrolled before, and callers for it.
import type { TestAuthority } from '@banyan/identity/testing';
import { builder } from '@banyan/proto';
import type { RunningService } from '@banyan/service-kit';
import { provisionMember, ServiceUnderTest, startTestService } from '@banyan/service-kit/testing';
import { builderService } from '../builder-service.ts';

const QUICK = ['--advice-every-ms', '100'];

export class RunningBuilder extends ServiceUnderTest<builder.TreeBuilderServiceClient> {
  private constructor(service: RunningService, dataDir: string, readonly trust: TestAuthority, readonly flags: readonly string[]) {
    super(service, dataDir, { constructor: builder.TreeBuilderServiceClient, role: 'builder', authority: trust.pem });
  }

  /** With `more` flags, as a member of an authority of its own unless `under` another. */
  static async start(more: readonly string[] = [], under?: TestAuthority): Promise<RunningBuilder> {
    const { trust, dataDir, flags: own } = await provisionMember('builder', under);
    const flags = [...own, ...QUICK, ...more];
    return new RunningBuilder(await startTestService(builderService, { flags }), dataDir, trust, flags);
  }

  /** Another start in the same directory, after `stop`. */
  async again(): Promise<RunningBuilder> {
    return new RunningBuilder(await startTestService(builderService, { flags: this.flags }), this.dataDir, this.trust, this.flags);
  }
}
