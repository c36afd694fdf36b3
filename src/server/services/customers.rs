//! Creating and changing customers, opening receivable accounts and setting how they behave.

use super::replay::Replay;
use crate::domain::ids::{CustomerId, ReceivableAccountId};
use crate::domain::money::Currency;
use crate::domain::rights::Right;
use crate::dto::accounts::{AccountSettings, NewReceivableAccount, OpenedAccount, ReadSettings};
use crate::dto::customers::{NewCustomer, ReadCustomer, SavedCustomer, number};
use crate::dto::error::{AppError, FieldRefusal, Refusal};
use crate::dto::form::Reader;
use crate::server::context::{Ctx, Event};
use crate::server::error::unexpected;
use crate::server::store::accounts::{self, NewAccount};
use crate::server::store::audit::{self, AuditEvent};
use crate::server::store::{Tx, customers as store, unless_taken};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

const CHANGED: &str = "customer.changed";

/// There is a customer with a first receivable account in the currency asked for; both have the numbers given, or
/// the next free ones. Idempotent by key.
///
/// Refused at the field: what cannot be read, a number or external id that another customer has.
pub async fn create(ctx: &Ctx, command: NewCustomer) -> Result<SavedCustomer, AppError> {
    ctx.actor.require(Right::EditCustomers)?;
    let tx = Tx::begin(ctx).await?;
    let replay = Replay::of(ctx, "create_customer", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let (mut customer, currency) = command.parse_new()?;
    let id = CustomerId(Uuid::now_v7());
    let opening = Opening {
        number_field: "account_number",
        number: free_account_number(&tx, "account_number", &command.account_number).await?,
        currency,
        settings: ReadSettings::default(),
    };
    refuse_taken(&tx, &command, &customer, id).await?;
    if customer.number.is_empty() {
        customer.number = first(store::next_numbers(&tx, 1).await?)?;
    }
    unless_taken(store::insert(&tx, ctx, id, &customer).await, "number")?;
    let account = open(ctx, &tx, id, &opening).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "customer.created",
            subject_kind: "customer",
            subject_id: id.to_string(),
            customer: Some(id),
            account: None,
            reason: None,
            details: json!({ "after": filled_fields(&customer)? }),
        },
    )
    .await?;
    let answer = SavedCustomer {
        customer: id,
        number: customer.number,
        account: Some(opening.number),
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(Event {
        account,
        customer: id,
    });
    tx.commit(ctx).await?;
    Ok(answer)
}

/// The customer is as the command says. Refused as stale, naming the fields, when someone else changed it since the
/// version the person saw.
pub async fn change(ctx: &Ctx, command: NewCustomer) -> Result<SavedCustomer, AppError> {
    ctx.actor.require(Right::EditCustomers)?;
    let tx = Tx::begin(ctx).await?;
    let stored = store::lock_by_number(&tx, &command.customer)
        .await?
        .ok_or(AppError::NotFound)?;
    let mut customer = command.parse()?;
    if customer.number.is_empty() {
        customer.number = stored.contents.number.clone();
    }
    if stored.version != command.version {
        let subject = stored.id.to_string();
        let changed = audit::changed_since(&tx, CHANGED, &subject, command.version).await?;
        return Err(AppError::Stale(changed));
    }
    refuse_taken(&tx, &command, &customer, stored.id).await?;
    let answer = SavedCustomer {
        customer: stored.id,
        number: customer.number.clone(),
        account: None,
    };
    let (before, after) = differences(&stored.contents, &customer)?;
    if after.is_empty() {
        return Ok(answer);
    }
    unless_taken(store::replace(&tx, &stored, &customer).await, "number")?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: CHANGED,
            subject_kind: "customer",
            subject_id: stored.id.to_string(),
            customer: Some(stored.id),
            account: None,
            reason: None,
            details: json!({ "version": stored.version + 1, "before": before, "after": after }),
        },
    )
    .await?;
    tx.commit(ctx).await?;
    Ok(answer)
}

/// The customer has one more receivable account. Idempotent by key.
///
/// Refused at the field: an unknown currency, a number that is taken.
pub async fn open_account(
    ctx: &Ctx,
    command: NewReceivableAccount,
) -> Result<OpenedAccount, AppError> {
    ctx.actor.require(Right::EditCustomers)?;
    let tx = Tx::begin(ctx).await?;
    let customer = store::lock_by_number(&tx, &command.customer)
        .await?
        .ok_or(Refusal::UnknownReference.at("customer"))?;
    let replay = Replay::of(ctx, "open_account", &command.idempotency_key, &command)?;
    if let Some(answer) = replay.answer(ctx, &tx).await? {
        return Ok(answer);
    }
    let mut reader = Reader::default();
    let name = reader.text("name", &command.name, 100);
    let currency = reader.currency("currency", &command.currency);
    let currency = reader.finish(currency)?;
    let opening = Opening {
        number_field: "number",
        number: free_account_number(&tx, "number", &command.number).await?,
        currency,
        settings: ReadSettings {
            name,
            ..ReadSettings::default()
        },
    };
    let account = open(ctx, &tx, customer.id, &opening).await?;
    let answer = OpenedAccount {
        account,
        number: opening.number,
    };
    replay.keep(ctx, &tx, &answer).await?;
    tx.note(Event {
        account,
        customer: customer.id,
    });
    tx.commit(ctx).await?;
    Ok(answer)
}

/// An account to be opened; `number_field` is what the command calls its number.
struct Opening {
    number_field: &'static str,
    number: String,
    currency: Currency,
    settings: ReadSettings,
}

/// Writes an account, its place in the search and in the audit trail.
async fn open(
    ctx: &Ctx,
    tx: &Tx,
    customer: CustomerId,
    opening: &Opening,
) -> Result<ReceivableAccountId, AppError> {
    let account = NewAccount {
        id: ReceivableAccountId(Uuid::now_v7()),
        number: &opening.number,
        customer,
        currency: opening.currency,
        settings: &opening.settings,
    };
    let written = accounts::insert(tx, ctx, &account).await;
    unless_taken(written, opening.number_field)?;
    store::refresh_search_text(tx, &[customer]).await?;
    audit::record(
        tx,
        ctx,
        AuditEvent {
            act: "account.opened",
            subject_kind: "receivable_account",
            subject_id: account.id.to_string(),
            customer: Some(customer),
            account: Some(account.id),
            reason: None,
            details: json!({
                "number": opening.number,
                "currency": opening.currency,
                "after": opening.settings,
            }),
        },
    )
    .await?;
    Ok(account.id)
}

/// The account behaves as the command says from now on; what was applied before stays. Refused as stale, naming the
/// settings, when they are no longer as the person saw them.
pub async fn change_settings(ctx: &Ctx, command: AccountSettings) -> Result<(), AppError> {
    ctx.actor.require(Right::EditCustomers)?;
    let tx = Tx::begin(ctx).await?;
    let account = accounts::lock_by_number(&tx, &command.account)
        .await?
        .ok_or(AppError::NotFound)?;
    let settings = command.parse()?;
    let stored = account.settings();
    let changed = stored.changed_since(&command.seen);
    if !changed.is_empty() {
        return Err(AppError::Stale(changed));
    }
    let (before, after) = differences(&stored, &settings)?;
    if after.is_empty() {
        return Ok(());
    }
    accounts::set_settings(&tx, &account, &settings).await?;
    audit::record(
        &tx,
        ctx,
        AuditEvent {
            act: "account.changed",
            subject_kind: "receivable_account",
            subject_id: account.id.to_string(),
            customer: Some(account.customer),
            account: Some(account.id),
            reason: Some(&command.reason),
            details: json!({ "number": account.number, "before": before, "after": after }),
        },
    )
    .await?;
    tx.note(account.event());
    tx.commit(ctx).await
}

/// The number asked for, if nothing has it, else the next free one.
async fn free_account_number(tx: &Tx, field: &str, asked: &str) -> Result<String, AppError> {
    let mut reader = Reader::default();
    let asked = number(&mut reader, field, asked);
    let asked = reader.finish(Some(asked))?;
    if asked.is_empty() {
        return first(accounts::next_numbers(tx, 1).await?);
    }
    if accounts::number_is_taken(tx, &asked).await? {
        return Err(Refusal::NumberTaken.at(field));
    }
    Ok(asked)
}

fn first(numbers: Vec<String>) -> Result<String, AppError> {
    let first = numbers.into_iter().next();
    first.ok_or_else(|| unexpected("a sequence of numbers answered nothing"))
}

/// Refuses what another customer than `id` has: the number, external ids.
async fn refuse_taken(
    tx: &Tx,
    command: &NewCustomer,
    customer: &ReadCustomer,
    id: CustomerId,
) -> Result<(), AppError> {
    let mut refusals = Vec::new();
    let mut refuse = |field: String| {
        refusals.push(FieldRefusal {
            field: Some(field),
            refusal: Refusal::NumberTaken,
        });
    };
    if store::number_is_taken(tx, &customer.number, id).await? {
        refuse("number".to_owned());
    }
    for taken in store::taken_external_ids(tx, &customer.external_ids, id).await? {
        let typed = command
            .external_ids
            .iter()
            .position(|typed| typed.system.trim() == taken.system);
        refuse(typed.map_or("external_ids".to_owned(), |index| {
            format!("external_ids.{index}.value")
        }));
    }
    if refusals.is_empty() {
        return Ok(());
    }
    Err(AppError::Refused(refusals))
}

type Fields = Map<String, Value>;

/// The fields in which two states differ, before and after.
fn differences<T: Serialize>(before: &T, after: &T) -> Result<(Fields, Fields), AppError> {
    let (mut before, mut after) = (fields(before)?, fields(after)?);
    let same: Vec<String> = after
        .iter()
        .filter(|(name, value)| before.get(*name) == Some(*value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in same {
        before.remove(&name);
        after.remove(&name);
    }
    Ok((before, after))
}

/// The fields that say something.
fn filled_fields<T: Serialize>(of: &T) -> Result<Fields, AppError> {
    let is_empty = |value: &Value| {
        value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty)
    };
    let filled = fields(of)?
        .into_iter()
        .filter(|(_, value)| !is_empty(value));
    Ok(filled.collect())
}

fn fields<T: Serialize>(of: &T) -> Result<Fields, AppError> {
    match serde_json::to_value(of).map_err(|error| unexpected(&error))? {
        Value::Object(fields) => Ok(fields),
        _ => Err(unexpected("only structs have fields to compare")),
    }
}
