import { OverlayError } from '@banyan/grpc';
import { isGroupName } from '@banyan/identity';

/** The token of the page after the group `name`; of no page when undefined. */
export function toPageToken(name: string | undefined): string {
  return name === undefined ? '' : Buffer.from(name).toString('base64url');
}

/** The group after which the page of a token begins; empty for the first page. Throws PAGE_TOKEN_INVALID. */
export function fromPageToken(token: string): string {
  if (token === '') return '';
  const name = Buffer.from(token, 'base64url').toString();
  if (!isGroupName(name)) throw new OverlayError('PAGE_TOKEN_INVALID', 'the page token is not one of ours');
  return name;
}
