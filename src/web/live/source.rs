//! The connection over which a page hears of changes: one, however many figures follow it, and none while the page is
//! out of sight. Browsers keep six connections to a server, over all tabs, and a seventh page would wait for ever.

use crate::domain::ids::ReceivableAccountId;
use codee::string::FromToStringCodec;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::{Event, MessageEvent};
use leptos_use::{
    ReconnectLimit, UseEventSourceOnEventReturn, UseEventSourceOptions,
    use_event_source_with_options,
};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// How soon the browser tries again when the server cannot be reached at all.
const RECONNECT_AFTER_MS: u64 = 1_000;

/// Whoever wants to know about an account.
#[derive(Clone)]
struct Hearer {
    account: ReceivableAccountId,
    ask: Rc<dyn Fn()>,
}

thread_local! {
    /// Who hears what comes from which address.
    static HEARERS: RefCell<HashMap<String, Vec<Hearer>>> = RefCell::default();
}

/// Calls `ask` whenever the account may have changed: when `source` says so, and when the connection is new, because
/// what happened before is not told. In the browser only.
pub fn hear(source: &str, account: ReceivableAccountId, ask: impl Fn() + 'static) {
    let hearer = Hearer {
        account,
        ask: Rc::new(ask),
    };
    let first = HEARERS.with_borrow_mut(|hearers| {
        let theirs = hearers.entry(source.to_owned()).or_default();
        theirs.push(hearer);
        theirs.len() == 1
    });
    if first {
        connect(source.to_owned());
    }
}

fn connect(source: String) {
    let heard_at = source.clone();
    let options = UseEventSourceOptions::default()
        .reconnect_limit(ReconnectLimit::Infinite)
        .reconnect_interval(RECONNECT_AFTER_MS)
        .named_events(["changed".to_owned(), "reset".to_owned()])
        .on_event(move |event| {
            tell(&heard_at, event);
            UseEventSourceOnEventReturn::IgnoreProcessingMessage
        });
    let connection = use_event_source_with_options::<String, FromToStringCodec>(source, options);
    let (open, close) = (connection.open, connection.close);
    let listening =
        window_event_listener_untyped("visibilitychange", move |_| match document().hidden() {
            true => close(),
            false => open(),
        });
    on_cleanup(move || listening.remove());
}

fn tell(source: &str, event: &Event) {
    let about = match event.type_().as_str() {
        "open" | "reset" => None,
        "changed" => account_in(event),
        _ => return,
    };
    // Asking may add a hearer, so the list is not kept borrowed.
    let hearers = HEARERS.with_borrow(|hearers| hearers.get(source).cloned().unwrap_or_default());
    for hearer in hearers {
        if about.is_none_or(|account| account == hearer.account) {
            (hearer.ask)();
        }
    }
}

/// What `/live` says with each change.
#[derive(Deserialize)]
struct Changed {
    account: ReceivableAccountId,
}

/// The account that changed; any, where the event cannot be read.
fn account_in(event: &Event) -> Option<ReceivableAccountId> {
    let data = event.dyn_ref::<MessageEvent>()?.data().as_string()?;
    let changed: Changed = serde_json::from_str(&data).ok()?;
    Some(changed.account)
}
