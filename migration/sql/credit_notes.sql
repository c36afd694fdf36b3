-- Credit notes: what of an invoice's lines is given back. Amounts are positive: they reduce what is owed.

CREATE TABLE credit_notes (
    id {uuid} PRIMARY KEY,
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    currency text NOT NULL,
    invoice_id {uuid} NOT NULL REFERENCES invoices (id),
    -- Number: null while a draft. Counts gap-free by year.
    series text,
    year integer,
    sequence bigint,
    number text,
    issued_on date NOT NULL,
    posting_on date,
    reason text NOT NULL CHECK (reason IN ('return', 'billing_error', 'price_reduction', 'not_delivered', 'other')),
    note text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor > 0),
    -- What the person wants of it: null covers as much as is open.
    wanted_offset_minor bigint CHECK (wanted_offset_minor >= 0),
    wanted_refund_minor bigint NOT NULL CHECK (wanted_refund_minor >= 0),
    -- The part that was the customer's own money on the invoice when it was issued.
    money_minor bigint NOT NULL CHECK (money_minor >= 0 AND money_minor <= total_minor),
    entry_id {uuid} REFERENCES journal_entries (id),
    voided_on date,
    void_posting_on date,
    void_entry_id {uuid} REFERENCES journal_entries (id),
    void_reason text,
    finalised_at {instant},
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL,
    UNIQUE (series, number),
    UNIQUE (series, year, sequence),
    CHECK ((number IS NULL) = (finalised_at IS NULL)),
    CHECK ((number IS NULL) = (entry_id IS NULL)),
    CHECK (total_minor = net_minor + tax_minor)
);
CREATE INDEX credit_notes_by_invoice ON credit_notes (invoice_id);
CREATE INDEX credit_notes_by_account ON credit_notes (account_id, issued_on);
CREATE INDEX credit_notes_by_issued ON credit_notes (issued_on, id);

CREATE TABLE credit_note_lines (
    credit_note_id {uuid} NOT NULL REFERENCES credit_notes (id),
    -- The line of the invoice.
    position integer NOT NULL,
    quantity text NOT NULL,
    net_minor bigint NOT NULL,
    PRIMARY KEY (credit_note_id, position)
);

CREATE TABLE credit_note_taxes (
    credit_note_id {uuid} NOT NULL REFERENCES credit_notes (id),
    rate text NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    PRIMARY KEY (credit_note_id, rate)
);

CREATE INDEX applications_by_credit_note ON applications (credit_note_id) WHERE credit_note_id IS NOT NULL;
