// Makes the demo company once; every story file that wants it gets a copy of its database.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoDatabase, makeDemo } from './server';

/** Runs before all stories. What it returns runs after them. */
export default async function company(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'saldo-stories-'));
  process.env.SALDO_STORIES_FOLDER = folder;
  await makeDemo(demoDatabase());
  return () => rmSync(folder, { recursive: true, force: true });
}
