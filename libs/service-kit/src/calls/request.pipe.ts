import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { isReason, OverlayError } from '@banyan/grpc';

/** Checks a request by a schema and hands on what the schema makes of it. */
export class RequestPipe implements PipeTransform {
  readonly #schema: z.ZodType;

  constructor(schema: z.ZodType) {
    this.#schema = schema;
  }

  transform(value: unknown): unknown {
    return checkRequest(this.#schema, value);
  }
}

/**
 * `value` as the schema gives it. Throws REQUEST_INVALID with the first wrong field, or the reason that a refinement
 * names in its `params`: `.refine(isName, { error: '…', params: { reason: 'NAME_INVALID' } })`.
 */
export function checkRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  const message = issue?.message ?? 'the request is malformed';
  const named: unknown = issue?.code === 'custom' ? issue.params?.['reason'] : undefined;
  const reason = typeof named === 'string' && isReason(named) ? named : 'REQUEST_INVALID';
  throw new OverlayError(reason, field === '' ? message : `${field}: ${message}`, field === '' ? {} : { field });
}
