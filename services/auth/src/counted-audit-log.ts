import type { AUTH_METRICS, Metrics } from '@banyan/telemetry';
import type { AuditEntry, AuditLog } from './storing/audit-log.ts';

/** An audit log that also counts what it is told: who looks for the cause reads the log, who watches reads the counters. */
export class CountedAuditLog implements AuditLog {
  constructor(
    private readonly log: AuditLog,
    private readonly metrics: Metrics<typeof AUTH_METRICS>,
  ) {}

  async append(entry: AuditEntry): Promise<void> {
    await this.log.append(entry);
    this.#count(entry);
  }

  newest(limit: number): Promise<readonly AuditEntry[]> {
    return this.log.newest(limit);
  }

  #count({ event }: AuditEntry): void {
    switch (event) {
      case 'node_enrolled':
        return this.metrics.certificatesIssued.add(1, { occasion: 'enrolment' });
      case 'node_renewed':
        return this.metrics.certificatesIssued.add(1, { occasion: 'renewal' });
      case 'node_revoked':
        return this.metrics.certificatesRevoked.add(1);
      case 'token_issued':
        return this.metrics.tokensIssued.add(1);
      case 'token_refused':
        return this.metrics.refusals.add(1, { request: 'token' });
      case 'authority_created':
      case 'enrolment_token_created':
      case 'subject_created':
      case 'subject_deleted':
        return;
    }
  }
}
