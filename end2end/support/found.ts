// Things of the demo company that pages are about, found once per server.
import { type APIRequestContext, expect, request } from '@playwright/test';
import { Company, type Json } from './company';
import { PASSWORD, type Server } from './server';

/** Ids and numbers as they stand in addresses. */
export type Found = {
  /** Path of a link with which somebody sets their first password. */
  invitation: string;
  /** A customer who owes and holds credit on one account, with an open invoice and a grant of it. */
  customer: string;
  account: string;
  invoice: string;
  grant: string;
  paidInvoice: string;
  draft: string;
  payment: string;
  entry: string;
  run: string;
  /** A run of which only the preview has been made. */
  previewedRun: string;
  import: string;
  user: string;
  /** Of the customer who looks at the portal. */
  ownInvoice: string;
  ownPayment: string;
  ownGrant: string;
};

const searches = new WeakMap<Server, Promise<Found>>();

/** What pages can be about on this server, which holds the demo company. */
export function find(server: Server): Promise<Found> {
  const begun = searches.get(server) ?? search(server);
  searches.set(server, begun);
  return begun;
}

async function search(server: Server): Promise<Found> {
  const company = await Company.on(server);
  const [done] = await company.list('credit-runs');
  const previewed = await company.post('credit-runs', { effective_on: '2026-06-15', scope: 'all' });
  const [both] = await company.list(`credit-runs/${previewed.id}/pairs`);
  const [grant, invoice] = ((both.pairs as Json[])[0].pair as string).split(':');
  const first = async (resource: string) => (await company.list(resource))[0].id as string;
  const admin = await browsing(server, 'admin@demo.test');
  const accountant = await browsing(server, 'accountant@demo.test');
  const customer = await browsing(server, 'customer@demo.test');
  return {
    invitation: await invitation(server),
    customer: both.customer as string,
    account: both.account as string,
    invoice,
    grant,
    paidInvoice: await first('invoices?status=paid'),
    draft: await first('invoices?status=draft'),
    payment: await first(`payments?account=${both.account}`),
    entry: await first('journal-entries'),
    run: done.id as string,
    previewedRun: previewed.id as string,
    import: await linked(accountant, '/imports'),
    user: await linked(admin, '/admin/users'),
    ownInvoice: await linked(customer, '/portal/invoices'),
    ownPayment: await linked(customer, '/portal/payments'),
    ownGrant: await linked(customer, '/portal/credits?show=all', '/portal/credits'),
  };
}

async function invitation(server: Server): Promise<string> {
  const words = ['user', 'add', 'new@demo.test', '--role', 'cashier', '--json'];
  const { link } = JSON.parse(await server.saldo(...words)) as { link: string };
  return new URL(link).pathname;
}

async function browsing(server: Server, email: string): Promise<APIRequestContext> {
  const context = await request.newContext({ baseURL: server.baseURL, extraHTTPHeaders: { accept: 'text/html' } });
  const form = { 'login[email]': email, 'login[password]': PASSWORD };
  expect((await context.post('/api/fn/log_in', { form })).ok()).toBe(true);
  return context;
}

/** The id that the first link of the page under `part` ends with. */
async function linked(context: APIRequestContext, page: string, part = page): Promise<string> {
  const html = await (await context.get(page)).text();
  const id = html.match(new RegExp(`href="${part}/([0-9a-f-]{36})"`))?.[1];
  expect(id, `no link in ${page}`).toBeDefined();
  return id ?? '';
}
