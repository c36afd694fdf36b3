// Story 3: credit that customers hold pays what they owe: previewed, struck out, committed, undone.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/accessible';
import { Company, type Customer, type Invoice } from '../support/company';
import { figure, part } from '../support/figure';
import { login } from '../support/login';
import type { Server } from '../support/server';
import { expect, test } from '../support/test';

test.use({ data: 'empty' });

test('a run is previewed, struck out, committed and undone @no-script', async ({ page, server, javaScriptEnabled }) => {
  const script = javaScriptEnabled !== false;
  const { boat, rudder, oldest, newer, rudders } = await holdingCredit(server);
  await login(page, 'anna@house.test');

  await test.step('the preview shows every pair before anything is posted', async () => {
    await page.getByRole('link', { name: 'Apply credits' }).first().click();
    await page.getByRole('link', { name: 'New run' }).first().click();
    // Last month's end is offered.
    await expect(page.getByLabel('Effective date')).toHaveValue('2026-05-31');
    await page.getByRole('button', { name: 'Preview' }).click();

    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Credit run 1');
    await expect(figure(page, 'Pairs')).toHaveText('3');
    await expect(figure(page, 'Accounts')).toHaveText('2');
    await expect(figure(page, 'Total')).toHaveText('€80.00');
    await expect(pair(page, oldest)).toContainText('€30.00');
    await expect(pair(page, newer)).toContainText('€20.00');
    await expect(pair(page, rudders)).toContainText('€30.00');
    await page.getByText('Journal lines').first().click();
    await expect(page.getByRole('table', { name: `pays ${oldest.number}` })).toBeVisible();
    if (script) await expectAccessible(page);
    await expectOwing(page, boat, '€140.00', '€50.00');
    await page.goBack();
  });

  await test.step('what is struck out stays out, and its credit goes on to the next invoice', async () => {
    await page.getByRole('checkbox', { name: oldest.number }).uncheck();
    await page.getByRole('checkbox', { name: rudders.number }).uncheck();
    // Nobody commits what they have not seen.
    await page.getByRole('button', { name: 'Commit the run' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await expect(page.getByRole('checkbox', { name: oldest.number })).not.toBeChecked();

    await page.getByRole('button', { name: 'Recalculate' }).click();
    await expect(page.getByText('Your choices are saved.')).toBeVisible();
    await expect(page.getByRole('checkbox', { name: oldest.number })).not.toBeChecked();
    await expect(page.getByRole('checkbox', { name: rudders.number })).not.toBeChecked();
    await expect(pair(page, newer)).toContainText('€50.00');
  });

  await test.step('committing applies what is ticked, and nothing else', async () => {
    await page.getByRole('button', { name: 'Commit the run' }).click();
    await expect(figure(page, 'Applications')).toHaveText('1');
    await expect(figure(page, 'Total')).toHaveText('€50.00');
    await expect(part(page, 'What was applied').getByRole('row', { name: newer.number })).toContainText('€50.00');
    if (script) await expectAccessible(page);
    const run = page.url();
    await expectOwing(page, boat, '€90.00', '€0.00');
    await expectOwing(page, rudder, '€45.00', '€30.00');
    await page.goto(run);
  });

  await test.step('the whole run is undone with a reason', async () => {
    await page.getByText('Undo the whole run').click();
    await page.getByRole('textbox', { name: 'Reason', exact: true }).fill('The wrong month');
    await page.getByRole('button', { name: 'Undo now' }).click();
    await expect(page.getByText('Every application of this run was taken back by its own entry.')).toBeVisible();
    await expectOwing(page, boat, '€140.00', '€50.00');
  });
  // Fails when it finds anything wrong.
  await server.saldo('verify');
});

test('an account that changed since the preview is left alone @no-script', async ({ page, server }) => {
  const company = await Company.on(server);
  const harbour = await company.customer('Grey Harbour Ltd', 'GREY-1');
  const lamp = await company.customer('White Lamp Ltd', 'WHITE-1');
  const harbours = await company.invoice(harbour, '2026-05-10', '20.00', 'Buoys');
  const lamps = await company.invoice(lamp, '2026-05-10', '10.00', 'Wicks');
  await company.payOnAccount(harbour, '2026-05-12', '15.00');
  await company.payOnAccount(lamp, '2026-05-12', '10.00');
  await company.person('accountant', 'stella@house.test', 'Stella Stale');

  await login(page, 'stella@house.test');
  await page.goto('/credit-runs/new');
  await page.getByRole('button', { name: 'Preview' }).click();
  await expect(pair(page, harbours)).toContainText('€15.00');
  await expect(pair(page, lamps)).toContainText('€10.00');

  // Meanwhile more money comes in.
  await company.payOnAccount(harbour, '2026-05-13', '5.00');
  await page.getByRole('button', { name: 'Commit the run' }).click();

  await expect(page.getByText('Left alone because they changed')).toBeVisible();
  await expect(page.getByText('GREY-1', { exact: true })).toBeVisible();
  await expect(part(page, 'What was applied').getByRole('row', { name: lamps.number })).toContainText('€10.00');
  await expectOwing(page, harbour, '€20.00', '€20.00');
});

/** Two customers who owe and hold credit on the same account, and an accountant. */
async function holdingCredit(server: Server) {
  const company = await Company.on(server);
  const boat = await company.customer('Blue Boat Ltd', 'BLUE-1');
  const rudder = await company.customer('Red Rudder Ltd', 'RED-1');
  const oldest = await company.invoice(boat, '2026-05-04', '30.00', 'Rope');
  const newer = await company.invoice(boat, '2026-05-11', '110.00', 'Sails');
  const rudders = await company.invoice(rudder, '2026-05-11', '45.00', 'Paint');
  await company.payOnAccount(boat, '2026-05-18', '50.00');
  await company.payOnAccount(rudder, '2026-05-18', '30.00');
  await company.person('accountant', 'anna@house.test', 'Anna Accountant');
  return { boat, rudder, oldest, newer, rudders };
}

/** The row of the preview in which credit pays this invoice. */
function pair(page: Page, invoice: Invoice) {
  const pays = page.getByRole('checkbox', { name: invoice.number });
  return page.getByRole('row').filter({ has: pays });
}

async function expectOwing(page: Page, customer: Customer, due: string, credit: string): Promise<void> {
  await page.goto(`/customers/${customer.number}`);
  await expect(figure(page, 'Amount due')).toHaveText(due);
  await expect(figure(page, 'Available credit')).toHaveText(credit);
}
