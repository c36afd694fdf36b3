//! The audit trail: who may read it, what its filters find, and that every act has a name.

use super::support::{Engine, House};
use crate::domain::ledger::JournalKind;
use crate::domain::rights::{Right, Role};
use crate::dto::audit::{Act, AuditFilter, AuditRow, DetailValue, SubjectKind};
use crate::dto::error::{AppError, Refusal};
use crate::dto::page::{Page, PageRequest, ROWS_PER_PAGE};
use crate::server::context::Ctx;
use crate::server::queries::audit;
use crate::server::store::Tx;
use crate::server::store::audit::{AuditEvent, record};
use rstest::rstest;
use serde_json::json;
use std::fs;
use std::path::Path;

async fn trail(ctx: &Ctx, filter: AuditFilter) -> Page<AuditRow> {
    let page = audit::list(ctx, &filter, &PageRequest::default()).await;
    page.expect("the trail can be read")
}

fn of_act(act: Act) -> AuditFilter {
    AuditFilter {
        act: act.code().to_owned(),
        ..AuditFilter::default()
    }
}

fn by(actor: &str) -> AuditFilter {
    AuditFilter {
        actor: actor.to_owned(),
        ..AuditFilter::default()
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn who_manages_people_or_reads_the_journal_reads_the_trail(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    for (name, ctx) in house.everyone(account.customer) {
        let expected = match name {
            "nobody" => Err(AppError::NotLoggedIn),
            "admin" | "accountant" => Ok(()),
            _ => Err(AppError::Forbidden),
        };
        let read = audit::list(&ctx, &AuditFilter::default(), &PageRequest::default()).await;
        assert_eq!(read.map(|_| ()), expected, "{name}");
        let allowed = ctx.actor.holds(Right::ManageUsers) || ctx.actor.holds(Right::ReadJournal);
        assert_eq!(allowed, expected.is_ok(), "{name}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn acts_name_the_record_and_whose_it_is(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let ctx = house.accountant();
    let invoice = account.invoice(&ctx, "2026-06-01", "89.00").await;
    let payment = account
        .payment(&ctx, "2026-06-02", "95.00", &[(&invoice, "89.00")])
        .await;
    let rows = trail(&ctx, AuditFilter::default()).await.rows;
    let acts: Vec<&str> = rows.iter().map(|row| row.act.as_str()).collect();
    assert_eq!(
        acts,
        [Act::PaymentRecorded.code(), Act::InvoiceFinalised.code()]
    );
    let paid = &rows[0];
    assert_eq!(paid.actor, "Anna Accountant");
    assert_eq!(paid.subject.kind, SubjectKind::Payment.code());
    assert_eq!(paid.subject.shown_by, Some(payment.payment.0));
    assert_eq!(paid.subject.of_whom, "A-1");
    let amount = paid.details.iter().find(|detail| detail.name == "amount");
    let amount = amount.expect("the amount is noted");
    assert!(matches!(amount.after, DetailValue::Amount(money) if money.minor == 95_00));
    let number = rows[1].subject.label.clone();
    assert_eq!(Some(number), invoice.number);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn filters_find_acts_by_what_who_and_when(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let account = house.account("A-1", "EUR").await;
    let ctx = house.accountant();
    let other = house.staff("Änne 100% Öztürk", &[Role::Accountant]);
    account.invoice(&ctx, "2026-06-01", "10").await;
    let invoice = account.invoice(&other, "2026-06-01", "20").await;
    account
        .payment(&other, "2026-06-02", "20", &[(&invoice, "20")])
        .await;
    assert_eq!(trail(&ctx, of_act(Act::InvoiceFinalised)).await.total, 2);
    assert_eq!(trail(&ctx, of_act(Act::InvoiceVoided)).await.total, 0);
    assert_eq!(trail(&ctx, by("anna")).await.total, 1);
    assert_eq!(trail(&ctx, by("Änne")).await.total, 2);
    assert_eq!(trail(&ctx, by("100%")).await.total, 2);
    assert_eq!(trail(&ctx, by("0_%")).await.total, 0);
    // Acts carry the real time, whatever the business date is.
    let day = ctx
        .clock
        .now()
        .with_timezone(&ctx.clock.zone())
        .date_naive();
    let between = |from: String, to: String| AuditFilter {
        from,
        to,
        ..AuditFilter::default()
    };
    let (day, next) = (day.to_string(), (day + chrono::Days::new(1)).to_string());
    assert_eq!(
        trail(&ctx, between(day.clone(), next.clone())).await.total,
        3
    );
    let after = "2199-01-01".to_owned();
    assert_eq!(trail(&ctx, between(after, String::new())).await.total, 0);
    let before = "2020-01-01".to_owned();
    assert_eq!(trail(&ctx, between(String::new(), before)).await.total, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn filters_that_cannot_be_read_are_refused(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let filter = AuditFilter {
        act: "invoice.eaten".to_owned(),
        from: "yesterday".to_owned(),
        ..AuditFilter::default()
    };
    let refused = audit::list(&house.admin(), &filter, &PageRequest::default()).await;
    let Err(AppError::Refused(refusals)) = refused else {
        panic!("expected refusals, got {refused:?}");
    };
    let refusals: Vec<_> = refusals
        .into_iter()
        .map(|one| (one.field.unwrap_or_default(), one.refusal))
        .collect();
    assert_eq!(
        refusals,
        [
            ("act".to_owned(), Refusal::UnknownChoice),
            ("from".to_owned(), Refusal::NotADate)
        ]
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_trail_is_read_page_by_page_newest_first(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.admin();
    let count = ROWS_PER_PAGE + 3;
    for number in 0..count {
        note(&ctx, number).await;
    }
    let first = trail(&ctx, AuditFilter::default()).await;
    assert_eq!(first.total, u64::from(count));
    assert_eq!(first.rows.len(), ROWS_PER_PAGE as usize);
    let newest = &first.rows[0].details[0];
    assert_eq!(newest.after, DetailValue::Text((count - 1).to_string()));
    let second = PageRequest {
        page: 2,
        ..PageRequest::default()
    };
    let second = audit::list(&ctx, &AuditFilter::default(), &second).await;
    assert_eq!(second.expect("the trail can be read").rows.len(), 3);
}

async fn note(ctx: &Ctx, number: u32) {
    let tx = Tx::begin(ctx).await.expect("the database answers");
    let event = AuditEvent {
        act: Act::PeriodClosed.code(),
        subject_kind: SubjectKind::Period.code(),
        subject_id: JournalKind::Sales.code().to_owned(),
        customer: None,
        account: None,
        reason: None,
        details: json!({ "number": number }),
    };
    record(&tx, ctx, event).await.expect("an act can be noted");
    tx.commit(ctx).await.expect("the database answers");
}

#[rstest]
#[case("2026-06-15", "2026-06-14T22:00:00Z")]
#[case("2026-01-15", "2026-01-14T23:00:00Z")]
#[tokio::test]
async fn a_day_begins_at_midnight_of_the_business(#[case] day: &str, #[case] start: &str) {
    let Some(house) = House::open_empty(Engine::Sqlite).await else {
        return;
    };
    let day: chrono::NaiveDate = day.parse().expect("a date");
    let start: chrono::DateTime<chrono::Utc> = start.parse().expect("an instant");
    assert_eq!(house.system().clock.start_of(day), start);
}

/// Acts are noted by their codes; one that is missing in `Act` would have no words on any page.
#[test]
fn every_act_that_services_note_has_a_code() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/server/services");
    let nouns: Vec<&str> = Act::ALL
        .iter()
        .filter_map(|act| act.code().split('.').next())
        .collect();
    let mut found = 0;
    for text in sources(&services) {
        for literal in text.split('"').skip(1).step_by(2) {
            let Some((noun, verb)) = literal.split_once('.') else {
                continue;
            };
            let is_verb =
                !verb.is_empty() && verb.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            if nouns.contains(&noun) && is_verb {
                assert!(Act::from_code(literal).is_some(), "{literal}");
                found += 1;
            }
        }
    }
    assert!(found >= 20, "only {found} acts were found");
}

fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else {
            texts.push(fs::read_to_string(&path).expect("sources are text"));
        }
    }
    texts
}
