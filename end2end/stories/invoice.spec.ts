// An invoice from its first line to paper: draft, preview, number, void.
import { expectAccessible } from '../support/accessible';
import { Company } from '../support/company';
import { figure, part } from '../support/figure';
import { login } from '../support/login';
import { expect, test } from '../support/test';

test.use({ data: 'empty' });

test('an invoice is drafted, finalised, printed and voided @no-script', async ({ page, server, javaScriptEnabled }) => {
  const script = javaScriptEnabled !== false;
  const company = await Company.on(server);
  const customer = await company.customer('Blue Boat Ltd', 'BLUE-1');
  await company.person('accountant', 'anna@house.test', 'Anna Accountant');
  await login(page, 'anna@house.test');
  const field = (column: string, line: number) => page.getByLabel(column, { exact: true }).nth(line - 1);

  await test.step('the sums follow what is typed', async () => {
    await page.goto(`/customers/${customer.number}`);
    await page.getByRole('link', { name: 'New invoice' }).click();
    await field('Description', 1).fill('Two lamps');
    await field('Quantity', 1).fill('2');
    await field('Unit price', 1).fill('40.00');
    await field('Tax %', 1).fill('19');
    await field('Description', 2).fill('Fitting');
    await field('Unit price', 2).fill('15');
    await field('Tax %', 2).fill('19');
    if (!script) await page.getByRole('button', { name: 'Preview' }).last().click();
    await expect(page.getByText('Tax 19% on €95.00').first()).toBeVisible();
    await expect(page.getByText('€113.05').first()).toBeVisible();
  });

  await test.step('a line more, and everything typed is still there', async () => {
    const lines = page.getByRole('textbox', { name: 'Description' });
    const before = await lines.count();
    await page.getByRole('button', { name: 'Add line' }).click();
    await expect.poll(() => lines.count()).toBeGreaterThan(before);
    await expect(field('Description', 1)).toHaveValue('Two lamps');
    await expect(field('Unit price', 2)).toHaveValue('15');
    if (script) await expectAccessible(page);
  });

  await test.step('a price that is none is refused beside its field', async () => {
    await field('Unit price', 2).fill('cheap');
    await page.getByRole('button', { name: 'Save draft' }).click();
    await expect(page.getByRole('alert')).toContainText('Unit price, line 2');
    await expect(field('Unit price', 2)).toHaveValue('cheap');
    await expect(field('Description', 1)).toHaveValue('Two lamps');
    await field('Unit price', 2).fill('15');
  });

  await test.step('the draft has no number and owes nothing', async () => {
    await page.getByRole('button', { name: 'Save draft' }).click();
    await expect(page.getByText('The draft has been saved.')).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Draft');
    await expect(figure(page, 'Total')).toHaveText('€113.05');
  });

  await test.step('finalised it has the next number and is owed', async () => {
    await page.getByRole('button', { name: 'Finalise' }).click();
    await expect(page.getByText('The invoice has been finalised and posted.')).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('INV-2026-00001');
    await expect(figure(page, 'Open')).toHaveText('€113.05');
    await page.getByRole('link', { name: 'Journal entries' }).click();
    await expect(part(page, 'Journal entries').getByRole('row', { name: 'Sales tax payable' })).toContainText('€18.05');
  });

  await test.step('on paper it says what to pay and until when', async () => {
    await page.getByRole('link', { name: 'Print' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Invoice INV-2026-00001');
    await expect(page.getByText('Please pay €113.05 by 15 July 2026')).toBeVisible();
    await page.getByRole('link', { name: 'Back' }).click();
  });

  await test.step('void it keeps its number and is no longer owed', async () => {
    await page.getByText('Void …').click();
    await page.getByRole('textbox', { name: 'Reason' }).last().fill('Keyed twice');
    await page.getByRole('button', { name: 'Void invoice' }).click();
    await expect(page.getByText('The invoice has been voided.')).toBeVisible();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('INV-2026-00001');
    await page.goto(`/customers/${customer.number}`);
    await expect(figure(page, 'Amount due')).toHaveText('€0.00');
  });
});
