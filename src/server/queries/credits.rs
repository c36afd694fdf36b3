//! Credit grants as lists and pages show them: where each came from and what it paid.

use super::lineage::{self, EntriesOf, SlicesOf};
use super::origins::{self, OriginRow};
use super::sql::{self, Conditions, unreadable};
use crate::domain::approval::RequestKind;
use crate::domain::credit::{CreditClass, GrantFacts, OrderOfUse, UsableGrant, grant_status};
use crate::domain::ids::{CreditGrantId, CreditRequestId, CustomerId, JournalEntryId};
use crate::domain::money::{Money, sum_minor};
use crate::domain::rights::Right;
use crate::dto::accounts::NextUse;
use crate::dto::credits::{
    ApplicationStart, GrantDetail, GrantFilter, GrantMovement, GrantMovementKind, GrantRow,
    GrantsShown, InvoiceRef,
};
use crate::dto::error::AppError;
use crate::dto::expiry::ExpiryChanged;
use crate::dto::lineage::{AccountRef, AppliedSlice, RequestRef};
use crate::dto::page::{Page, PageRequest};
use crate::server::context::Ctx;
use chrono::{DateTime, Days, NaiveDate, Utc};
use sea_orm::{DbErr, FromQueryResult};
use uuid::Uuid;

/// Open invoices the page that applies a grant lists at most.
const LISTED_ITEMS: u32 = 200;

/// What lapses within so many days is shown as lapsing.
const LAPSING_DAYS: u64 = 30;

fn joined() -> String {
    format!(
        "credit_grants g
        JOIN receivable_accounts a ON a.id = g.account_id
        JOIN customers c ON c.id = a.customer_id
        {}",
        origins::OF_GRANT
    )
}

fn columns() -> String {
    format!(
        "g.id, g.number, a.number AS account, c.number AS customer, c.name AS customer_name,
        g.class, g.amount_minor, g.remaining_minor, g.reserved_minor, g.currency, g.effective_on, g.expires_on, g.on_hold,
        (SELECT CAST(COALESCE(SUM(CASE m.kind WHEN 'lapsed' THEN m.amount_minor ELSE -m.amount_minor END), 0)
                AS bigint)
            FROM grant_movements m WHERE m.grant_id = g.id AND m.kind IN ('lapsed', 'reinstated')) AS lapsed_minor,
        {} AS taken_back, {}",
        origins::TAKEN_BACK,
        origins::COLUMNS
    )
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    number: i64,
    account: String,
    customer: String,
    customer_name: String,
    class: String,
    amount_minor: i64,
    remaining_minor: i64,
    reserved_minor: i64,
    currency: String,
    effective_on: NaiveDate,
    expires_on: Option<NaiveDate>,
    on_hold: bool,
    lapsed_minor: i64,
    taken_back: bool,
    #[sea_orm(nested)]
    origin: OriginRow,
}

/// A page of the grants the actor may see.
pub async fn list(
    ctx: &Ctx,
    filter: GrantFilter,
    page: PageRequest,
) -> Result<Page<GrantRow>, AppError> {
    let conditions = conditions(ctx, &filter)?;
    let count = format!(
        "SELECT COUNT(*) AS count FROM {} WHERE {}",
        joined(),
        conditions.sql()
    );
    let total = sql::count(ctx, &count, conditions.values()).await?;
    let rows = rows(ctx, &conditions, &page, &sql::limit(&page)).await?;
    Ok(Page { rows, total })
}

/// Grants in an export come in chunks of this many, so that memory does not grow with their number.
pub const EXPORT_CHUNK: usize = 1_000;

/// The next chunk of the grants the filter asks for, highest number first: those below `after`. Fewer than
/// [`EXPORT_CHUNK`] end it.
pub async fn export(
    ctx: &Ctx,
    filter: &GrantFilter,
    after: Option<i64>,
) -> Result<Vec<GrantRow>, AppError> {
    let mut conditions = conditions(ctx, filter)?;
    if let Some(after) = after {
        conditions.with("g.number < ?", after);
    }
    let page = PageRequest {
        sort: "-number".to_owned(),
        ..PageRequest::default()
    };
    rows(ctx, &conditions, &page, &format!("LIMIT {EXPORT_CHUNK}")).await
}

/// The next grants to lapse, soonest first: with something left, within the days shown as lapsing.
pub(super) async fn lapsing_next(ctx: &Ctx, first: usize) -> Result<Vec<GrantRow>, AppError> {
    let lapsing = GrantFilter {
        show: GrantsShown::Lapsing.code().to_owned(),
        ..GrantFilter::default()
    };
    to_be_used(ctx, lapsing, first).await
}

/// The first grants the filter asks for that have something left: what lapses first comes first.
pub(super) async fn to_be_used(
    ctx: &Ctx,
    filter: GrantFilter,
    first: usize,
) -> Result<Vec<GrantRow>, AppError> {
    let conditions = conditions(ctx, &filter)?;
    let page = PageRequest {
        sort: "expires_on".to_owned(),
        ..PageRequest::default()
    };
    rows(ctx, &conditions, &page, &format!("LIMIT {first}")).await
}

async fn rows(
    ctx: &Ctx,
    conditions: &Conditions,
    page: &PageRequest,
    limit: &str,
) -> Result<Vec<GrantRow>, AppError> {
    let statement = format!(
        "SELECT {} FROM {} WHERE {} ORDER BY {} {limit}",
        columns(),
        joined(),
        conditions.sql(),
        order(page)
    );
    let rows = sql::all::<Row>(ctx, &statement, conditions.values()).await?;
    let grants = rows.into_iter().map(|row| grant(row, ctx.today()));
    Ok(grants.collect::<Result<_, DbErr>>()?)
}

fn conditions(ctx: &Ctx, filter: &GrantFilter) -> Result<Conditions, AppError> {
    let mut conditions = Conditions::default();
    super::limit_to_sight(ctx, &mut conditions, "a.customer_id")?;
    if !filter.search.trim().is_empty() {
        search(&mut conditions, &filter.search);
    }
    if let Some(class) = CreditClass::from_code(&filter.class) {
        conditions.equal("g.class", class.code());
    }
    if !filter.account.trim().is_empty() {
        conditions.equal("a.number", filter.account.trim());
    }
    if !filter.customer.trim().is_empty() {
        conditions.equal("c.number", filter.customer.trim());
    }
    match GrantsShown::from_code(&filter.show).unwrap_or(GrantsShown::Left) {
        GrantsShown::All => {}
        GrantsShown::Left => conditions.and("g.remaining_minor > 0"),
        GrantsShown::Used => conditions.and("g.remaining_minor = 0"),
        GrantsShown::OnHold => {
            conditions.and("g.remaining_minor > 0");
            conditions.equal("g.on_hold", true);
        }
        GrantsShown::Lapsing => {
            let first = conditions.bind(ctx.today());
            let last = conditions.bind(ctx.today() + Days::new(LAPSING_DAYS));
            conditions.and(format!(
                "g.remaining_minor > 0 AND g.expires_on >= {first} AND g.expires_on <= {last}"
            ));
        }
    }
    Ok(conditions)
}

fn search(conditions: &mut Conditions, text: &str) {
    let pattern = conditions.bind(sql::contains(text));
    let mut found = format!(
        "c.search_text LIKE {pattern} ESCAPE '!' OR LOWER(a.number) LIKE {pattern} ESCAPE '!'"
    );
    if let Ok(number) = text.trim().parse::<i64>() {
        let number = conditions.bind(number);
        found.push_str(&format!(" OR g.number = {number}"));
    }
    conditions.and(format!("({found})"));
}

fn order(page: &PageRequest) -> String {
    let (column, descending) = page.sort_column();
    let direction = if descending { "DESC" } else { "ASC" };
    match column {
        "number" => format!("g.number {direction}"),
        "customer" => format!("c.name {direction}, g.number {direction}"),
        "amount" => format!("g.amount_minor {direction}, g.number {direction}"),
        "remaining" => format!("g.remaining_minor {direction}, g.number {direction}"),
        "effective_on" => format!("g.effective_on {direction}, g.number {direction}"),
        // What never lapses stands last, whichever way.
        "expires_on" => format!(
            "CASE WHEN g.expires_on IS NULL THEN 1 ELSE 0 END, g.expires_on {direction}, g.number {direction}"
        ),
        _ => "g.number DESC".to_owned(),
    }
}

fn grant(row: Row, today: NaiveDate) -> Result<GrantRow, DbErr> {
    let facts = GrantFacts {
        remaining_minor: row.remaining_minor,
        taken_back: row.taken_back,
        lapsed_minor: row.lapsed_minor,
        on_hold: row.on_hold,
        effective_on: row.effective_on,
        expires_on: row.expires_on,
    };
    Ok(GrantRow {
        grant: CreditGrantId(row.id),
        number: row.number,
        on: AccountRef {
            account: row.account,
            customer: row.customer,
            customer_name: row.customer_name,
        },
        class: CreditClass::from_code(&row.class)
            .ok_or_else(|| unreadable("credit_grants.class", &row.class))?,
        origin: row.origin.read()?,
        amount: sql::money(row.amount_minor, &row.currency)?,
        remaining: sql::money(row.remaining_minor, &row.currency)?,
        reserved: sql::money(row.reserved_minor, &row.currency)?,
        effective_on: row.effective_on,
        expires_on: row.expires_on,
        status: grant_status(facts, today),
    })
}

#[derive(FromQueryResult)]
struct DetailRow {
    account_id: Uuid,
    customer_id: Uuid,
    priority: i32,
    posting_on: NaiveDate,
    recorded_at: DateTime<Utc>,
    recorded_by: String,
    #[sea_orm(nested)]
    row: Row,
}

/// A grant beside one of its movements.
#[derive(FromQueryResult)]
struct MovedRow {
    #[sea_orm(nested)]
    found: DetailRow,
    #[sea_orm(nested)]
    movement: MovementRow,
}

/// The grant with its movements in the order they were posted, if the actor may see it. Another customer's grant is
/// not found.
async fn find(ctx: &Ctx, id: CreditGrantId) -> Result<(DetailRow, Vec<MovementRow>), AppError> {
    ctx.actor.require_someone()?;
    let statement = format!(
        "SELECT {columns}, g.account_id, a.customer_id, g.priority, g.posting_on, g.recorded_at, g.recorded_by,
            m.kind AS moved_kind, m.amount_minor AS moved_minor, m.effective_on AS moved_on,
            m.entry_id AS moved_entry_id, e.number AS moved_entry_number,
            mq.id AS moved_request_id, mq.kind AS moved_request_kind, mq.number AS moved_request_number
        FROM {joined}
            JOIN grant_movements m ON m.grant_id = g.id
            JOIN journal_entries e ON e.id = m.entry_id
            LEFT JOIN requests mq ON mq.id = e.document_id
        WHERE g.id = $1 ORDER BY e.number",
        columns = columns(),
        joined = joined(),
    );
    let rows = sql::all::<MovedRow>(ctx, &statement, vec![id.0.into()]).await?;
    let mut found = None;
    let mut movements = Vec::with_capacity(rows.len());
    for row in rows {
        found = Some(row.found);
        movements.push(row.movement);
    }
    let found = found.ok_or(AppError::NotFound)?;
    ctx.actor.require_sight_of(CustomerId(found.customer_id))?;
    Ok((found, movements))
}

/// A grant with its origin, everything that changed its remainder, what it paid, its entries and history.
pub async fn detail(ctx: &Ctx, id: CreditGrantId) -> Result<GrantDetail, AppError> {
    let (found, moved) = find(ctx, id).await?;
    let slices = lineage::slices(ctx, SlicesOf::Grant(id)).await?;
    let movements = movements(moved, &slices, &found.row.currency)?;
    let entries = match ctx.actor.holds(Right::ReadJournal) {
        true => lineage::entries(ctx, EntriesOf::Grant(id)).await?,
        false => Vec::new(),
    };
    let staff = ctx.actor.customer().is_none();
    let history = match staff {
        true => lineage::history(ctx, id.to_string(), &slices).await?,
        false => Vec::new(),
    };
    Ok(GrantDetail {
        priority: found.priority,
        posting_on: found.posting_on,
        on_hold: found.row.on_hold,
        recorded_at: found.recorded_at,
        recorded_by: if staff {
            found.recorded_by
        } else {
            String::new()
        },
        slices,
        movements,
        expiry_changes: expiry_changes(ctx, id).await?,
        entries,
        history,
        row: grant(found.row, ctx.today())?,
    })
}

#[derive(FromQueryResult)]
struct MovementRow {
    moved_kind: String,
    moved_minor: i64,
    moved_on: NaiveDate,
    moved_entry_id: Uuid,
    moved_entry_number: i64,
    moved_request_id: Option<Uuid>,
    moved_request_kind: Option<String>,
    moved_request_number: Option<i64>,
}

impl MovementRow {
    fn request(&self) -> Option<RequestRef> {
        Some(RequestRef {
            request: CreditRequestId(self.moved_request_id?),
            kind: RequestKind::from_code(self.moved_request_kind.as_deref()?)?,
            number: self.moved_request_number?,
        })
    }
}

/// Issues, applications and what undid them, in the order in which their entries were posted.
fn movements(
    rows: Vec<MovementRow>,
    slices: &[AppliedSlice],
    currency: &str,
) -> Result<Vec<GrantMovement>, AppError> {
    let mut movements = Vec::with_capacity(rows.len() + slices.len());
    for row in rows {
        movements.push(issue(row, currency)?);
    }
    for slice in slices {
        movements.push(applied(slice));
        movements.extend(unapplied(slice));
    }
    movements.sort_by_key(|movement| movement.entry_number);
    run_on(&mut movements)?;
    Ok(movements)
}

/// Notes what was left after each movement.
fn run_on(movements: &mut [GrantMovement]) -> Result<(), AppError> {
    let mut left = 0;
    for movement in movements {
        let minor = movement.amount.minor;
        left = sum_minor([left, if movement.kind.adds() { minor } else { -minor }])?;
        movement.remaining_after = Money::new(left, movement.amount.currency);
    }
    Ok(())
}

fn issue(row: MovementRow, currency: &str) -> Result<GrantMovement, DbErr> {
    let kind = match row.moved_kind.as_str() {
        "issued" => GrantMovementKind::Issued,
        "reversed" => GrantMovementKind::TakenBack,
        kind => GrantMovementKind::from_code(kind)
            .ok_or_else(|| unreadable("grant_movements.kind", kind))?,
    };
    let amount = sql::money(row.moved_minor, currency)?;
    let request = row.request();
    Ok(GrantMovement {
        kind,
        effective_on: row.moved_on,
        amount,
        remaining_after: Money::zero(amount.currency),
        invoice: None,
        request,
        entry: JournalEntryId(row.moved_entry_id),
        entry_number: row.moved_entry_number,
    })
}

fn applied(slice: &AppliedSlice) -> GrantMovement {
    GrantMovement {
        kind: GrantMovementKind::Applied,
        effective_on: slice.effective_on,
        amount: slice.amount,
        remaining_after: Money::zero(slice.amount.currency),
        invoice: Some(InvoiceRef {
            invoice: slice.invoice,
            number: slice.invoice_number.clone(),
        }),
        request: None,
        entry: slice.entry,
        entry_number: slice.entry_number,
    }
}

fn unapplied(slice: &AppliedSlice) -> Option<GrantMovement> {
    let undone = slice.undone.as_ref()?;
    let kind = match undone.reinstated {
        true => GrantMovementKind::Reinstated,
        false => GrantMovementKind::Unapplied,
    };
    Some(GrantMovement {
        kind,
        effective_on: undone.unapplied_on,
        entry: undone.entry,
        entry_number: undone.entry_number,
        ..applied(slice)
    })
}

/// What the page that applies a grant starts from. `first` is listed first, whatever its due date.
pub async fn application_start(
    ctx: &Ctx,
    id: CreditGrantId,
    first: Option<crate::domain::ids::InvoiceId>,
) -> Result<ApplicationStart, AppError> {
    ctx.actor.require(Right::ApplyCredits)?;
    let (found, _) = find(ctx, id).await?;
    let (items, unlisted) =
        super::payments::open_items(ctx, found.account_id, first, LISTED_ITEMS).await?;
    Ok(ApplicationStart {
        grant: grant(found.row, ctx.today())?,
        items,
        unlisted,
    })
}

/// Credits listed at most with the reason for their order.
const LISTED_USES: usize = 6;

#[derive(FromQueryResult)]
struct UsableRow {
    id: Uuid,
    number: i64,
    class: String,
    currency: String,
    usable_minor: i64,
    effective_on: NaiveDate,
    expires_on: Option<NaiveDate>,
    priority: i32,
}

/// The credit of an account that could be used today, in the order in which it will be, each with the reason why it
/// goes before the next; and how many more there are. Who asks is checked by the caller, which knows the account.
pub(super) async fn next_uses(
    ctx: &Ctx,
    account: Uuid,
    order: OrderOfUse,
) -> Result<(Vec<NextUse>, u32), DbErr> {
    let statement = "SELECT g.id, g.number, g.class, g.currency, g.remaining_minor - g.reserved_minor AS usable_minor,
            g.effective_on, g.expires_on, g.priority
        FROM credit_grants g
        WHERE g.account_id = $1 AND g.remaining_minor > 0 AND g.remaining_minor > g.reserved_minor AND NOT g.on_hold
            AND g.effective_on <= $2 AND (g.expires_on IS NULL OR g.expires_on >= $2)";
    let rows =
        sql::all::<UsableRow>(ctx, statement, vec![account.into(), ctx.today().into()]).await?;
    let mut usable = Vec::with_capacity(rows.len());
    for row in rows {
        usable.push((usable_grant(&row)?, row.currency));
    }
    usable.sort_by(|(a, _), (b, _)| order.compare(a, b));
    let more = usable.len().saturating_sub(LISTED_USES);
    let mut uses = Vec::with_capacity(LISTED_USES);
    for (place, (grant, currency)) in usable.iter().take(LISTED_USES).enumerate() {
        let next = usable.get(place + 1);
        uses.push(NextUse {
            grant: grant.id,
            number: grant.recorded_order,
            class: grant.class,
            usable: sql::money(grant.usable_minor, currency)?,
            effective_on: grant.effective_on,
            expires_on: grant.expires_on,
            priority: grant.priority,
            reason: next.map(|(next, _)| order.why_before(grant, next)),
        });
    }
    Ok((uses, u32::try_from(more).unwrap_or(u32::MAX)))
}

fn usable_grant(row: &UsableRow) -> Result<UsableGrant, DbErr> {
    Ok(UsableGrant {
        id: CreditGrantId(row.id),
        class: CreditClass::from_code(&row.class)
            .ok_or_else(|| unreadable("credit_grants.class", &row.class))?,
        usable_minor: row.usable_minor,
        effective_on: row.effective_on,
        expires_on: row.expires_on,
        priority: row.priority,
        recorded_order: row.number,
    })
}

#[derive(FromQueryResult)]
struct ChangeRow {
    changed_on: NaiveDate,
    before_on: Option<NaiveDate>,
    after_on: Option<NaiveDate>,
    reason: String,
    recorded_by: String,
    recorded_at: DateTime<Utc>,
}

/// How a grant's lapse date was changed, oldest first. Customers see that it was, not by whom and why.
async fn expiry_changes(ctx: &Ctx, id: CreditGrantId) -> Result<Vec<ExpiryChanged>, DbErr> {
    let statement = "SELECT changed_on, before_on, after_on, reason, recorded_by, recorded_at
        FROM grant_expiry_changes WHERE grant_id = $1 ORDER BY id";
    let rows = sql::all::<ChangeRow>(ctx, statement, vec![id.0.into()]).await?;
    let staff = ctx.actor.customer().is_none();
    let for_staff = |text: String| if staff { text } else { String::new() };
    let changes = rows.into_iter().map(|row| ExpiryChanged {
        changed_on: row.changed_on,
        before_on: row.before_on,
        after_on: row.after_on,
        reason: for_staff(row.reason),
        recorded_by: for_staff(row.recorded_by),
        recorded_at: row.recorded_at,
    });
    Ok(changes.collect())
}
