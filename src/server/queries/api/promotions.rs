//! Promotions and prepaid accounts as they go over the wire.

use super::{DEFAULT_LIMIT, Listed, MAX_LIMIT};
use crate::domain::credit::CreditClass;
use crate::domain::ids::{PromotionId, PromotionRunId};
use crate::domain::money::Money;
use crate::domain::promotion::{Audience, PromotionKind, PromotionState, Stacking};
use crate::dto::error::{AppError, Refusal};
use crate::dto::form::Reader;
use crate::dto::prepaid::{PrepaidDetail, PrepaidRow, TopUpRequestRow, TopUpState};
use crate::dto::promotions::{
    GrantBasis, GrantWay, PromotionDetail, PromotionGrantRow, PromotionResult, PromotionRow,
    PromotionRunDetail, PromotionRunState, PromotionSimulation, RecordedPromotionGrant,
};
use crate::server::context::Ctx;
use crate::server::queries::{prepaid, promotions};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// An offer that gives credit: tender, after tax. What lowers a price is a discount on an invoice's line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Promotion {
    pub id: Uuid,
    pub code: String,
    pub name_en: String,
    pub name_de: String,
    pub kind: PromotionKind,
    pub state: PromotionState,
    pub currency: String,
    /// What it gives, for kinds that give an amount.
    pub amount: Option<Money>,
    /// What it gives in percent, for kinds that give a share.
    pub percent: Option<String>,
    pub starts_on: NaiveDate,
    /// Last day on which it gives; null: until it is ended.
    pub ends_on: Option<NaiveDate>,
    pub audience: Audience,
    pub tags: Vec<String>,
    /// Customer numbers.
    pub customers: Vec<String>,
    pub budget: Option<Money>,
    /// Given less revoked.
    pub given: Money,
    pub budget_left: Option<Money>,
    /// All one customer may get.
    pub cap: Option<Money>,
    /// The least the document must be over.
    pub minimum: Money,
    pub stacking: Stacking,
    /// Of the credit it gives: smaller is used first.
    pub priority: i32,
    pub lapse_days: Option<u32>,
    pub lapses_on: Option<NaiveDate>,
    /// What it cost and brought; null in lists.
    pub result: Option<Result>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
}

/// What a promotion cost and brought.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PromotionResult)]
pub struct Result {
    pub granted: Money,
    pub revoked: Money,
    pub used: Money,
    pub lapsed: Money,
    /// Transferred, written off or adjusted.
    pub otherwise: Money,
    pub left: Money,
    pub grants: i64,
    pub customers: i64,
    /// Invoices its credit paid, whole or in part, and their total.
    pub invoices: i64,
    pub invoices_total: Money,
    /// Total of the documents it gave for.
    pub basis_total: Money,
}

type Answered<T> = std::result::Result<T, AppError>;

fn promotion(row: PromotionRow) -> Promotion {
    Promotion {
        id: row.promotion.0,
        code: row.code,
        name_en: row.name_en,
        name_de: row.name_de,
        kind: row.kind,
        state: row.state,
        currency: row.currency.code().to_owned(),
        amount: row.amount,
        percent: row.percent.map(|percent| percent.to_string()),
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        audience: row.audience,
        tags: Vec::new(),
        customers: Vec::new(),
        budget_left: row
            .budget
            .map(|budget| Money::new(budget.minor - row.given.minor, row.currency)),
        budget: row.budget,
        given: row.given,
        cap: row.cap,
        minimum: row.minimum,
        stacking: row.stacking,
        priority: row.priority,
        lapse_days: row.lapse_days,
        lapses_on: row.lapses_on,
        result: None,
        created_at: row.created_at,
        created_by: row.created_by,
    }
}

fn whole(detail: PromotionDetail) -> Promotion {
    Promotion {
        tags: detail.tags,
        customers: detail
            .customers
            .into_iter()
            .map(|(number, _)| number)
            .collect(),
        result: Some(result(detail.result)),
        ..promotion(detail.row)
    }
}

fn result(result: PromotionResult) -> Result {
    Result {
        granted: result.granted,
        revoked: result.revoked,
        used: result.used,
        lapsed: result.lapsed,
        otherwise: result.otherwise,
        left: result.left,
        grants: result.grants,
        customers: result.customers,
        invoices: result.invoices,
        invoices_total: result.invoices_total,
        basis_total: result.basis_total,
    }
}

/// Which promotions a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PromotionList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    #[param(required = false)]
    pub state: String,
}

/// How many items are asked for.
fn read_limit(reader: &mut Reader, text: &str) -> Option<usize> {
    let limit = match text.trim() {
        "" => Some(DEFAULT_LIMIT),
        text => text.parse().ok().filter(|limit| *limit > 0),
    };
    if limit.is_none() {
        reader.refuse("limit", Refusal::NotANumber);
    }
    limit.map(|limit| limit.min(MAX_LIMIT))
}

/// The promotions, for staff who define or grant them.
pub async fn list(ctx: &Ctx, wanted: PromotionList) -> Answered<Listed<Promotion>> {
    let mut reader = Reader::default();
    let state = match wanted.state.trim() {
        "" => Some(None),
        text => reader
            .choice("state", text, PromotionState::from_code, None)
            .map(Some),
    };
    let limit = read_limit(&mut reader, &wanted.limit);
    let after = match wanted.cursor.trim() {
        "" => Some(Uuid::nil()),
        text => reader.id("cursor", text),
    };
    let read = state.zip(limit).zip(after);
    let ((state, limit), after) = reader.finish(read)?;
    let mut rows = promotions::after(ctx, state, after, limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = more
        .then(|| rows.last().map(|row| row.promotion.to_string()))
        .flatten();
    Ok(Listed {
        items: rows.into_iter().map(promotion).collect(),
        next,
    })
}

/// One promotion by id, with what it cost and brought.
pub async fn find(ctx: &Ctx, key: &str) -> Answered<Promotion> {
    Ok(whole(
        promotions::detail(ctx, PromotionId(super::id(key)?)).await?,
    ))
}

/// One documented deduction: what a promotion gave, to whom, for which document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PromotionGrant {
    pub id: Uuid,
    pub promotion: Uuid,
    pub code: String,
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    /// The credit it became.
    pub credit_grant: Uuid,
    pub class: CreditClass,
    pub amount: Money,
    pub revoked: Money,
    pub used: Money,
    pub remainder: Money,
    /// Last usable day; null never lapses.
    pub expires_on: Option<NaiveDate>,
    pub granted_on: NaiveDate,
    pub way: GrantWay,
    /// The invoice or top-up it was given for.
    pub document: Option<Basis>,
    pub recorded_at: DateTime<Utc>,
    pub recorded_by: String,
}

/// The document a promotion gave for.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PromotionBasis)]
pub struct Basis {
    #[schema(example = "payment")]
    pub kind: &'static str,
    pub id: Uuid,
    pub number: String,
    pub amount: Money,
}

fn promotion_grant(row: PromotionGrantRow) -> PromotionGrant {
    let document = row.basis.map(|basis| match basis {
        GrantBasis::Invoice {
            invoice,
            number,
            amount,
        } => Basis {
            kind: "invoice",
            id: invoice.0,
            number,
            amount,
        },
        GrantBasis::Payment {
            payment,
            number,
            amount,
        } => Basis {
            kind: "payment",
            id: payment.0,
            number: number.to_string(),
            amount,
        },
    });
    PromotionGrant {
        id: row.promotion_grant.0,
        promotion: row.promotion.0,
        code: row.code,
        account: row.on.account,
        customer: row.on.customer,
        credit_grant: row.grant.0,
        class: CreditClass::Promotion,
        amount: row.amount,
        revoked: row.revoked,
        used: row.used,
        remainder: row.left,
        expires_on: row.expires_on,
        granted_on: row.granted_on,
        way: row.way,
        document,
        recorded_at: row.recorded_at,
        recorded_by: row.recorded_by,
    }
}

/// Which page of a promotion's grants is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PromotionGrantList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    /// Id of a run.
    #[param(required = false)]
    pub run: String,
}

/// What a promotion gave, newest first.
pub async fn grants(
    ctx: &Ctx,
    key: &str,
    wanted: PromotionGrantList,
) -> Answered<Listed<PromotionGrant>> {
    let mut reader = Reader::default();
    let run = match wanted.run.trim() {
        "" => Some(None),
        text => reader.id("run", text).map(Some),
    };
    let limit = read_limit(&mut reader, &wanted.limit);
    let before = match wanted.cursor.trim() {
        "" => Some(None),
        text => reader.id("cursor", text).map(Some),
    };
    let ((run, limit), before) = reader.finish(run.zip(limit).zip(before))?;
    let id = PromotionId(super::id(key)?);
    let run = run.map(PromotionRunId);
    let mut rows = promotions::grants_before(ctx, id, run, before, limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = more
        .then(|| rows.last().map(|row| row.promotion_grant.to_string()))
        .flatten();
    Ok(Listed {
        items: rows.into_iter().map(promotion_grant).collect(),
        next,
    })
}

/// What giving answered: one grant, or a run over the audience.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PromotionGiven {
    pub grant: Option<Given>,
    pub run: Option<PromotionRun>,
}

/// A grant just made or taken back.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PromotionGrantGiven)]
pub struct Given {
    pub id: Uuid,
    pub promotion: Uuid,
    /// Number of the receivable account.
    pub account: String,
    pub credit_grant: Uuid,
    pub amount: Money,
    pub expires_on: Option<NaiveDate>,
}

impl From<RecordedPromotionGrant> for Given {
    fn from(given: RecordedPromotionGrant) -> Self {
        Self {
            id: given.promotion_grant.0,
            promotion: given.promotion.0,
            account: given.account,
            credit_grant: given.grant.0,
            amount: given.amount,
            expires_on: given.expires_on,
        }
    }
}

/// A run that gives a promotion to its audience.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PromotionRun {
    pub id: Uuid,
    pub promotion: Uuid,
    pub state: PromotionRunState,
    pub granted_on: NaiveDate,
    pub grants: i64,
    pub total: Money,
    /// Accounts of the audience, and those the run is past.
    pub accounts: i64,
    pub done: i64,
    /// Accounts that got nothing, each with the code of the reason; the first two hundred.
    pub refused: Vec<PromotionRefused>,
    pub created_at: DateTime<Utc>,
    pub created_by: String,
    pub finished_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PromotionRefused {
    /// Number of the receivable account.
    pub account: String,
    pub code: String,
}

/// One run by id.
pub async fn run(ctx: &Ctx, key: &str) -> Answered<PromotionRun> {
    let found = promotions::run(ctx, PromotionRunId(super::id(key)?)).await?;
    Ok(run_of(found))
}

fn run_of(found: PromotionRunDetail) -> PromotionRun {
    let row = found.row;
    PromotionRun {
        id: row.run.0,
        promotion: row.promotion.0,
        state: row.state,
        granted_on: row.granted_on,
        grants: row.grants,
        total: row.total,
        accounts: row.accounts,
        done: row.done,
        refused: found
            .refusals
            .into_iter()
            .map(|(account, code)| PromotionRefused { account, code })
            .collect(),
        created_at: row.created_at,
        created_by: row.created_by,
        finished_at: row.finished_at,
    }
}

/// Who would get what, were the run made today.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PromotionSimulation)]
pub struct Simulation {
    pub accounts: i64,
    pub grants: i64,
    pub total: Money,
    pub budget_left: Option<Money>,
    /// The budget would end the run before everyone was asked.
    pub stops_at_budget: bool,
    /// The first two hundred.
    pub would_get: Vec<WouldGet>,
    pub would_not: Vec<WouldNot>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WouldGet {
    pub account: String,
    pub customer: String,
    /// Number of the invoice or payment it would be for.
    pub document: Option<String>,
    pub amount: Money,
    pub expires_on: Option<NaiveDate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WouldNot {
    pub code: String,
    pub count: i64,
}

impl From<PromotionSimulation> for Simulation {
    fn from(found: PromotionSimulation) -> Self {
        let would_get = found.shown.into_iter().map(|grant| WouldGet {
            account: grant.on.account,
            customer: grant.on.customer,
            document: grant.basis,
            amount: grant.amount,
            expires_on: grant.expires_on,
        });
        let would_not = found
            .refusals
            .into_iter()
            .map(|(code, count)| WouldNot { code, count });
        Self {
            accounts: found.accounts,
            grants: found.grants,
            total: found.total,
            budget_left: found.budget_left,
            stops_at_budget: found.stops_at_budget,
            would_get: would_get.collect(),
            would_not: would_not.collect(),
        }
    }
}

/// The prepayment side of a receivable account, with its rules. No tax is posted on prepayments.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PrepaidAccount {
    /// Number of the receivable account.
    pub account: String,
    /// Customer number.
    pub customer: String,
    /// Prepayments that can be used today.
    pub balance: Money,
    /// Open invoices.
    pub amount_due: Money,
    pub low: bool,
    /// Kept by staff from being drawn down.
    pub held: bool,
    /// The customer says themselves what is paid.
    pub opted_out: bool,
    /// Null in lists.
    pub rules: Option<Rules>,
    /// Empty in lists.
    pub alerts: Vec<Alert>,
    /// Announced top-ups, newest first; empty in lists.
    pub top_up_requests: Vec<TopUpRequest>,
}

/// The rules of a prepaid account.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PrepaidRules)]
pub struct Rules {
    pub thresholds: Vec<Money>,
    pub whole_invoices_only: bool,
    /// The least that is suggested when the balance is low.
    pub suggested: Money,
    /// What is suggested now.
    pub suggested_top_up: Money,
}

/// A balance came to or below a threshold.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PrepaidAlert)]
pub struct Alert {
    pub threshold: Money,
    pub balance: Money,
    pub crossed_on: NaiveDate,
}

/// An announced top-up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TopUpRequest {
    pub id: Uuid,
    pub amount: Money,
    pub note: String,
    pub requested_on: NaiveDate,
    pub state: TopUpState,
    /// The payment that came of it.
    pub payment: Option<Uuid>,
}

fn top_up_request(row: TopUpRequestRow) -> TopUpRequest {
    TopUpRequest {
        id: row.request.0,
        amount: row.amount,
        note: row.note,
        requested_on: row.requested_on,
        state: row.state,
        payment: row.payment.map(|payment| payment.0),
    }
}

fn prepaid_row(row: PrepaidRow) -> PrepaidAccount {
    PrepaidAccount {
        account: row.on.account,
        customer: row.on.customer,
        balance: row.balance,
        amount_due: row.due,
        low: row.low,
        held: row.held,
        opted_out: row.opted_out,
        rules: None,
        alerts: Vec::new(),
        top_up_requests: Vec::new(),
    }
}

fn prepaid_detail(detail: PrepaidDetail) -> PrepaidAccount {
    PrepaidAccount {
        account: detail.on.account,
        customer: detail.on.customer,
        balance: detail.balance,
        amount_due: detail.due,
        low: detail.thresholds.iter().any(|line| line.crossed),
        held: detail.held,
        opted_out: detail.opted_out,
        rules: detail.has_rules.then(|| Rules {
            thresholds: detail
                .thresholds
                .iter()
                .map(|line| line.threshold)
                .collect(),
            whole_invoices_only: detail.whole_invoices_only,
            suggested: detail.agreed,
            suggested_top_up: detail.suggested,
        }),
        alerts: detail
            .alerts
            .into_iter()
            .map(|alert| Alert {
                threshold: alert.threshold,
                balance: alert.balance,
                crossed_on: alert.crossed_on,
            })
            .collect(),
        top_up_requests: detail.requests.into_iter().map(top_up_request).collect(),
    }
}

/// Which prepaid accounts a list shows.
#[derive(Clone, Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PrepaidList {
    #[param(required = false, example = "50")]
    pub limit: String,
    /// `next` of the part before.
    #[param(required = false)]
    pub cursor: String,
    /// `true`: those whose balance is low.
    #[param(required = false)]
    pub low: String,
}

/// The prepaid accounts the actor may see.
pub async fn prepaid_accounts(ctx: &Ctx, wanted: PrepaidList) -> Answered<Listed<PrepaidAccount>> {
    let mut reader = Reader::default();
    let limit = read_limit(&mut reader, &wanted.limit);
    let only_low = match wanted.low.trim() {
        "" | "false" => Some(false),
        "true" => Some(true),
        _ => {
            reader.refuse("low", Refusal::UnknownChoice);
            None
        }
    };
    let (limit, only_low) = reader.finish(limit.zip(only_low))?;
    let mut rows = prepaid::after(ctx, only_low, wanted.cursor.trim(), limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = more
        .then(|| rows.last().map(|row| row.on.account.clone()))
        .flatten();
    Ok(Listed {
        items: rows.into_iter().map(prepaid_row).collect(),
        next,
    })
}

/// One prepaid account by the number of its receivable account.
pub async fn prepaid_account(ctx: &Ctx, number: &str) -> Answered<PrepaidAccount> {
    Ok(prepaid_detail(prepaid::detail(ctx, number).await?))
}
