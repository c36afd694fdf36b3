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
  /** A promotion that has given to one customer by a run, the run, and one that is still a draft. */
  promotion: string;
  promotionRun: string;
  draftPromotion: string;
  /** A request that waits for a decision. */
  request: string;
  user: string;
  /** Of the customer who looks at the portal. */
  ownInvoice: string;
  ownPayment: string;
  ownGrant: string;
  ownAccount: string;
  ownCreditNote: string;
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
  const given = await promotion(server, both.customer as string);
  const ownInvoice = await linked(customer, '/portal/invoices');
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
    ...given,
    user: await linked(admin, '/admin/users'),
    request: await goodwill(company, both.account as string),
    ownInvoice,
    ownPayment: await linked(customer, '/portal/payments'),
    ownGrant: await linked(customer, '/portal/credits?show=all', '/portal/credits'),
    ownAccount: await ownAccount(customer),
    ownCreditNote: await creditNote(company, ownInvoice),
  };
}

/** Goodwill credit above the limit, asked for and not decided. */
async function goodwill(company: Company, account: string): Promise<string> {
  const [grant] = await company.list(`credit-grants?account=${account}`);
  const { currency } = grant.remainder as Json;
  const amount = { amount: '900.00', currency };
  const asked = await company.post('adjustments', { account, amount, reason: 'A month without a line' });
  return asked.id as string;
}

/** All of an invoice credited. */
async function creditNote(company: Company, invoice: string): Promise<string> {
  const note = { invoice, reason_code: 'return', everything: true, act: 'finalise' };
  return (await company.post('credit-notes', note)).id as string;
}

/** Defines two promotions for one customer only, and gives one of them. */
async function promotion(server: Server, customer: string) {
  const admin = await Company.on(server, 'admin');
  const terms = {
    name_en: 'Thank you',
    name_de: 'Dankeschön',
    kind: 'fixed_credit',
    currency: 'EUR',
    amount: { amount: '20.00', currency: 'EUR' },
    budget: { amount: '1000.00', currency: 'EUR' },
    audience: 'customers',
    customers: [customer],
    lapse_days: 90,
  };
  const draft = await admin.post('promotions', { ...terms, code: 'SOON' });
  const active = await admin.post('promotions', { ...terms, code: 'THANKS' });
  await admin.act(`promotions/${active.id}/activate`, {});
  const { run } = await admin.act(`promotions/${active.id}/grant`, {});
  return {
    promotion: active.id as string,
    promotionRun: (run as Json).id as string,
    draftPromotion: draft.id as string,
  };
}

async function ownAccount(customer: APIRequestContext): Promise<string> {
  const html = await (await customer.get('/portal')).text();
  const number = html.match(/href="\/portal\/prepaid\/([^"]+)"/)?.[1];
  expect(number, 'no receivable account in the portal').toBeDefined();
  return number ?? '';
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
