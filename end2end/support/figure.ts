// Figures on tiles, and the parts of a page, found as a reader finds them.
import type { Locator, Page } from '@playwright/test';

/** The figure that stands under `label`. */
export function figure(page: Page, label: string): Locator {
  const named = page.locator('.tile-label', { hasText: new RegExp(`^${label}$`) });
  return page.locator('.tile', { has: named }).locator('.tile-value');
}

/** The part of the page under this heading. */
export function part(page: Page, heading: string): Locator {
  const title = page.getByRole('heading', { level: 2, name: heading, exact: true });
  // Sections may stand in a larger one, which comes first.
  return page.locator('section', { has: title }).last();
}
