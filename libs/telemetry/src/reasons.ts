// The values labels may take. A label never carries an id or what a peer sent: a value outside its list is `other`.

/** Why something was given up. */
export const DROP_REASONS = [
  'app_timeout',
  'buffer_full',
  'connection_limit',
  'deadline',
  'duplicate',
  'hop_limit',
  'inactive',
  'late',
  'link_down',
  'no_application',
  'no_route',
  'not_root',
  'overload',
  'queue_full',
  'retention',
  'slow_consumer',
  'stale_epoch',
  'timeout',
  'uncommitted',
  'unknown_group',
  'unreachable',
  'other',
] as const;

/** What a peer did wrong. */
export const PEER_FAULTS = [
  'bad_signature',
  'frame_malformed',
  'frame_too_large',
  'identity_mismatch',
  'protocol_violation',
  'version_unknown',
  'other',
] as const;

/** Rules that choose a hop. */
export const HOP_RULES = ['leaf_set', 'routing_table', 'rare_case', 'application', 'other'] as const;

/** Why messages of a group will not come. */
export const GAP_REASONS = ['expired', 'other_epoch', 'lost_state', 'dropped', 'other'] as const;

/** The member of a list a text means: case and `-` against `_` do not matter, strangers are `other`. */
export function bounded<Values extends readonly string[]>(values: Values, text: string): Values[number] {
  const normal = text.toLowerCase().replaceAll('-', '_');
  return values.includes(normal) ? normal : 'other';
}
