//! The balance of a receivable account, live: whoever records a payment changes it on every open page.

use super::api::{BalanceFigures, Figure, show_balance};
use super::source::hear;
use crate::domain::ids::ReceivableAccountId;
use crate::dto::balances::AccountBalance;
use crate::web::ui::format;
use crate::web::ui::text::t;
use crate::web::ui::visit::{escape, visit};
use crate::web::ui::words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};

/// The live balance of a receivable account: the same figures with and without JavaScript.
#[component]
pub fn BalanceTiles(
    balance: AccountBalance,
    /// Number of the account's customer, on a page that shows several accounts of theirs.
    #[prop(optional, into)]
    customer: Option<String>,
) -> impl IntoView {
    let source = match customer {
        Some(number) => format!("/live?customer={}", escape(&number)),
        None => format!("/live?account={}", escape(&balance.number)),
    };
    let shown = figures(&balance);
    let again = Again {
        words: t!(live.look_again).to_owned(),
        link: t!(live.show_anew).to_owned(),
        page: visit().url(),
    };
    view! { <LiveBalance id=balance.account account=balance.number source shown again /> }
}

/// Leads to the page as it is now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Again {
    pub words: String,
    pub link: String,
    pub page: String,
}

/// A balance in the reader's words.
pub fn figures(balance: &AccountBalance) -> BalanceFigures {
    let due = if balance.due.is_zero() {
        "tile"
    } else {
        "tile tile-warn"
    };
    let (overdue, overdue_note) = match balance.overdue.is_zero() {
        true => ("tile", t!(live.nothing_overdue)),
        false => ("tile tile-bad", t!(live.past_due_date)),
    };
    let held = match balance.on_hold.is_zero() {
        true => String::new(),
        false => t!(live.on_hold, amount = format::money(balance.on_hold)),
    };
    let as_of = t!(live.as_of, date = format::date(balance.as_of));
    let classes = balance.credit_by_class.iter().map(|credit| Figure {
        label: words::credit_class(credit.class).to_owned(),
        value: format::money(credit.amount),
        note: String::new(),
        class: "fact".to_owned(),
    });
    BalanceFigures {
        tiles: vec![
            tile(t!(live.due), format::money(balance.due), "", due),
            tile(
                t!(live.overdue),
                format::money(balance.overdue),
                overdue_note,
                overdue,
            ),
            tile(
                t!(live.available),
                format::money(balance.available),
                &held,
                "tile tile-credit",
            ),
            tile(t!(live.net), words::balance(balance.net), &as_of, "tile"),
        ],
        classes_label: t!(live.by_class).to_owned(),
        classes: classes.collect(),
    }
}

fn tile(label: &str, value: String, note: &str, class: &str) -> Figure {
    Figure {
        label: label.to_owned(),
        value,
        note: note.to_owned(),
        class: class.to_owned(),
    }
}

/// Shows the figures and asks for them again, as the person who looks at them, whenever the account changed and
/// whenever the connection is new. What else stands on the page is not live: once the figures differ from it, the
/// person is told.
#[island]
pub fn LiveBalance(
    id: ReceivableAccountId,
    /// Number of the receivable account.
    account: String,
    /// Where changes are heard of.
    source: String,
    /// The figures as the server knew them when it rendered the page.
    shown: BalanceFigures,
    again: Again,
) -> impl IntoView {
    let first = shown.tiles.clone();
    let shown = RwSignal::new(shown);
    let asking = RwSignal::new(Asking::Idle);
    // Runs in the browser only.
    Effect::new(move |_| {
        let account = account.clone();
        hear(&source, id, move || {
            ask_again(account.clone(), shown, asking)
        });
    });
    let differs = Memo::new(move |_| shown.with(|shown| shown.tiles != first));
    view! {
        <div class="tiles">{move || shown.get().tiles.into_iter().map(live_tile).collect_view()}</div>
        {move || by_class(shown.get())}
        <Show when=move || differs.get()>
            <p class="live-again">{again.words.clone()} " " <a href=again.page.clone()>{again.link.clone()}</a></p>
        </Show>
    }
}

fn by_class(figures: BalanceFigures) -> Option<impl IntoView> {
    (!figures.classes.is_empty()).then(|| {
        view! {
            <div role="group" aria-label=figures.classes_label>
                <dl class="facts">{figures.classes.into_iter().map(fact).collect_view()}</dl>
            </div>
        }
    })
}

fn live_tile(figure: Figure) -> impl IntoView {
    view! {
        <div class=figure.class aria-live="polite" aria-atomic="true">
            <p class="tile-label">{figure.label}</p>
            <p class="tile-value">{figure.value}</p>
            <p class="tile-note">{figure.note}</p>
        </div>
    }
}

fn fact(figure: Figure) -> impl IntoView {
    view! { <div class=figure.class><dt>{figure.label}</dt><dd>{figure.value}</dd></div> }
}

/// At most one question is under way; what changes meanwhile is asked once afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asking {
    Idle,
    Once,
    Again,
}

fn ask_again(account: String, shown: RwSignal<BalanceFigures>, asking: RwSignal<Asking>) {
    if asking.get_untracked() != Asking::Idle {
        asking.set(Asking::Again);
        return;
    }
    asking.set(Asking::Once);
    spawn_local(async move {
        loop {
            // A refusal or a lost connection leaves what is shown; the next event asks again.
            if let Ok(figures) = show_balance(account.clone()).await
                && figures != shown.get_untracked()
            {
                shown.set(figures);
            }
            if asking.get_untracked() == Asking::Again {
                asking.set(Asking::Once);
                continue;
            }
            asking.set(Asking::Idle);
            return;
        }
    });
}
