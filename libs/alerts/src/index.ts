export { scaled, type Alert, type Span, type Trial } from './alert.ts';
export { objectives, type Objective } from './objectives.ts';
export { alertGroups, allAlerts, prometheusRules, type AlertGroup, type RuleOptions } from './rules.ts';
