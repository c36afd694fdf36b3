// Story 1: an empty house gets its first administrator, a name, a clerk and a first customer.
import { expectAccessible } from '../support/accessible';
import { login } from '../support/login';
import { expect, test } from '../support/test';

test.use({ data: 'empty' });

const PASSWORD = 'correct lamp seven harbour';

test('from an empty database to the first customer @no-script', async ({ page, server, browser, javaScriptEnabled }) => {
  const script = javaScriptEnabled !== false;

  await test.step('the first administrator sets a password with the link of the server', async () => {
    expect(server.firstAdminLink).not.toBeNull();
    await page.goto(server.firstAdminLink ?? '');
    await expect(page.getByRole('heading', { level: 1, name: 'Set up Saldo' })).toBeVisible();
    if (script) await expectAccessible(page);
    await page.getByLabel('Your name').fill('Ada Admin');
    await page.getByLabel('Email').fill('ada@house.test');
    await page.getByLabel('New password', { exact: true }).fill('password1234');
    await page.getByLabel('New password, once more').fill('password1234');
    await page.getByRole('button', { name: 'Set up and log in' }).click();

    // A weak password is refused, and nothing else has to be typed again.
    await expect(page.getByRole('alert')).toContainText('New password');
    await expect(page.getByLabel('Your name')).toHaveValue('Ada Admin');
    await expect(page.getByLabel('Email')).toHaveValue('ada@house.test');
    await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('New password, once more').fill(PASSWORD);
    await page.getByRole('button', { name: 'Set up and log in' }).click();
    await expect(page.getByText('Your password has been set.')).toBeVisible();
    await expect(page.getByText('Saldo is ready')).toBeVisible();
  });

  await test.step('the link works once', async () => {
    const other = await browser.newContext();
    const stranger = await other.newPage();
    const answer = await stranger.goto(server.firstAdminLink ?? '');
    expect(answer?.status()).toBe(422);
    await expect(stranger.getByRole('main')).toContainText('no longer');
    await other.close();
  });

  await test.step('the business gets its name', async () => {
    await page.getByRole('link', { name: 'Administration' }).first().click();
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByLabel('Name of the business').fill('Harbour Lamps Ltd');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('status')).toHaveText('Saved.');
    await expect(page.getByLabel('Name of the business')).toHaveValue('Harbour Lamps Ltd');
  });

  const link = await test.step('a clerk is invited', async () => {
    await page.getByRole('link', { name: 'Administration' }).first().click();
    await page.getByRole('link', { name: 'People', exact: true }).click();
    await page.getByRole('link', { name: 'Invite staff' }).click();
    await page.getByLabel('Name').fill('Carl Clerk');
    await page.getByLabel('E-mail address').fill('carl@house.test');
    await page.getByRole('button', { name: 'Invite' }).click();
    // Somebody without a role could do nothing.
    await expect(page.getByRole('alert')).toBeVisible();
    await expect(page.getByLabel('Name')).toHaveValue('Carl Clerk');
    await page.getByRole('checkbox', { name: 'Accountant' }).check();
    await page.getByRole('button', { name: 'Invite' }).click();
    await expect(page.getByText('The link is ready')).toBeVisible();
    if (script) await expectAccessible(page);
    return await page.getByLabel('One-time link').inputValue();
  });

  await test.step('the link is shown only once', async () => {
    await page.reload();
    await expect(page.getByText('The link was shown once')).toBeVisible();
    await expect(page.getByLabel('One-time link')).toHaveCount(0);
  });

  const clerk = await (await browser.newContext()).newPage();
  await test.step('the clerk sets a password, and logs in with it later', async () => {
    await clerk.goto(link);
    await expect(clerk.getByRole('heading', { name: 'Welcome, Carl Clerk' })).toBeVisible();
    await clerk.getByLabel('New password', { exact: true }).fill('seven harbour lamps correct');
    await clerk.getByLabel('New password, once more').fill('seven harbour lamps correct');
    await clerk.getByRole('button', { name: 'Set password and log in' }).click();
    await expect(clerk.getByText('Your password has been set.')).toBeVisible();

    await clerk.getByText('Carl Clerk').click();
    await clerk.getByRole('button', { name: 'Log out' }).click();
    await expect(clerk.getByText('You have logged out.')).toBeVisible();

    await clerk.getByLabel('Email').fill('carl@house.test');
    await clerk.getByLabel('Password').fill('not this one, surely');
    await clerk.getByRole('button', { name: 'Log in' }).click();
    await expect(clerk.getByRole('alert')).toBeVisible();
    await expect(clerk.getByLabel('Email')).toHaveValue('carl@house.test');
    await login(clerk, 'carl@house.test', 'seven harbour lamps correct');
  });

  await test.step('the clerk may not invite people', async () => {
    const answer = await clerk.goto('/admin/users/invite');
    expect(answer?.status()).toBe(403);
    await clerk.goto('/');
  });

  await test.step('the clerk creates a customer with accounts in two currencies', async () => {
    await clerk.getByRole('link', { name: 'Customers' }).first().click();
    await clerk.getByRole('link', { name: 'New customer' }).first().click();
    await clerk.getByLabel('Name', { exact: true }).first().fill('Blue Boat Ltd');
    await clerk.getByLabel('Account number').fill('BLUE-EUR');
    await clerk.getByLabel('Payment terms').fill('soon');
    await clerk.getByRole('button', { name: 'Create customer' }).click();
    await expect(clerk.getByRole('alert')).toContainText('Payment terms');
    await expect(clerk.getByLabel('Payment terms')).toHaveValue('soon');
    await expect(clerk.getByLabel('Account number')).toHaveValue('BLUE-EUR');
    await clerk.getByLabel('Payment terms').fill('14');
    await clerk.getByRole('button', { name: 'Create customer' }).click();
    await expect(clerk.getByText('The customer has been created.')).toBeVisible();
    await expect(clerk.getByRole('heading', { level: 1, name: 'Blue Boat Ltd' })).toBeVisible();

    await clerk.getByRole('link', { name: 'New account' }).click();
    await clerk.getByLabel('Currency').fill('USD');
    await clerk.getByLabel('Account number').fill('BLUE-USD');
    await clerk.getByRole('button', { name: 'Open account' }).click();
    await expect(clerk.getByText('The receivable account has been opened.')).toBeVisible();
    await expect(clerk.getByRole('heading', { name: 'BLUE-EUR in EUR' })).toBeVisible();
    await expect(clerk.getByRole('heading', { name: 'BLUE-USD in USD' })).toBeVisible();
    if (script) await expectAccessible(clerk);
  });
  await clerk.context().close();
});
