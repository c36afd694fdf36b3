// Every page, on a desk and on a phone: one heading, no complaints, nothing sticking out, and readable by everybody.
//
// SALDO_SCREENSHOTS names a folder to which a picture of each page is written, in light and dark.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { expectAccessible, type Theme } from '../support/accessible';
import { awake, complaints } from '../support/browser-half';
import { type Found, find } from '../support/found';
import { loggedIn } from '../support/login';
import { routes } from '../support/routes';
import { expect, test } from '../support/test';

type Person = 'nobody' | 'admin' | 'accountant' | 'cashier' | 'support' | 'customer';

/** One page: who looks at it, and where it is. */
type Visit = {
  /** As in the route table; empty for an address that is none. */
  route: string;
  as: Person;
  /** Where the route has parts that are found out in the demo company, or a query belongs to it. */
  at?: (found: Found) => string;
  /** Tells several visits of one route apart. */
  called?: string;
  status?: number;
};

const VISITS: Visit[] = [
  { route: '/login', as: 'nobody' },
  { route: '/setup/:token', as: 'nobody', at: () => '/setup/not-a-link', status: 422 },
  { route: '/invitation/:token', as: 'nobody', at: (found) => found.invitation },
  { route: '/password', as: 'cashier' },
  { route: '', as: 'nobody', called: 'not-found', at: () => '/nowhere', status: 404 },
  { route: '/admin/users', as: 'cashier', called: 'forbidden', status: 403 },

  { route: '/credit-runs/new', as: 'support', called: 'forbidden', status: 403 },

  { route: '/', as: 'accountant' },
  { route: '/customers', as: 'accountant' },
  { route: '/customers', as: 'accountant', called: 'nothing-found', at: () => '/customers?search=nobody-at-all' },
  { route: '/customers/new', as: 'accountant' },
  { route: '/customers/:number', as: 'accountant', at: (found) => `/customers/${found.customer}` },
  { route: '/customers/:number', as: 'support', called: 'details', at: (found) => `/customers/${found.customer}?tab=details` },
  { route: '/customers/:number', as: 'accountant', called: 'history', at: (found) => `/customers/${found.customer}?tab=history` },
  { route: '/customers/:number/edit', as: 'accountant', at: (found) => `/customers/${found.customer}/edit` },
  { route: '/customers/:number/accounts/new', as: 'accountant', at: (found) => `/customers/${found.customer}/accounts/new` },
  { route: '/accounts/:number', as: 'accountant', at: (found) => `/accounts/${found.account}` },
  { route: '/accounts/:number/settings', as: 'accountant', at: (found) => `/accounts/${found.account}/settings` },

  { route: '/invoices', as: 'accountant' },
  { route: '/invoices/new', as: 'accountant', called: 'choose' },
  { route: '/invoices/new', as: 'accountant', at: (found) => `/invoices/new?account=${found.account}` },
  { route: '/invoices/:id', as: 'accountant', at: (found) => `/invoices/${found.invoice}` },
  { route: '/invoices/:id', as: 'accountant', called: 'paid', at: (found) => `/invoices/${found.paidInvoice}` },
  { route: '/invoices/:id', as: 'accountant', called: 'journal', at: (found) => `/invoices/${found.invoice}?tab=journal` },
  { route: '/invoices/:id', as: 'accountant', called: 'history', at: (found) => `/invoices/${found.invoice}?tab=history` },
  { route: '/invoices/:id', as: 'accountant', called: 'draft', at: (found) => `/invoices/${found.draft}` },
  { route: '/invoices/:id/edit', as: 'accountant', at: (found) => `/invoices/${found.draft}/edit` },
  { route: '/invoices/:id/print', as: 'accountant', at: (found) => `/invoices/${found.invoice}/print` },

  { route: '/invoices/:id/credit', as: 'accountant', at: (found) => `/invoices/${found.paidInvoice}/credit` },
  { route: '/credit-notes', as: 'accountant' },
  { route: '/credit-notes/:id', as: 'accountant', at: (found) => `/credit-notes/${found.ownCreditNote}` },
  { route: '/credit-notes/:id/print', as: 'accountant', at: (found) => `/credit-notes/${found.ownCreditNote}/print` },

  { route: '/requests', as: 'accountant' },
  { route: '/requests/:id', as: 'accountant', at: (found) => `/requests/${found.request}` },
  { route: '/approvals', as: 'accountant' },
  { route: '/adjustments/new', as: 'accountant', at: (found) => `/adjustments/new?account=${found.account}` },
  { route: '/adjustments/new', as: 'accountant', called: 'correction', at: (found) => `/adjustments/new?account=${found.account}&grant=${found.grant}` },
  { route: '/refunds/new', as: 'accountant', at: (found) => `/refunds/new?account=${found.account}&grant=${found.grant}` },
  { route: '/refunds/batch', as: 'accountant' },
  { route: '/transfers/new', as: 'accountant', at: (found) => `/transfers/new?account=${found.account}&grant=${found.grant}` },
  { route: '/write-offs/new', as: 'accountant', at: (found) => `/write-offs/new?account=${found.account}&invoice=${found.invoice}` },

  { route: '/payments', as: 'cashier' },
  { route: '/payments/new', as: 'cashier', called: 'choose' },
  { route: '/payments/new', as: 'cashier', at: (found) => `/payments/new?account=${found.account}` },
  { route: '/payments/:id', as: 'accountant', at: (found) => `/payments/${found.payment}` },
  { route: '/payments/:id/confirmation', as: 'cashier', at: (found) => `/payments/${found.payment}/confirmation` },

  { route: '/credits', as: 'accountant' },
  { route: '/credits/:id', as: 'accountant', at: (found) => `/credits/${found.grant}` },
  { route: '/credits/:id/apply', as: 'accountant', at: (found) => `/credits/${found.grant}/apply` },
  { route: '/credit-runs', as: 'accountant' },
  { route: '/credit-runs/new', as: 'accountant' },
  { route: '/credit-runs/:id', as: 'accountant', at: (found) => `/credit-runs/${found.run}` },
  { route: '/credit-runs/:id', as: 'accountant', called: 'preview', at: (found) => `/credit-runs/${found.previewedRun}` },

  { route: '/promotions', as: 'admin' },
  { route: '/promotions', as: 'admin', called: 'nothing-found', at: () => '/promotions?search=nothing-at-all' },
  { route: '/promotions/new', as: 'admin' },
  { route: '/promotions/new', as: 'accountant', called: 'forbidden', status: 403 },
  { route: '/promotions/code', as: 'accountant' },
  { route: '/promotions/runs/:id', as: 'accountant', at: (found) => `/promotions/runs/${found.promotionRun}` },
  { route: '/promotions/:id', as: 'admin', at: (found) => `/promotions/${found.promotion}` },
  { route: '/promotions/:id/edit', as: 'admin', at: (found) => `/promotions/${found.draftPromotion}/edit` },
  { route: '/promotions/:id/simulate', as: 'accountant', at: (found) => `/promotions/${found.draftPromotion}/simulate` },
  { route: '/prepaid', as: 'accountant' },
  { route: '/prepaid/:number', as: 'accountant', at: (found) => `/prepaid/${found.account}` },
  { route: '/prepaid/:number/rules', as: 'accountant', at: (found) => `/prepaid/${found.account}/rules` },

  { route: '/journal', as: 'accountant' },
  { route: '/journal/trial-balance', as: 'accountant' },
  { route: '/journal/:id', as: 'accountant', at: (found) => `/journal/${found.entry}` },
  { route: '/reports', as: 'accountant' },
  { route: '/reports/aging', as: 'accountant' },
  { route: '/reports/books', as: 'accountant' },

  { route: '/imports', as: 'accountant' },
  { route: '/imports/new', as: 'accountant' },
  { route: '/imports/:id', as: 'accountant', at: (found) => `/imports/${found.import}` },

  { route: '/admin', as: 'admin' },
  { route: '/admin/users', as: 'admin' },
  { route: '/admin/users/invite', as: 'admin' },
  { route: '/admin/users/invite-customer', as: 'admin' },
  { route: '/admin/users/:user', as: 'admin', at: (found) => `/admin/users/${found.user}` },
  { route: '/admin/tokens', as: 'admin' },
  { route: '/admin/tokens/new', as: 'admin' },
  { route: '/admin/periods', as: 'accountant' },
  { route: '/admin/chart', as: 'admin' },
  { route: '/admin/chart/:role', as: 'admin', at: () => '/admin/chart/bank' },
  { route: '/admin/settings', as: 'admin' },
  { route: '/admin/expiry', as: 'admin' },
  { route: '/admin/expiry/new', as: 'accountant' },
  { route: '/admin/audit', as: 'admin' },

  { route: '/portal', as: 'customer' },
  { route: '/portal/invoices', as: 'customer' },
  { route: '/portal/invoices/:id', as: 'customer', at: (found) => `/portal/invoices/${found.ownInvoice}` },
  { route: '/portal/invoices/:id/print', as: 'customer', at: (found) => `/portal/invoices/${found.ownInvoice}/print` },
  { route: '/portal/payments', as: 'customer' },
  { route: '/portal/payments/:id', as: 'customer', at: (found) => `/portal/payments/${found.ownPayment}` },
  { route: '/portal/payments/:id/confirmation', as: 'customer', at: (found) => `/portal/payments/${found.ownPayment}/confirmation` },
  { route: '/portal/credit-notes', as: 'customer' },
  { route: '/portal/credit-notes/:id', as: 'customer', at: (found) => `/portal/credit-notes/${found.ownCreditNote}` },
  { route: '/portal/credit-notes/:id/print', as: 'customer', at: (found) => `/portal/credit-notes/${found.ownCreditNote}/print` },
  { route: '/portal/credits', as: 'customer', at: () => '/portal/credits?show=all' },
  { route: '/portal/code', as: 'customer' },
  { route: '/portal/prepaid/:number', as: 'customer', at: (found) => `/portal/prepaid/${found.ownAccount}` },
  { route: '/portal/credits/:id', as: 'customer', at: (found) => `/portal/credits/${found.ownGrant}` },
];

// Longer words are the harder test of a narrow page. Colours do not depend on the screen, so that one of them is
// enough for the dark theme.
const SCREENS: { name: string; themes: Theme[]; options: object }[] = [
  { name: 'desk', themes: ['light', 'dark'], options: { viewport: { width: 1280, height: 800 } } },
  {
    name: 'phone',
    themes: ['light'],
    options: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'de-DE' },
  },
];

test.describe.configure({ mode: 'parallel' });

test('every route of the table is visited', () => {
  const table = routes();
  expect(table.length).toBeGreaterThan(50);
  const visited = VISITS.map(({ route }) => route).filter((route) => route !== '');
  expect([...new Set(visited)].sort()).toEqual([...new Set(table)].sort());
});

for (const { name: screen, themes, options } of SCREENS) {
  test.describe(screen, () => {
    test.use(options);
    for (const visit of VISITS) {
      const name = nameOf(visit);
      test(`${name} as ${visit.as}`, async ({ page, context, server }) => {
        if (visit.as !== 'nobody') await loggedIn(context, server, `${visit.as}@demo.test`);
        const address = visit.at?.(await find(server)) ?? visit.route;
        const heard = complaints(page);
        const answer = await page.goto(address);
        expect(answer?.status()).toBe(visit.status ?? 200);
        await awake(page);

        await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
        await expect(page).not.toHaveTitle('Saldo');
        await expectFits(page);
        await expectAccessible(page, themes);
        await picture(page, screen, name);
        expect(heard.filter((complaint) => !isTheAnswer(complaint, visit.status))).toEqual([]);
      });
    }
  });
}

/** `customers-number-edit`, and what tells the visit apart from others. */
function nameOf({ route, called }: Visit): string {
  const words = route.split('/').map((part) => part.replace(':', ''));
  return [...words, called ?? ''].filter((word) => word !== '').join('-') || 'dashboard';
}

/** Nothing sticks out sideways. */
async function expectFits(page: Page): Promise<void> {
  const html = page.locator('html');
  const wider = await html.evaluate((html) => html.scrollWidth - html.clientWidth);
  expect(wider, 'pixels by which the page is wider than the screen').toBeLessThanOrEqual(0);
}

async function picture(page: Page, screen: string, name: string): Promise<void> {
  const folder = process.env.SALDO_SCREENSHOTS;
  if (!folder) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(folder, screen, `${name}-${colorScheme}.png`), fullPage: true });
  }
}

/** Chromium complains about the page itself where it is answered with a status of failure. */
function isTheAnswer(complaint: string, status = 200): boolean {
  return status >= 400 && complaint.includes(`responded with a status of ${status}`);
}
