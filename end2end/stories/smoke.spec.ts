// The server runs and asks who is there.
import { expectAccessible } from '../support/accessible';
import { expect, test } from '../support/test';

test.use({ data: 'empty' });

test('the server says that it is well', async ({ request }) => {
  const answer = await request.get('/healthz');
  expect(answer.status()).toBe(200);
});

test('somebody unknown is asked to log in @no-script', async ({ page, javaScriptEnabled }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/login/);
  await expect(page.getByRole('heading', { name: 'Log in' })).toBeVisible();
  await expect(page.getByLabel('Email')).toBeEditable();
  if (javaScriptEnabled !== false) await expectAccessible(page);
});
