import { readFile } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { listenError, OverlayError } from '@banyan/grpc';
import { ErrorFilter, joinAddress, nestLogger, splitAddress } from '@banyan/service-kit';
import type { Logger } from '@banyan/telemetry';
import type { ConsoleConfig } from '../console.config.ts';

/** A web server that listens. */
export interface WebServer {
  /** `http://host:port`, or https. */
  readonly url: string;
  close(): Promise<void>;
}

const LOOPBACKS: readonly string[] = ['127.0.0.1', '::1', 'localhost'];
const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
// Beside `src` and `dist`: pages, styles and the icon; the scripts are what the build made of `src/page`.
const room = join(import.meta.dirname, '..', '..');

/** Serves the page and what it asks for. Throws CONFIG_INVALID, ADDRESS_IN_USE. */
export async function openWebServer(module: DynamicModule, config: ConsoleConfig, logger: Logger): Promise<WebServer> {
  const tls = await tlsOf(config);
  const app = await NestFactory.create<NestExpressApplication>(module, {
    logger: nestLogger(logger),
    abortOnError: false,
    forceCloseConnections: true,
    ...(tls === undefined ? {} : { httpsOptions: tls }),
  });
  app.disable('x-powered-by');
  app.use(setHeaders);
  app.useGlobalFilters(new ErrorFilter(logger));
  app.useStaticAssets(join(room, 'public'));
  app.useStaticAssets(join(room, 'dist', 'page'), { prefix: '/page/' });
  await app.init();
  const { host, port } = splitAddress(config.webListen);
  const server = app.getHttpServer() as HttpServer;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(joinAddress(host, port), error)));
    server.listen(port, host, resolve);
  });
  const shown = joinAddress(config.advertisedHost ?? host, (server.address() as AddressInfo).port);
  return { url: `${tls === undefined ? 'http' : 'https'}://${shown}`, close: () => app.close() };
}

function setHeaders(_: Request, response: Response, next: NextFunction): void {
  response.setHeader('content-security-policy', POLICY);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cache-control', 'no-cache');
  next();
}

/** Key and certificate, when they are given. Without them only this host may come: a token must not travel in the clear. */
async function tlsOf({ webCertificateFile, webKeyFile, webListen, webPlain }: ConsoleConfig): Promise<{ readonly cert: Buffer; readonly key: Buffer } | undefined> {
  if (webCertificateFile !== undefined && webKeyFile !== undefined) return { cert: await readFile(webCertificateFile), key: await readFile(webKeyFile) };
  if (webCertificateFile !== undefined || webKeyFile !== undefined) throw new OverlayError('CONFIG_INVALID', 'webCertificateFile and webKeyFile are given together or not at all');
  if (webPlain || LOOPBACKS.includes(splitAddress(webListen).host)) return undefined;
  throw new OverlayError('CONFIG_INVALID', `webListen ${webListen} is open to other hosts without TLS: give webCertificateFile and webKeyFile, or webPlain when a proxy in front speaks TLS`);
}
