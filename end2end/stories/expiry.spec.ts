// Story: credit lapses by a policy or a day of its own; its order of use is explained, its day changed with a reason.
import { expectAccessible } from '../support/accessible';
import { Company } from '../support/company';
import { figure, part } from '../support/figure';
import { login } from '../support/login';
import { expect, test } from '../support/test';

test.use({ data: 'empty' });

test('a policy is tried and set, and credit lapses, is explained and extended @no-script', async ({
  page,
  server,
  javaScriptEnabled,
}) => {
  const script = javaScriptEnabled !== false;
  const company = await Company.on(server);
  const customer = await company.customer('Green Gull Ltd', 'GULL-1');
  await company.person('admin', 'ada@gull.test', 'Ada Admin');
  await company.person('accountant', 'anna@gull.test', 'Anna Accountant');
  await company.payOnAccount(customer, '2026-06-01', '20.00');

  await test.step('an administrator sees what a policy would do before setting it', async () => {
    await login(page, 'ada@gull.test');
    await page.goto('/admin/expiry');
    await page.getByRole('link', { name: 'New policy' }).first().click();
    await page.getByLabel('Kind of credit').selectOption('overpayment');
    await page.getByLabel('How many').fill('10');
    await page.getByRole('button', { name: 'What would lapse?' }).click();
    await expect(page.getByText('1 of 1 credits would have lapsed by')).toBeVisible();
    await expect(part(page, 'What would lapse')).toContainText('€20.00');
    if (script) await expectAccessible(page);

    await page.getByLabel('How many').fill('400');
    await page.getByRole('button', { name: 'Set policy' }).click();
    await expect(page.getByText('After 400 days.').first()).toBeVisible();
  });

  await test.step('a prepayment gets a last usable day, said before it is saved', async () => {
    await page.context().clearCookies();
    await login(page, 'anna@gull.test');
    await page.goto(`/payments/new?account=${customer.account}`);
    await page.getByLabel('Amount received').fill('30');
    await page.getByLabel('This is a prepayment').check();
    await page.getByLabel('Last usable day').fill('2026-07-01');
    if (!script) await page.getByRole('button', { name: 'Preview' }).click();
    await expect(page.getByText('is kept as a prepayment. It can be used through')).toBeVisible();
    await page.getByRole('button', { name: 'Record payment' }).click();
    await expect(page.getByText('The payment has been recorded.')).toBeVisible();
  });

  await test.step('the account says which credit is used first, and why', async () => {
    await page.goto(`/accounts/${customer.account}`);
    const order = part(page, 'Order of use');
    await expect(order.getByRole('row').nth(1)).toContainText('it lapses before the next');
    await expect(order.getByRole('row').nth(2)).toContainText('it is the last');
    if (script) await expectAccessible(page);
    await order.getByRole('link', { name: /^Credit \d+$/ }).first().click();
    await expect(figure(page, 'Left')).toHaveText('€30.00');
  });

  await test.step('the last usable day is changed with a reason, and the day before stays', async () => {
    await page.getByText('Change the last usable day').click();
    await page.getByLabel('New last usable day').fill('2026-09-30');
    const box = page.locator('details', { hasText: 'Change the last usable day' });
    await box.getByLabel('Reason').fill('Delivery was late');
    await box.getByRole('button', { name: 'Change', exact: true }).click();
    const changes = part(page, 'Changes of the last usable day');
    await expect(changes).toContainText('Delivery was late');
    await expect(changes).toContainText('1 Jul 2026'.replaceAll(' ', '\u00a0'));
    if (script) await expectAccessible(page);
  });

  await test.step('what lapses next stands on the dashboard of everybody', async () => {
    await page.goto('/');
    await expect(part(page, 'Lapses next')).toContainText('Nothing lapses within 30 days');
  });
});
