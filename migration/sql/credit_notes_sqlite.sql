CREATE TRIGGER credit_notes_final BEFORE UPDATE OF account_id, currency, invoice_id, series, year, sequence, number,
    issued_on, posting_on, net_minor, tax_minor, total_minor, money_minor ON credit_notes
    WHEN OLD.finalised_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finalised credit note never changes'); END;
CREATE TRIGGER credit_notes_final_kept BEFORE DELETE ON credit_notes WHEN OLD.finalised_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finalised credit note never changes'); END;
