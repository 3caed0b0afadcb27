// What a service's schema of settings is made of, apart: who reads a schema need not load Nest.
// Imported as `@banyan/service-kit/settings`.
export { HOST_PORT, listenSetting, LOOPBACK, serviceSettings, type ServiceSettings } from './service-settings.ts';
export { memberSettings, type MemberSettings } from './membership/member-settings.ts';
