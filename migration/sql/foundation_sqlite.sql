-- What SQLite needs beyond the common schema: the journal's invariants.

CREATE TRIGGER journal_entries_no_update BEFORE UPDATE ON journal_entries
BEGIN SELECT RAISE(ABORT, 'journal_entries rows are never updated or deleted'); END;
CREATE TRIGGER journal_entries_no_delete BEFORE DELETE ON journal_entries
BEGIN SELECT RAISE(ABORT, 'journal_entries rows are never updated or deleted'); END;
CREATE TRIGGER journal_lines_no_update BEFORE UPDATE ON journal_lines
BEGIN SELECT RAISE(ABORT, 'journal_lines rows are never updated or deleted'); END;
CREATE TRIGGER journal_lines_no_delete BEFORE DELETE ON journal_lines
BEGIN SELECT RAISE(ABORT, 'journal_lines rows are never updated or deleted'); END;
CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events rows are never updated or deleted'); END;
CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events rows are never updated or deleted'); END;

CREATE TRIGGER journal_entries_balanced BEFORE INSERT ON journal_entries
WHEN COALESCE((SELECT SUM(CASE side WHEN 'debit' THEN amount_minor ELSE -amount_minor END)
    FROM journal_lines WHERE entry_id = NEW.id), 1) <> 0
BEGIN SELECT RAISE(ABORT, 'a journal entry is not balanced'); END;

CREATE TRIGGER journal_entries_sealed BEFORE INSERT ON journal_lines
WHEN EXISTS (SELECT 1 FROM journal_entries WHERE id = NEW.entry_id)
BEGIN SELECT RAISE(ABORT, 'a posted journal entry takes no further lines'); END;

CREATE TRIGGER invoices_final BEFORE UPDATE OF account_id, currency, series, year, sequence, number, issued_on,
    posting_on, net_minor, tax_minor, total_minor ON invoices WHEN OLD.finalised_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finalised invoice never changes'); END;
CREATE TRIGGER invoices_final_kept BEFORE DELETE ON invoices WHEN OLD.finalised_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a finalised invoice never changes'); END;
