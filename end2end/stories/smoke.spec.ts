// The server runs and lets people in.
import { expectAccessible } from '../support/accessible';
import { login } from '../support/login';
import { expect, test } from '../support/test';

test('the server says that it is well', async ({ request }) => {
  const answer = await request.get('/healthz');
  expect(answer.status()).toBe(200);
});

test('somebody unknown is asked to log in @no-script', async ({ page, javaScriptEnabled }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/login/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  if (javaScriptEnabled !== false) await expectAccessible(page);
});

test('an accountant logs in @no-script', async ({ page }) => {
  await login(page, 'accountant@demo.test');
  await expect(page.getByRole('navigation').first()).toBeVisible();
});
