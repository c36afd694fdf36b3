//! One promotion: its terms, what it cost and brought, to whom it gave, and what can be done with it.

use super::api::{list_promotion_grants, list_promotion_invoices, show_promotion};
use super::terms::{self, RunStateBadge, StateBadge};
use crate::domain::promotion::PromotionState;
use crate::dto::page::{Page, PageRequest};
use crate::dto::promotions::{
    GrantBasis, PaidInvoice, PromotionDetail, PromotionGrantRow, PromotionResult, PromotionRow,
    PromotionRunRow,
};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::visit::route_id;

/// The page of a promotion.
#[component]
pub fn PromotionPage() -> impl IntoView {
    let promotion = route_id("id");
    load(async move { show_promotion(promotion?).await }, page)
}

fn page(promotion: PromotionDetail) -> impl IntoView {
    let row = promotion.row.clone();
    let id = row.promotion;
    let grants: PageRequest = typed::query();
    let for_links = row.clone();
    let lead = view! {
        <p><StateBadge of=row.state /> " " {row.code.clone()} " · " {terms::kind(row.kind)}</p>
    };
    view! {
        <PageHead title=terms::name(&row) crumbs=terms::crumbs() lead=lead.into_any()>
            <Links row=for_links />
        </PageHead>
        <Outcome result=promotion.result.clone() row=row.clone() />
        <Terms promotion=promotion.clone() />
        <Acts row=row.clone() />
        <Runs runs=promotion.runs />
        {load(list_promotion_grants(id, None, grants), given)}
        {load(list_promotion_invoices(id), invoices)}
    }
}

#[component]
fn Links(row: PromotionRow) -> impl IntoView {
    let here = links::promotion(row.promotion);
    let simulate = view! {
        <ButtonLink href=format!("{here}/simulate") label=t!(promotions.simulate) icon="search" />
    };
    let edit = (terms::may_define() && row.state == PromotionState::Draft).then(|| {
        view! { <ButtonLink href=format!("{here}/edit") label=t!(promotions.edit) icon="pencil" /> }
    });
    view! { {simulate} {edit} }
}

/// What it cost and brought.
#[component]
fn Outcome(result: PromotionResult, row: PromotionRow) -> impl IntoView {
    let budget = row
        .budget
        .map(|budget| t!(promotions.of_budget, budget = format::money(budget)));
    let to_whom = t!(
        promotions.to_whom,
        grants = format::number(result.grants),
        customers = format::number(result.customers)
    );
    let paid = t!(
        promotions.on_invoices,
        count = format::number(result.invoices),
        total = format::money(result.invoices_total)
    );
    let basis = (!result.basis_total.is_zero()).then(|| {
        view! { <Tile label=t!(promotions.basis_total) value=format::money(result.basis_total) /> }
    });
    let otherwise = (!result.otherwise.is_zero()).then(|| {
        view! { <Tile label=t!(promotions.otherwise) value=format::money(result.otherwise) /> }
    });
    let given = view! {
        <Tile label=t!(promotions.granted) value=format::money(result.granted) note=to_whom />
    };
    let budget = budget.map(|note| {
        view! { <Tile label=t!(promotions.budget_used) value=format::money(row.given) note=note /> }
    });
    view! {
        <Card title=t!(promotions.result)>
            <p class="soft">{t!(promotions.result_explained)}</p>
            <Tiles>
                {given}
                <Tile label=t!(promotions.used) value=format::money(result.used) note=paid tone=Tone::Credit />
                <Tile label=t!(promotions.lapsed) value=format::money(result.lapsed) />
                <Tile label=t!(promotions.revoked) value=format::money(result.revoked) />
                {otherwise}
                <Tile label=t!(promotions.left) value=format::money(result.left) />
                {budget}
                {basis}
            </Tiles>
        </Card>
    }
}

#[component]
fn Terms(promotion: PromotionDetail) -> impl IntoView {
    let row = promotion.row;
    let bound = |money: Option<crate::domain::money::Money>| {
        money.map_or_else(|| t!(promotions.no_bound).to_owned(), format::money)
    };
    let whom = match (promotion.tags.is_empty(), promotion.customers.is_empty()) {
        (false, _) => format!(": {}", promotion.tags.join(", ")),
        (true, false) => {
            let names: Vec<String> = promotion
                .customers
                .iter()
                .map(|(number, name)| format!("{name} ({number})"))
                .collect();
            format!(": {}", names.join(", "))
        }
        (true, true) => String::new(),
    };
    let minimum = (!row.minimum.is_zero()).then(|| {
        view! { <Fact label=t!(promotions.minimum)>{format::money(row.minimum)}</Fact> }
    });
    let created = t!(
        lineage.who_when,
        name = row.created_by.clone(),
        when = format::instant(row.created_at)
    );
    let (gives, window, lapse) = (
        terms::gives(&row),
        terms::window(&row),
        terms::lapse(row.lapse()),
    );
    let (budget, cap) = (bound(row.budget), bound(row.cap));
    let (audience, stacking) = (terms::audience(row.audience), terms::stacking(row.stacking));
    let priority = format::number(row.priority);
    view! {
        <Card title=t!(promotions.terms)>
            <Facts>
                <Fact label=t!(promotions.gives)>{gives}</Fact>
                {minimum}
                <Fact label=t!(promotions.window)>{window}</Fact>
                <Fact label=t!(promotions.audience)>{audience} {whom}</Fact>
                <Fact label=t!(promotions.budget)>{budget}</Fact>
                <Fact label=t!(promotions.cap)>{cap}</Fact>
                <Fact label=t!(promotions.stacking)>{stacking}</Fact>
                <Fact label=t!(promotions.priority)>{priority}</Fact>
                <Fact label=t!(promotions.lapse)>{lapse}</Fact>
                <Fact label=t!(promotions.created)>{created}</Fact>
            </Facts>
            <p class="hint">{t!(promotions.not_a_discount)}</p>
        </Card>
    }
}

/// What can be done now: by state, and by right.
#[component]
fn Acts(row: PromotionRow) -> impl IntoView {
    let id = row.promotion.to_string();
    let simple = |act: &'static str, label: &'static str, class: &'static str| {
        let id = id.clone();
        view! {
            <Form endpoint="move_promotion" arg="movement" instance=("act", act.to_owned()) class="form-row">
                <Hidden name="promotion" value=id />
                <Submit label=label class=class />
            </Form>
        }
    };
    let define = terms::may_define();
    let activate = (define && matches!(row.state, PromotionState::Draft | PromotionState::Paused))
        .then(|| simple("activate", t!(promotions.activate), "button-primary"));
    let pause = (define && row.state == PromotionState::Active)
        .then(|| simple("pause", t!(promotions.pause), ""));
    let ends = define && matches!(row.state, PromotionState::Active | PromotionState::Paused);
    let end = ends.then(|| {
        let id = id.clone();
        view! {
            <Confirm label=t!(promotions.end)>
                <p>{t!(promotions.end_explained)}</p>
                <Form endpoint="move_promotion" arg="movement" instance=("act", "end".to_owned())>
                    <Hidden name="promotion" value=id />
                    <TextField name="reason" label=t!(promotions.reason) required=true maxlength=500 />
                    <Actions><Submit label=t!(promotions.end_now) class="button-danger" /></Actions>
                </Form>
            </Confirm>
        }
    });
    let gives = terms::may_give() && row.state == PromotionState::Active;
    let give = gives.then(|| view! { <Give row=row.clone() /> });
    if activate.is_none() && pause.is_none() && end.is_none() && give.is_none() {
        return ().into_any();
    }
    view! {
        <Card title=t!(promotions.acts)>
            <div class="row">{activate} {pause}</div>
            {end}
            {give}
        </Card>
    }
    .into_any()
}

#[component]
fn Give(row: PromotionRow) -> impl IntoView {
    let id = row.promotion.to_string();
    let for_run = id.clone();
    let document = row.kind.basis().map(|_| {
        view! {
            <TextField name="document" label=t!(promotions.document) hint=t!(promotions.document_hint) required=true />
        }
    });
    view! {
        <Confirm label=t!(promotions.give_all)>
            <p>{t!(promotions.give_all_explained)}</p>
            <Form endpoint="start_promotion_run" arg="run" keyed=true>
                <Hidden name="promotion" value=for_run />
                <Actions><Submit label=t!(promotions.give_all_now) /></Actions>
            </Form>
        </Confirm>
        <Confirm label=t!(promotions.give_one)>
            <Form endpoint="grant_promotion" arg="grant" keyed=true>
                <Hidden name="promotion" value=id />
                <TextField name="account" label=t!(promotions.account) required=true maxlength=100 />
                {document}
                <TextField name="reason" label=t!(promotions.reason) maxlength=500 />
                <Actions><Submit label=t!(promotions.give_now) /></Actions>
            </Form>
        </Confirm>
    }
}

#[component]
fn Runs(runs: Vec<PromotionRunRow>) -> impl IntoView {
    if runs.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = runs.into_iter().map(run).collect();
    let head = view! {
        <th scope="col">{t!(promotions.run)}</th>
        <th scope="col">{t!(promotions.state)}</th>
        <NumberHead label=t!(promotions.grants) />
        <NumberHead label=t!(promotions.total) />
        <NumberHead label=t!(promotions.refused) />
    };
    view! {
        <Card title=t!(promotions.runs)>
            <DataTable caption=t!(promotions.runs) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn run(run: PromotionRunRow) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=links::promotion_run(run.run)>{format::instant(run.created_at)}</a></th>
            <Cell label=t!(promotions.state)><RunStateBadge of=run.state /></Cell>
            <NumberCell label=t!(promotions.grants)>{format::number(run.grants)}</NumberCell>
            <NumberCell label=t!(promotions.total)>{format::money(run.total)}</NumberCell>
            <NumberCell label=t!(promotions.refused)>{format::number(run.refused)}</NumberCell>
        </tr>
    }
}

/// The documented deductions, newest first.
pub fn given(page: Page<PromotionGrantRow>) -> AnyView {
    if page.rows.is_empty() {
        return view! {
            <Card title=t!(promotions.given_to)>
                <Empty title=t!(promotions.nothing_given) text=t!(promotions.nothing_given_text) />
            </Card>
        }
        .into_any();
    }
    let may_revoke = terms::may_give();
    let rows: Vec<_> = page
        .rows
        .into_iter()
        .map(|row| given_row(row, may_revoke))
        .collect();
    let head = view! {
        <th scope="col">{t!(promotions.account)}</th>
        <th scope="col">{t!(promotions.credit)}</th>
        <th scope="col">{t!(promotions.way)}</th>
        <th scope="col">{t!(promotions.lapse)}</th>
        <NumberHead label=t!(promotions.granted) />
        <NumberHead label=t!(promotions.used) />
        <NumberHead label=t!(promotions.revoked) />
        <NumberHead label=t!(promotions.left) />
        <th scope="col"><span class="visually-hidden">{t!(promotions.acts)}</span></th>
    };
    view! {
        <Card title=t!(promotions.given_to)>
            <DataTable caption=t!(promotions.given_to) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
        <Pager total=page.total />
    }
    .into_any()
}

fn given_row(row: PromotionGrantRow, may_revoke: bool) -> impl IntoView {
    let basis = row.basis.as_ref().map(|basis| match basis {
        GrantBasis::Invoice {
            invoice, number, ..
        } => view! { <p class="note"><a href=links::invoice(*invoice)>{number.clone()}</a></p> }
            .into_any(),
        GrantBasis::Payment {
            payment, number, ..
        } => {
            let label = t!(promotions.payment, number = number.to_string());
            view! { <p class="note"><a href=links::payment(*payment)>{label}</a></p> }.into_any()
        }
    });
    let revoke = (may_revoke && !row.left.is_zero()).then(|| {
        let id = row.promotion_grant.to_string();
        view! {
            <Confirm label=t!(promotions.revoke)>
                <p>{t!(promotions.revoke_explained)}</p>
                <Form endpoint="revoke_promotion" arg="revocation" instance=("promotion_grant", id) keyed=true>
                    <TextField name="reason" label=t!(promotions.reason) required=true maxlength=500 />
                    <Actions><Submit label=t!(promotions.revoke_now) class="button-danger" /></Actions>
                </Form>
            </Confirm>
        }
    });
    let on = row.on;
    view! {
        <tr>
            <th scope="row"><a href=links::account(&on.account)>{on.account.clone()}</a> " " {on.customer_name}</th>
            <Cell label=t!(promotions.credit)>
                <a href=links::grant(row.grant)>{row.grant_number.to_string()}</a>
            </Cell>
            <Cell label=t!(promotions.way)><div>{terms::way(row.way)} {basis}</div></Cell>
            <Cell label=t!(promotions.lapse)>{words::lapses(row.expires_on)}</Cell>
            <NumberCell label=t!(promotions.granted)>{format::money(row.amount)}</NumberCell>
            <NumberCell label=t!(promotions.used)>{format::money(row.used)}</NumberCell>
            <NumberCell label=t!(promotions.revoked)>{format::money(row.revoked)}</NumberCell>
            <NumberCell label=t!(promotions.left)>{format::money(row.left)}</NumberCell>
            <Cell>{revoke}</Cell>
        </tr>
    }
}

fn invoices(paid: Vec<PaidInvoice>) -> AnyView {
    if paid.is_empty() {
        return ().into_any();
    }
    let rows: Vec<_> = paid.into_iter().map(invoice).collect();
    let head = view! {
        <th scope="col">{t!(promotions.invoice)}</th>
        <th scope="col">{t!(promotions.account)}</th>
        <NumberHead label=t!(promotions.invoice_total) />
        <NumberHead label=t!(promotions.paid_by_it) />
    };
    view! {
        <Card title=t!(promotions.invoices_paid)>
            <DataTable caption=t!(promotions.invoices_paid) head=head.into_any() cards=true>{rows}</DataTable>
        </Card>
    }
    .into_any()
}

fn invoice(paid: PaidInvoice) -> impl IntoView {
    let account = paid.on.account;
    view! {
        <tr>
            <th scope="row"><a href=links::invoice(paid.invoice)>{paid.number}</a></th>
            <Cell label=t!(promotions.account)>
                <a href=links::account(&account)>{account.clone()}</a> " " {paid.on.customer_name}
            </Cell>
            <NumberCell label=t!(promotions.invoice_total)>{format::money(paid.total)}</NumberCell>
            <NumberCell label=t!(promotions.paid_by_it)>{format::money(paid.paid_by_promotion)}</NumberCell>
        </tr>
    }
}
