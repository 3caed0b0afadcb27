/** What happened to whose rights. */
export type AuditEvent =
  | 'authority_created'
  | 'enrolment_token_created'
  | 'node_enrolled'
  | 'node_renewed'
  | 'node_revoked'
  | 'subject_created'
  | 'subject_deleted'
  | 'token_issued'
  | 'token_refused';

/** One line of the audit log. */
export interface AuditEntry {
  /** Wall ms. */
  readonly at: number;
  readonly event: AuditEvent;
  /** Who did it: a subject, a node's id, or `config`. */
  readonly actor: string;
  /** Whom or what it is about. */
  readonly object: string;
  /** More, in words; never a secret. */
  readonly detail: string;
}

/** Entries kept; the oldest go. */
export const AUDIT_ENTRIES_MAX = 100_000;

/** Who got which rights when, for those who must find out later. Rejects with DatabaseError only. */
export interface AuditLog {
  append(entry: AuditEntry): Promise<void>;
  /** The newest entries first, at most `limit`. */
  newest(limit: number): Promise<readonly AuditEntry[]>;
}
