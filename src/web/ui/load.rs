//! Pages that read something: wait for the answer, then show it, or say why not.

use super::errors::{error_sentence, incident, status};
use super::text::t;
use super::visit::{escape, visit};
use crate::dto::error::AppError;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::components::Redirect;
use std::future::Future;

/// Shows `view` of the answer. A refusal is shown instead, and the response gets the matching status.
pub fn load<T, F, V, I>(answer: F, view: V) -> impl IntoView
where
    T: 'static,
    F: Future<Output = Result<T, AppError>> + Send + 'static,
    V: FnOnce(T) -> I + Send + 'static,
    I: IntoView + 'static,
{
    Suspend::new(async move {
        match answer.await {
            Ok(value) => Either::Left(view(value)),
            Err(error) => Either::Right(view! { <Failure error /> }),
        }
    })
}

/// A page that cannot be shown: not found, forbidden, unexpected. Nobody logged in goes to the login page.
#[component]
pub fn Failure(error: AppError) -> impl IntoView {
    if error == AppError::NotLoggedIn {
        let login = login_path();
        return view! { <Redirect path=login /> }.into_any();
    }
    visit().answer_with(status(&error));
    let title = match error {
        AppError::NotFound => t!(errors.title_not_found),
        AppError::Forbidden => t!(errors.title_forbidden),
        AppError::Unavailable { .. } => t!(errors.title_unavailable),
        AppError::Refused(_) | AppError::Stale(_) | AppError::KeyConflict => {
            t!(errors.title_refused)
        }
        _ => t!(errors.title_unexpected),
    };
    // What fails below the head of a page is a part of that page.
    let heading = match visit().takes_the_heading() {
        true => view! { <h1>{title}</h1> }.into_any(),
        false => view! { <h2>{title}</h2> }.into_any(),
    };
    let incident =
        incident(&error).map(|id| view! { <p class="incident">{t!(errors.incident, id = id)}</p> });
    view! {
        <leptos_meta::Title text=title />
        <section class="failure">
            <p class="failure-status" aria-hidden="true">{status(&error)}</p>
            {heading}
            <p>{error_sentence(&error)}</p>
            {incident}
            <p><a class="button" href="/">{t!(errors.to_start)}</a></p>
        </section>
    }
    .into_any()
}

/// The login page, which comes back to this one.
pub fn login_path() -> String {
    format!("/login?next={}", escape(&visit().url()))
}
