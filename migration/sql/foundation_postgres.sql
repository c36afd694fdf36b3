-- What PostgreSQL needs beyond the common schema: sequences, and the journal's invariants.

CREATE SEQUENCE journal_entry_numbers;
CREATE SEQUENCE payment_numbers;
CREATE SEQUENCE credit_grant_numbers;
CREATE SEQUENCE credit_run_numbers;
CREATE SEQUENCE customer_numbers;
CREATE SEQUENCE receivable_account_numbers;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never updated or deleted', TG_TABLE_NAME USING CONSTRAINT = TG_TABLE_NAME || '_immutable';
END $$;

CREATE TRIGGER journal_entries_immutable BEFORE UPDATE OR DELETE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_lines_immutable BEFORE UPDATE OR DELETE ON journal_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_events_immutable BEFORE UPDATE OR DELETE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION check_entries_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM sealed
        LEFT JOIN journal_lines l ON l.entry_id = sealed.id
        GROUP BY sealed.id
        HAVING COALESCE(SUM(CASE l.side WHEN 'debit' THEN l.amount_minor ELSE -l.amount_minor END), 1) <> 0
    ) THEN
        RAISE EXCEPTION 'a journal entry is not balanced' USING CONSTRAINT = 'journal_entries_balanced';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER journal_entries_balanced AFTER INSERT ON journal_entries
    REFERENCING NEW TABLE AS sealed FOR EACH STATEMENT EXECUTE FUNCTION check_entries_balanced();

CREATE FUNCTION check_lines_unsealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added JOIN journal_entries e ON e.id = added.entry_id) THEN
        RAISE EXCEPTION 'a posted journal entry takes no further lines' USING CONSTRAINT = 'journal_entries_sealed';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER journal_entries_sealed AFTER INSERT ON journal_lines
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_lines_unsealed();

CREATE FUNCTION refuse_final_invoice_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a finalised invoice never changes' USING CONSTRAINT = 'invoices_final';
END $$;

CREATE TRIGGER invoices_final BEFORE UPDATE OF account_id, currency, series, year, sequence, number, issued_on,
    posting_on, net_minor, tax_minor, total_minor ON invoices
    FOR EACH ROW WHEN (OLD.finalised_at IS NOT NULL) EXECUTE FUNCTION refuse_final_invoice_change();
CREATE TRIGGER invoices_final_kept BEFORE DELETE ON invoices
    FOR EACH ROW WHEN (OLD.finalised_at IS NOT NULL) EXECUTE FUNCTION refuse_final_invoice_change();
