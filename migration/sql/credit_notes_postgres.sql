CREATE FUNCTION refuse_final_credit_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a finalised credit note never changes' USING CONSTRAINT = 'credit_notes_final';
END $$;

CREATE TRIGGER credit_notes_final BEFORE UPDATE OF account_id, currency, invoice_id, series, year, sequence, number,
    issued_on, posting_on, net_minor, tax_minor, total_minor, money_minor ON credit_notes
    FOR EACH ROW WHEN (OLD.finalised_at IS NOT NULL) EXECUTE FUNCTION refuse_final_credit_note_change();
CREATE TRIGGER credit_notes_final_kept BEFORE DELETE ON credit_notes
    FOR EACH ROW WHEN (OLD.finalised_at IS NOT NULL) EXECUTE FUNCTION refuse_final_credit_note_change();
