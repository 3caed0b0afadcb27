// A whole bootstrap service in this process, which has enrolled before, and callers for it.
import type { TestAuthority } from '@banyan/identity/testing';
import { bootstrap } from '@banyan/proto';
import type { RunningService } from '@banyan/service-kit';
import { provisionMember, ServiceUnderTest, startTestService } from '@banyan/service-kit/testing';
import { bootstrapService } from '../bootstrap-service.ts';

export class RunningBootstrap extends ServiceUnderTest<bootstrap.BootstrapServiceClient> {
  private constructor(service: RunningService, dataDir: string, readonly trust: TestAuthority, readonly flags: readonly string[]) {
    super(service, dataDir, { constructor: bootstrap.BootstrapServiceClient, role: 'bootstrap', authority: trust.pem });
  }

  static async start(...more: readonly string[]): Promise<RunningBootstrap> {
    return RunningBootstrap.at(await provisionMember('bootstrap'), ...more);
  }

  /** Where it has enrolled before. */
  static async at({ trust, dataDir, flags }: Awaited<ReturnType<typeof provisionMember>>, ...more: readonly string[]): Promise<RunningBootstrap> {
    const all = [...flags, ...more];
    return new RunningBootstrap(await startTestService(bootstrapService, { flags: all }), dataDir, trust, all);
  }
}
