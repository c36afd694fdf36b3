//! Credit grants: applied by hand, taken back, held, found, and seen by whom.

use super::support::{Engine, House, TestAccount, day, today};
use crate::domain::credit::{CreditClass, GrantStatus};
use crate::domain::ids::CreditGrantId;
use crate::domain::ledger::{EntrySource, LineSource, Side};
use crate::domain::money::{Currency, Money};
use crate::dto::credits::{
    GrantDetail, GrantFilter, GrantHold, GrantMovementKind, NewApplication, RecordedApplication,
    Unapplication,
};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::AmountText;
use crate::dto::invoices::{InvoiceDispute, SavedInvoice};
use crate::dto::page::PageRequest;
use crate::server::context::Ctx;
use crate::server::queries::{balances, credits};
use crate::server::services::{applications, invoices};
use rstest::rstest;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::EUR)
}

/// An account with credit of 50.00 received on 2026-06-01, and an invoice over 80.00 of that day.
struct Scene {
    account: TestAccount,
    grant: CreditGrantId,
    invoice: SavedInvoice,
}

async fn scene(house: &House) -> Scene {
    let ctx = house.accountant();
    let account = house.account("A-1", "EUR").await;
    let invoice = account.invoice(&ctx, "2026-06-01", "80.00").await;
    let paid = account.payment(&ctx, "2026-06-01", "50.00", &[]).await;
    Scene {
        account,
        grant: paid.grant.expect("it left credit"),
        invoice,
    }
}

impl Scene {
    fn apply(&self, amount: &str) -> NewApplication {
        NewApplication {
            grant: self.grant.to_string(),
            invoice: self.invoice.invoice.to_string(),
            amount: AmountText {
                amount: amount.to_owned(),
                currency: "EUR".to_owned(),
            },
            ..Default::default()
        }
    }

    async fn detail(&self, ctx: &Ctx) -> GrantDetail {
        let detail = credits::detail(ctx, self.grant).await;
        detail.expect("the grant is there")
    }

    async fn due_and_credit(&self, ctx: &Ctx) -> (i64, i64) {
        let balance = balances::of_account(ctx, self.account.id).await;
        let balance = balance.expect("the account is there");
        (balance.due.minor, balance.credit.minor)
    }
}

fn undo(made: &RecordedApplication) -> Unapplication {
    Unapplication {
        application: made.application.to_string(),
        ..Default::default()
    }
}

fn refused(field: &str, refusal: Refusal) -> Option<AppError> {
    Some(refusal.at(field))
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn applying_posts_four_lines_and_its_preview_says_the_same(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let preview = applications::preview(&ctx, scene.apply("30.00")).await;
    let preview = preview.expect("it can be previewed");
    assert_eq!(
        [
            preview.remaining_before,
            preview.remaining_after,
            preview.open_before,
            preview.open_after
        ],
        [eur(5_000), eur(2_000), eur(8_000), eur(5_000)]
    );
    assert_eq!(scene.due_and_credit(&ctx).await, (8_000, 5_000));

    applications::apply(&ctx, scene.apply("30.00"))
        .await
        .expect("it can be applied");
    assert_eq!(scene.due_and_credit(&ctx).await, (5_000, 2_000));
    let detail = scene.detail(&ctx).await;
    let posted = detail.entries.last().expect("it was posted");
    assert_eq!(posted.source, EntrySource::Application);
    assert_eq!(posted.lines, preview.lines);
    let lines: Vec<_> = posted
        .lines
        .iter()
        .map(|line| {
            (
                line.name.as_str(),
                line.line_source,
                line.side,
                line.amount.minor,
                line.wash,
            )
        })
        .collect();
    let (ar, bnk) = (Some(LineSource::Receivable), Some(LineSource::Bank));
    assert_eq!(
        lines,
        [
            ("Accounts receivable", ar, Side::Debit, 3_000, false),
            ("Bank", bnk, Side::Credit, 3_000, true),
            ("Accounts receivable", ar, Side::Credit, 3_000, false),
            ("Bank", bnk, Side::Debit, 3_000, true),
        ]
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_cannot_be_applied_is_refused_with_the_most_that_could(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let small = scene.account.invoice(&ctx, "2026-06-02", "7.00").await;
    let other = house.account("A-2", "EUR").await;
    let foreign = other.invoice(&ctx, "2026-06-01", "80.00").await;
    let to = |invoice: &SavedInvoice, amount: &str| NewApplication {
        invoice: invoice.invoice.to_string(),
        ..scene.apply(amount)
    };
    let on = |date: &str| NewApplication {
        effective_on: date.to_owned(),
        ..scene.apply("1.00")
    };
    let cases = [
        (
            scene.apply("50.01"),
            refused(
                "amount",
                Refusal::AmountExceedsRemainder {
                    remaining: eur(5_000),
                },
            ),
        ),
        (
            to(&small, "7.01"),
            refused(
                "amount",
                Refusal::AmountExceedsOpenBalance { open: eur(700) },
            ),
        ),
        (
            scene.apply("0"),
            refused("amount", Refusal::AmountNotPositive),
        ),
        (scene.apply("1,00"), refused("amount", Refusal::NotAnAmount)),
        (
            to(&foreign, "1.00"),
            refused("invoice", Refusal::DifferentAccounts),
        ),
        (on("2026-05-31"), refused("grant", Refusal::GrantNotUsable)),
        (
            on("2026-07-01"),
            refused(
                "effective_on",
                Refusal::DateTooLate {
                    last: day("2026-06-30"),
                },
            ),
        ),
        (
            NewApplication {
                invoice: scene.grant.to_string(),
                ..scene.apply("1.00")
            },
            refused("invoice", Refusal::UnknownReference),
        ),
        (
            NewApplication {
                grant: small.invoice.to_string(),
                ..scene.apply("1.00")
            },
            Some(AppError::NotFound),
        ),
    ];
    for (command, expected) in cases {
        let answer = applications::apply(&ctx, command.clone()).await;
        assert_eq!(answer.err(), expected, "{command:?}");
        assert_eq!(applications::preview(&ctx, command).await.err(), expected);
    }
    assert_eq!(scene.due_and_credit(&ctx).await, (8_700, 5_000));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn applications_are_undone_in_any_order_and_the_grant_is_as_before(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let mut made = Vec::new();
    for amount in ["10.00", "15.00", "25.00"] {
        made.push(
            applications::apply(&ctx, scene.apply(amount))
                .await
                .expect("it can be applied"),
        );
    }
    assert_eq!(scene.due_and_credit(&ctx).await, (3_000, 0));
    assert_eq!(scene.detail(&ctx).await.row.status, GrantStatus::Used);
    for (index, left) in [(1, 1_500), (0, 2_500), (2, 5_000)] {
        applications::unapply(&ctx, undo(&made[index]))
            .await
            .expect("it can be undone");
        assert_eq!(scene.due_and_credit(&ctx).await.1, left);
    }
    let detail = scene.detail(&ctx).await;
    assert_eq!(
        (detail.row.class, detail.row.remaining),
        (CreditClass::Overpayment, eur(5_000))
    );
    assert_eq!(
        detail.slices.iter().filter(|slice| slice.stands()).count(),
        0
    );
    let kinds: Vec<GrantMovementKind> = detail.movements.iter().map(|m| m.kind).collect();
    use GrantMovementKind::{Applied, Issued, Unapplied};
    assert_eq!(
        kinds,
        [
            Issued, Applied, Applied, Applied, Unapplied, Unapplied, Unapplied
        ]
    );
    assert_eq!(detail.movements[6].remaining_after, eur(5_000));
    // Every contra names the entry it takes back.
    let reversed: Vec<Option<i64>> = detail.entries.iter().skip(4).map(|e| e.reverses).collect();
    let applied: Vec<i64> = detail
        .entries
        .iter()
        .skip(1)
        .take(3)
        .map(|e| e.number)
        .collect();
    assert_eq!(
        reversed,
        [Some(applied[1]), Some(applied[0]), Some(applied[2])]
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_undoing_counts_from_its_own_day(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let later = NewApplication {
        effective_on: "2026-06-10".to_owned(),
        ..scene.apply("10.00")
    };
    let made = applications::apply(&ctx, later)
        .await
        .expect("it can be applied");
    let early = Unapplication {
        unapplied_on: "2026-06-09".to_owned(),
        ..undo(&made)
    };
    let too_early = Refusal::DateTooEarly {
        first: day("2026-06-10"),
    };
    let answer = applications::unapply(&ctx, early).await;
    assert_eq!(answer.err(), refused("unapplied_on", too_early));
    applications::unapply(&ctx, undo(&made))
        .await
        .expect("it can be undone");
    let detail = scene.detail(&ctx).await;
    let undone = detail.slices[0].undone.clone().expect("it is undone");
    assert_eq!(
        (undone.unapplied_on, undone.unapplied_by.as_str()),
        (today(), "Anna Accountant")
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_application_again_gets_the_first_answer(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let keyed = |amount: &str| NewApplication {
        idempotency_key: "key-1".to_owned(),
        ..scene.apply(amount)
    };
    let first = applications::apply(&ctx, keyed("10.00"))
        .await
        .expect("it can be applied");
    assert_eq!(
        applications::apply(&ctx, keyed("10.00")).await,
        Ok(first.clone())
    );
    assert_eq!(
        applications::apply(&ctx, keyed("11.00")).await,
        Err(AppError::KeyConflict)
    );
    let undoing = Unapplication {
        idempotency_key: "key-2".to_owned(),
        ..undo(&first)
    };
    for _ in 0..2 {
        let undone = applications::unapply(&ctx, undoing.clone()).await;
        assert_eq!(undone, Ok(first.clone()));
    }
    assert_eq!(scene.due_and_credit(&ctx).await, (8_000, 5_000));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_credit_applied_twice_at_once_is_spent_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let (one, other) = tokio::join!(
        applications::apply(&ctx, scene.apply("30.00")),
        applications::apply(&ctx, scene.apply("30.00"))
    );
    let failed = [one, other].into_iter().filter_map(Result::err);
    let left = Refusal::AmountExceedsRemainder {
        remaining: eur(2_000),
    };
    assert_eq!(failed.collect::<Vec<_>>(), [left.at("amount")]);
    assert_eq!(scene.due_and_credit(&ctx).await, (5_000, 2_000));
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_held_grant_is_kept_out_until_it_is_released(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let hold = |on_hold: bool, reason: &str| GrantHold {
        grant: scene.grant.to_string(),
        on_hold,
        reason: reason.to_owned(),
    };
    let without_reason = applications::hold(&ctx, hold(true, " ")).await;
    assert_eq!(
        without_reason.err(),
        refused("reason", Refusal::ReasonRequired)
    );
    applications::hold(&ctx, hold(true, "under review"))
        .await
        .expect("it can be held");
    assert_eq!(scene.detail(&ctx).await.row.status, GrantStatus::OnHold);
    let answer = applications::apply(&ctx, scene.apply("1.00")).await;
    assert_eq!(answer.err(), refused("grant", Refusal::GrantNotUsable));
    let balance = balances::of_account(&ctx, scene.account.id)
        .await
        .expect("it is there");
    assert_eq!((balance.available, balance.on_hold), (eur(0), eur(5_000)));
    applications::hold(&ctx, hold(false, "cleared"))
        .await
        .expect("it can be released");
    applications::apply(&ctx, scene.apply("1.00"))
        .await
        .expect("it can be applied");
    let acts: Vec<(String, Option<String>)> = scene
        .detail(&ctx)
        .await
        .history
        .into_iter()
        .map(|item| (item.act, item.reason))
        .collect();
    assert!(
        acts.contains(&("grant.held".to_owned(), Some("under review".to_owned()))),
        "{acts:?}"
    );
    house.check_books().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_lapsed_grant_is_not_used_on_or_after_the_day_it_lapses(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let lapse = |date: &str| {
        let date = day(date);
        let house = &house;
        async move {
            let sql = "UPDATE credit_grants SET expires_on = $1";
            house.run(sql, vec![date.into()]).await;
        }
    };
    lapse("2026-06-14").await;
    assert_eq!(scene.detail(&ctx).await.row.status, GrantStatus::Lapsed);
    // Neither for today nor dated back to when it could still be used.
    for effective_on in ["", "2026-06-10"] {
        let command = NewApplication {
            effective_on: effective_on.to_owned(),
            ..scene.apply("1.00")
        };
        let answer = applications::apply(&ctx, command).await;
        assert_eq!(answer.err(), refused("grant", Refusal::GrantNotUsable));
    }
    lapse("2026-06-15").await;
    applications::apply(&ctx, scene.apply("1.00"))
        .await
        .expect("its last day counts");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_person_may_name_a_disputed_invoice(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let dispute = InvoiceDispute {
        invoice: scene.invoice.invoice.to_string(),
        disputed: true,
        reason: "wrong goods".to_owned(),
    };
    invoices::set_disputed(&ctx, dispute)
        .await
        .expect("it can be disputed");
    applications::apply(&ctx, scene.apply("1.00"))
        .await
        .expect("a person named it");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_who_may_applies_and_holds(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let scene = scene(&house).await;
    for (who, ctx) in house.everyone(scene.account.customer) {
        if who == "accountant" {
            continue;
        }
        let expected = match who {
            "nobody" => AppError::NotLoggedIn,
            _ => AppError::Forbidden,
        };
        let hold = GrantHold {
            grant: scene.grant.to_string(),
            on_hold: true,
            reason: "because".to_owned(),
        };
        let denied = [
            applications::apply(&ctx, scene.apply("1.00")).await.err(),
            applications::preview(&ctx, scene.apply("1.00")).await.err(),
            applications::hold(&ctx, hold).await.err(),
            credits::application_start(&ctx, scene.grant, None)
                .await
                .err(),
        ];
        for denied in denied {
            assert_eq!(denied, Some(expected.clone()), "{who}");
        }
    }
    let start = credits::application_start(&house.accountant(), scene.grant, None).await;
    let start = start.expect("accountants may");
    assert_eq!(
        (start.items.len(), start.items[0].invoice),
        (1, scene.invoice.invoice)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn grants_are_found_by_class_by_what_is_left_and_by_when_they_lapse(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let scene = scene(&house).await;
    let note = scene.account.invoice(&ctx, "2026-06-02", "-20.00").await;
    let other = house.account("B-2", "EUR").await;
    let lapsing = other.payment(&ctx, "2026-06-02", "5.00", &[]).await;
    let id = lapsing.grant.expect("it left credit").0;
    let lapse = "UPDATE credit_grants SET expires_on = $1 WHERE id = $2";
    house
        .run(lapse, vec![day("2026-07-15").into(), id.into()])
        .await;
    let hold = GrantHold {
        grant: id.to_string(),
        on_hold: true,
        reason: "review".to_owned(),
    };
    applications::hold(&ctx, hold)
        .await
        .expect("it can be held");
    applications::apply(&ctx, scene.apply("50.00"))
        .await
        .expect("it can be applied");
    let filters = [
        ("", 2),
        ("show=all", 3),
        ("show=used", 1),
        ("show=on_hold", 1),
        ("show=lapsing", 1),
        ("class=credit_note", 1),
        ("class=credit_note&show=used", 0),
        ("account=B-2", 1),
        ("search=b-2&show=all", 1),
        ("customer=A-1&show=all", 2),
    ];
    for (query, expected) in filters {
        let filter: GrantFilter = serde_urlencoded::from_str(query).expect("a query");
        let page = credits::list(&ctx, filter, PageRequest::default()).await;
        assert_eq!(page.expect("a list").total, expected, "{query}");
    }
    let page = PageRequest {
        sort: "expires_on".to_owned(),
        ..Default::default()
    };
    let rows = credits::list(&ctx, GrantFilter::default(), page)
        .await
        .expect("a list")
        .rows;
    assert_eq!(rows[0].expires_on, Some(day("2026-07-15")));
    let from_invoice = rows.iter().any(|row| match &row.origin {
        crate::dto::lineage::FundsOrigin::Invoice { number, .. } => {
            Some(number) == note.number.as_ref()
        }
        _ => false,
    });
    assert!(from_invoice);
    let customer = house.customer(other.customer);
    let own = credits::list(&customer, GrantFilter::default(), PageRequest::default()).await;
    assert_eq!(own.expect("customers have a list").total, 1);
}
