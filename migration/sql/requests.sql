-- Requests: adjustments, refunds, transfers and write-offs, from being asked for to being posted.
-- Their state is derived from who did what when (see domain/approval.rs).

CREATE TABLE requests (
    id {uuid} PRIMARY KEY,
    number bigint NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('adjustment', 'refund', 'transfer', 'write_off')),
    account_id {uuid} NOT NULL REFERENCES receivable_accounts (id),
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- A transfer: the account the credit goes to.
    to_account_id {uuid} REFERENCES receivable_accounts (id),
    -- A write-off of an open item; else it is one of credit.
    invoice_id {uuid} REFERENCES invoices (id),
    -- A goodwill credit: the class, last usable day and priority of the grant it becomes.
    class text CHECK (class = 'goodwill'),
    expires_on date,
    priority integer,
    reason_code text,
    reason text NOT NULL,
    -- The day it is to count; null: the day it is posted.
    wanted_on date,
    requested_on date NOT NULL,
    requested_at {instant} NOT NULL,
    requested_by text NOT NULL,
    -- Who asked, as actors are told apart; nobody approves their own.
    requester text NOT NULL,
    approved_at {instant},
    -- Null with an approval: below the limit it approved itself.
    approved_by text,
    refused_at {instant},
    refused_by text,
    -- The word with which it was approved or refused.
    word text,
    failed_at {instant},
    failed_by text,
    failed_reason text,
    effective_on date,
    posting_on date,
    posted_by text,
    -- A write-off of an invoice: what of it was relief from sales tax.
    tax_minor bigint CHECK (tax_minor >= 0),
    entry_id {uuid} REFERENCES journal_entries (id),
    reversed_on date,
    reversed_posting_on date,
    reversed_by text,
    reversal_reason text,
    reversal_entry_id {uuid} REFERENCES journal_entries (id),
    CHECK ((entry_id IS NULL) = (posting_on IS NULL)),
    CHECK ((entry_id IS NULL) = (effective_on IS NULL)),
    CHECK (entry_id IS NULL OR approved_at IS NOT NULL),
    CHECK (approved_at IS NULL OR refused_at IS NULL),
    CHECK (failed_at IS NULL OR kind = 'refund'),
    CHECK ((reversed_on IS NULL) = (reversal_entry_id IS NULL)),
    CHECK (reversal_entry_id IS NULL OR entry_id IS NOT NULL),
    CHECK ((kind = 'transfer') = (to_account_id IS NOT NULL)),
    CHECK (invoice_id IS NULL OR kind = 'write_off'),
    CHECK ((class IS NULL) = (priority IS NULL)),
    CHECK (class IS NULL OR kind = 'adjustment')
);
CREATE INDEX requests_by_account ON requests (account_id, id);
CREATE INDEX requests_by_target ON requests (to_account_id) WHERE to_account_id IS NOT NULL;
CREATE INDEX requests_by_invoice ON requests (invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX requests_to_decide ON requests (id) WHERE approved_at IS NULL AND refused_at IS NULL AND failed_at IS NULL;

-- What a request takes from grants. Until it is posted, refused or failed, the slices are reserved.
CREATE TABLE request_slices (
    id {uuid} PRIMARY KEY,
    request_id {uuid} NOT NULL REFERENCES requests (id),
    position integer NOT NULL,
    grant_id {uuid} NOT NULL REFERENCES credit_grants (id),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- A refund: whose money goes back, and how it is paid out.
    payment_id {uuid} REFERENCES payments (id),
    method text,
    UNIQUE (request_id, position),
    CHECK ((payment_id IS NULL) = (method IS NULL))
);
CREATE INDEX request_slices_by_grant ON request_slices (grant_id);
CREATE INDEX request_slices_by_payment ON request_slices (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX applications_by_write_off ON applications (write_off_id) WHERE write_off_id IS NOT NULL;
