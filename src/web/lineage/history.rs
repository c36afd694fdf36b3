//! What was done to a record: who, when, why.

use crate::dto::lineage::HistoryItem;
use crate::web::ui::prelude::*;

/// Acts in the order given.
#[component]
pub fn History(items: Vec<HistoryItem>) -> impl IntoView {
    let rows: Vec<_> = items
        .into_iter()
        .map(|item| {
            let reason = item.reason.map(|reason| view! { <q>{reason}</q> });
            view! {
                <li>
                    <p>{act_words(&item.act)} {reason.map(|reason| view! { ": " {reason} })}</p>
                    <p class="soft">{t!(lineage.who_when, name = item.actor, when = format::instant(item.recorded_at))}</p>
                </li>
            }
        })
        .collect();
    view! { <ol class="history">{rows}</ol> }
}

/// An act of the audit trail in words. Acts of another version of Saldo keep their code.
pub fn act_words(act: &str) -> String {
    let words = match act {
        "invoice.drafted" => t!(lineage.act_invoice_drafted),
        "invoice.finalised" => t!(lineage.act_invoice_finalised),
        "invoice.discarded" => t!(lineage.act_invoice_discarded),
        "invoice.voided" => t!(lineage.act_invoice_voided),
        "invoice.disputed" => t!(lineage.act_invoice_disputed),
        "invoice.dispute_closed" => t!(lineage.act_invoice_dispute_closed),
        "payment.recorded" => t!(lineage.act_payment_recorded),
        "payment.reversed" => t!(lineage.act_payment_reversed),
        "credit.applied" => t!(lineage.act_credit_applied),
        "credit.unapplied" => t!(lineage.act_credit_unapplied),
        "grant.held" => t!(lineage.act_grant_held),
        "grant.released" => t!(lineage.act_grant_released),
        "credit_run.previewed" => t!(lineage.act_credit_run_previewed),
        "credit_run.started" => t!(lineage.act_credit_run_started),
        "credit_run.done" => t!(lineage.act_credit_run_done),
        "credit_run.undone" => t!(lineage.act_credit_run_undone),
        "customer.created" => t!(lineage.act_customer_created),
        "customer.changed" => t!(lineage.act_customer_changed),
        "account.opened" => t!(lineage.act_account_opened),
        "account.changed" => t!(lineage.act_account_changed),
        "import.posted" => t!(lineage.act_import_posted),
        other => return other.to_owned(),
    };
    words.to_owned()
}
