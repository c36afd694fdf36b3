// Logging in as a person would, and quickly.
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { PASSWORD, type Server } from './server';

/** The page belongs to the person with `email`; everybody in the demo company has the same password. */
export async function login(page: Page, email: string, password = PASSWORD): Promise<void> {
  await page.goto('/login');
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).not.toHaveURL(/\/login/);
}

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

const sessions = new WeakMap<Server, Map<string, Cookies>>();

/** The browser belongs to the person with `email`, who has logged in once on this server. */
export async function loggedIn(context: BrowserContext, server: Server, email: string): Promise<void> {
  const known = sessions.get(server) ?? new Map<string, Cookies>();
  sessions.set(server, known);
  const cookies = known.get(email);
  if (cookies) return await context.addCookies(cookies);
  const form = { 'login[email]': email, 'login[password]': PASSWORD };
  const answer = await context.request.post('/api/fn/log_in', { form, headers: { accept: 'text/html' } });
  expect(answer.ok(), `${email} could not log in: ${answer.status()}`).toBe(true);
  known.set(email, await context.cookies());
}
