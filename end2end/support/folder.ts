// One temporary folder for the databases of all stories, removed after them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs before all stories. What it returns runs after them. */
export default function folder(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'saldo-stories-'));
  process.env.SALDO_STORIES_FOLDER = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
