// A real Chromium, Debian's package, for tests that look at pages. Package: playwright-core, which brings no browser.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Where screenshots go: not kept by git, kept by CI with the reports. */
export const screenshotsDirectory = join(import.meta.dirname, '..', '..', 'reports', 'screenshots');

/** How to get one. */
export const CHROMIUM_INSTALL = 'apt-get install -y --no-install-recommends chromium fonts-dejavu-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** True when there is a Chromium. */
export function hasChromium(): boolean {
  return PLACES.some((path) => existsSync(path));
}

/** A window: how wide, how high, and which colors its owner likes. */
export interface Window {
  readonly width: number;
  readonly height: number;
  readonly colors: 'light' | 'dark';
  readonly isPhone?: boolean;
}

/** Starts the browser; its sandbox needs rights that containers do not give, and it shows our own pages only. */
export function startBrowser(): Promise<Browser> {
  mkdirSync(screenshotsDirectory, { recursive: true });
  return chromium.launch({ executablePath: PLACES.find((path) => existsSync(path)) ?? '', args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
}

/** A page of its own, with its own cookies; what goes wrong in it is collected in `faults`. */
export async function openPage(browser: Browser, { width, height, colors, isPhone = false }: Window): Promise<{ readonly page: Page; readonly faults: string[] }> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: colors, hasTouch: isPhone, isMobile: isPhone, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return { page, faults };
}

/** Keeps a picture of the whole page. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(screenshotsDirectory, `${name}.png`), fullPage: true });
}
