// Story 2: a customer pays too much; the surplus becomes credit, and open pages show it at once.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/accessible';
import { Company, type Customer, type Invoice } from '../support/company';
import { figure, part } from '../support/figure';
import { login } from '../support/login';
import type { Server } from '../support/server';
import { expect, test } from '../support/test';

test.use({ data: 'empty' });

/** How soon an open page has to show what happened elsewhere. */
const AT_ONCE = { timeout: 1_000 };

test('an overpayment becomes credit that pages elsewhere show at once @no-script', async ({
  page,
  browser,
  server,
  javaScriptEnabled,
}) => {
  const script = javaScriptEnabled !== false;
  const { customer, invoice } = await owing(server, 'Blue Boat Ltd', 'BLUE-1');

  const watching = await (await browser.newContext()).newPage();
  await test.step('the customer looks at the portal', async () => {
    await login(watching, 'bea@blue-1.test');
    await expect(watching.getByRole('heading', { level: 1 })).toHaveText('Hello Blue Boat Ltd');
    await expect(figure(watching, 'Amount due')).toHaveText('€89.00');
    await expect(figure(watching, 'Available credit')).toHaveText('€0.00');
    if (script) await listening(watching);
  });

  await test.step('a clerk sees the whole outcome before it is saved', async () => {
    await login(page, 'carl@blue-1.test');
    await page.getByRole('link', { name: 'Invoices' }).first().click();
    await page.getByRole('link', { name: invoice.number }).click();
    await page.getByRole('link', { name: 'Record payment' }).click();
    await expect(page.getByLabel(`Amount that pays ${invoice.number}`)).toHaveValue('89.00');
    await page.getByLabel('Amount received').fill('95');
    await page.getByLabel('Reference').fill('Transfer of 15 June');
    if (!script) await page.getByRole('button', { name: 'Preview' }).click();

    await expect(page.getByRole('row', { name: `${invoice.number} €89.00 €89.00 €0.00` })).toBeVisible();
    await expect(page.getByText('€6.00 is left over and stays as credit. It never lapses.')).toBeVisible();
    await expect(page.getByText('Amount due: €89.00 → €0.00')).toBeVisible();
    await expect(page.getByText('Credit: €0.00 → €6.00')).toBeVisible();
    // Nothing that was typed is lost on the way.
    await expect(page.getByLabel('Amount received')).toHaveValue('95');
    await expect(page.getByLabel('Reference')).toHaveValue('Transfer of 15 June');
    if (script) await expectAccessible(page);
  });

  await test.step('a payment that cannot be is refused, and nothing typed is lost', async () => {
    await page.getByLabel(`Amount that pays ${invoice.number}`).fill('95.01');
    await page.getByRole('button', { name: 'Record payment' }).click();
    await expect(page.getByRole('alert')).toContainText('€89.00');
    await expect(page.getByLabel('Amount received')).toHaveValue('95');
    await expect(page.getByLabel('Reference')).toHaveValue('Transfer of 15 June');
    await page.getByLabel(`Amount that pays ${invoice.number}`).fill('89.00');
  });

  await test.step('it is recorded, and the portal shows it within a second', async () => {
    await page.getByRole('button', { name: 'Record payment' }).click();
    if (!script) await watching.reload();
    await expect(figure(watching, 'Amount due')).toHaveText('€0.00', AT_ONCE);
    await expect(figure(watching, 'Available credit')).toHaveText('€6.00', AT_ONCE);
    if (script) {
      await expectNotReloaded(watching);
      // What else stands there is older than the figures, and says so.
      await watching.getByRole('link', { name: 'Show the rest as it is now' }).click();
      await expect(watching.getByText('Nothing to pay')).toBeVisible();
    }
    await expect(page.getByText('The payment has been recorded.')).toBeVisible();
  });

  await test.step('the credit says where it came from and what it paid', async () => {
    await page.getByRole('link', { name: /^Credit \d+$/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: /^Credit \d+$/ })).toBeVisible();
    await expect(part(page, 'Where it came from')).toContainText('Payment 1 of 15 Jun 2026');
    await expect(part(page, 'What it paid')).toContainText('It has not paid an invoice yet.');

    const next = await (await Company.on(server)).invoice(customer, '2026-06-15', '4.00', 'Rope');
    await page.getByRole('link', { name: 'Apply to an invoice' }).click();
    await page.getByLabel(`Amount for ${next.number}`).fill('4.00');
    await page.getByRole('button', { name: 'Apply', exact: true }).click();
    await expect(page.getByText('The credit has been applied.')).toBeVisible();
    await expect(part(page, 'What it paid').getByRole('row', { name: next.number })).toContainText('€4.00');
    await expect(figure(page, 'Left')).toHaveText('€2.00');
    if (script) await expectAccessible(page);

    await page.getByRole('link', { name: next.number }).first().click();
    await expect(part(page, 'What paid it').getByRole('row').nth(1)).toContainText('Payment 1 of 15 Jun 2026');
  });

  await test.step('the customer reads the same in their own words', async () => {
    if (!script) await watching.reload();
    await expect(figure(watching, 'Available credit')).toHaveText('€2.00');
    await watching.getByRole('link', { name: 'Credit', exact: true }).click();
    await watching.getByRole('link', { name: 'Your payment of 15 Jun 2026' }).click();
    await expect(part(watching, 'What it paid')).toContainText('Your payment of 15 June 2026 paid €4.00 of');
  });
  await watching.context().close();
});

test('an open page finds the server again after a restart', async ({ page, server }) => {
  const { company, customer } = await owing(server, 'Red Rudder Ltd', 'RED-1');
  await login(page, 'carl@red-1.test');
  await page.goto(`/customers/${customer.number}`);
  await expect(figure(page, 'Amount due')).toHaveText('€89.00');
  await listening(page);

  await server.restart();
  await company.payOnAccount(customer, '2026-06-15', '12.50');
  await expect(figure(page, 'Available credit')).toHaveText('€12.50');
  await company.payOnAccount(customer, '2026-06-15', '0.50');
  await expect(figure(page, 'Available credit')).toHaveText('€13.00', AT_ONCE);
  await expectNotReloaded(page);
});

/** A customer who owes 89.00 on one account, a clerk, and somebody of the customer's. */
async function owing(
  server: Server,
  name: string,
  account: string,
): Promise<{ company: Company; customer: Customer; invoice: Invoice }> {
  const company = await Company.on(server);
  const customer = await company.customer(name, account);
  const invoice = await company.invoice(customer, '2026-06-01', '89.00', 'Two lamps');
  await company.person('accountant', `carl@${account.toLowerCase()}.test`, 'Carl Clerk');
  await company.portalPerson(customer, `bea@${account.toLowerCase()}.test`, 'Bea Boat');
  return { company, customer, invoice };
}

/** The page hears of changes, and is marked, to see later that it was not loaded again. */
async function listening(page: Page): Promise<void> {
  await page.evaluate(() => { document.documentElement.dataset.marked = 'yes'; });
}

async function expectNotReloaded(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.dataset.marked)).toBe('yes');
}
