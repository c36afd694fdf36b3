//! Chart of accounts, closed periods, settings: who may change them, and what holds afterwards.

use super::support::{Engine, House, day};
use crate::domain::ledger::{JournalKind, LedgerRole};
use crate::domain::rights::Role;
use crate::dto::business::{BusinessSettings, LedgerAccountNaming, PeriodClosing};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::AmountText;
use crate::dto::payments::NewPayment;
use crate::server::context::Ctx;
use crate::server::queries::business;
use crate::server::services::{chart, payments, periods, settings};
use rstest::rstest;

fn closing(journal: &str, through: &str, reason: &str) -> PeriodClosing {
    PeriodClosing {
        journal: journal.to_owned(),
        closed_through: through.to_owned(),
        reason: reason.to_owned(),
    }
}

fn naming(role: LedgerRole, code: &str, name: &str) -> LedgerAccountNaming {
    LedgerAccountNaming {
        role: role.code().to_owned(),
        code: code.to_owned(),
        name: name.to_owned(),
    }
}

fn tolerance(units: &str) -> BusinessSettings {
    BusinessSettings {
        business_name: "Example & Sons".to_owned(),
        surplus_tolerance: units.to_owned(),
        approval_limit: "500".to_owned(),
        bad_debt_tax_relief: String::new(),
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_closed_period_takes_no_payment_and_opens_again_only_with_a_reason(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.account("R-1", "EUR").await;
    let ctx = house.accountant();
    let payment = |received_on: &str| NewPayment {
        account: "R-1".to_owned(),
        amount: AmountText {
            amount: "10".to_owned(),
            currency: "EUR".to_owned(),
        },
        received_on: received_on.to_owned(),
        ..NewPayment::default()
    };
    // The account's first document; nothing can be dated before it.
    payments::record(&ctx, payment("2026-05-20")).await.unwrap();
    let today = periods::close(&ctx, closing("cash", "2026-06-15", "")).await;
    let yesterday = day("2026-06-14");
    assert_eq!(
        today,
        Err(Refusal::DateTooLate { last: yesterday }.at("closed_through"))
    );
    periods::close(&ctx, closing("cash", "2026-05-31", ""))
        .await
        .unwrap();
    let first_open = day("2026-06-01");
    let refused = payments::record(&ctx, payment("2026-05-31")).await;
    assert_eq!(
        refused,
        Err(Refusal::PeriodClosed { first_open }.at("received_on"))
    );
    payments::record(&ctx, payment("2026-06-01")).await.unwrap();

    let silently = periods::close(&ctx, closing("cash", "2026-04-30", " ")).await;
    assert_eq!(silently, Err(Refusal::ReasonRequired.at("reason")));
    periods::close(&ctx, closing("cash", "2026-04-30", "A late bank statement"))
        .await
        .unwrap();
    payments::record(&ctx, payment("2026-05-31")).await.unwrap();

    let listed = business::periods(&ctx).await.unwrap();
    let through = |journal| {
        let row = listed.iter().find(|row| row.journal == journal);
        row.expect("every journal is listed").closed_through
    };
    assert_eq!(through(JournalKind::Cash), Some(day("2026-04-30")));
    assert_eq!(through(JournalKind::Sales), None);
    let reasons = house
        .texts(
            "SELECT reason AS text FROM audit_events WHERE act = 'period.closed' AND reason IS NOT NULL",
            vec![],
        )
        .await;
    assert_eq!(reasons, ["A late bank statement"]);
    for wrong in [
        closing("tax", "2026-05-31", ""),
        closing("", "2026-05-31", ""),
    ] {
        assert!(periods::close(&ctx, wrong).await.is_err());
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn ledger_accounts_take_other_codes_and_names_but_no_code_twice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let admin = house.admin();
    chart::rename(&admin, naming(LedgerRole::Bank, "1800", "Sparkasse"))
        .await
        .unwrap();
    chart::rename(&admin, naming(LedgerRole::Bank, "1800", "House bank"))
        .await
        .unwrap();
    let taken = chart::rename(&admin, naming(LedgerRole::CashDesk, " 1800 ", "Till")).await;
    assert_eq!(taken, Err(Refusal::CodeTaken.at("code")));
    let nameless = chart::rename(&admin, naming(LedgerRole::CashDesk, "1801", "")).await;
    assert_eq!(nameless, Err(Refusal::Required.at("name")));
    let accounts = business::chart(&admin).await.unwrap();
    assert_eq!(accounts.len(), LedgerRole::ALL.len());
    let bank = accounts
        .iter()
        .find(|row| row.role == LedgerRole::Bank)
        .unwrap();
    assert_eq!(
        (bank.code.as_str(), bank.name.as_str()),
        ("1800", "House bank")
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn settings_hold_and_odd_values_are_refused(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let admin = house.admin();
    let before = business::settings(&admin).await.unwrap();
    assert_eq!(before.settings.surplus_tolerance, "1");
    assert_eq!(before.time_zone, "Europe/Berlin");
    settings::save(&admin, tolerance(" 005 ")).await.unwrap();
    let after = business::settings(&admin).await.unwrap().settings;
    assert_eq!(after, tolerance("5"));
    for odd in ["-1", "0.5", "1001", "five", ""] {
        let refused = settings::save(&admin, tolerance(odd)).await;
        assert_eq!(
            refused,
            Err(Refusal::NotANumber.at("surplus_tolerance")),
            "{odd}"
        );
    }
    settings::save(&admin, tolerance("5")).await.unwrap();
    let changes = house
        .texts(
            "SELECT subject_id AS text FROM audit_events WHERE act = 'setting.changed'",
            vec![],
        )
        .await;
    assert_eq!(
        changes.len(),
        2,
        "saving what is there already is no change: {changes:?}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_business_is_set_up_by_whom_the_roles_allow(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("R-1", "EUR").await;
    for (who, ctx) in house.everyone(account.customer) {
        for (act, may, outcome) in every_act(&ctx).await {
            match (who, may.contains(&who)) {
                (_, true) => assert_eq!(outcome, Ok(()), "{who} {act}"),
                ("nobody", _) => assert_eq!(outcome, Err(AppError::NotLoggedIn), "{who} {act}"),
                _ => assert_eq!(outcome, Err(AppError::Forbidden), "{who} {act}"),
            }
        }
    }
    let both = house.staff("Ada", &[Role::Admin, Role::Support]);
    assert_eq!(
        settings::save(&both, tolerance("2")).await,
        Ok(()),
        "roles add up"
    );
}

type Act = (&'static str, &'static [&'static str], Result<(), AppError>);

async fn every_act(ctx: &Ctx) -> Vec<Act> {
    const ADMIN: &[&str] = &["admin"];
    const BOTH: &[&str] = &["admin", "accountant"];
    let closed = periods::close(ctx, closing("sales", "2026-05-31", "")).await;
    let renamed = chart::rename(ctx, naming(LedgerRole::Bank, "1000", "Bank")).await;
    let saved = settings::save(ctx, tolerance("1")).await;
    vec![
        ("closes a period", BOTH, closed),
        ("renames a ledger account", ADMIN, renamed),
        ("saves settings", ADMIN, saved),
        (
            "reads the chart",
            BOTH,
            business::chart(ctx).await.map(drop),
        ),
        (
            "reads the periods",
            BOTH,
            business::periods(ctx).await.map(drop),
        ),
        (
            "reads the settings",
            ADMIN,
            business::settings(ctx).await.map(drop),
        ),
    ]
}
