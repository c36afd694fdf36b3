//! Requests as lists and pages show them.

/// The state of the request `q`, as `domain::approval::state` derives it, in SQL.
pub(super) const STATE: &str = "CASE
    WHEN q.refused_at IS NOT NULL THEN 'refused'
    WHEN q.failed_at IS NOT NULL THEN 'failed'
    WHEN q.reversal_entry_id IS NOT NULL THEN 'reversed'
    WHEN q.entry_id IS NOT NULL THEN CASE q.kind WHEN 'refund' THEN 'paid' ELSE 'posted' END
    WHEN q.approved_at IS NOT NULL THEN 'approved'
    ELSE 'requested' END";
