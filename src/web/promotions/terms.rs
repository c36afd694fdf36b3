//! The terms of a promotion in words, the same on every page.

use crate::domain::promotion::{Audience, LapseRule, PromotionKind, PromotionState, Stacking};
use crate::domain::rights::Right;
use crate::dto::promotions::{GrantWay, PromotionRow, PromotionRunState};
use crate::web::customers::list::may;
use crate::web::ui::prelude::*;

pub fn may_define() -> bool {
    may(Right::ManagePromotions)
}

pub fn may_give() -> bool {
    may(Right::GrantPromotions)
}

pub fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new(t!(promotions.title), "/promotions")]
}

pub fn name(promotion: &PromotionRow) -> String {
    words::localised(&promotion.name_en, &promotion.name_de)
}

pub fn kind(kind: PromotionKind) -> &'static str {
    match kind {
        PromotionKind::FixedCredit => t!(promotions.kind_fixed_credit),
        PromotionKind::InvoicePercentage => t!(promotions.kind_invoice_percentage),
        PromotionKind::TopUpPercentage => t!(promotions.kind_top_up_percentage),
        PromotionKind::TopUpBonus => t!(promotions.kind_top_up_bonus),
    }
}

pub fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::All => t!(promotions.audience_all),
        Audience::Tags => t!(promotions.audience_tags),
        Audience::Customers => t!(promotions.audience_customers),
    }
}

pub fn stacking(stacking: Stacking) -> &'static str {
    match stacking {
        Stacking::Combinable => t!(promotions.stacking_combinable),
        Stacking::Exclusive => t!(promotions.stacking_exclusive),
    }
}

pub fn state(state: PromotionState) -> &'static str {
    match state {
        PromotionState::Draft => t!(promotions.state_draft),
        PromotionState::Active => t!(promotions.state_active),
        PromotionState::Paused => t!(promotions.state_paused),
        PromotionState::Ended => t!(promotions.state_ended),
    }
}

#[component]
pub fn StateBadge(of: PromotionState) -> impl IntoView {
    let tone = match of {
        PromotionState::Draft | PromotionState::Ended => Tone::Neutral,
        PromotionState::Active => Tone::Good,
        PromotionState::Paused => Tone::Warn,
    };
    view! { <Badge tone label=state(of) /> }
}

#[component]
pub fn RunStateBadge(of: PromotionRunState) -> impl IntoView {
    let (tone, label) = match of {
        PromotionRunState::Running => (Tone::Warn, t!(promotions.run_running)),
        PromotionRunState::Done => (Tone::Good, t!(promotions.run_done)),
        PromotionRunState::BudgetSpent => (Tone::Bad, t!(promotions.run_budget_spent)),
        PromotionRunState::Stopped => (Tone::Warn, t!(promotions.run_stopped)),
    };
    view! { <Badge tone label /> }
}

pub fn way(way: GrantWay) -> &'static str {
    match way {
        GrantWay::Staff => t!(promotions.way_staff),
        GrantWay::Code => t!(promotions.way_code),
        GrantWay::Run => t!(promotions.way_run),
        GrantWay::TopUp => t!(promotions.way_top_up),
    }
}

/// `€20.00`, `10 %`.
pub fn gives(promotion: &PromotionRow) -> String {
    match (promotion.amount, promotion.percent) {
        (Some(amount), _) => format::money(amount),
        (None, Some(percent)) => format::percent(percent),
        (None, None) => String::new(),
    }
}

/// `5 Jan 2026 – 31 Jan 2026`, `from 5 Jan 2026`.
pub fn window(promotion: &PromotionRow) -> String {
    let from = format::date(promotion.starts_on);
    match promotion.ends_on {
        Some(to) => t!(promotions.from_to, from = from, to = format::date(to)),
        None => t!(promotions.from, from = from),
    }
}

pub fn lapse(rule: LapseRule) -> String {
    match rule {
        LapseRule::ByPolicy => t!(promotions.lapses_by_policy).to_owned(),
        LapseRule::AfterDays(days) => {
            t!(promotions.lapses_after, days = format::number(days))
        }
        LapseRule::On(date) => t!(promotions.lapses_on_day, date = format::date(date)),
    }
}
