/**
 * Every reason an error of Banyan may carry: the one table behind gRPC statuses, HTTP statuses, start-up failures and
 * `banyan errors REASON`. A reason once shipped keeps its meaning; what changes gets a new name.
 */
export interface ReasonEntry {
  /** Canonical gRPC code, by name. */
  readonly code: GrpcCode;
  /** HTTP status where the error is told over HTTP. */
  readonly http: number;
  /** One sentence: what happened. */
  readonly what: string;
  /** One sentence: what to do about it. */
  readonly mend: string;
}

/** The canonical gRPC codes that Banyan answers with. */
export type GrpcCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'OUT_OF_RANGE'
  | 'UNIMPLEMENTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'DATA_LOSS'
  | 'UNAUTHENTICATED';

/** A stable name of what went wrong. */
export type Reason = keyof typeof reasons;

/** The table, by area. */
export const reasons = {
  // Requests
  REQUEST_INVALID: entry('INVALID_ARGUMENT', 400, 'A field of the request has a value that is not allowed.', 'The metadata names the field and what it may hold; correct it.'),
  KEY_INVALID: entry('INVALID_ARGUMENT', 400, 'The key is neither 16 bytes (32 hex digits) nor a name of 1 to 256 characters.', 'Give a name, or exactly 32 hex digits.'),
  NAME_INVALID: entry('INVALID_ARGUMENT', 400, 'The name has characters or a length that names may not have.', 'Use 1 to 64 characters of a-z, 0-9 and the hyphen.'),
  PAYLOAD_TOO_LARGE: entry('INVALID_ARGUMENT', 413, 'The payload of a routed message is over 64 KiB.', 'Send less, or publish it to a group.'),
  METHOD_NOT_FOUND: entry('UNIMPLEMENTED', 404, 'This service has no such method or page.', 'Check the address and the version of the service.'),

  // Tokens and certificates
  TOKEN_MISSING: entry('UNAUTHENTICATED', 401, 'The call carries no bearer token.', 'Send the metadata `authorization: Bearer TOKEN`; `banyan` finds the token of a local overlay by itself.'),
  TOKEN_FILE_EXPOSED: entry('FAILED_PRECONDITION', 500, 'The file that holds the token may be read by others than its owner.', 'Run `chmod 600` on it, and ask auth for a new token if others had a chance to read it.'),
  TOKEN_INVALID: entry('UNAUTHENTICATED', 401, 'The token is malformed or not signed by this overlay.', 'Ask the auth service of this overlay for a token.'),
  TOKEN_EXPIRED: entry('UNAUTHENTICATED', 401, 'The token has expired.', 'Ask the auth service for a new one.'),
  SCOPE_MISSING: entry('PERMISSION_DENIED', 403, 'The token does not carry the scope that this call needs.', 'The metadata names the scope; ask for a token that has it.'),
  SCOPE_NOT_ALLOWED: entry('PERMISSION_DENIED', 403, 'The subject may not have a scope it asked for.', 'Ask for less, or let an administrator grant it.'),
  CLIENT_SECRET_INVALID: entry('UNAUTHENTICATED', 401, 'The subject is unknown or its secret is wrong.', 'Check subject and secret.'),
  ENROLMENT_TOKEN_INVALID: entry('UNAUTHENTICATED', 401, 'The enrolment token is unknown, used up, expired, or not good for this role.', 'Create a new one with `CreateEnrolmentToken`.'),
  ENROLMENT_EXPIRED: entry('FAILED_PRECONDITION', 409, 'The salt was drawn too long ago, or not for this key.', 'Begin the enrolment again.'),
  PUBLIC_KEY_INVALID: entry('INVALID_ARGUMENT', 400, 'The public key is neither Ed25519 nor P-256 in DER.', 'Make a key of one of these kinds.'),
  CERTIFICATE_REQUEST_INVALID: entry('INVALID_ARGUMENT', 400, 'The certificate request is malformed or its signature does not fit its key.', 'Make the PKCS #10 request with the key that begins the enrolment.'),
  POSSESSION_NOT_PROVEN: entry('PERMISSION_DENIED', 403, 'The salt is not signed by the key that is to be certified.', 'Sign the salt with the private key of the request.'),
  CERTIFICATE_MISSING: entry('UNAUTHENTICATED', 401, 'The peer showed no certificate.', 'Peers speak mutual TLS; use the API address for clients with a token.'),
  CERTIFICATE_INVALID: entry('UNAUTHENTICATED', 401, 'The certificate is not of this overlay, or its id does not follow from its key and salt.', 'Enroll with the auth service of this overlay.'),
  CERTIFICATE_UNTRUSTED: entry('UNAVAILABLE', 502, 'Whoever answers at that address shows a certificate that was not issued by the authority at hand, or not for that host, or that has expired.', 'Check the address, and that the authority (`ca.pem`) is that of this overlay.'),
  AUTHORITY_INVALID: entry('FAILED_PRECONDITION', 500, 'The file of the authority holds no certificate in PEM.', 'Give the `ca.pem` that the auth service wrote.'),
  CERTIFICATE_REVOKED: entry('PERMISSION_DENIED', 403, 'The certificate was revoked.', 'Enroll as a new node.'),
  NODE_NOT_FOUND: entry('NOT_FOUND', 404, 'No node of that id or name is known.', 'List the nodes and check the id.'),

  // Overlay
  NOT_READY: entry('UNAVAILABLE', 503, 'The node is not in the ring yet, or has stepped back.', 'Wait for /readyz, or ask another node.'),
  STOPPING: entry('UNAVAILABLE', 503, 'The node is shutting down.', 'Ask another node.'),
  MOVED: entry('UNAVAILABLE', 503, 'The node leaves the ring and said where to go on.', 'Go on at another node: a subscription from the sequence in the metadata, a publisher with what has no receipt; the SDK does so by itself.'),
  BUSY: entry('UNAVAILABLE', 503, 'The node has as many requests under way as it takes.', 'Wait as long as the answer says, then try again.'),
  ROUTE_TIMEOUT: entry('DEADLINE_EXCEEDED', 504, 'No answer came from the root of the key in time.', 'Try again; if it lasts, look at the route with `banyan route KEY`.'),
  NO_APPLICATION: entry('NOT_FOUND', 404, 'No application of that name is attached at the root of the key.', 'Attach the application to every node that may be a root.'),
  APPLICATION_TAKEN: entry('ALREADY_EXISTS', 409, 'An application of that name is attached to this node already.', 'Detach it first, or take another name.'),
  APPLICATION_SLOW: entry('RESOURCE_EXHAUSTED', 429, 'The attached application does not read what is delivered to it.', 'Read faster and attach again.'),
  PREFIX_INVALID: entry('INVALID_ARGUMENT', 400, 'A key prefix is 0 to 32 hex digits, and at most 16 are taken.', 'Ask for fewer or shorter prefixes.'),
  ROUTE_STOPPED: entry('ABORTED', 409, 'An application attached to a node on the way took the message out.', 'Ask whoever runs the application of that name why.'),
  FORWARD_GONE: entry('DEADLINE_EXCEEDED', 408, 'No message waits for this answer: it went on as it was, mostly because the answer took over 100 ms.', 'Answer sooner, or ask for fewer keys.'),
  HOP_REFUSED: entry('FAILED_PRECONDITION', 409, 'The chosen node does not bring the key nearer, or is not known here; the message went on as it was.', 'Choose among the hops that were offered.'),
  NOT_REGISTERED: entry('FAILED_PRECONDITION', 409, 'The node is not on the list of supernodes, or its lease ran out.', 'Register again.'),
  NOT_YOURSELF: entry('PERMISSION_DENIED', 403, 'A node may speak only for the id in its own certificate.', 'Send the id of the certificate.'),

  // Links between peers
  VERSION_UNSUPPORTED: entry('FAILED_PRECONDITION', 426, 'The peer speaks a protocol version that this node does not.', 'Run adjacent versions only; upgrade the older node.'),
  HANDSHAKE_INVALID: entry('INVALID_ARGUMENT', 400, 'The first frame of a link is not a handshake, or names another node than the certificate.', 'Begin with the handshake of the node that the certificate names.'),
  NOT_AT_THIS_ADDRESS: entry('UNAVAILABLE', 421, 'Another node than the one meant answers at this address.', 'The address is stale; look the node up again.'),
  FRAME_TOO_LARGE: entry('RESOURCE_EXHAUSTED', 413, 'A frame is larger than the link takes.', 'Split what you send.'),
  FRAME_MALFORMED: entry('INVALID_ARGUMENT', 400, 'A frame cannot be read.', 'Check the version of the peer.'),
  LINK_REPLACED: entry('ABORTED', 409, 'Both peers dialled at once; the other link is kept.', 'Nothing; the peers go on over the other link.'),
  LINK_CLOSED: entry('UNAVAILABLE', 503, 'The link was closed because it was idle, or gave way to a busier one.', 'Dial again when there is something to send.'),
  LINK_OVERFLOW: entry('RESOURCE_EXHAUSTED', 429, 'The peer did not read its data link while more than the bound was waiting.', 'Dial again and ask for what is missing.'),
  UNREACHABLE: entry('UNAVAILABLE', 503, 'Nothing answers at that address.', 'Check that the service runs and that the address is right.'),
  TIMEOUT: entry('DEADLINE_EXCEEDED', 504, 'The answer did not come in time.', 'Try again, or allow more time.'),

  // Groups
  GROUP_NOT_FOUND: entry('NOT_FOUND', 404, 'No group of that name is known.', 'Check the name, or create it with `banyan group create`.'),
  GROUP_EXISTS: entry('ALREADY_EXISTS', 409, 'A group of that name exists.', 'Take another name, or use the one that exists.'),
  GROUP_NAME_INVALID: entry('INVALID_ARGUMENT', 400, 'The name of a group is `owner/segment/…` of 3 to 200 characters a-z, 0-9, dot, underscore, hyphen and slash.', 'Choose such a name; wildcards are not allowed in it.'),
  GROUP_PATTERN_INVALID: entry('INVALID_ARGUMENT', 400, 'A pattern of group names is `owner/segment/…`, where a segment may be * for any one, and the last > for all that follow.', 'Write the owner out, and wildcards as whole segments.'),
  PATTERN_TOO_WIDE: entry('RESOURCE_EXHAUSTED', 429, 'The pattern means more groups than one subscription takes.', 'Choose a narrower pattern.'),
  GROUPS_TOO_MANY: entry('RESOURCE_EXHAUSTED', 429, 'The owner has as many groups as one owner may have.', 'Delete groups that are not needed.'),
  GROUP_DELETED: entry('FAILED_PRECONDITION', 410, 'The group was deleted.', 'Create it again if you need it.'),
  DESCRIPTOR_INVALID: entry('INVALID_ARGUMENT', 400, 'The descriptor of the group is malformed or not signed by a tree builder of this overlay.', 'Ask the tree builder for it again.'),
  NOT_OWNER: entry('PERMISSION_DENIED', 403, 'Only the owner of a group or an administrator may do this.', 'Use the token of the owner.'),
  PUBLISH_NOT_ALLOWED: entry('PERMISSION_DENIED', 403, 'The group does not let this subject publish.', 'Let the owner add the subject to the publishers.'),
  SUBSCRIBE_NOT_ALLOWED: entry('PERMISSION_DENIED', 403, 'The group does not let this subject subscribe.', 'Let the owner add the subject to the subscribers.'),
  MESSAGE_TOO_LARGE: entry('INVALID_ARGUMENT', 413, 'A message is over 64 MiB, or a batch of messages over 1 MiB.', 'Send smaller batches; send large messages in parts (the SDK does), and what is larger still as a file.'),
  MESSAGE_ABORTED: entry('ABORTED', 409, 'The group gave up a large message whose next part did not come for 10 s.', 'Publish the message again in a new session; its subscribers were told that it will not come.'),
  BATCH_OUT_OF_ORDER: entry('INVALID_ARGUMENT', 400, 'The counter of a batch does not follow the one before it.', 'Number messages from 1 without holes in each session.'),
  SESSION_TAKEN: entry('ALREADY_EXISTS', 409, 'Another stream publishes in this session on this node.', 'End it first, or draw a new session.'),
  NO_QUORUM: entry('UNAVAILABLE', 503, 'Too few voters of the group are reachable to hold a message safely.', 'Wait; publishing goes on by itself when a majority is back.'),
  RECEIPT_UNKNOWN: entry('FAILED_PRECONDITION', 409, 'The batch is too old for the root to know its receipt.', 'Open a new session; read the group to see whether the batch is in it.'),
  NOBODY_ACCEPTED: entry('NOT_FOUND', 404, 'No member of the group took what was offered to one of them.', 'Let somebody subscribe who answers anycasts, or let more nodes be asked.'),
  OFFER_GONE: entry('DEADLINE_EXCEEDED', 408, 'The offer is not open any more: it was answered, or the answer took over a second and the next member was asked.', 'Answer sooner.'),
  TREE_NOT_PLANNED: entry('FAILED_PRECONDITION', 409, 'Nothing can be said about this tree: it has no root just now, or is larger than a plan may be.', 'Ask when somebody subscribes and the tree stands; the lab (`npm run lab`) takes larger trees.'),
  SLOW: entry('RESOURCE_EXHAUSTED', 429, 'The subscriber did not read what was sent while its bound was full.', 'Subscribe again from the sequence in the metadata.'),
  GAP: entry('DATA_LOSS', 410, 'Messages of the group will not come; the range and the cause are told.', 'Raise the retention of the group, or start later.'),
  PAGE_TOKEN_INVALID: entry('INVALID_ARGUMENT', 400, 'The page token is not one that this service gave out.', 'Start again without a page token.'),

  // Start and stop of processes, files, the command line
  LATENCY_MAP_INVALID: entry('FAILED_PRECONDITION', 500, 'The file that links are to emulate holds no latency map.', 'Give rows of round trips in ms, as many numbers as rows, or the JSON form that the README of libs/host shows.'),
  CONFIG_INVALID: entry('FAILED_PRECONDITION', 500, 'The configuration has unknown keys or values that are not allowed.', 'The message lists every fault; mend them all.'),
  PORT_TAKEN: entry('FAILED_PRECONDITION', 500, 'Another process listens on the configured port.', 'Stop it, or configure another port; 0 takes any free one.'),
  ADDRESS_UNAVAILABLE: entry('FAILED_PRECONDITION', 500, 'The configured host is no address of this machine.', 'Listen on an address that this machine has.'),
  DISK_FULL: entry('RESOURCE_EXHAUSTED', 507, 'The disk that holds the data directory is full.', 'Make room, then start again.'),
  DATA_DIR_LOCKED: entry('FAILED_PRECONDITION', 500, 'Another process uses the data directory.', 'Stop it, or give this one a directory of its own.'),
  DATA_DIR_UNUSABLE: entry('FAILED_PRECONDITION', 500, 'The data directory cannot be read or written, or holds something else.', 'Check its owner and mode, or give another directory.'),
  DATABASE_FAILED: entry('UNAVAILABLE', 503, 'The database did not answer or refused.', 'Look at the message; check the database.'),
  AUTH_UNREACHABLE: entry('UNAVAILABLE', 503, 'The auth service does not answer, and what it gives is not on disk yet.', 'Start the auth service; the process goes on when it answers.'),
  NAMESPACES_UNAVAILABLE: entry('FAILED_PRECONDITION', 500, 'A network of namespaces for an experiment cannot be made on this machine.', 'Run it as root on Linux, with iproute2 and iptables installed; the message names the command that failed.'),
  SERVICE_FAILED: entry('INTERNAL', 500, 'A process of the overlay ended before it was up.', 'Its log in the data directory says why.'),
  OVERLAY_NOT_FOUND: entry('UNAVAILABLE', 503, 'No local overlay runs here, and no address was given.', 'Run `npm start`, or give address, authority and token.'),
  OVERLAY_RUNNING: entry('ALREADY_EXISTS', 409, 'A local overlay runs in this data directory already.', 'Use it, stop it, or give another --data-dir.'),
  FILE_NOT_FOUND: entry('NOT_FOUND', 404, 'The file does not exist or cannot be read.', 'Check the path.'),
  FILE_UNWRITABLE: entry('FAILED_PRECONDITION', 500, 'The file cannot be written.', 'Check the path, the mode and the room on the disk.'),
  FILE_NAME_INVALID: entry('INVALID_ARGUMENT', 400, 'The name would leave the output directory.', 'Receive it under a name of your own with --out.'),
  DIGEST_MISMATCH: entry('DATA_LOSS', 500, 'What was received is not what was sent.', 'Receive it again; if it repeats, report it.'),

  // The rest
  CANCELLED: entry('CANCELLED', 499, 'The caller went away.', 'Nothing.'),
  INTERNAL: entry('INTERNAL', 500, 'A fault of Banyan itself.', 'The log of the process has the details; please report it.'),
} as const satisfies Readonly<Record<string, ReasonEntry>>;

/** True when `text` is a reason of the table. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text);
}

function entry(code: GrpcCode, http: number, what: string, mend: string): ReasonEntry {
  return { code, http, what, mend };
}
