//! Customers and their receivable accounts, through the use cases.

use super::support::{Engine, House};
use crate::domain::ids::CustomerId;
use crate::domain::money::{Currency, Money};
use crate::dto::accounts::{AccountSettings, AutoApply, NewReceivableAccount};
use crate::dto::customers::{ExternalId, NewCustomer, SavedCustomer};
use crate::dto::error::{AppError, FieldRefusal, Refusal};
use crate::server::context::Ctx;
use crate::server::queries::balances;
use crate::server::services::customers;
use rstest::rstest;
use uuid::Uuid;

fn named(name: &str) -> NewCustomer {
    NewCustomer {
        name: name.to_owned(),
        currency: "EUR".to_owned(),
        ..NewCustomer::default()
    }
}

async fn create(ctx: &Ctx, customer: NewCustomer) -> SavedCustomer {
    customers::create(ctx, customer)
        .await
        .expect("the customer can be created")
}

fn refused(field: &str, refusal: Refusal) -> AppError {
    AppError::Refused(vec![FieldRefusal {
        field: Some(field.to_owned()),
        refusal,
    }])
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_customer_begins_with_one_account_and_takes_the_next_free_numbers(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let first = create(&ctx, named("Abel")).await;
    assert_eq!(first.number, "C-00001");
    assert_eq!(first.account.as_deref(), Some("AR-00001"));
    let by_hand = NewCustomer {
        number: "C-00002".to_owned(),
        account_number: "K 7".to_owned(),
        ..named("Baum")
    };
    assert_eq!(create(&ctx, by_hand).await.account.as_deref(), Some("K 7"));
    let third = create(&ctx, named("Chaplin")).await;
    assert_eq!(
        third.number, "C-00003",
        "a number given by hand is passed over"
    );

    let balances = balances::of_customer(&ctx, third.customer)
        .await
        .expect("staff may read it");
    assert_eq!(balances.len(), 1);
    assert_eq!(balances[0].net, Money::zero(Currency::EUR));
    assert!(balances[0].credit_by_class.is_empty());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_number_is_given_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let crm = ExternalId {
        system: "crm".to_owned(),
        value: "77".to_owned(),
    };
    let first = NewCustomer {
        number: "M-1".to_owned(),
        account_number: "K-1".to_owned(),
        external_ids: vec![crm.clone()],
        ..named("Abel")
    };
    create(&ctx, first.clone()).await;
    let again = customers::create(&ctx, first).await.unwrap_err();
    assert_eq!(again, refused("account_number", Refusal::NumberTaken));
    let same_ids = NewCustomer {
        number: " M-1 ".to_owned(),
        external_ids: vec![ExternalId::default(), crm],
        ..named("Baum")
    };
    let AppError::Refused(refusals) = customers::create(&ctx, same_ids).await.unwrap_err() else {
        panic!("both are taken");
    };
    let fields: Vec<_> = refusals
        .iter()
        .map(|refusal| refusal.field.as_deref())
        .collect();
    assert_eq!(fields, [Some("number"), Some("external_ids.1.value")]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_same_request_again_creates_nobody(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let keyed = NewCustomer {
        idempotency_key: "once".to_owned(),
        ..named("Abel")
    };
    let first = create(&ctx, keyed.clone()).await;
    assert_eq!(create(&ctx, keyed.clone()).await, first);
    let other = NewCustomer {
        name: "Baum".to_owned(),
        ..keyed
    };
    let conflict = customers::create(&ctx, other).await.unwrap_err();
    assert_eq!(conflict, AppError::KeyConflict);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_change_on_top_of_anothers_change_is_refused_and_names_what_changed(
    #[case] engine: Engine,
) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let number = create(&ctx, named("Abel")).await.number;
    let change = |version, email: &str, tags: &str| NewCustomer {
        customer: number.clone(),
        version,
        email: email.to_owned(),
        tags: tags.to_owned(),
        ..named("Abel")
    };
    let first = change(0, "abel@example.com", "vip");
    customers::change(&ctx, first)
        .await
        .expect("nobody else was here");
    let second = customers::change(&ctx, change(0, "", ""))
        .await
        .unwrap_err();
    let what = vec!["email".to_owned(), "tags".to_owned()];
    assert_eq!(second, AppError::Stale(what));
    customers::change(&ctx, change(1, "abel@example.com", "vip"))
        .await
        .expect("looked at again, and nothing to change");
    customers::change(&ctx, change(1, "", ""))
        .await
        .expect("what changed nothing made no version");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_customer_may_have_accounts_in_two_currencies(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let customer = create(&ctx, named("Abel")).await;
    let yen = NewReceivableAccount {
        customer: customer.number.clone(),
        currency: "JPY".to_owned(),
        name: "Tokyo".to_owned(),
        ..NewReceivableAccount::default()
    };
    let opened = customers::open_account(&ctx, yen.clone())
        .await
        .expect("a second account is opened");
    let balances = balances::of_customer(&ctx, customer.customer)
        .await
        .expect("staff may read it");
    let currencies: Vec<_> = balances.iter().map(|b| b.net.currency).collect();
    assert_eq!(currencies, [Currency::EUR, Currency::JPY]);
    assert_eq!(balances[1].account, opened.account);

    let taken = NewReceivableAccount {
        number: opened.number,
        ..yen.clone()
    };
    let refusal = customers::open_account(&ctx, taken).await.unwrap_err();
    assert_eq!(refusal, refused("number", Refusal::NumberTaken));
    let unknown = NewReceivableAccount {
        currency: "XXX".to_owned(),
        ..yen
    };
    let refusal = customers::open_account(&ctx, unknown).await.unwrap_err();
    assert_eq!(refusal, refused("currency", Refusal::UnknownCurrency));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn settings_changed_meanwhile_are_not_overwritten(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let ctx = house.accountant();
    let customer = create(&ctx, named("Abel")).await;
    let account = customer.account.expect("it was opened");
    let seen = crate::dto::accounts::ReadSettings::default().seen();
    let all = AccountSettings {
        account: account.clone(),
        seen,
        auto_apply: AutoApply::All.code().to_owned(),
        on_hold: "yes".to_owned(),
        ..AccountSettings::default()
    };
    let before = balances::of_account_number(&ctx, &account).await.unwrap();
    customers::change_settings(&ctx, all.clone())
        .await
        .expect("they are as they were seen");
    let after = balances::of_account_number(&ctx, &account).await.unwrap();
    assert_eq!(after.version, before.version + 1, "previews of runs notice");
    let stale = customers::change_settings(&ctx, all).await.unwrap_err();
    let what = vec!["auto_apply".to_owned(), "on_hold".to_owned()];
    assert_eq!(stale, AppError::Stale(what));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn only_accountants_edit_customers(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let own = create(&house.accountant(), named("Abel")).await;
    for (who, ctx) in house.everyone(own.customer) {
        let expected = match who {
            "accountant" => None,
            "nobody" => Some(AppError::NotLoggedIn),
            _ => Some(AppError::Forbidden),
        };
        let created = customers::create(&ctx, named("Baum")).await;
        assert_eq!(created.err(), expected, "{who} creates");
        let change = NewCustomer {
            customer: own.number.clone(),
            ..named("Abel")
        };
        let changed = customers::change(&ctx, change).await;
        assert_eq!(changed.err(), expected, "{who} changes");
        let opening = NewReceivableAccount {
            customer: own.number.clone(),
            currency: "EUR".to_owned(),
            ..NewReceivableAccount::default()
        };
        let opened = customers::open_account(&ctx, opening).await;
        assert_eq!(opened.err(), expected, "{who} opens an account");
        let settings = AccountSettings {
            account: own.account.clone().expect("it was opened"),
            ..AccountSettings::default()
        };
        let set = customers::change_settings(&ctx, settings).await;
        assert_eq!(set.err(), expected, "{who} changes settings");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn balances_are_for_staff_and_for_the_customer_whose_they_are(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let own = create(&house.accountant(), named("Abel")).await;
    let account = own.account.clone().expect("it was opened");
    for (who, ctx) in house.everyone(own.customer) {
        let seen = balances::of_account_number(&ctx, &account).await.err();
        let expected = (who == "nobody").then_some(AppError::NotLoggedIn);
        assert_eq!(seen, expected, "{who}");
    }
    let stranger = house.customer(CustomerId(Uuid::now_v7()));
    let asked = balances::of_account_number(&stranger, &account).await;
    assert_eq!(asked.unwrap_err(), AppError::NotFound);
    let asked = balances::of_customer(&stranger, own.customer).await;
    assert_eq!(asked.unwrap_err(), AppError::NotFound);
}
