//! The preview of a run: every pair with its journal lines, ticked to stay in; committing what is ticked.

use super::api::show_credit_run_preview;
use super::list::totals_words;
use crate::domain::ids::CreditRunId;
use crate::domain::money::Money;
use crate::dto::credit_runs::{CreditRunCommit, CreditRunPreview, PreviewedAccount, PreviewedPair};
use crate::dto::page::{PageRequest, ROWS_PER_PAGE};
use crate::web::lineage::lines::PostedLines;
use crate::web::links;
use crate::web::ui::prelude::*;
use crate::web::ui::typed::scope;
use crate::web::ui::visit::escape;

const ENDPOINT: &str = "commit_credit_run";

/// What the run would do now.
#[component]
pub fn PreviewOfRun(run: CreditRunId) -> impl IntoView {
    let page: PageRequest = typed::query();
    // Ticks of a commit that was refused: what they lead to is shown, and nothing of them is lost.
    let typed: Option<CreditRunCommit> = typed::command(ENDPOINT, "commit");
    load(show_credit_run_preview(run, page, typed), move |preview| {
        body(run, preview)
    })
}

fn body(run: CreditRunId, preview: CreditRunPreview) -> AnyView {
    if preview.accounts.total == 0 {
        return nothing(run).into_any();
    }
    let stale = preview.accounts.rows.iter().any(|account| account.stale);
    let stale = stale.then(|| {
        view! {
            <Notice tone=Tone::Warn title=t!(runs.stale)>
                <p>{t!(runs.stale_explained)}</p>
            </Notice>
        }
    });
    let accounts = preview.accounts.total;
    let pages = accounts > u64::from(ROWS_PER_PAGE);
    let several = pages.then(|| view! { <p class="hint">{t!(runs.several_pages)}</p> });
    let rows = preview.accounts.rows;
    view! {
        <Tiles>
            <Tile label=t!(runs.pairs) value=format::number(preview.pairs) note=t!(runs.seen) />
            <Tile label=t!(runs.accounts) value=format::number(accounts) />
            <Tile label=t!(runs.total) value=totals_words(&preview.totals) tone=Tone::Credit note=t!(runs.seen) />
        </Tiles>
        {stale}
        <Form endpoint=ENDPOINT arg="commit" class="form form-wide">
            <Hidden name="run" value=run.to_string() />
            <p>{t!(runs.strike_explained)}</p>
            // Inside the form, whose name the ticks carry.
            {rows.into_iter().map(account).collect::<Vec<_>>()}
            {several}
            <Actions>
                <Submit label=t!(runs.commit) />
                <Recalculate />
            </Actions>
        </Form>
        <Pager total=accounts />
    }
    .into_any()
}

/// Saves the ticks and shows what they lead to.
#[component]
fn Recalculate() -> impl IntoView {
    let action = format!(
        "/api/fn/strike_credit_pairs?page={}",
        escape(&visit().url())
    );
    view! { <button type="submit" class="button" formaction=action>{t!(runs.recalculate)}</button> }
}

fn nothing(run: CreditRunId) -> impl IntoView {
    view! {
        <Empty title=t!(runs.nothing) text=t!(runs.nothing_text)>
            <Form endpoint=ENDPOINT arg="commit" class="form-row">
                <Hidden name="run" value=run.to_string() />
                <Submit label=t!(runs.record_nothing) class="" />
            </Form>
        </Empty>
    }
}

fn account(account: PreviewedAccount) -> impl IntoView {
    let change = |before: Money, after: Money| {
        let (before, after) = (format::money(before), format::money(after));
        view! { <span>{before} " → " <strong>{after}</strong></span> }
    };
    let stale = account
        .stale
        .then(|| view! { <Badge tone=Tone::Warn label=t!(runs.changed) /> });
    let title = format!("{} · {}", account.customer_name, account.account);
    let link = view! {
        {stale} " " <a href=links::customer(&account.customer)>{t!(runs.to_customer)}</a>
    };
    let lines: Vec<_> = account
        .pairs
        .iter()
        .filter(|pair| !pair.struck)
        .map(lines)
        .collect();
    let journal = (!lines.is_empty()).then(|| {
        view! {
            <details>
                <summary>{t!(runs.journal_lines)}</summary>
                {lines}
            </details>
        }
    });
    let head = view! {
        <th scope="col">{t!(runs.apply)}</th>
        <th scope="col">{t!(runs.credit)}</th>
        <th scope="col">{t!(runs.invoice)}</th>
        <NumberHead label=t!(runs.amount) />
        <NumberHead label=t!(runs.left_of_credit) />
        <NumberHead label=t!(runs.left_due) />
    };
    let rows: Vec<_> = account.pairs.into_iter().map(pair).collect();
    view! {
        <Card title=title.clone() actions=link.into_any()>
            <Facts>
                <Fact label=t!(payments.due)>{change(account.due_before, account.due_after)}</Fact>
                <Fact label=t!(payments.credit)>{change(account.credit_before, account.credit_after)}</Fact>
            </Facts>
            <DataTable caption=title head=head.into_any() cards=true>{rows}</DataTable>
            {journal}
        </Card>
    }
}

fn pair(pair: PreviewedPair) -> impl IntoView {
    let scope = scope();
    let key = pair.key();
    let id = format!("keep-{}-{}", pair.grant, pair.invoice);
    let credit = t!(credits.one, number = pair.grant_number.to_string());
    let label = t!(
        runs.keep,
        credit = credit.clone(),
        invoice = pair.invoice_number.clone()
    );
    let class = if pair.struck { "struck" } else { "" };
    view! {
        <tr class=class>
            <Cell label=t!(runs.apply)>
                <input type="hidden" name=scope.html_name("shown.") value=key.clone() />
                <input
                    type="checkbox"
                    id=id.clone()
                    name=scope.html_name("kept.")
                    value=key
                    checked=!pair.struck
                    autocomplete="off"
                />
                <label class="visually-hidden" for=id>{label}</label>
            </Cell>
            <Cell label=t!(runs.credit)>
                <span>
                    <a href=links::grant(pair.grant)>{credit}</a> " "
                    <span class="soft">{words::credit_class(pair.class)}</span>
                </span>
            </Cell>
            <Cell label=t!(runs.invoice)>
                <span>
                    <a href=links::invoice(pair.invoice)>{pair.invoice_number}</a> " "
                    <span class="soft">{t!(runs.due, date = format::date(pair.due_on))}</span>
                </span>
            </Cell>
            <NumberCell label=t!(runs.amount)>{format::money(pair.amount)}</NumberCell>
            <NumberCell label=t!(runs.left_of_credit)>{format::money(pair.remaining_after)}</NumberCell>
            <NumberCell label=t!(runs.left_due)>{format::money(pair.open_after)}</NumberCell>
        </tr>
    }
}

/// The four lines a pair would post.
fn lines(pair: &PreviewedPair) -> impl IntoView + use<> {
    let caption = t!(
        runs.lines_of,
        credit = t!(credits.one, number = pair.grant_number.to_string()),
        invoice = pair.invoice_number.clone()
    );
    let lines = pair.lines.clone();
    view! {
        <p>{caption.clone()}</p>
        <PostedLines lines caption />
    }
}
