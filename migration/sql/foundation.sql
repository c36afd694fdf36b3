-- The schema of the foundation. {uuid}, {instant} and {bool} become each engine's type.
-- Amounts are whole minor units in bigint; rates, quantities and prices are exact text.

CREATE TABLE settings (
    name text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE closed_periods (
    journal text PRIMARY KEY CHECK (journal IN ('sales', 'cash', 'credit')),
    closed_through date NOT NULL,
    -- The last day that nobody opens any more.
    locked_through date,
    CHECK (locked_through <= closed_through)
);

-- People and customers

CREATE TABLE customers (
    id {uuid} PRIMARY KEY,
    number text NOT NULL UNIQUE,
    name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    street text NOT NULL,
    postal_code text NOT NULL,
    city text NOT NULL,
    country text NOT NULL,
    language text NOT NULL,
    tax_id text NOT NULL,
    terms_days integer NOT NULL CHECK (terms_days BETWEEN 0 AND 3650),
    notes text NOT NULL,
    search_text text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    created_at {instant} NOT NULL
);
CREATE INDEX customers_by_name ON customers (name, id);
CREATE INDEX customers_by_created ON customers (created_at, id);

CREATE TABLE customer_contacts (
    id {uuid} PRIMARY KEY,
    customer_id {uuid} NOT NULL REFERENCES customers (id),
    name text NOT NULL,
    position text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL
);
CREATE INDEX customer_contacts_by_customer ON customer_contacts (customer_id);

CREATE TABLE customer_tags (
    customer_id {uuid} NOT NULL REFERENCES customers (id),
    tag text NOT NULL,
    PRIMARY KEY (customer_id, tag)
);
CREATE INDEX customer_tags_by_tag ON customer_tags (tag, customer_id);

CREATE TABLE customer_aliases (
    customer_id {uuid} NOT NULL REFERENCES customers (id),
    name text NOT NULL,
    PRIMARY KEY (customer_id, name)
);

CREATE TABLE customer_external_ids (
    customer_id {uuid} NOT NULL REFERENCES customers (id),
    system text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (customer_id, system),
    UNIQUE (system, value)
);

CREATE TABLE users (
    id {uuid} PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    password_hash text,
    customer_id {uuid} REFERENCES customers (id),
    locale text,
    disabled_at {instant},
    created_at {instant} NOT NULL
);
CREATE INDEX users_by_customer ON users (customer_id);

CREATE TABLE user_roles (
    user_id {uuid} NOT NULL REFERENCES users (id),
    role text NOT NULL CHECK (role IN ('admin', 'accountant', 'cashier', 'support', 'customer')),
    PRIMARY KEY (user_id, role)
);

-- A closed period opened for one person, for a while.
CREATE TABLE period_exceptions (
    id {uuid} PRIMARY KEY,
    journal text NOT NULL CHECK (journal IN ('sales', 'cash', 'credit')),
    user_id {uuid} NOT NULL REFERENCES users (id),
    opens_from date NOT NULL,
    until {instant} NOT NULL,
    reason text NOT NULL,
    granted_at {instant} NOT NULL,
    granted_by text NOT NULL,
    ended_at {instant}
);
CREATE INDEX period_exceptions_by_user ON period_exceptions (user_id, journal);

CREATE TABLE login_links (
    token_hash text PRIMARY KEY,
    user_id {uuid} NOT NULL REFERENCES users (id),
    purpose text NOT NULL CHECK (purpose IN ('first_admin', 'invitation', 'reset')),
    expires_at {instant} NOT NULL,
    used_at {instant},
    created_at {instant} NOT NULL
);

CREATE TABLE sessions (
    id_hash text PRIMARY KEY,
    user_id {uuid} REFERENCES users (id),
    contents text NOT NULL,
    expires_at {instant} NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    id {uuid} PRIMARY KEY,
    name text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('admin', 'accountant', 'cashier', 'support', 'customer')),
    customer_id {uuid} REFERENCES customers (id),
    created_at {instant} NOT NULL,
    last_used_at {instant},
    revoked_at {instant},
    CHECK ((role = 'customer') = (customer_id IS NOT NULL))
);

-- Receivable accounts. due_minor and credit_minor are caches of the open items and grants; `verify` compares them.

CREATE TABLE receivable_accounts (
    id {uuid} PRIMARY KEY,
    number text NOT NULL UNIQUE,
    customer_id {uuid} NOT NULL REFERENCES customers (id),
    currency text NOT NULL CHECK (length(currency) = 3),
    name text NOT NULL,
    opened_on date,
    auto_apply text NOT NULL CHECK (auto_apply IN ('off', 'prepayments', 'all')),
    surplus_choice text NOT NULL CHECK (surplus_choice IN ('keep', 'apply_to_oldest', 'write_off', 'refuse')),
    order_of_use text NOT NULL CHECK (order_of_use IN ('lapsing_first', 'oldest_first', 'own_money_last')),
    on_hold {bool} NOT NULL,
    due_minor bigint NOT NULL DEFAULT 0 CHECK (due_minor >= 0),
    credit_minor bigint NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
    version bigint NOT NULL DEFAULT 0,
    created_at {instant} NOT NULL
);
CREATE INDEX receivable_accounts_by_customer ON receivable_accounts (customer_id);
CREATE INDEX receivable_accounts_by_currency ON receivable_accounts (currency);
-- Accounts on which a run may find both sides.
CREATE INDEX receivable_accounts_to_apply ON receivable_accounts (id) WHERE credit_minor > 0 AND due_minor > 0;

-- The chart of accounts. `role` says what Saldo uses an account for; code and name are editable.

CREATE TABLE ledger_accounts (
    role text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense'))
);

-- Journal. Lines are inserted first and sealed by their entry; nothing is ever changed (see the triggers).

CREATE TABLE journal_entries (
    id {uuid} PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    source text NOT NULL CHECK (source IN
        ('INV', 'PAY', 'CRN', 'REF', 'TRF', 'WOF', 'ADJ', 'PRM', 'EXP', 'CSH', 'ARP')),
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    currency text NOT NULL,
    effective_on date NOT NULL,
    posting_on date NOT NULL,
    document_kind text NOT NULL CHECK (document_kind IN ('invoice', 'payment', 'application', 'grant', 'credit_note',
        'refund', 'transfer', 'write_off', 'adjustment', 'promotion', 'desk_session')),
    document_id {uuid} NOT NULL,
    reverses_id {uuid} REFERENCES journal_entries (id),
    run_id {uuid},
    reason text,
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX journal_entries_by_posting ON journal_entries (posting_on, number);
CREATE INDEX journal_entries_by_account ON journal_entries (account_id, posting_on);
CREATE INDEX journal_entries_by_document ON journal_entries (document_id);
CREATE INDEX journal_entries_by_reversed ON journal_entries (reverses_id) WHERE reverses_id IS NOT NULL;

CREATE TABLE journal_lines (
    entry_id {uuid} NOT NULL REFERENCES journal_entries (id) DEFERRABLE INITIALLY DEFERRED,
    position integer NOT NULL,
    role text NOT NULL REFERENCES ledger_accounts (role),
    side text NOT NULL CHECK (side IN ('debit', 'credit')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    line_source text CHECK (line_source IN ('AR', 'BNK')),
    wash {bool} NOT NULL,
    account_id {uuid} NOT NULL,
    invoice_id {uuid},
    grant_id {uuid},
    PRIMARY KEY (entry_id, position),
    CHECK (invoice_id IS NULL OR grant_id IS NULL),
    CHECK (role NOT IN ('receivable', 'customer_prepayments', 'promotional_credit', 'goodwill_credit')
        OR invoice_id IS NOT NULL OR grant_id IS NOT NULL)
);

-- Documents

CREATE TABLE invoices (
    id {uuid} PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    currency text NOT NULL,
    -- A fee and a returned payment are open items that a payment's reversal made; payment_id names it.
    kind text NOT NULL DEFAULT 'invoice' CHECK (kind IN ('invoice', 'fee', 'payment_returned')),
    payment_id {uuid},
    -- Number: null while a draft. Own series count gap-free by year; imported ones have no year and sequence.
    series text,
    year integer,
    sequence bigint,
    number text,
    issued_on date NOT NULL,
    posting_on date,
    due_on date NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    -- A discount on the whole, already spread over the lines.
    discount_minor bigint NOT NULL DEFAULT 0 CHECK (discount_minor >= 0),
    open_minor bigint NOT NULL CHECK (open_minor >= 0),
    reference text NOT NULL,
    note text NOT NULL,
    disputed {bool} NOT NULL,
    entry_id {uuid} REFERENCES journal_entries (id),
    voided_on date,
    void_posting_on date,
    void_entry_id {uuid} REFERENCES journal_entries (id),
    void_reason text,
    finalised_at {instant},
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    UNIQUE (series, number),
    UNIQUE (series, year, sequence),
    CHECK ((number IS NULL) = (finalised_at IS NULL)),
    CHECK (total_minor = net_minor + tax_minor),
    CHECK (open_minor = 0 OR open_minor <= total_minor),
    CHECK ((kind = 'invoice') = (payment_id IS NULL))
);
CREATE INDEX invoices_by_payment ON invoices (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX invoices_open ON invoices (account_id, due_on) WHERE open_minor > 0;
CREATE INDEX invoices_open_by_due ON invoices (due_on, account_id) WHERE open_minor > 0;
CREATE INDEX invoices_by_account ON invoices (account_id, issued_on);
CREATE INDEX invoices_by_issued ON invoices (issued_on, id);
CREATE INDEX invoices_by_number ON invoices (number);

CREATE TABLE invoice_lines (
    invoice_id {uuid} NOT NULL REFERENCES invoices (id),
    position integer NOT NULL,
    description text NOT NULL,
    service text NOT NULL,
    quantity text NOT NULL,
    unit_price text NOT NULL,
    -- The line's own discount, and its share of the discount on the whole invoice.
    discount_minor bigint NOT NULL,
    share_minor bigint NOT NULL DEFAULT 0,
    tax_rate text NOT NULL,
    net_minor bigint NOT NULL,
    PRIMARY KEY (invoice_id, position)
);

CREATE TABLE invoice_taxes (
    invoice_id {uuid} NOT NULL REFERENCES invoices (id),
    rate text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    PRIMARY KEY (invoice_id, rate)
);

CREATE TABLE payments (
    id {uuid} PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- Surplus within tolerance kept as fee income.
    fee_minor bigint NOT NULL CHECK (fee_minor >= 0),
    method text NOT NULL,
    reference text NOT NULL,
    note text NOT NULL,
    received_on date NOT NULL,
    posting_on date NOT NULL,
    prepayment {bool} NOT NULL,
    entry_id {uuid} NOT NULL REFERENCES journal_entries (id),
    reversed_on date,
    reversed_posting_on date,
    reversal_entry_id {uuid} REFERENCES journal_entries (id),
    reversal_reason text,
    reversal_cause text CHECK (reversal_cause IN ('bounced', 'chargeback', 'keyed_wrongly')),
    -- What an import uses to recognise a row it has seen.
    import_key text UNIQUE,
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX payments_by_account ON payments (account_id, received_on);
CREATE INDEX payments_by_received ON payments (received_on, id);

CREATE TABLE credit_grants (
    id {uuid} PRIMARY KEY,
    -- Counts up in the order grants are recorded.
    number bigint NOT NULL UNIQUE,
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    currency text NOT NULL,
    class text NOT NULL CHECK (class IN ('promotion', 'goodwill', 'credit_note', 'overpayment', 'prepayment')),
    origin_kind text NOT NULL CHECK (origin_kind IN
        ('payment', 'invoice', 'credit_note', 'adjustment', 'transfer', 'promotion')),
    origin_id {uuid} NOT NULL,
    -- All that was ever issued into it, and what is left; `verify` compares both with the movements.
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    remaining_minor bigint NOT NULL CHECK (remaining_minor >= 0),
    -- What requests under way have set aside; it is not usable and does not lapse.
    reserved_minor bigint NOT NULL DEFAULT 0 CHECK (reserved_minor >= 0),
    effective_on date NOT NULL,
    posting_on date NOT NULL,
    expires_on date,
    priority integer NOT NULL,
    -- The version of the expiry policy it was born under, if any.
    policy_version_id {uuid},
    on_hold {bool} NOT NULL,
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL,
    UNIQUE (origin_kind, origin_id),
    CHECK (remaining_minor <= amount_minor),
    CHECK (reserved_minor <= remaining_minor)
);
CREATE INDEX credit_grants_left ON credit_grants (account_id) WHERE remaining_minor > 0;
CREATE INDEX credit_grants_by_account ON credit_grants (account_id, number);
CREATE INDEX credit_grants_lapsing ON credit_grants (expires_on, account_id) WHERE remaining_minor > 0;

-- Everything that changes a remainder apart from applications.
CREATE TABLE grant_movements (
    id {uuid} PRIMARY KEY,
    grant_id {uuid} NOT NULL REFERENCES credit_grants (id),
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    kind text NOT NULL CHECK (kind IN ('issued', 'reversed', 'lapsed', 'reinstated', 'refunded', 'transferred',
        'written_off', 'revoked', 'adjusted', 'returned')),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- What it does to the remainder.
    signed_minor bigint NOT NULL GENERATED ALWAYS AS
        (CASE WHEN kind IN ('issued', 'reinstated', 'returned') THEN amount_minor ELSE -amount_minor END) STORED,
    effective_on date NOT NULL,
    posting_on date NOT NULL,
    entry_id {uuid} NOT NULL REFERENCES journal_entries (id),
    -- Why it lapsed: a grant lapses once per cause.
    cause text,
    recorded_at {instant} NOT NULL,
    CHECK ((kind = 'lapsed') = (cause IS NOT NULL))
);
CREATE INDEX grant_movements_by_grant ON grant_movements (grant_id);
CREATE UNIQUE INDEX grant_movements_by_cause ON grant_movements (grant_id, cause) WHERE cause IS NOT NULL;
CREATE INDEX grant_movements_by_account ON grant_movements (account_id);

-- The recorded fact that a slice settles a slice. Undoing keeps the row and says when and by which entry.
CREATE TABLE applications (
    id {uuid} PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    invoice_id {uuid} NOT NULL REFERENCES invoices (id),
    -- What settles: a grant, or the document itself in the act that recorded it.
    grant_id {uuid} REFERENCES credit_grants (id),
    payment_id {uuid} REFERENCES payments (id),
    credit_note_id {uuid},
    write_off_id {uuid},
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    effective_on date NOT NULL,
    posting_on date NOT NULL,
    entry_id {uuid} NOT NULL REFERENCES journal_entries (id),
    run_id {uuid},
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL,
    unapplied_on date,
    unapplied_posting_on date,
    unapplied_entry_id {uuid} REFERENCES journal_entries (id),
    unapplied_at {instant},
    unapplied_by text,
    -- Undoing it brought the slice back to a grant that had lapsed.
    reinstated {bool} NOT NULL DEFAULT FALSE,
    CHECK (1 = CASE WHEN grant_id IS NULL THEN 0 ELSE 1 END + CASE WHEN payment_id IS NULL THEN 0 ELSE 1 END
        + CASE WHEN credit_note_id IS NULL THEN 0 ELSE 1 END + CASE WHEN write_off_id IS NULL THEN 0 ELSE 1 END),
    CHECK ((unapplied_on IS NULL) = (unapplied_entry_id IS NULL))
);
CREATE INDEX applications_by_invoice ON applications (invoice_id);
CREATE INDEX applications_by_grant ON applications (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX applications_by_payment ON applications (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX applications_by_run ON applications (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX applications_by_account ON applications (account_id);

-- Credit runs

CREATE TABLE credit_runs (
    id {uuid} PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    run_key text NOT NULL UNIQUE,
    effective_on date NOT NULL,
    posting_on date NOT NULL,
    scope text NOT NULL CHECK (scope IN ('all', 'tag', 'customer')),
    scope_value text NOT NULL,
    -- Null: each account's own order of use.
    order_of_use text,
    state text NOT NULL CHECK (state IN ('preview', 'running', 'done', 'undoing', 'undone')),
    previewed_on date NOT NULL,
    created_at {instant} NOT NULL,
    created_by text NOT NULL,
    finished_at {instant},
    undone_at {instant},
    undone_by text
);

-- One row per account of a run: what the preview saw, and what came of it.
CREATE TABLE credit_run_accounts (
    run_id {uuid} NOT NULL REFERENCES credit_runs (id),
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    account_version bigint NOT NULL,
    pairs integer NOT NULL,
    total_minor bigint NOT NULL,
    outcome text CHECK (outcome IN ('applied', 'nothing', 'stale', 'failed')),
    PRIMARY KEY (run_id, account_id)
);

CREATE TABLE credit_run_struck (
    run_id {uuid} NOT NULL REFERENCES credit_runs (id),
    grant_id {uuid} NOT NULL REFERENCES credit_grants (id),
    invoice_id {uuid} NOT NULL REFERENCES invoices (id),
    PRIMARY KEY (run_id, grant_id, invoice_id)
);

-- Numbers, idempotency, audit

-- Gap-free series: the row is locked until the document that takes the number commits.
CREATE TABLE number_series (
    series text NOT NULL,
    year integer NOT NULL,
    last_sequence bigint NOT NULL,
    PRIMARY KEY (series, year)
);

CREATE TABLE idempotency_keys (
    actor text NOT NULL,
    idempotency_key text NOT NULL,
    fingerprint text NOT NULL,
    answer text NOT NULL,
    recorded_at {instant} NOT NULL,
    PRIMARY KEY (actor, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (recorded_at);

CREATE TABLE audit_events (
    id {uuid} PRIMARY KEY,
    recorded_at {instant} NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    customer_id {uuid},
    account_id {uuid},
    reason text,
    details text NOT NULL
);
CREATE INDEX audit_events_by_customer ON audit_events (customer_id, recorded_at);
CREATE INDEX audit_events_by_subject ON audit_events (subject_id);
CREATE INDEX audit_events_by_time ON audit_events (recorded_at);
