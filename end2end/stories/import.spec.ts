// Story 4: a file with a bad line is checked, its good lines are imported, and doing so again adds nothing.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/accessible';
import { Company } from '../support/company';
import { figure, part } from '../support/figure';
import { login } from '../support/login';
import { expect, test } from '../support/test';

test.use({ data: 'empty' });

const INVOICES = `number,account,customer_name,currency,issued_on,due_on,total
0041,N-1,North Pier Ltd,EUR,2026-05-04,2026-06-03,120.00
0042,N-1,North Pier Ltd,EUR,2026-05-05,2026-06-04,12.345
0043,S-1,South Pier Ltd,EUR,2026-05-06,soon,80.50
0044,S-1,South Pier Ltd,EUR,2026-05-07,2026-06-06,-20.00
`;

test('a file with bad lines: checked, good lines in, again adds nothing @no-script', async ({
  page,
  server,
  javaScriptEnabled,
}) => {
  const script = javaScriptEnabled !== false;
  await (await Company.on(server)).person('accountant', 'ines@house.test', 'Ines Import');
  await login(page, 'ines@house.test');

  await test.step('without a file nothing happens, and the kind of file stays chosen', async () => {
    await page.getByRole('link', { name: 'Imports' }).first().click();
    await page.getByRole('link', { name: 'Import a file' }).first().click();
    await page.getByRole('combobox', { name: 'Kind of file' }).selectOption('Saldo: payments');
    await upload(page, 'empty.csv', '');
    await expect(page.getByRole('alert')).toContainText('CSV file');
    await expect(page.getByRole('combobox', { name: 'Kind of file' })).toHaveValue('payments');
  });

  await test.step('the report names what is wrong by line and field; nothing is posted', async () => {
    await page.getByRole('combobox', { name: 'Kind of file' }).selectOption('Saldo: invoices');
    if (script) await expectAccessible(page);
    await upload(page, 'may.csv', INVOICES);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Import 1');
    await expect(page.getByText('Checked, not posted')).toBeVisible();
    await expect(figure(page, 'Invoices')).toHaveText('€120.00');
    await expect(figure(page, 'Credits from negative totals')).toHaveText('€20.00');
    await expect(figure(page, 'Lines refused')).toHaveText('2');
    await expect(finding(page, '3')).toContainText('total');
    await expect(finding(page, '3')).toContainText('12.345');
    await expect(finding(page, '4')).toContainText('due_on');
    await expect(finding(page, '4')).toContainText('soon');
    await expect(page.getByRole('button', { name: 'Import all' })).toHaveCount(0);
    if (script) await expectAccessible(page);
  });

  await test.step('only the good lines come in', async () => {
    await page.getByRole('button', { name: 'Import the good lines only' }).click();
    await expect(page.getByText('The import has been posted.')).toBeVisible();
    await page.goto('/invoices');
    await expect(page.getByRole('row', { name: '0041' })).toContainText('€120.00');
    await expect(page.getByRole('row', { name: '0044' })).toBeVisible();
    await expect(page.getByRole('row', { name: '0042' })).toHaveCount(0);
    await expect(page.getByRole('row', { name: '0043' })).toHaveCount(0);
  });

  await test.step('the same file again adds nothing', async () => {
    await page.goto('/imports/new');
    await page.getByRole('combobox', { name: 'Kind of file' }).selectOption('Saldo: invoices');
    await upload(page, 'may.csv', INVOICES);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Import 2');
    await expect(figure(page, 'In the books already')).toHaveText('2');
    await expect(page.getByText('Nothing in this file can be imported')).toBeVisible();
    await expect(page.getByRole('button', { name: /^Import/ })).toHaveCount(0);
    await page.getByRole('button', { name: 'Throw away' }).click();
    await expect(page.getByText('Thrown away')).toBeVisible();
  });
});

async function upload(page: Page, name: string, text: string): Promise<void> {
  const file = { name, mimeType: 'text/csv', buffer: Buffer.from(text) };
  await page.getByLabel('CSV file').setInputFiles(file);
  await page.getByRole('button', { name: 'Check the file' }).click();
}

/** The row of the report about this line of the file. */
function finding(page: Page, line: string) {
  const cell = page.getByRole('cell', { name: line, exact: true });
  return part(page, 'What was found').getByRole('row').filter({ has: cell });
}
