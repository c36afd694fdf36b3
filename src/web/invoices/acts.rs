//! What can be done with an invoice: offered by state and right, done by the services.

use super::form::ReasonField;
use super::list::may;
use crate::domain::credit_note::CreditNoteStatus;
use crate::domain::invoice::InvoiceKind;
use crate::domain::rights::Right;
use crate::dto::invoices::InvoiceDetail;
use crate::web::lineage::slices::NewLastDay;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::query_string;

/// The next acts, beside the title.
#[component]
pub fn Acts(invoice: InvoiceDetail) -> impl IntoView {
    let row = &invoice.row;
    let id = row.invoice.to_string();
    let page = links::invoice(row.invoice);
    if row.number.is_none() {
        let edit = may(Right::EditInvoices).then(|| {
            view! {
                <ButtonLink href=format!("{page}/edit") label=t!(invoices.edit) icon="pencil" />
                <Finalise id />
            }
        });
        return edit.into_any();
    }
    let open = row.open.minor > 0;
    let pay = (open && may(Right::RecordPayments)).then(|| {
        let query = query_string(&[
            ("account", row.on.account.as_str()),
            ("invoice", id.as_str()),
        ]);
        view! {
            <ButtonLink
                href=format!("/payments/new?{query}")
                label=t!(invoices.record_payment)
                icon="banknote"
                primary=true
            />
        }
    });
    let has_credit = open && invoice.account_credit.minor > 0;
    let apply = (has_credit && may(Right::ApplyCredits)).then(|| {
        let query = query_string(&[("account", row.on.account.as_str()), ("invoice", id.as_str())]);
        view! {
            <ButtonLink href=format!("/credits?{query}") label=t!(invoices.apply_credit) icon="wallet" />
        }
    });
    let creditable =
        row.total.minor > 0 && invoice.voided.is_none() && row.kind != InvoiceKind::PaymentReturned;
    let credit = (creditable && may(Right::EditInvoices)).then(|| {
        let href = links::credit_invoice(row.invoice);
        view! { <ButtonLink href label=t!(credit_notes.credit) icon="pencil" /> }
    });
    let write_off = (open && may(Right::WriteOff)).then(|| {
        let about = [
            ("account", row.on.account.as_str()),
            ("invoice", id.as_str()),
        ];
        let form = links::new_request("write-offs", &about);
        view! { <ButtonLink href=form label=t!(requests.write_off) /> }
    });
    view! {
        {apply}
        {credit}
        {write_off}
        <ButtonLink href=format!("{page}/print") label=t!(invoices.print) icon="printer" />
        {pay}
    }
    .into_any()
}

/// Finalises a draft as it stands.
#[component]
fn Finalise(id: String) -> impl IntoView {
    view! {
        <Form endpoint="finalise_invoice" arg="finalisation" keyed=true class="form-row">
            <Hidden name="invoice" value=id />
            <ReasonField />
            <Submit label=t!(invoices.finalise) />
        </Form>
    }
}

/// Acts that want a second look, at the end of the page.
#[component]
pub fn OtherActs(invoice: InvoiceDetail) -> impl IntoView {
    let row = invoice.row;
    let id = row.invoice.to_string();
    let edits = may(Right::EditInvoices);
    let draft = row.number.is_none();
    let void = invoice.voided.is_some();
    let discard = (draft && edits).then(|| view! { <Discard id=id.clone() /> });
    let paid = invoice
        .slices
        .iter()
        .any(|slice| slice.stands() && slice.grant.is_none());
    let credited = invoice.credit_notes.iter().any(|note| {
        !matches!(
            note.status,
            CreditNoteStatus::Draft | CreditNoteStatus::Void
        )
    });
    let credit_used = invoice
        .grant
        .is_some_and(|grant| grant.remaining.minor != -row.total.minor);
    let voidable = edits && !draft && !void && !paid && !credited && !credit_used;
    let returns = invoice.slices.iter().any(|slice| slice.stands());
    let voiding = voidable.then(|| view! { <Void id=id.clone() returns /> });
    let dispute = (!draft && !void && may(Right::ReadCustomers))
        .then(|| view! { <Dispute id disputed=row.disputed /> });
    let any = discard.is_some() || voiding.is_some() || dispute.is_some();
    any.then(|| {
        view! {
            <section class="row other-acts" aria-label=t!(invoices.other_acts)>
                {dispute} {voiding} {discard}
            </section>
        }
    })
}

#[component]
fn Discard(id: String) -> impl IntoView {
    view! {
        <Confirm label=t!(invoices.discard)>
            <p>{t!(invoices.discard_explained)}</p>
            <Form endpoint="discard_invoice" arg="discard">
                <Hidden name="invoice" value=id />
                <Actions>
                    <Submit label=t!(invoices.discard_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    }
}

#[component]
fn Void(id: String, returns: bool) -> impl IntoView {
    let new_date = returns.then(|| view! { <NewLastDay /> });
    let returns = returns.then(|| view! { <p>{t!(invoices.void_returns)}</p> });
    view! {
        <Confirm label=t!(invoices.void)>
            <p>{t!(invoices.void_explained)}</p>
            {returns}
            <Form endpoint="void_invoice" arg="voiding" keyed=true>
                <Hidden name="invoice" value=id />
                <TextField name="reason" label=t!(invoices.reason) required=true maxlength=500 />
                {new_date}
                <Actions>
                    <Submit label=t!(invoices.void_now) class="button-danger" />
                </Actions>
            </Form>
        </Confirm>
    }
}

#[component]
fn Dispute(id: String, disputed: bool) -> impl IntoView {
    let (label, explained, now) = match disputed {
        false => (
            t!(invoices.dispute),
            t!(invoices.dispute_explained),
            t!(invoices.dispute_now),
        ),
        true => (
            t!(invoices.close_dispute),
            t!(invoices.close_dispute_explained),
            t!(invoices.close_dispute_now),
        ),
    };
    view! {
        <Confirm label>
            <p>{explained}</p>
            <Form endpoint="dispute_invoice" arg="dispute">
                <Hidden name="invoice" value=id />
                <Hidden name="disputed" value=(!disputed).to_string() />
                <TextField name="reason" label=t!(invoices.reason) required=true maxlength=500 />
                <Actions>
                    <Submit label=now />
                </Actions>
            </Form>
        </Confirm>
    }
}
