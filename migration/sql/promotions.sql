-- Promotions with everything they gave, and the rules of prepaid accounts.

CREATE TABLE promotions (
    id {uuid} PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name_en text NOT NULL,
    name_de text NOT NULL,
    kind text NOT NULL CHECK (kind IN
        ('fixed_credit', 'invoice_percentage', 'top_up_percentage', 'top_up_bonus')),
    currency text NOT NULL CHECK (length(currency) = 3),
    -- An amount or an exact percentage, as the kind needs.
    amount_minor bigint CHECK (amount_minor > 0),
    percent text,
    starts_on date NOT NULL,
    -- Last day on which it gives; null: until it is ended.
    ends_on date,
    audience text NOT NULL CHECK (audience IN ('all', 'tags', 'customers')),
    budget_minor bigint CHECK (budget_minor > 0),
    cap_minor bigint CHECK (cap_minor > 0),
    minimum_minor bigint NOT NULL CHECK (minimum_minor >= 0),
    stacking text NOT NULL CHECK (stacking IN ('exclusive', 'combinable')),
    priority integer NOT NULL,
    lapse_days integer CHECK (lapse_days >= 0),
    lapses_on date,
    state text NOT NULL CHECK (state IN ('draft', 'active', 'paused', 'ended')),
    -- Given less revoked; `verify` compares it with the grants.
    given_minor bigint NOT NULL DEFAULT 0 CHECK (given_minor >= 0),
    version bigint NOT NULL DEFAULT 0,
    created_at {instant} NOT NULL,
    created_by text NOT NULL,
    CHECK ((amount_minor IS NULL) <> (percent IS NULL)),
    CHECK (lapse_days IS NULL OR lapses_on IS NULL),
    CHECK (budget_minor IS NULL OR given_minor <= budget_minor)
);
CREATE INDEX promotions_for_top_ups ON promotions (currency, priority)
    WHERE state = 'active' AND kind IN ('top_up_percentage', 'top_up_bonus');

CREATE TABLE promotion_tags (
    promotion_id {uuid} NOT NULL REFERENCES promotions (id),
    tag text NOT NULL,
    PRIMARY KEY (promotion_id, tag)
);

CREATE TABLE promotion_customers (
    promotion_id {uuid} NOT NULL REFERENCES promotions (id),
    customer_id {uuid} NOT NULL REFERENCES customers (id),
    PRIMARY KEY (promotion_id, customer_id)
);

-- Gives to a whole audience, account by account.
CREATE TABLE promotion_runs (
    id {uuid} PRIMARY KEY,
    promotion_id {uuid} NOT NULL REFERENCES promotions (id),
    run_key text NOT NULL UNIQUE,
    granted_on date NOT NULL,
    -- Where it goes on after a stop: everything up to this account is done.
    done_account_id {uuid},
    state text NOT NULL CHECK (state IN ('running', 'done', 'budget_spent', 'stopped')),
    created_at {instant} NOT NULL,
    created_by text NOT NULL,
    finished_at {instant}
);
CREATE INDEX promotion_runs_by_promotion ON promotion_runs (promotion_id, created_at);

-- The documented deduction: what a promotion gave, to whom, for which document, and what of it was taken back.
CREATE TABLE promotion_grants (
    id {uuid} PRIMARY KEY,
    promotion_id {uuid} NOT NULL REFERENCES promotions (id),
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    customer_id {uuid} NOT NULL REFERENCES customers (id),
    grant_id {uuid} NOT NULL UNIQUE REFERENCES credit_grants (id),
    basis_kind text CHECK (basis_kind IN ('invoice', 'payment')),
    basis_id {uuid},
    basis_minor bigint,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    revoked_minor bigint NOT NULL DEFAULT 0 CHECK (revoked_minor >= 0 AND revoked_minor <= amount_minor),
    granted_on date NOT NULL,
    way text NOT NULL CHECK (way IN ('staff', 'code', 'run', 'top_up')),
    run_id {uuid} REFERENCES promotion_runs (id),
    reason text,
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL,
    CHECK ((basis_kind IS NULL) = (basis_id IS NULL)),
    CHECK ((basis_kind IS NULL) = (basis_minor IS NULL))
);
CREATE INDEX promotion_grants_by_promotion ON promotion_grants (promotion_id, customer_id);
CREATE INDEX promotion_grants_by_account ON promotion_grants (account_id);
CREATE INDEX promotion_grants_by_basis ON promotion_grants (basis_id) WHERE basis_id IS NOT NULL;
CREATE INDEX promotion_grants_by_run ON promotion_grants (run_id) WHERE run_id IS NOT NULL;
-- For one document a promotion gives once.
CREATE UNIQUE INDEX promotion_grants_once ON promotion_grants (promotion_id, basis_id)
    WHERE basis_id IS NOT NULL AND revoked_minor < amount_minor;

-- Accounts of a run that got nothing, and why.
CREATE TABLE promotion_run_refusals (
    run_id {uuid} NOT NULL REFERENCES promotion_runs (id),
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    code text NOT NULL,
    PRIMARY KEY (run_id, account_id)
);

-- Prepaid accounts: the prepayment side of a receivable account, with its rules.
CREATE TABLE prepaid_accounts (
    account_id {uuid} PRIMARY KEY REFERENCES receivable_accounts (id),
    whole_invoices_only {bool} NOT NULL,
    -- The customer wants to say themselves what is paid from the balance.
    opted_out {bool} NOT NULL,
    -- Staff keep the balance from being drawn down.
    held {bool} NOT NULL,
    suggested_minor bigint NOT NULL CHECK (suggested_minor >= 0),
    version bigint NOT NULL DEFAULT 0,
    created_at {instant} NOT NULL,
    created_by text NOT NULL
);

CREATE TABLE prepaid_thresholds (
    account_id {uuid} NOT NULL REFERENCES prepaid_accounts (account_id),
    threshold_minor bigint NOT NULL CHECK (threshold_minor >= 0),
    -- Told of, and the balance has not been above it since.
    crossed {bool} NOT NULL,
    PRIMARY KEY (account_id, threshold_minor)
);

-- One row per crossing.
CREATE TABLE prepaid_alerts (
    id {uuid} PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES prepaid_accounts (account_id),
    threshold_minor bigint NOT NULL,
    balance_minor bigint NOT NULL,
    crossed_on date NOT NULL,
    recorded_at {instant} NOT NULL
);
CREATE INDEX prepaid_alerts_by_account ON prepaid_alerts (account_id, recorded_at);

-- A customer says that they will pay money in; staff record the payment from it.
CREATE TABLE top_up_requests (
    id {uuid} PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    note text NOT NULL,
    requested_on date NOT NULL,
    payment_id {uuid} UNIQUE REFERENCES payments (id),
    withdrawn_on date,
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL,
    CHECK (payment_id IS NULL OR withdrawn_on IS NULL)
);
CREATE INDEX top_up_requests_open ON top_up_requests (account_id)
    WHERE payment_id IS NULL AND withdrawn_on IS NULL;
