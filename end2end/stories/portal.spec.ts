// Story 5: a customer opens the portal on a phone, invited by a link that works once.
import type { Page } from '@playwright/test';
import { expectAccessible } from '../support/accessible';
import { Company } from '../support/company';
import { figure, part } from '../support/figure';
import { login } from '../support/login';
import { expect, test } from '../support/test';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const NEW_PASSWORD = 'seven harbour lamps correct';

test.use({ data: 'empty' });

test('a customer sees their own accounts on a phone, and nothing of others @no-script', async ({
  page,
  browser,
  server,
  javaScriptEnabled,
}) => {
  const script = javaScriptEnabled !== false;
  const company = await Company.on(server);
  const boat = await company.customer('Blue Boat Ltd', 'BLUE-1');
  const rudder = await company.customer('Red Rudder Ltd', 'RED-1');
  const paid = await company.invoice(boat, '2026-05-04', '30.00', 'Rope');
  const open = await company.invoice(boat, '2026-06-01', '89.00', 'Two lamps');
  const others = await company.invoice(rudder, '2026-05-04', '45.00', 'Paint');
  await company.payOnAccount(boat, '2026-05-18', '50.00');
  await company.payOnAccount(rudder, '2026-05-18', '7.00');
  await company.applyCredits('2026-05-31');
  await company.person('admin', 'ada@house.test', 'Ada Admin');

  const link = await test.step('an administrator invites them', async () => {
    await login(page, 'ada@house.test');
    await page.goto(`/customers/${boat.number}`);
    await page.goto('/admin/users');
    await page.getByRole('link', { name: 'Invite a customer' }).click();
    await page.getByLabel('Customer number').fill(boat.number);
    await page.getByLabel('Name').fill('Bea Boat');
    await page.getByLabel('E-mail address').fill('bea@boat.test');
    await page.getByRole('button', { name: 'Invite' }).click();
    return await page.getByLabel('One-time link').inputValue();
  });

  const context = await browser.newContext(PHONE);
  const phone = await context.newPage();

  await test.step('the link lets them set a password, once', async () => {
    await phone.goto(link);
    await phone.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
    await phone.getByLabel('New password, once more').fill(NEW_PASSWORD);
    await phone.getByRole('button', { name: 'Set password and log in' }).click();
    await expect(phone).toHaveURL(/\/portal/);
    await expect(phone.getByRole('heading', { level: 1 })).toHaveText('Hello Blue Boat Ltd');
    expect((await page.goto(link))?.status()).toBe(422);
  });

  await test.step('accounts with balances, what is to pay, and credit', async () => {
    await expect(figure(phone, 'Amount due')).toHaveText('€89.00');
    await expect(figure(phone, 'Available credit')).toHaveText('€20.00');
    await expect(part(phone, 'To pay')).toContainText(open.number);
    await expectFits(phone);
    if (script) await expectAccessible(phone);
  });

  await test.step('an invoice, with what paid it', async () => {
    await tab(phone, 'Invoices');
    await expect(phone.getByRole('link', { name: open.number })).toBeVisible();
    await expectFits(phone);
    await phone.getByRole('link', { name: paid.number }).click();
    await expect(part(phone, 'What paid it')).toContainText('Your payment of 18 May 2026');
    await expectFits(phone);
    if (script) await expectAccessible(phone);
  });

  await test.step('credit, with where it came from and what it paid', async () => {
    await tab(phone, 'Credit');
    await expectFits(phone);
    await phone.getByRole('link', { name: 'Your payment of 18 May 2026' }).click();
    await expect(part(phone, 'Where it came from')).toContainText('18 May 2026');
    await expect(part(phone, 'What it paid')).toContainText(
      `Your payment of 18 May 2026 paid €30.00 of ${paid.number} on 31 May 2026.`,
    );
    await expectFits(phone);
    if (script) await expectAccessible(phone);
  });

  await test.step('payments', async () => {
    await tab(phone, 'Payments');
    await expect(phone.getByText('€50.00')).toBeVisible();
    await expectFits(phone);
  });

  await test.step('nothing of other customers, and nothing of the staff', async () => {
    const refused = [
      `/portal/invoices/${others.id}`,
      `/portal/invoices/${others.id}/print`,
      `/portal/credits/${await company.grantOf(rudder)}`,
      `/portal/payments/${await company.paymentOf(rudder)}`,
    ];
    for (const path of refused) {
      const answer = await phone.goto(path);
      expect(answer?.status(), path).toBe(404);
      await expect(phone.locator('body')).not.toContainText('Red Rudder');
    }
    for (const path of [`/customers/${rudder.number}`, `/accounts/${rudder.account}`, '/admin/users', '/journal']) {
      await phone.goto(path);
      await expect(phone).toHaveURL(/\/portal$/);
    }
    const live = await phone.request.get(`/live?account=${rudder.account}`);
    expect(live.status()).toBe(404);
  });
  await context.close();
});

/** Goes to a part of the portal by the bar below the page. */
async function tab(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** Nothing sticks out sideways. */
async function expectFits(page: Page): Promise<void> {
  const width = await page.locator('html').evaluate((html) => [html.scrollWidth, html.clientWidth]);
  expect(width[0], `${page.url()} is wider than the phone`).toBeLessThanOrEqual(width[1]);
}
