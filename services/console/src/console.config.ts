import { z } from 'zod';
import { secret } from '@banyan/config';
import { HOST_PORT, listenSetting, serviceSettings } from '@banyan/service-kit/settings';

const address = (of: string) => z.string().regex(HOST_PORT, 'must be host:port').describe(`API address of ${of}`);

/** The settings of the console. */
export const consoleSchema = z.object({
  ...serviceSettings('console'),
  webListen: listenSetting('the web page'),
  webCertificateFile: z.string().min(1).optional().describe('Certificate chain of the web page, PEM; with it the page is served over HTTPS'),
  webKeyFile: z.string().min(1).optional().describe('Private key of that certificate, PEM'),
  webPlain: z.boolean().default(false).describe('Serve the page over plain HTTP to other hosts, too: for a proxy in front that speaks TLS'),
  authorityFile: z.string().min(1).describe("File with the certificate of the overlay's authority, PEM"),
  authAddress: address('the auth service'),
  bootstrapAddress: address('the bootstrap service'),
  treeBuilderAddress: address('the tree builder'),
  jwksUrl: z.url({ protocol: /^https?$/ }).describe('Where the auth service publishes the keys that sign tokens'),
  subject: z.string().min(1).default('admin').describe('Whose tokens the console looks around with; it needs the scopes admin and route'),
  secret: secret(z.string().min(1).describe('Secret of that subject')),
  regionsFile: z.string().min(1).optional().describe('File that says where regions lie, JSON: { "region": [latitude, longitude] }; well-known names need none'),
});

/** What the console is told. */
export type ConsoleConfig = z.infer<typeof consoleSchema>;
