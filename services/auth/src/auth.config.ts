import { z } from 'zod';
import { secret } from '@banyan/config';
import { DATABASE_URL } from '@banyan/database';
import { listenSetting, serviceSettings } from '@banyan/service-kit/settings';

// Secrets of the configuration are chosen by people or launchers: long enough that guessing over the network is hopeless.
const SECRET_MIN = 16;

/** The settings of auth. */
export const authSchema = z.object({
  ...serviceSettings('auth'),
  apiListen: listenSetting('the API for clients and newcomers (TLS)'),
  peerListen: listenSetting('the API for members (mutual TLS)'),
  authorityFile: z.string().min(1).optional().describe("File to which the overlay's authority certificate is written for everyone, PEM; ca.pem in the data directory when left out"),
  authorityDir: z.string().min(1).optional().describe('Directory of the keys of the authority and of tokens, which replicas share; the data directory when left out'),
  databaseUrl: secret(z.string().regex(DATABASE_URL, 'must be sqlite:FILE or postgres://…').optional().describe('Store: sqlite:FILE, or postgres://USER:PASSWORD@HOST/DATABASE, which replicas share; auth.sqlite in the data directory when left out')),
  initialEnrolmentToken: secret(z.string().min(SECRET_MIN).optional().describe('Shared enrolment token for every role, valid as long as it stands here')),
  initialAdminSecret: secret(z.string().min(SECRET_MIN).optional().describe('Secret of the subject `admin`, who may have every scope')),
});

/** What auth is told. */
export type AuthConfig = z.infer<typeof authSchema>;
