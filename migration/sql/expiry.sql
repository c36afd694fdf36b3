-- Expiry: when credit of a class lapses, for whom. A version is never changed; a grant keeps the one it was born under.

CREATE TABLE expiry_policies (
    id {uuid} PRIMARY KEY,
    class text NOT NULL CHECK (class IN ('promotion', 'goodwill', 'credit_note', 'overpayment', 'prepayment')),
    -- Empty: every customer, every currency.
    tag text NOT NULL,
    currency text NOT NULL CHECK (length(currency) IN (0, 3)),
    created_at {instant} NOT NULL,
    UNIQUE (class, tag, currency)
);

CREATE TABLE expiry_policy_versions (
    id {uuid} PRIMARY KEY,
    policy_id {uuid} NOT NULL REFERENCES expiry_policies (id),
    version integer NOT NULL CHECK (version > 0),
    -- In force from this day to the day of the next version.
    in_force_from date NOT NULL,
    counting text NOT NULL CHECK (counting IN ('days', 'end_of_month', 'never')),
    -- Days or months.
    length integer NOT NULL CHECK (length >= 0),
    minimum_life_days integer NOT NULL CHECK (minimum_life_days >= 0),
    reason text NOT NULL,
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL,
    UNIQUE (policy_id, version)
);

CREATE INDEX credit_grants_by_policy ON credit_grants (policy_version_id) WHERE policy_version_id IS NOT NULL;

-- Days before the last usable day on which the customer is told.
CREATE TABLE expiry_policy_leads (
    version_id {uuid} NOT NULL REFERENCES expiry_policy_versions (id),
    lead_days integer NOT NULL CHECK (lead_days >= 0),
    PRIMARY KEY (version_id, lead_days)
);

-- A grant's lapse date extended, hastened or given anew with a slice that came back. Rows are only added.
CREATE TABLE grant_expiry_changes (
    id {uuid} PRIMARY KEY,
    grant_id {uuid} NOT NULL REFERENCES credit_grants (id),
    changed_on date NOT NULL,
    before_on date,
    after_on date,
    reason text NOT NULL,
    recorded_at {instant} NOT NULL,
    recorded_by text NOT NULL
);
CREATE INDEX grant_expiry_changes_by_grant ON grant_expiry_changes (grant_id);

-- Which server does a job now, and until when the others leave it alone.
CREATE TABLE job_leases (
    job text PRIMARY KEY,
    holder {uuid} NOT NULL,
    held_until {instant} NOT NULL
);

-- The last business day a job was done for.
CREATE TABLE daily_jobs (
    job text PRIMARY KEY,
    done_through date NOT NULL,
    done_at {instant} NOT NULL
);
