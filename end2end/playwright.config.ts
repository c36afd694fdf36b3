// How the browser stories run: Chromium of this system, a server of its own for every story file.
import { defineConfig } from '@playwright/test';

// As root Chromium runs without its sandbox; the rest keeps it from calling its maker's hosts.
const chromiumArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export default defineConfig({
  testDir: 'stories',
  globalSetup: './support/folder.ts',
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  // A story takes half a minute by itself, and more where others compile beside it.
  timeout: 120_000,
  expect: { timeout: 10_000 },
  reporter: 'list',
  use: {
    actionTimeout: 10_000,
    locale: 'en-GB',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: process.env.CHROMIUM || undefined, args: chromiumArguments },
  },
  projects: [
    { name: 'script' },
    // Stories that must also work without JavaScript carry this tag.
    { name: 'no-script', grep: /@no-script/, use: { javaScriptEnabled: false } },
  ],
});
