//! Recording a payment: whose it is, what it pays, and the whole outcome before it is saved.

use super::api::{find_payable_accounts, preview_payment, start_payment};
use super::outcome::{Outcome, OutcomeBasis, OutcomeWords, told};
use super::preview::LivePreview;
use crate::domain::allocation::OpenItem;
use crate::domain::dates::days_overdue;
use crate::domain::ids::InvoiceId;
use crate::domain::money::Money;
use crate::domain::payment::{PaymentMethod, SurplusChoice};
use crate::domain::rights::Right;
use crate::dto::error::AppError;
use crate::dto::payments::{NewPayment, PayableAccount, PaymentPreview, PaymentStart};
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::text::{locale, tag};

const ENDPOINT: &str = "record_payment";

/// The form for a payment; before, the choice of the account it is for.
#[component]
pub fn RecordPaymentPage() -> impl IntoView {
    let typed: Option<NewPayment> = typed::command(ENDPOINT, "payment");
    let visit = visit();
    let account = visit.query_value("account").map(str::to_owned);
    let account = account.or_else(|| typed.as_ref().map(|payment| payment.account.clone()));
    match account {
        Some(account) => form_page(account, typed).into_any(),
        None => view! { <ChooseAccount /> }.into_any(),
    }
}

/// Finds the account by customer, account or open invoice number.
#[component]
fn ChooseAccount() -> impl IntoView {
    let search = visit().query_value("search").unwrap_or_default().to_owned();
    view! {
        <PageHead title=t!(payments.record) crumbs=crumbs() />
        <FilterForm submit=t!(payments.find)>
            <TextField name="search" label=t!(payments.find_account) kind="search" hint=t!(payments.find_hint) />
        </FilterForm>
        {load(find_payable_accounts(search), accounts)}
    }
}

fn crumbs() -> Vec<Crumb> {
    vec![Crumb::new(t!(payments.title), "/payments")]
}

fn accounts(found: Vec<PayableAccount>) -> AnyView {
    if found.is_empty() {
        return view! { <Empty title=t!(payments.no_account) text=t!(payments.no_account_text) /> }
            .into_any();
    }
    let rows: Vec<_> = found.into_iter().map(account_row).collect();
    let head = view! {
        <th scope="col">{t!(payments.account)}</th>
        <th scope="col">{t!(payments.customer)}</th>
        <NumberHead label=t!(payments.due) />
        <NumberHead label=t!(payments.credit) />
    };
    view! {
        <DataTable caption=t!(payments.choose_account) show_caption=true head=head.into_any() cards=true>
            {rows}
        </DataTable>
    }
    .into_any()
}

fn account_row(account: PayableAccount) -> impl IntoView {
    let href = links::new_payment(&account.on.account);
    view! {
        <tr>
            <th scope="row"><a href=href>{account.on.account}</a></th>
            <Cell label=t!(payments.customer)>{account.on.customer_name}</Cell>
            <NumberCell label=t!(payments.due)>{format::money(account.due)}</NumberCell>
            <NumberCell label=t!(payments.credit)>{format::money(account.credit)}</NumberCell>
        </tr>
    }
}

/// What the form shows: where it starts from and, where something was typed, what the server makes of it.
struct Filled {
    start: PaymentStart,
    first: Option<InvoiceId>,
    typed: Option<NewPayment>,
    previewed: Option<Result<PaymentPreview, AppError>>,
}

fn form_page(account: String, typed: Option<NewPayment>) -> impl IntoView {
    let visit = visit();
    let first = visit.query_value("invoice").and_then(|id| id.parse().ok());
    // After a refusal the refusals are shown; there is nothing to preview.
    let to_preview = typed.clone().filter(|_| visit.refused.is_none());
    let filled = async move {
        let start = start_payment(account, first).await?;
        let previewed = match to_preview {
            Some(payment) => Some(preview_payment(payment).await),
            None => None,
        };
        Ok(Filled {
            start,
            first,
            typed,
            previewed,
        })
    };
    load(filled, form)
}

fn form(filled: Filled) -> impl IntoView {
    let on = filled.start.on.on.clone();
    let lead = view! {
        <p>
            <a href=links::customer(&on.customer)>{on.customer_name.clone()}</a> " · "
            <a href=links::account(&on.account)>{on.account.clone()}</a>
        </p>
    };
    let currency = filled.start.on.due.currency;
    let rows = rows(&filled);
    let basis = basis(&filled.start, &rows);
    let initial = match &filled.previewed {
        Some(Ok(preview)) => told(preview, &basis),
        Some(Err(error)) => refused(error),
        None => Outcome {
            sentences: vec![basis.words.nothing_typed.clone()],
            ..Outcome::default()
        },
    };
    let surplus = filled.start.surplus_default;
    let unlisted = filled.start.unlisted;
    view! {
        <PageHead title=t!(payments.record) crumbs=crumbs() lead=lead.into_any()>
            <ButtonLink href="/payments/new" label=t!(payments.other_account) />
        </PageHead>
        <Form endpoint=ENDPOINT arg="payment" keyed=true class="form form-wide">
            <Hidden name="account" value=on.account />
            <LivePreview basis=basis initial=initial>
                <div class="fields">
                    <MoneyField name="amount" label=t!(payments.amount_received) currency required=true />
                    <DateField
                        name="received_on"
                        label=t!(payments.received_on)
                        value=visit().today.to_string()
                        required=true
                    />
                    <SelectField name="method" label=t!(payments.method) choices=methods() required=true />
                    <TextField
                        name="reference"
                        label=t!(payments.reference)
                        hint=t!(payments.reference_hint)
                        maxlength=200
                    />
                </div>
                {items_table(rows, currency, unlisted)}
                <div class="fields">
                    <SelectField
                        name="surplus"
                        label=t!(payments.surplus)
                        hint=t!(payments.surplus_hint)
                        value=surplus.code()
                        choices=surplus_choices()
                        required=true
                    />
                    <CheckField
                        name="prepayment"
                        label=t!(payments.prepayment)
                        hint=t!(payments.prepayment_hint)
                    />
                    <DateField
                        name="expires_on"
                        label=t!(payments.expires_on)
                        hint=t!(payments.expires_on_hint)
                    />
                    <NumberField
                        name="priority"
                        label=t!(payments.priority)
                        hint=t!(payments.priority_hint)
                    />
                </div>
                <div class="fields">
                    <TextAreaField name="note" label=t!(payments.note) hint=t!(payments.note_hint) rows=2 />
                    {may_backdate().then(|| view! {
                        <TextField name="reason" label=t!(payments.reason) hint=t!(payments.reason_hint) maxlength=500 />
                    })}
                </div>
            </LivePreview>
            <Actions>
                <Submit label=t!(payments.record) />
                <PreviewButton label=t!(payments.preview) />
            </Actions>
        </Form>
    }
}

fn may_backdate() -> bool {
    visit()
        .viewer
        .as_ref()
        .is_some_and(|viewer| viewer.may(Right::Backdate))
}

fn methods() -> Vec<(String, String)> {
    words::choices(
        PaymentMethod::ALL,
        PaymentMethod::code,
        words::payment_method,
    )
}

fn surplus_choices() -> Vec<(String, String)> {
    words::choices(
        SurplusChoice::ALL,
        SurplusChoice::code,
        words::surplus_choice,
    )
}

/// One row of the form: an invoice, and what to write into its amount.
struct PayRow {
    invoice: String,
    item: Option<OpenItem>,
    amount: String,
}

/// First what was typed, at the places where it was typed, also where an invoice is paid meanwhile; then what else
/// is open.
fn rows(filled: &Filled) -> Vec<PayRow> {
    let items = &filled.start.items;
    let typed = filled
        .typed
        .iter()
        .flat_map(|payment| &payment.applications);
    let mut rows: Vec<PayRow> = typed
        .map(|slice| PayRow {
            invoice: slice.invoice.clone(),
            item: items
                .iter()
                .find(|item| slice.invoice.parse() == Ok(item.invoice))
                .cloned(),
            amount: String::new(),
        })
        .collect();
    for item in items {
        let invoice = item.invoice.to_string();
        if rows.iter().any(|row| row.invoice == invoice) {
            continue;
        }
        let open = Money::new(item.open_minor, filled.start.on.due.currency);
        let asked_for = filled.first == Some(item.invoice);
        rows.push(PayRow {
            invoice,
            item: Some(item.clone()),
            amount: if asked_for {
                format::typed_amount(open)
            } else {
                String::new()
            },
        });
    }
    rows
}

fn items_table(
    rows: Vec<PayRow>,
    currency: crate::domain::money::Currency,
    unlisted: u32,
) -> AnyView {
    if rows.is_empty() {
        return view! { <Notice><p>{t!(payments.nothing_open)}</p></Notice> }.into_any();
    }
    let more = (unlisted > 0).then(|| {
        let text = t!(payments.unlisted, count = unlisted);
        view! { <p class="hint">{text}</p> }
    });
    let head = view! {
        <th scope="col">{t!(payments.invoice)}</th>
        <th scope="col">{t!(payments.due_on)}</th>
        <NumberHead label=t!(payments.open) />
        <NumberHead label=t!(payments.pays) />
    };
    let rows: Vec<_> = rows
        .into_iter()
        .enumerate()
        .map(|(index, row)| item_row(index, row, currency))
        .collect();
    view! {
        <DataTable caption=t!(payments.open_invoices) show_caption=true head=head.into_any() cards=true>
            {rows}
        </DataTable>
        {more}
    }
    .into_any()
}

fn item_row(index: usize, row: PayRow, currency: crate::domain::money::Currency) -> AnyView {
    let name = format!("applications.{index}.amount");
    let Some(item) = row.item else {
        return view! {
            <tr>
                <th scope="row">{t!(payments.no_longer_open)}</th>
                <td></td>
                <td></td>
                <NumberCell label=t!(payments.pays)>
                    <Hidden name=format!("applications.{index}.invoice") value=row.invoice />
                    <MoneyField name label=t!(payments.no_longer_open) currency plain=true bare=true />
                </NumberCell>
            </tr>
        }
        .into_any();
    };
    let overdue = days_overdue(item.due_on, visit().today);
    let state = match (item.disputed, overdue) {
        (true, _) => Some(view! { <Badge tone=Tone::Warn label=t!(payments.disputed) /> }.into_any()),
        (false, 1..) => Some(
            view! { <Badge tone=Tone::Bad label=words::invoice_status(crate::domain::invoice::InvoiceStatus::Overdue) /> }
                .into_any(),
        ),
        _ => None,
    };
    let label = t!(payments.pays_of, invoice = item.number.clone());
    view! {
        <tr>
            <th scope="row"><a href=links::invoice(item.invoice)>{item.number}</a></th>
            <Cell label=t!(payments.due_on)><span>{format::date(item.due_on)} " " {state}</span></Cell>
            <NumberCell label=t!(payments.open)>{format::money(Money::new(item.open_minor, currency))}</NumberCell>
            <NumberCell label=t!(payments.pays)>
                <Hidden name=format!("applications.{index}.invoice") value=row.invoice />
                <MoneyField name label currency plain=true bare=true value=row.amount />
            </NumberCell>
        </tr>
    }
    .into_any()
}

fn basis(start: &PaymentStart, rows: &[PayRow]) -> OutcomeBasis {
    OutcomeBasis {
        currency: start.on.due.currency,
        surplus_default: start.surplus_default,
        tolerance: start.tolerance,
        due: start.on.due,
        credit: start.on.credit,
        overpayment_rule: start.overpayment_rule,
        prepayment_rule: start.prepayment_rule,
        rows: rows.iter().map(|row| row.item.clone()).collect(),
        words: outcome_words(),
    }
}

/// The reader's words for a preview; where a figure goes in stands its name in braces.
fn outcome_words() -> OutcomeWords {
    let text = |text: &str| text.to_owned();
    OutcomeWords {
        language: text(tag(locale())),
        title: text(t!(payments.outcome)),
        heads: [
            text(t!(payments.invoice)),
            text(t!(payments.open)),
            text(t!(payments.paid)),
            text(t!(payments.remains)),
        ],
        nothing_typed: text(t!(payments.nothing_typed)),
        applied_so_far: t!(payments.applied_so_far, amount = "{amount}"),
        overpayment: t!(payments.becomes_credit, amount = "{amount}"),
        prepayment: t!(payments.becomes_prepayment, amount = "{amount}"),
        lapses: t!(payments.usable_until, date = "{date}"),
        never_lapses: text(t!(payments.never_lapses)),
        fee: t!(payments.becomes_fee, amount = "{amount}"),
        exact: text(t!(payments.exact)),
        due: t!(payments.due_change, before = "{before}", after = "{after}"),
        credit: t!(
            payments.credit_change,
            before = "{before}",
            after = "{after}"
        ),
        spread: text(t!(payments.spread)),
        refusals: refusal_words(),
    }
}

fn refusal_words() -> Vec<(String, String)> {
    let amount = "{amount}";
    let words = [
        ("not_an_amount", t!(errors.not_an_amount).to_owned()),
        (
            "too_many_decimals",
            t!(errors.too_many_decimals, max = "{max}"),
        ),
        (
            "amount_out_of_range",
            t!(errors.amount_out_of_range).to_owned(),
        ),
        (
            "amount_not_positive",
            t!(errors.amount_not_positive).to_owned(),
        ),
        ("invoice_not_open", t!(errors.invoice_not_open).to_owned()),
        ("named_twice", t!(errors.named_twice).to_owned()),
        (
            "amount_exceeds_open_balance",
            t!(errors.amount_exceeds_open_balance, open = amount),
        ),
        (
            "amount_exceeds_received",
            t!(errors.amount_exceeds_received, received = amount),
        ),
        ("not_a_number", t!(errors.not_a_number).to_owned()),
        (
            "only_for_prepayments",
            t!(errors.only_for_prepayments).to_owned(),
        ),
        (
            "date_too_early",
            t!(payments.expires_before_received).to_owned(),
        ),
        ("date_too_late", t!(payments.expires_too_late).to_owned()),
        (
            "surplus_refused",
            t!(errors.surplus_refused, surplus = amount),
        ),
        (
            "surplus_above_tolerance",
            t!(errors.surplus_above_tolerance, tolerance = amount),
        ),
    ];
    words
        .into_iter()
        .map(|(code, sentence)| (code.to_owned(), sentence))
        .collect()
}

/// Why the server would refuse what was typed.
fn refused(error: &AppError) -> Outcome {
    let refusals = match error {
        AppError::Refused(refusals) => refusals
            .iter()
            .map(|refusal| crate::web::ui::errors::sentence(&refusal.refusal))
            .collect(),
        other => vec![crate::web::ui::errors::error_sentence(other)],
    };
    Outcome {
        refusals,
        ..Outcome::default()
    }
}
