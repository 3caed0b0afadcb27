// `main.ts write` writes proto/API.md, `main.ts check` fails when the committed one is another than the protos make.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { descriptorSetUrl } from '../index.ts';
import { apiReference } from './api-reference.ts';

const page = join(import.meta.dirname, '..', '..', '..', '..', 'proto', 'API.md');
const text = apiReference(readFileSync(descriptorSetUrl));
const command = process.argv[2];
if (command === 'write') writeFileSync(page, text);
else if (command === 'check') {
  if (readFileSync(page, 'utf8') !== text) {
    console.error('proto: proto/API.md is not as the protos make it; run `npx nx run @banyan/proto:reference` and commit what it writes');
    process.exitCode = 1;
  }
} else {
  console.error('usage: main.ts write|check');
  process.exitCode = 2;
}
