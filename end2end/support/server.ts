// Runs `saldo` for the stories: one server with a database of its own, and the command line beside it.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What the server's database holds at first. */
export type Data = 'empty' | 'demo';

/** The business date on which every story begins. */
export const TODAY = '2026-06-15';
/** The password of everybody in the demo company. */
export const PASSWORD = 'a long password for the stories';

/** The one JSON document that `saldo serve --json` writes. */
type Greeting = { url: string; first_admin_link: string | null };

/** A company small enough to be made quickly, and large enough for lists of several pages. */
const DEMO = ['demo', '--customers', '80', '--test-clock', TODAY, '--password', PASSWORD];
const MADE_WITHIN_MS = 100_000;
const READY_WITHIN_MS = 30_000;
const GONE_WITHIN_MS = 10_000;
const ASK_AGAIN_MS = 50;

export class Server {
  /** Everything the server has logged so far. */
  logged = '';
  private child: ChildProcess | undefined;
  private greeting: Greeting | undefined;

  private constructor(private readonly folder: string) {}

  /** A new server answers. */
  static async start(data: Data): Promise<Server> {
    const folder = mkdtempSync(join(storiesFolder(), 'server-'));
    if (data === 'demo') {
      copyDatabase(await demoDatabase(), join(folder, 'saldo.db'));
    }
    const server = new Server(folder);
    await server.run(0);
    return server;
  }

  get baseURL(): string {
    if (!this.greeting) throw new Error('the server has not started');
    return this.greeting.url;
  }

  /** Where the first administrator sets a password; nothing when somebody can log in already. */
  get firstAdminLink(): string | null {
    return this.greeting?.first_admin_link ?? null;
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
    const port = Number(new URL(this.baseURL).port);
    await this.end();
    await this.run(port);
  }

  /** The server has ended and its database is removed. */
  async stop(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Port 0 takes a free one. */
  private async run(port: number): Promise<void> {
    const words = ['serve', '--json', '--database-url', this.databaseUrl, '--port', String(port), '--test-clock', TODAY];
    const child = spawn(program(), words, { cwd: this.folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    child.stderr.on('data', (text: Buffer) => { this.logged += text.toString(); });
    let printed = '';
    child.stdout.on('data', (text: Buffer) => { printed += text.toString(); });

    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`saldo serve ended with status ${child.exitCode ?? child.signalCode}:\n${this.logged}`);
      }
      this.greeting = greetingIn(printed);
      if (this.greeting && (await isWell(this.greeting.url))) return;
      await pause(ASK_AGAIN_MS);
    }
    child.kill('SIGKILL');
    throw new Error(`saldo serve did not answer within ${READY_WITHIN_MS} ms:\n${this.logged}`);
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

/** The database that holds the demo company, made by the first worker that asks for it; others wait. */
async function demoDatabase(): Promise<string> {
  const folder = join(storiesFolder(), 'demo');
  const making = folder + '-making';
  if (isFirst(making)) {
    await saldo(databaseUrl(join(making, 'saldo.db')), DEMO);
    // With its journal, in one step: a database is more than one file.
    renameSync(making, folder);
  }
  const until = Date.now() + MADE_WITHIN_MS;
  while (!existsSync(folder)) {
    if (Date.now() > until) throw new Error('the demo company was not made in time');
    await pause(ASK_AGAIN_MS);
  }
  return join(folder, 'saldo.db');
}

/** Whether this worker is to make the demo company: nobody has begun yet. */
function isFirst(making: string): boolean {
  try {
    writeFileSync(making + '.begun', '', { flag: 'wx' });
    mkdirSync(making);
    return true;
  } catch {
    return false;
  }
}

function program(): string {
  const program = process.env.SALDO_BIN;
  if (!program) throw new Error('SALDO_BIN names no server; run the stories with: cargo xtask test');
  return program;
}

function storiesFolder(): string {
  const folder = process.env.SALDO_STORIES_FOLDER;
  if (!folder) throw new Error('the folder for databases is not set; folder.ts sets it before the stories');
  return folder;
}

function databaseUrl(file: string): string {
  return `sqlite://${file}`;
}

async function saldo(url: string, words: string[]): Promise<string> {
  const options = { cwd: storiesFolder(), env: environment() };
  const { stdout } = await promisify(execFile)(program(), [...words, '--database-url', url], options);
  return stdout;
}

/** The environment without settings of Saldo, so that stories are the same on every machine. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SALDO_')));
}

/** What the server says once it listens; nothing while it has not been written whole. */
function greetingIn(printed: string): Greeting | undefined {
  try {
    return JSON.parse(printed) as Greeting;
  } catch {
    return undefined;
  }
}

async function isWell(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/healthz`).catch(() => undefined);
  return answer?.ok ?? false;
}

/** Copies what SQLite may not have put into the main file yet along with it. */
function copyDatabase(from: string, to: string): void {
  for (const part of ['', '-wal']) {
    if (existsSync(from + part)) copyFileSync(from + part, to + part);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
