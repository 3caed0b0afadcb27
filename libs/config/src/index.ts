export { configChanges, type ConfigChanges } from './changes.ts';
export { ConfigError, type ConfigFault } from './config-error.ts';
export { configDigest, effectiveConfig, type EffectiveConfig } from './effective.ts';
export { helpText } from './help.ts';
export { loadConfig, type ConfigSources, type LoadedConfig } from './load-config.ts';
export { reloadable, secret, settingsOf, type Setting, type SettingKind } from './setting.ts';
export { PROCESS_VARIABLES } from './source.ts';
