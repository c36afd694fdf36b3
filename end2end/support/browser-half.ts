// What a page's script does, from the outside.
import type { Page } from '@playwright/test';

/** How long islands may take to wake once their code is there. */
const WAKING_MS = 150;

/** The islands of the page answer to the person. */
export async function awake(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const fetched = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    return fetched.some(({ name, responseEnd }) => name.endsWith('.wasm') && responseEnd > 0);
  });
  await page.waitForTimeout(WAKING_MS);
}

/** Everything the browser complains about on this page from now on: errors, warnings, what could not be fetched. */
export function complaints(page: Page): string[] {
  const heard: string[] = [];
  page.on('pageerror', (error) => heard.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) heard.push(`${message.type()}: ${message.text()}`);
  });
  return heard;
}
