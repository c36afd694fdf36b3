-- Imports: what was read, what is wrong with it, and the staged rows of an import that is not posted yet.
-- Staged rows stand in no report and no balance; posting moves them into the books and removes them here.

CREATE TABLE imports (
    id {uuid} PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('invoices', 'payments')),
    mapping text NOT NULL,
    file_name text NOT NULL,
    encoding text NOT NULL,
    rounding {bool} NOT NULL,
    state text NOT NULL CHECK (state IN ('reading', 'checked', 'posted', 'discarded')),
    -- Counts and totals as JSON: what a report shows without reading the staged rows.
    summary text NOT NULL,
    created_at {instant} NOT NULL,
    created_by text NOT NULL,
    posted_at {instant},
    posted_by text
);
CREATE INDEX imports_by_age ON imports (created_at);

CREATE TABLE import_findings (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    position integer NOT NULL,
    line integer NOT NULL,
    field text NOT NULL,
    given text NOT NULL,
    refused {bool} NOT NULL,
    -- The problem as JSON.
    problem text NOT NULL,
    PRIMARY KEY (import_id, position)
);

CREATE TABLE import_customers (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    number text NOT NULL,
    customer_id {uuid} NOT NULL,
    is_new {bool} NOT NULL,
    name text NOT NULL,
    country text NOT NULL,
    language text NOT NULL,
    terms_days integer NOT NULL,
    search_text text NOT NULL,
    PRIMARY KEY (import_id, number)
);

CREATE TABLE import_aliases (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    customer_id {uuid} NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (import_id, customer_id, name)
);

CREATE TABLE import_accounts (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    number text NOT NULL,
    account_id {uuid} NOT NULL,
    customer_id {uuid} NOT NULL,
    is_new {bool} NOT NULL,
    currency text NOT NULL,
    -- The earliest date of its staged documents.
    first_on date NOT NULL,
    PRIMARY KEY (import_id, number)
);

CREATE TABLE import_invoices (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    position integer NOT NULL,
    invoice_id {uuid} NOT NULL,
    account_id {uuid} NOT NULL,
    currency text NOT NULL,
    series text NOT NULL,
    number text NOT NULL,
    issued_on date NOT NULL,
    posting_on date NOT NULL,
    due_on date NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    reference text NOT NULL,
    note text NOT NULL,
    entry_id {uuid},
    grant_id {uuid},
    PRIMARY KEY (import_id, position)
);
CREATE INDEX import_invoices_by_number ON import_invoices (import_id, series, number);
CREATE INDEX import_invoices_by_id ON import_invoices (invoice_id);

CREATE TABLE import_invoice_lines (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    invoice_id {uuid} NOT NULL,
    position integer NOT NULL,
    description text NOT NULL,
    service text NOT NULL,
    quantity text NOT NULL,
    unit_price text NOT NULL,
    discount_minor bigint NOT NULL,
    tax_rate text NOT NULL,
    net_minor bigint NOT NULL,
    PRIMARY KEY (import_id, invoice_id, position)
);

CREATE TABLE import_invoice_taxes (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    invoice_id {uuid} NOT NULL,
    rate text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    PRIMARY KEY (import_id, invoice_id, rate)
);

CREATE TABLE import_payments (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    position integer NOT NULL,
    payment_id {uuid} NOT NULL,
    account_id {uuid} NOT NULL,
    currency text NOT NULL,
    import_key text NOT NULL,
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    method text NOT NULL,
    reference text NOT NULL,
    note text NOT NULL,
    received_on date NOT NULL,
    posting_on date NOT NULL,
    prepayment {bool} NOT NULL,
    entry_id {uuid} NOT NULL,
    -- The surplus that becomes credit, with the grant it becomes.
    grant_id {uuid},
    class text,
    credit_minor bigint NOT NULL,
    expires_on date,
    priority integer NOT NULL,
    PRIMARY KEY (import_id, position)
);
CREATE INDEX import_payments_by_id ON import_payments (payment_id);

CREATE TABLE import_applications (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    application_id {uuid} NOT NULL,
    payment_id {uuid} NOT NULL,
    invoice_id {uuid} NOT NULL,
    account_id {uuid} NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (import_id, application_id)
);
CREATE INDEX import_applications_by_payment ON import_applications (payment_id);
CREATE INDEX import_applications_by_invoice ON import_applications (import_id, invoice_id);

CREATE TABLE import_journal_lines (
    import_id {uuid} NOT NULL REFERENCES imports (id),
    entry_id {uuid} NOT NULL,
    position integer NOT NULL,
    role text NOT NULL,
    side text NOT NULL,
    amount_minor bigint NOT NULL,
    account_id {uuid} NOT NULL,
    invoice_id {uuid},
    grant_id {uuid},
    PRIMARY KEY (import_id, entry_id, position)
);
