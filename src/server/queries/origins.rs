//! The document money or credit came from, as the columns and joins that lists and documents share.

use crate::domain::approval::RequestKind;
use crate::domain::ids::{CreditNoteId, CreditRequestId, InvoiceId, PaymentId, PromotionId};
use crate::dto::lineage::FundsOrigin;
use chrono::NaiveDate;
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// The columns of [`OriginRow`], over the joins below.
pub(super) const COLUMNS: &str =
    "p.id AS of_payment_id, p.number AS of_payment_number, p.received_on AS of_received_on,
    o.id AS of_invoice_id, o.number AS of_invoice_number, o.issued_on AS of_issued_on,
    n.id AS of_note_id, n.number AS of_note_number, n.issued_on AS of_noted_on,
    po.id AS of_promotion_id, po.code AS of_promotion_code, po.name_en AS of_promotion_name_en,
    po.name_de AS of_promotion_name_de, pg.granted_on AS of_granted_on,
    q.id AS of_request_id, q.kind AS of_request_kind, q.number AS of_request_number,
    COALESCE(q.effective_on, q.requested_on) AS of_requested_on";

/// Joins the origin of the grant `g`.
pub(super) const OF_GRANT: &str =
    "LEFT JOIN payments p ON g.origin_kind = 'payment' AND p.id = g.origin_id
    LEFT JOIN invoices o ON g.origin_kind = 'invoice' AND o.id = g.origin_id
    LEFT JOIN credit_notes n ON g.origin_kind = 'credit_note' AND n.id = g.origin_id
    LEFT JOIN promotion_grants pg ON g.origin_kind = 'promotion' AND pg.id = g.origin_id
    LEFT JOIN promotions po ON po.id = pg.promotion_id
    LEFT JOIN request_slices qs ON g.origin_kind = 'transfer' AND qs.id = g.origin_id
    LEFT JOIN requests q ON q.id = COALESCE(qs.request_id,
        CASE WHEN g.origin_kind = 'adjustment' THEN g.origin_id END)";

/// Joins the origin of the application `a`, whose grant, if any, is `g`.
pub(super) const OF_APPLICATION: &str = "LEFT JOIN payments p
        ON p.id = COALESCE(a.payment_id, CASE WHEN g.origin_kind = 'payment' THEN g.origin_id END)
    LEFT JOIN invoices o ON g.origin_kind = 'invoice' AND o.id = g.origin_id
    LEFT JOIN credit_notes n
        ON n.id = COALESCE(a.credit_note_id, CASE WHEN g.origin_kind = 'credit_note' THEN g.origin_id END)
    LEFT JOIN promotion_grants pg ON g.origin_kind = 'promotion' AND pg.id = g.origin_id
    LEFT JOIN promotions po ON po.id = pg.promotion_id
    LEFT JOIN request_slices qs ON g.origin_kind = 'transfer' AND qs.id = g.origin_id
    LEFT JOIN requests q ON q.id = COALESCE(a.write_off_id, qs.request_id,
        CASE WHEN g.origin_kind = 'adjustment' THEN g.origin_id END)";

/// Whether the document a grant came from was taken back, over [`OF_GRANT`].
pub(super) const TAKEN_BACK: &str =
    "(p.reversed_on IS NOT NULL OR o.voided_on IS NOT NULL OR n.voided_on IS NOT NULL
        OR COALESCE(pg.revoked_minor, 0) > 0 OR q.reversal_entry_id IS NOT NULL)";

/// One of the documents is there.
#[derive(FromQueryResult)]
pub(super) struct OriginRow {
    of_payment_id: Option<Uuid>,
    of_payment_number: Option<i64>,
    of_received_on: Option<NaiveDate>,
    of_invoice_id: Option<Uuid>,
    of_invoice_number: Option<String>,
    of_issued_on: Option<NaiveDate>,
    of_note_id: Option<Uuid>,
    of_note_number: Option<String>,
    of_noted_on: Option<NaiveDate>,
    of_promotion_id: Option<Uuid>,
    of_promotion_code: Option<String>,
    of_promotion_name_en: Option<String>,
    of_promotion_name_de: Option<String>,
    of_granted_on: Option<NaiveDate>,
    of_request_id: Option<Uuid>,
    of_request_kind: Option<String>,
    of_request_number: Option<i64>,
    of_requested_on: Option<NaiveDate>,
}

impl OriginRow {
    pub(super) fn read(self) -> Result<FundsOrigin, DbErr> {
        if self.of_promotion_id.is_some() {
            let promotion = self.promotion();
            return promotion.ok_or_else(|| DbErr::Type("a promotion without a name".to_owned()));
        }
        if self.of_request_id.is_some() {
            let request = self.request();
            return request.ok_or_else(|| DbErr::Type("a request of no kind".to_owned()));
        }
        let payment = self.of_payment_id.zip(self.of_payment_number);
        if let Some(((payment, number), received_on)) = payment.zip(self.of_received_on) {
            return Ok(FundsOrigin::Payment {
                payment: PaymentId(payment),
                number,
                received_on,
            });
        }
        let invoice = self.of_invoice_id.zip(self.of_invoice_number);
        if let Some(((invoice, number), issued_on)) = invoice.zip(self.of_issued_on) {
            return Ok(FundsOrigin::Invoice {
                invoice: InvoiceId(invoice),
                number,
                issued_on,
            });
        }
        let note = self.of_note_id.zip(self.of_note_number);
        if let Some(((credit_note, number), issued_on)) = note.zip(self.of_noted_on) {
            return Ok(FundsOrigin::CreditNote {
                credit_note: CreditNoteId(credit_note),
                number,
                issued_on,
            });
        }
        Err(DbErr::Type("funds without an origin".to_owned()))
    }

    fn request(self) -> Option<FundsOrigin> {
        Some(FundsOrigin::Request {
            request: CreditRequestId(self.of_request_id?),
            kind: RequestKind::from_code(self.of_request_kind.as_deref()?)?,
            number: self.of_request_number?,
            effective_on: self.of_requested_on?,
        })
    }

    fn promotion(self) -> Option<FundsOrigin> {
        Some(FundsOrigin::Promotion {
            promotion: PromotionId(self.of_promotion_id?),
            code: self.of_promotion_code?,
            name_en: self.of_promotion_name_en?,
            name_de: self.of_promotion_name_de?,
            granted_on: self.of_granted_on?,
        })
    }

    /// The payment, where it is one.
    pub(super) fn payment(&self) -> Option<Uuid> {
        self.of_payment_id
    }

    /// The credit note, where it is one.
    pub(super) fn credit_note(&self) -> Option<Uuid> {
        self.of_note_id
    }
}
