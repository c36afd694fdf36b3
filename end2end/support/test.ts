// What every story starts from: `test` with a server of its own for each story file.
//
//   import { expect, test } from '../support/test';
//   test.use({ data: 'empty' });   // the demo company when not said
import { test as base } from '@playwright/test';
import { type Data, Server } from './server';

export { expect } from '@playwright/test';

type StoryFixtures = { data: Data; server: Server };
type WorkerFixtures = { stopLast: void };

let current: { story: string; server: Server } | undefined;

export const test = base.extend<StoryFixtures, WorkerFixtures>({
  data: ['demo', { option: true }],

  // Kept for the tests of one file, in their order; the next file gets a new one.
  server: async ({ data }, use, testInfo) => {
    const story = `${testInfo.file} ${data}`;
    if (current?.story !== story) {
      await stopCurrent();
      current = { story, server: await Server.start(data) };
    }
    await use(current.server);
  },

  baseURL: async ({ server }, use) => {
    await use(server.baseURL);
  },

  stopLast: [
    async ({}, use) => {
      await use();
      await stopCurrent();
    },
    { scope: 'worker', auto: true },
  ],
});

async function stopCurrent(): Promise<void> {
  await current?.server.stop();
  current = undefined;
}
