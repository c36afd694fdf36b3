//! Everything recorded about a customer, as facts.

use super::form::language_words;
use crate::dto::customers::{Contact, CustomerDetail, CustomerHead, ExternalId};
use crate::web::ui::prelude::*;

#[component]
pub fn Details(detail: CustomerDetail) -> impl IntoView {
    let CustomerDetail {
        head,
        aliases,
        contacts,
        external_ids,
    } = detail;
    let aliases = (!aliases.is_empty()).then(|| {
        view! { <Fact label=t!(customers.aliases)>{lines(&aliases)}</Fact> }
    });
    let notes = Some(head.notes.clone())
        .filter(|notes| !notes.is_empty())
        .map(|notes| {
            view! { <Card title=t!(customers.notes)><p class="prose">{notes}</p></Card> }
        });
    let (number, name) = (head.number.clone(), head.name.clone());
    let language = language_words(&head.language);
    let terms = t!(customers.terms, count = head.terms_days);
    let since = format::instant(head.created_at);
    let tax_id = fact(t!(customers.tax_id), &head.tax_id);
    view! {
        <div class="columns">
            <Card title=t!(customers.who)>
                <Facts>
                    <Fact label=t!(customers.number)>{number}</Fact>
                    <Fact label=t!(customers.name)>{name}</Fact>
                    {aliases}
                    {tax_id}
                    <Fact label=t!(customers.language)>{language}</Fact>
                    <Fact label=t!(customers.terms_days)>{terms}</Fact>
                    <Fact label=t!(customers.since)>{since}</Fact>
                </Facts>
            </Card>
            <Card title=t!(customers.reach)><Reach head /></Card>
        </div>
        {people(contacts)}
        {numbers(external_ids)}
        {notes}
    }
}

#[component]
fn Reach(head: CustomerHead) -> impl IntoView {
    let town = [head.postal_code.as_str(), head.city.as_str()].join(" ");
    let address = [head.street.as_str(), town.trim(), head.country.as_str()];
    let address: Vec<String> = address.into_iter().map(str::to_owned).collect();
    view! {
        <Facts>
            {email_fact(&head.email)}
            {fact(t!(customers.phone), &head.phone)}
            <Fact label=t!(customers.street)>{lines(&address)}</Fact>
        </Facts>
    }
}

fn email_fact(email: &str) -> AnyView {
    match email {
        "" => fact(t!(customers.email), "").into_any(),
        email => {
            let email = email.to_owned();
            view! {
                <Fact label=t!(customers.email)><a href=format!("mailto:{email}")>{email.clone()}</a></Fact>
            }
            .into_any()
        }
    }
}

/// A fact, or a dash where nothing is known.
fn fact(label: &'static str, value: &str) -> impl IntoView + use<> {
    let value = match value {
        "" => "–".to_owned(),
        value => value.to_owned(),
    };
    view! { <Fact label=label>{value}</Fact> }
}

/// The texts that say something, one below the other; a dash where none does.
fn lines(texts: &[String]) -> AnyView {
    let filled: Vec<_> = texts.iter().filter(|text| !text.is_empty()).collect();
    if filled.is_empty() {
        return "–".into_any();
    }
    let lines: Vec<_> = filled
        .into_iter()
        .map(|text| view! { <p>{text.clone()}</p> })
        .collect();
    lines.into_any()
}

fn people(contacts: Vec<Contact>) -> Option<impl IntoView> {
    let rows: Vec<_> = contacts
        .into_iter()
        .map(|contact| {
            view! {
                <tr>
                    <th scope="row">{contact.name}</th>
                    <Cell label=t!(customers.contact_position)>{contact.position}</Cell>
                    <Cell label=t!(customers.email)>{contact.email}</Cell>
                    <Cell label=t!(customers.phone)>{contact.phone}</Cell>
                </tr>
            }
        })
        .collect();
    let head = view! {
        <th scope="col">{t!(customers.contact_name)}</th>
        <th scope="col">{t!(customers.contact_position)}</th>
        <th scope="col">{t!(customers.email)}</th>
        <th scope="col">{t!(customers.phone)}</th>
    };
    (!rows.is_empty()).then(|| {
        view! {
            <Card title=t!(customers.contacts)>
                <DataTable caption=t!(customers.contacts) head=head.into_any() cards=true>{rows}</DataTable>
            </Card>
        }
    })
}

fn numbers(ids: Vec<ExternalId>) -> Option<impl IntoView> {
    let facts: Vec<_> = ids
        .into_iter()
        .map(|id| view! { <Fact label=id.system>{id.value}</Fact> })
        .collect();
    (!facts.is_empty()).then(|| {
        view! { <Card title=t!(customers.external_ids)><Facts>{facts}</Facts></Card> }
    })
}
