//! What is in a file and what is wrong with it; from here it is posted or thrown away.

use super::api::read_import;
use super::list::StateBadge;
use super::problems;
use crate::dto::imports::{
    CountedMoney, ImportFinding, ImportReport, ImportRow, ImportState, ImportSummary,
};
use crate::dto::page::PageRequest;
use crate::web::ui::prelude::*;

#[component]
pub fn ImportPage() -> impl IntoView {
    let id = leptos_router::hooks::use_params_map()
        .get_untracked()
        .get("id")
        .unwrap_or_default();
    let page: PageRequest = typed::query();
    load(read_import(id, page), whole)
}

fn whole(report: ImportReport) -> impl IntoView {
    let import = report.import.clone();
    let number = import.number.to_string();
    view! {
        <PageHead
            title=t!(imports.report_title, number = number)
            crumbs=vec![Crumb::new(t!(imports.title), "/imports")]
            lead=view! { <p>{import.file_name.clone()} " " <StateBadge state=import.state /></p> }.into_any()
        />
        <Figures summary=import.summary.clone() />
        {(import.state == ImportState::Checked).then(|| view! { <Decision import=import.clone() /> })}
        <About import />
        <Findings report />
    }
}

#[component]
fn Figures(summary: ImportSummary) -> impl IntoView {
    let tiles =
        |label: &'static str, counted: &[CountedMoney], tone: Option<Tone>| -> Vec<AnyView> {
            let tile = |counted: &CountedMoney| {
                let value = format::money(counted.total);
                let note = t!(imports.count_of, count = format::number(counted.count));
                match tone {
                    Some(tone) => view! { <Tile label value note tone /> }.into_any(),
                    None => view! { <Tile label value note /> }.into_any(),
                }
            };
            counted.iter().map(tile).collect()
        };
    let refused = (summary.refused_lines > 0).then(|| {
        let note = t!(
            imports.refused_documents,
            count = format::number(summary.refused_documents)
        );
        let value = format::number(summary.refused_lines);
        view! { <Tile label=t!(imports.refused_lines) value note tone=Tone::Bad /> }
    });
    let known = (summary.known > 0).then(|| {
        view! { <Tile label=t!(imports.known) value=format::number(summary.known) /> }
    });
    view! {
        <Tiles>
            {tiles(t!(imports.invoices), &summary.invoices, None)}
            {tiles(t!(imports.credits), &summary.credits, Some(Tone::Credit))}
            {tiles(t!(imports.payments), &summary.payments, Some(Tone::Good))}
            {refused}
            {known}
        </Tiles>
    }
}

/// Post it, post the good lines, or throw it away.
#[component]
fn Decision(import: ImportRow) -> impl IntoView {
    let summary = &import.summary;
    let refused = summary.refused_lines;
    let id = import.id.to_string();
    let posting = match (summary.adds_something(), refused) {
        (true, 0) => view! { <Post id=id.clone() lines="all" label=t!(imports.post_all) /> }.into_any(),
        (true, _) => {
            let note = t!(imports.post_good_note, count = format::number(refused));
            view! {
                <Notice tone=Tone::Warn><p>{note}</p></Notice>
                <Post id=id.clone() lines="good" label=t!(imports.post_good) />
            }
            .into_any()
        }
        (false, 0) => view! {
            <Notice title=t!(imports.nothing_new)><p>{t!(imports.nothing_new_text)}</p></Notice>
        }
        .into_any(),
        (false, _) => view! {
            <Notice tone=Tone::Bad title=t!(imports.nothing_good)><p>{t!(imports.nothing_good_text)}</p></Notice>
        }
        .into_any(),
    };
    view! {
        {posting}
        <Form endpoint="discard_import" arg="discarding" class="form-row">
            <Hidden name="import" value=id />
            <Submit label=t!(imports.discard) class="button-quiet" />
        </Form>
    }
}

#[component]
fn Post(id: String, lines: &'static str, label: &'static str) -> impl IntoView {
    view! {
        <Form endpoint="post_import" arg="posting" class="form-row">
            <Hidden name="import" value=id />
            <Hidden name="lines" value=lines />
            <Submit label=label />
        </Form>
    }
}

#[component]
fn About(import: ImportRow) -> impl IntoView {
    let summary = import.summary;
    let mapping = problems::mapping(&import.mapping).map_or(import.mapping, str::to_owned);
    let rounding = if import.rounding {
        t!(imports.rounding_yes)
    } else {
        t!(imports.rounding_no)
    };
    let new_of = |new: u32| t!(imports.new_of, new = format::number(new));
    let entries = summary
        .first_entry
        .zip(summary.last_entry)
        .map(|(first, last)| {
            let range = t!(
                imports.entries_range,
                first = first.to_string(),
                last = last.to_string()
            );
            view! { <Fact label=t!(imports.entries)>{range}</Fact> }
        });
    let posted = import.posted_at.zip(import.posted_by).map(|(when, who)| {
        let words = t!(imports.posted_by, when = format::instant(when), who = who);
        view! { <Fact label=t!(imports.posted)>{words}</Fact> }
    });
    view! {
        <Facts>
            <Fact label=t!(imports.mapping)>{mapping}</Fact>
            <Fact label=t!(imports.lines)>{format::number(summary.lines)}</Fact>
            <Fact label=t!(imports.documents)>{format::number(summary.documents)}</Fact>
            <Fact label=t!(imports.left_out)>{format::number(summary.left_out)}</Fact>
            <Fact label=t!(imports.customers)>
                {format::number(summary.customers)} ", " {new_of(summary.new_customers)}
            </Fact>
            <Fact label=t!(imports.accounts)>
                {format::number(summary.accounts)} ", " {new_of(summary.new_accounts)}
            </Fact>
            <Fact label=t!(imports.aliases)>{format::number(summary.aliases)}</Fact>
            <Fact label=t!(imports.encoding)>{import.encoding.code().to_uppercase()}</Fact>
            <Fact label=t!(imports.rounding)>{rounding}</Fact>
            {entries}
            {posted}
        </Facts>
    }
}

#[component]
fn Findings(report: ImportReport) -> impl IntoView {
    let all = u64::from(report.import.summary.findings);
    if report.total_findings == 0 {
        return view! { <Card title=t!(imports.findings)><p>{t!(imports.findings_none)}</p></Card> }.into_any();
    }
    let cut = (all > report.total_findings).then(|| {
        let kept = format::number(report.total_findings);
        view! { <p>{t!(imports.findings_cut, kept = kept, all = format::number(all))}</p> }
    });
    let rows: Vec<_> = report.findings.into_iter().map(finding).collect();
    let head = view! {
        <NumberHead label=t!(imports.line) />
        <th scope="col">{t!(imports.field)}</th>
        <th scope="col">{t!(imports.given)}</th>
        <th scope="col">{t!(imports.problem)}</th>
        <th scope="col">{t!(imports.state)}</th>
    };
    view! {
        <Card title=t!(imports.findings)>
            {cut}
            <DataTable caption=t!(imports.findings) head=head.into_any() cards=true>{rows}</DataTable>
            <Pager total=report.total_findings />
        </Card>
    }
    .into_any()
}

fn finding(finding: ImportFinding) -> impl IntoView {
    let (tone, word) = if finding.problem.refuses() {
        (Tone::Bad, t!(imports.refused))
    } else {
        (Tone::Neutral, t!(imports.notice))
    };
    view! {
        <tr>
            <NumberCell label=t!(imports.line)>{format::number(finding.line)}</NumberCell>
            <Cell label=t!(imports.field)><code>{finding.field}</code></Cell>
            <Cell label=t!(imports.given)>{finding.given}</Cell>
            <Cell label=t!(imports.problem)>{problems::sentence(&finding.problem)}</Cell>
            <Cell label=t!(imports.state)><Badge tone=tone label=word /></Cell>
        </tr>
    }
}
