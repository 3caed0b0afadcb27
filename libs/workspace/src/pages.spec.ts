// The pages for people lead where they say: every relative link of every Markdown file is a file, and every `npm run` is a script.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workspaceRoot } from './workspace-root.ts';

const pages = globSync(['*.md', '{libs,services,deploy,proto,grafana}/**/*.md'], { cwd: workspaceRoot, exclude: (path) => /node_modules|dist/.test(path) });
const { scripts } = JSON.parse(readFileSync(join(workspaceRoot, 'package.json'), 'utf8')) as { readonly scripts: Readonly<Record<string, string>> };

describe('the pages', () => {
  it.each(pages)('%s leads only to what is there', (page) => {
    const text = readFileSync(join(workspaceRoot, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) expect(existsSync(join(workspaceRoot, dirname(page), target)), target).toBe(true);
    for (const [, script = ''] of text.matchAll(/npm run ([a-z][\w:-]*)/g)) expect(Object.keys(scripts), script).toContain(script);
  });
});
