// Runs `saldo` for the stories: one server with a database of its own, and the command line beside it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What the server's database holds at first. */
export type Data = 'empty' | 'demo';

/** The business date on which every story begins. */
export const TODAY = '2026-06-15';
/** The password of everybody in the demo company. */
export const PASSWORD = 'a long password for the stories';

const READY_WITHIN_MS = 30_000;
const GONE_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 50;

export class Server {
  /** Everything the server has written so far: the first admin's link stands in it. */
  printed = '';
  private child: ChildProcess | undefined;

  private constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** A new server answers. */
  static async start(data: Data): Promise<Server> {
    const folder = mkdtempSync(join(storiesFolder(), 'server-'));
    if (data === 'demo') {
      copyDatabase(demoDatabase(), join(folder, 'saldo.db'));
    }
    const server = new Server(folder, await freePort());
    await server.run();
    return server;
  }

  get baseURL(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get databaseUrl(): string {
    return databaseUrl(join(this.folder, 'saldo.db'));
  }

  /** Runs `saldo` with `words` on this server's database; fails when it does. Returns what it prints. */
  saldo(...words: string[]): Promise<string> {
    return saldo(this.databaseUrl, words);
  }

  /** The server has ended and answers again, at the same address and with the same database. */
  async restart(): Promise<void> {
    await this.end();
    await this.run();
  }

  /** The server has ended and its database is removed. */
  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async run(): Promise<void> {
    const words = ['serve', '--database-url', this.databaseUrl, '--port', String(this.port), '--test-clock', TODAY];
    const child = spawn(program(), words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (text: Buffer) => { this.printed += text.toString(); };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.child = child;
    await this.ready(child);
  }

  private async ready(child: ChildProcess): Promise<void> {
    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until) {
      if (child.exitCode !== null) {
        throw new Error(`saldo serve ended with status ${child.exitCode}:\n${this.printed}`);
      }
      const answer = await fetch(`${this.baseURL}/healthz`).catch(() => undefined);
      if (answer?.ok) return;
      await pause(ASK_AGAIN_MS);
    }
    child.kill('SIGKILL');
    throw new Error(`saldo serve did not answer within ${READY_WITHIN_MS} ms:\n${this.printed}`);
  }

  private async end(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), GONE_WITHIN_MS);
    await ended;
    clearTimeout(force);
  }
}

/** The database that holds the demo company; made before the stories run. */
export function demoDatabase(): string {
  return join(storiesFolder(), 'demo.db');
}

/** `file` is a database with the demo company. */
export async function makeDemo(file: string): Promise<void> {
  await saldo(databaseUrl(file), ['demo', '--password', PASSWORD]);
}

function program(): string {
  const program = process.env.SALDO_BIN;
  if (!program) throw new Error('SALDO_BIN names no server; run the stories with: cargo xtask test');
  return program;
}

function storiesFolder(): string {
  const folder = process.env.SALDO_STORIES_FOLDER;
  if (!folder) throw new Error('the folder for databases is not set; company.ts sets it before the stories');
  return folder;
}

function databaseUrl(file: string): string {
  return `sqlite://${file}`;
}

async function saldo(url: string, words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program(), [...words, '--database-url', url]);
  return stdout;
}

/** Copies what SQLite may not have put into the main file yet along with it. */
function copyDatabase(from: string, to: string): void {
  for (const part of ['', '-wal']) {
    if (existsSync(from + part)) copyFileSync(from + part, to + part);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no free port'))));
    });
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
