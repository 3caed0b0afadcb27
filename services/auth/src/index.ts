export { authService } from './auth-service.ts';
export { authSchema, type AuthConfig } from './auth.config.ts';
