//! What was done to a customer and to what is its own: who, when, why, before and after.

use crate::dto::audit::AuditRow;
use crate::dto::page::Page;
use crate::web::admin::audit::{details, subject};
use crate::web::ui::prelude::*;

#[component]
pub fn Acts(acts: Page<AuditRow>) -> impl IntoView {
    if acts.rows.is_empty() {
        return view! { <Empty title=t!(customers.no_history) /> }.into_any();
    }
    let rows: Vec<_> = acts.rows.into_iter().map(row).collect();
    let head = view! {
        <th scope="col">{t!(audit.when)}</th>
        <th scope="col">{t!(audit.actor)}</th>
        <th scope="col">{t!(audit.act)}</th>
        <th scope="col">{t!(audit.subject)}</th>
        <th scope="col">{t!(audit.details)}</th>
    };
    view! {
        <DataTable caption=t!(customers.tab_history) head=head.into_any() cards=true>{rows}</DataTable>
        <Pager total=acts.total />
    }
    .into_any()
}

fn row(act: AuditRow) -> impl IntoView {
    let mut of = act.subject;
    // On the customer's own page it goes without saying whose it is.
    of.of_whom.clear();
    let reason = act
        .reason
        .filter(|reason| !reason.is_empty())
        .map(|reason| view! { <q>{reason}</q> });
    view! {
        <tr>
            <th scope="row">{format::instant(act.recorded_at)}</th>
            <Cell label=t!(audit.actor)>{act.actor}</Cell>
            <Cell label=t!(audit.act)>{words::act(&act.act)}</Cell>
            <Cell label=t!(audit.subject)>{subject(of)}</Cell>
            <Cell label=t!(audit.details)>
                <div class="act-details">{reason} {details(act.details)}</div>
            </Cell>
        </tr>
    }
}
