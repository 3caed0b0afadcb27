import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { descriptorSetUrl } from '../index.ts';
import { apiReference } from './api-reference.ts';

const page = apiReference(readFileSync(descriptorSetUrl));

describe('the page of the API', () => {
  it('is committed as the protos make it', () => {
    expect(readFileSync(new URL('../../../../proto/API.md', import.meta.url), 'utf8')).toBe(page);
  });

  it('says something of every method, field and value', () => {
    const silent = page.split('\n').filter((line) => /^\|.*\|\s*\|$/.test(line) && !/^\|[-\s|]*$/.test(line) && !/\| field \| type \|/.test(line) && !/\| value \|/.test(line));
    expect(silent).toEqual([]);
    expect(page).not.toMatch(/^\*\*.*\*\*.* {2}\n\n/m);
  });

  it('leads only to headings that there are', () => {
    const anchors = new Set([...page.matchAll(/^#+ (.*)$/gm)].map(([, text]) => (text ?? '').toLowerCase().replaceAll(/[^a-z0-9_ -]/g, '').replaceAll(' ', '-')));
    for (const [, target] of page.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(target);
  });

  it('leaves out what only nodes say to one another', () => {
    expect(page).not.toContain('PeerLinkService');
  });
});
