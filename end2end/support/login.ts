// Logging in as a person would.
import { expect, type Page } from '@playwright/test';
import { PASSWORD } from './server';

/** The page belongs to the person with `email`; everybody in the demo company has the same password. */
export async function login(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).not.toHaveURL(/\/login/);
}
