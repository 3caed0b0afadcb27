// What handlers ask for in their arguments.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { z } from 'zod';
import { authenticatedPeer, currentTraceparent } from '@banyan/grpc';
import { callerOf, callOf } from './call-facts.ts';
import { RequestPipe } from './request.pipe.ts';

/** The request of a unary or server-streaming call; with a schema, checked by it. */
export const Request = (schema?: z.ZodType): ParameterDecorator => (schema === undefined ? Payload() : Payload(new RequestPipe(schema)));

/** The grpc-js call itself: to write a stream, to notice its end. */
export const Call = createParamDecorator((_: unknown, context: ExecutionContext) => callOf(context));

/** The `TokenClaims` of a call with a token. */
export const FromToken = createParamDecorator((_: unknown, context: ExecutionContext) => callerOf(callOf(context)));

/** The `PeerIdentity` of a call over mTLS. */
export const FromPeer = createParamDecorator((_: unknown, context: ExecutionContext) => authenticatedPeer(callOf(context)));

/** The id in the caller's certificate, 32 hex digits. */
export const PeerId = createParamDecorator((_: unknown, context: ExecutionContext) => authenticatedPeer(callOf(context)).id);

/** W3C traceparent for what is done below this call; undefined when neither side traces. */
export const Traceparent = createParamDecorator(() => currentTraceparent());
