// Asks axe about a page, in light and dark.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Rows beyond these are made by the same code as those before. */
const ROWS_BEYOND = 'tbody tr:nth-child(n+13)';
/** The rules whose outcome depends on colours. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];

export type Theme = 'light' | 'dark';

/** axe finds nothing serious or critical on the page as it stands, in these themes. Needs JavaScript. */
export async function expectAccessible(page: Page, themes: readonly Theme[] = ['light', 'dark']): Promise<void> {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const axe = new AxeBuilder({ page }).exclude(ROWS_BEYOND);
    if (colorScheme === 'dark') axe.withRules(OF_COLOURS);
    const { violations } = await axe.analyze();
    const serious = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
    expect(serious, `${page.url()} in ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}
