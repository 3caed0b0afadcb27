// The values labels may take. A label never carries an id or what a peer sent: a value outside its list is `other`.

/** Why an attempt to get into the ring failed: nobody answered, who answered would not have the node, or its join took too long. */
export const JOIN_FAILURES = ['refused', 'timed_out', 'unanswered'] as const;
export type JoinFailure = (typeof JOIN_FAILURES)[number];

/** Why something was given up. */
export const DROP_REASONS = [
  'buffer_full',
  'connection_limit',
  'deadline',
  'duplicate',
  'group_limit',
  'hole',
  'hop_gave_up',
  'hop_limit',
  'hops_max',
  'inactive',
  'intake_limit',
  'late',
  'link_down',
  'no_application',
  'no_progress',
  'no_route',
  'not_parent',
  'not_root',
  'orphan_part',
  'over_credit',
  'overload',
  'own_id',
  'parked_too_long',
  'queue_full',
  'retention',
  'root_lives',
  'roster_limit',
  'session_limit',
  'slow_consumer',
  'stale_epoch',
  'stale_incarnation',
  'timeout',
  'truncated',
  'unacked_full',
  'uncommitted',
  'unknown_group',
  'unknown_message',
  'unreachable',
  'other',
] as const;

/** What a peer did wrong. */
export const PEER_FAULTS = [
  'bad_signature',
  'batch_over_credit',
  'frame_malformed',
  'frame_too_large',
  'identity_mismatch',
  'list_too_long',
  'number_out_of_range',
  'protocol_violation',
  'record_malformed',
  'version_unknown',
  'other',
] as const;

/** Rules that choose a hop. */
export const HOP_RULES = ['leaf_set', 'routing_table', 'rare_case', 'application', 'other'] as const;

/** What became of messages that were offered to an attached application on their way. */
export const FORWARD_OUTCOMES = ['passed', 'changed', 'redirected', 'stopped', 'refused', 'app_timeout', 'app_full', 'app_gone', 'other'] as const;

/** Why messages of a group will not come. */
export const GAP_REASONS = ['expired', 'other_epoch', 'lost_state', 'dropped', 'other'] as const;

/** What became of a better parent that was named. */
export const ADVICE_OUTCOMES = ['taken', 'expired', 'stale', 'busy', 'duty', 'no_gain', 'too_soon', 'other'] as const;

/** The member of a list a text means: case and `-` against `_` do not matter, strangers are `other`. */
export function bounded<Values extends readonly string[]>(values: Values, text: string): Values[number] {
  const normal = text.toLowerCase().replaceAll('-', '_');
  return values.includes(normal) ? normal : 'other';
}
