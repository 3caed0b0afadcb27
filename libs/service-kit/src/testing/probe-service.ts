// A whole service for the specs: handlers that show how calls get in, stream and fail.
import type { ServerReadableStream } from '@grpc/grpc-js';
import { Controller, Get, Module } from '@nestjs/common';
import { GrpcMethod, GrpcStreamCall } from '@nestjs/microservices';
import { EMPTY, type Observable } from 'rxjs';
import { z } from 'zod';
import { mutualTlsServerCredentials, OverlayError, tlsServerCredentials } from '@banyan/grpc';
import type { Credentials, TokenClaims, TokenVerifier } from '@banyan/identity';
import { Access, RequireScope, requireScope, RequireToken } from '../calls/access.ts';
import type { AnyCall } from '../calls/call-facts.ts';
import { Call, FromToken, Request } from '../calls/params.ts';
import { requests, send, type DuplexCall, type ResponseStream } from '../calls/stream.ts';
import type { ServiceDefinition } from '../service-definition.ts';
import { listenSetting, serviceSettings } from '../service-settings.ts';
import { PROBE_METHODS } from './probe-methods.ts';

interface Text {
  readonly text: string;
}

/** What the handlers have seen, for the specs. */
export const seen = { written: 0 };

const echoRequest = z.object({ text: z.string().max(5).refine((text) => text !== 'bad name', { error: 'is no name', params: { reason: 'NAME_INVALID' } }) });

@Controller()
class ProbeHandler {
  @GrpcMethod('ProbeService', 'Echo')
  @RequireScope('route')
  echo(@Request(echoRequest) request: Text, @FromToken() caller: TokenClaims): Text & { subject: string } {
    if (request.text === 'own') throw new OverlayError('NOT_READY', 'not in the ring', { state: 'joining' });
    if (request.text === 'fault') throw new Error('a secret of ours');
    return { ...request, subject: caller.subject };
  }

  /** Writes frames of 16 KiB until the reader has gone. */
  @GrpcMethod('ProbeService', 'Count')
  @RequireToken()
  async count(@Request() request: Text, @Call() call: AnyCall & ResponseStream<Text>): Promise<Observable<never>> {
    requireScope(call, `subscribe:${request.text}`);
    for (seen.written = 0; await send(call, { text: 'x'.repeat(16_384) }); ) seen.written += 1;
    return EMPTY;
  }

  @GrpcStreamCall('ProbeService', 'Sum')
  @Access({ type: 'peer' })
  async sum(@Call() call: ServerReadableStream<{ value: number }, unknown>): Promise<{ total: number }> {
    let total = 0;
    for await (const { value } of requests<{ value: number }>(call)) {
      if (value < 0) throw new OverlayError('REQUEST_INVALID', 'value: is negative', { field: 'value' });
      total += value;
    }
    return { total };
  }

  @GrpcStreamCall('ProbeService', 'Mirror')
  @Access({ type: 'peer' }, { type: 'token', scope: 'admin' })
  async mirror(@Call() call: DuplexCall<Text, Text>): Promise<void> {
    for await (const request of requests<Text>(call)) {
      if (request.text === 'own') throw new OverlayError('NO_QUORUM', 'too few voters');
      await send(call, request);
    }
  }
}

@Controller()
class ProbePage {
  @Get('page')
  page(): Text {
    return { text: 'hello' };
  }

  @Get('broken')
  broken(): never {
    throw new Error('a secret of ours');
  }
}

@Module({ controllers: [ProbeHandler, ProbePage] })
class ProbeModule {}

/** Settings of the probe. */
export const probeSchema = z.object({ ...serviceSettings('probe'), apiListen: listenSetting('the API'), peerListen: listenSetting('the peer API') });

/** The probe, who it is and whom it believes. */
export function probeService(credentials: Credentials, tokenVerifier: TokenVerifier): ServiceDefinition<typeof probeSchema> {
  return {
    service: 'probe',
    schema: probeSchema,
    prepare: ({ config }) =>
      Promise.resolve({
        module: ProbeModule,
        tokenVerifier,
        pages: { page: '/page' },
        listeners: [
          { name: 'api', listen: config.apiListen, credentials: tlsServerCredentials(credentials), services: [PROBE_METHODS], hasReflection: true },
          { name: 'peer', listen: config.peerListen, credentials: mutualTlsServerCredentials(credentials, credentials.authority), services: [PROBE_METHODS], hasReflection: false },
        ],
      }),
  };
}
