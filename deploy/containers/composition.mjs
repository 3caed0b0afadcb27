// deploy/compose/overlay.yml as the test runs it: images it built itself, no published port (others may have them), and a probe.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '..', 'compose');

/** The container of a service: composes of different ages number them in different ways. */
export const containerOf = (service) => `banyan-e2e-${service}`;

/** Writes the composition into a file and says what it needs. */
export function writeComposition(file, tagOf) {
  const { services, volumes } = parse(readFileSync(join(folder, 'overlay.yml'), 'utf8'), { merge: true });
  const { smoke } = parse(readFileSync(join(folder, 'smoke.yml'), 'utf8'), { merge: true }).services;
  const nodes = Object.keys(services).filter((name) => name.startsWith('node-'));
  const images = new Set(['cli']);
  for (const [name, service] of Object.entries(services)) {
    const { SERVICE } = service.build.args;
    images.add(SERVICE);
    service.image = tagOf(SERVICE);
    service.container_name = containerOf(name);
    // A container that was killed stays dead until the test says otherwise.
    service.restart = 'no';
    delete service.build;
    delete service.ports;
  }
  const { build, healthcheck, depends_on, ...probe } = smoke;
  probe.image = tagOf('cli');
  probe.entrypoint = ['node', '/app/probe.mjs'];
  probe.environment.BANYAN_NODE_ADDRESSES = nodes.map((name) => `${name}:7000`).join(',');
  probe.volumes = [`${join(import.meta.dirname, 'probe.mjs')}:/app/probe.mjs:ro`, 'trust:/trust:ro'];
  // The older docker-compose wants to be told which format it reads.
  writeFileSync(file, JSON.stringify({ version: '3.8', services: { ...services, probe: { ...probe, profiles: ['probe'], healthcheck: { disable: true } } }, volumes }));
  return { images: [...images], services: Object.keys(services), nodes };
}
