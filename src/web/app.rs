//! The document around every page, and the table of routes: one line per page.

use crate::domain::rights::{Right, Role};
use crate::dto::error::AppError;
use crate::dto::people::Viewer;
use crate::web::accounts;
use crate::web::admin;
use crate::web::customers;
use crate::web::dashboard;
use crate::web::gate;
use crate::web::imports;
use crate::web::invoices;
use crate::web::journal;
use crate::web::people;
use crate::web::portal;
use crate::web::reports;
use crate::web::requests;
use crate::web::ui::load::{Failure, login_path};
use crate::web::ui::prelude::*;
use crate::web::ui::text::tag;
use crate::web::ui::theme::{LanguageChoice, ThemeChoice};
use crate::web::{credit_notes, credits, payments, prepaid, promotions, runs};
use leptos::config::LeptosOptions;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::SsrMode;
use leptos_router::components::{Outlet, ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::path;

/// The HTML document of every page.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let visit = visit();
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang=tag(visit.locale) data-theme=visit.theme.code()>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="stylesheet" href=stylesheet />
                <HydrationScripts options islands=true />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// Pages are rendered whole before they are sent, so that their status is right and no script is needed.
const WHOLE: SsrMode = SsrMode::Async;

/// The route table. A page is one line in the part it belongs to.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text="" formatter=document_title />
        <Router>
            <Routes fallback=|| view! { <PlainFrame><Failure error=AppError::NotFound /></PlainFrame> }>
                <ParentRoute path=path!("") view=Outlet ssr=WHOLE>
                    <Route path=path!("/login") view=people::login::LoginPage />
                    <Route path=path!("/setup/:token") view=people::setup::SetupPage />
                    <Route path=path!("/invitation/:token") view=people::invitation::InvitationPage />
                    <Route path=path!("/password") view=people::password::PasswordPage />
                    <Route path=path!("/invoices/:id/print") view=invoices::print::InvoicePrintPage />
                    <Route path=path!("/portal/invoices/:id/print") view=invoices::print::InvoicePrintPage />
                    <ParentRoute path=path!("") view=Outlet>
                        <Route path=path!("/credit-notes/:id/print") view=credit_notes::print::CreditNotePrintPage />
                        <Route
                            path=path!("/portal/credit-notes/:id/print")
                            view=credit_notes::print::CreditNotePrintPage
                        />
                    </ParentRoute>
                </ParentRoute>
                <ParentRoute path=path!("") view=StaffFrame ssr=WHOLE>
                    <ParentRoute path=path!("/invoices") view=Outlet>
                        <Route path=path!("") view=invoices::list::InvoicesPage />
                        <Route path=path!("/new") view=invoices::create::NewInvoicePage />
                        <Route path=path!("/:id") view=invoices::detail::InvoicePage />
                        <Route path=path!("/:id/edit") view=invoices::edit::EditInvoicePage />
                        <Route path=path!("/:id/credit") view=credit_notes::create::CreditInvoicePage />
                    </ParentRoute>
                    <Route path=path!("/") view=dashboard::page::DashboardPage />
                    <ParentRoute path=path!("/customers") view=Outlet>
                        <Route path=path!("") view=customers::list::CustomersPage />
                        <Route path=path!("/new") view=customers::create::NewCustomerPage />
                        <Route path=path!("/:number") view=customers::detail::CustomerPage />
                        <Route path=path!("/:number/edit") view=customers::change::EditCustomerPage />
                        <Route path=path!("/:number/accounts/new") view=accounts::open::NewAccountPage />
                    </ParentRoute>
                    <ParentRoute path=path!("/accounts") view=Outlet>
                        <Route path=path!("/:number") view=accounts::detail::AccountPage />
                        <Route path=path!("/:number/settings") view=accounts::settings::AccountSettingsPage />
                    </ParentRoute>
                    <ParentRoute path=path!("/promotions") view=Outlet>
                        <Route path=path!("") view=promotions::list::PromotionsPage />
                        <Route path=path!("/new") view=promotions::form::NewPromotionPage />
                        <Route path=path!("/code") view=promotions::code::EnterCodePage />
                        <Route path=path!("/runs/:id") view=promotions::run::PromotionRunPage />
                        <Route path=path!("/:id") view=promotions::detail::PromotionPage />
                        <Route path=path!("/:id/edit") view=promotions::form::EditPromotionPage />
                        <Route path=path!("/:id/simulate") view=promotions::simulate::SimulatePromotionPage />
                    </ParentRoute>
                    <ParentRoute path=path!("/prepaid") view=Outlet>
                        <Route path=path!("") view=prepaid::list::PrepaidAccountsPage />
                        <Route path=path!("/:number") view=prepaid::detail::PrepaidAccountPage />
                        <Route path=path!("/:number/rules") view=prepaid::rules::PrepaidRulesPage />
                    </ParentRoute>
                    <ParentRoute path=path!("/admin") view=Outlet>
                        <Route path=path!("") view=admin::overview::AdminPage />
                        <Route path=path!("/users") view=admin::users::UsersPage />
                        <Route path=path!("/users/invite") view=admin::invite::InviteStaffPage />
                        <Route path=path!("/users/invite-customer") view=admin::invite::InviteCustomerPage />
                        <Route path=path!("/users/:user") view=admin::user::UserPage />
                        <Route path=path!("/tokens") view=admin::tokens::TokensPage />
                        <Route path=path!("/tokens/new") view=admin::tokens::NewTokenPage />
                        <Route path=path!("/periods") view=admin::periods::PeriodsPage />
                        <Route path=path!("/chart") view=admin::chart::ChartPage />
                        <Route path=path!("/chart/:role") view=admin::chart::ChartAccountPage />
                        <Route path=path!("/settings") view=admin::settings::SettingsPage />
                        <Route path=path!("/expiry") view=admin::expiry::ExpiryPoliciesPage />
                        <Route path=path!("/expiry/new") view=admin::expiry::NewExpiryPolicyPage />
                        <Route path=path!("/audit") view=admin::audit::AuditPage />
                    </ParentRoute>
                    <ParentRoute path=path!("") view=Outlet>
                        <Route path=path!("/payments") view=payments::list::PaymentsPage />
                        <Route path=path!("/payments/new") view=payments::record::RecordPaymentPage />
                        <Route path=path!("/payments/:id") view=payments::detail::PaymentPage />
                        <Route path=path!("/payments/:id/confirmation") view=payments::confirmation::ConfirmationPage />
                        <Route path=path!("/credit-notes") view=credit_notes::list::CreditNotesPage />
                        <Route path=path!("/credit-notes/:id") view=credit_notes::detail::CreditNotePage />
                        <Route path=path!("/credits") view=credits::list::CreditsPage />
                        <Route path=path!("/credits/:id") view=credits::detail::CreditPage />
                        <Route path=path!("/credits/:id/apply") view=credits::apply::ApplyCreditPage />
                        <Route path=path!("/requests") view=requests::list::RequestsPage />
                        <Route path=path!("/requests/:id") view=requests::detail::RequestPage />
                        <Route path=path!("/approvals") view=requests::approvals::ApprovalsPage />
                        <Route path=path!("/adjustments/new") view=requests::adjust::AdjustPage />
                        <Route path=path!("/refunds/new") view=requests::refund::RefundPage />
                        <Route path=path!("/refunds/batch") view=requests::batch::RefundBatchPage />
                        <Route path=path!("/transfers/new") view=requests::transfer::TransferPage />
                        <Route path=path!("/write-offs/new") view=requests::write_off::WriteOffPage />
                        <Route path=path!("/credit-runs") view=runs::list::CreditRunsPage />
                        <Route path=path!("/credit-runs/new") view=runs::start::NewCreditRunPage />
                        <Route path=path!("/credit-runs/:id") view=runs::run::CreditRunPage />
                    </ParentRoute>
                    <ParentRoute path=path!("/journal") view=Outlet>
                        <Route path=path!("") view=journal::list::JournalPage />
                        <Route path=path!("/trial-balance") view=journal::trial_balance::TrialBalancePage />
                        <Route path=path!("/:id") view=journal::entry::EntryPage />
                    </ParentRoute>
                    <ParentRoute path=path!("/reports") view=Outlet>
                        <Route path=path!("") view=reports::overview::ReportsPage />
                        <Route path=path!("/aging") view=reports::aging::AgingPage />
                        <Route path=path!("/books") view=reports::books::BooksCheckPage />
                    </ParentRoute>
                    <ParentRoute path=path!("/imports") view=Outlet>
                        <Route path=path!("") view=imports::list::ImportsPage />
                        <Route path=path!("/new") view=imports::upload::NewImportPage />
                        <Route path=path!("/:id") view=imports::report::ImportPage />
                    </ParentRoute>
                </ParentRoute>
                <ParentRoute path=path!("/portal") view=PortalFrame ssr=WHOLE>
                    <Route path=path!("/invoices") view=invoices::portal::PortalInvoicesPage />
                    <Route path=path!("/invoices/:id") view=invoices::portal::PortalInvoicePage />
                    <Route path=path!("") view=portal::home::PortalHomePage />
                    <ParentRoute path=path!("") view=Outlet>
                        <Route path=path!("/payments") view=payments::portal::PortalPaymentsPage />
                        <Route path=path!("/payments/:id") view=payments::portal::PortalPaymentPage />
                        <Route
                            path=path!("/payments/:id/confirmation")
                            view=payments::confirmation::PortalConfirmationPage
                        />
                        <Route path=path!("/code") view=promotions::code::PortalCodePage />
                        <Route path=path!("/prepaid/:number") view=prepaid::portal::PortalPrepaidPage />
                        <Route path=path!("/credit-notes") view=credit_notes::portal::PortalCreditNotesPage />
                        <Route path=path!("/credit-notes/:id") view=credit_notes::portal::PortalCreditNotePage />
                        <Route path=path!("/credits") view=credits::portal::PortalCreditsPage />
                        <Route path=path!("/credits/:id") view=credits::portal::PortalCreditPage />
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

fn document_title(page: String) -> String {
    match page.as_str() {
        "" => "Saldo".to_owned(),
        page => format!("{page} · Saldo"),
    }
}

/// Where a part of the product is reached, and who is offered it.
struct NavItem {
    href: &'static str,
    icon: &'static str,
    label: &'static str,
    offered: bool,
}

fn staff_nav(viewer: &Viewer) -> Vec<NavItem> {
    let item = |href, icon, label, offered| NavItem {
        href,
        icon,
        label,
        offered,
    };
    let reads = viewer.may(Right::ReadCustomers);
    vec![
        item("/", "layout-dashboard", t!(nav.dashboard), true),
        item("/customers", "users", t!(nav.customers), reads),
        item("/invoices", "file-text", t!(nav.invoices), reads),
        item("/credit-notes", "file-text", t!(nav.credit_notes), reads),
        item("/payments", "banknote", t!(nav.payments), reads),
        item("/credits", "wallet", t!(nav.credits), reads),
        item("/prepaid", "hourglass", t!(nav.prepaid), reads),
        item(
            "/promotions",
            "gift",
            t!(nav.promotions),
            viewer.may(Right::ManagePromotions) || viewer.may(Right::GrantPromotions),
        ),
        item(
            "/credit-runs",
            "git-merge",
            t!(nav.apply_credits),
            viewer.may(Right::ApplyCredits),
        ),
        item("/requests", "hourglass", t!(nav.requests), reads),
        item(
            "/approvals",
            "check",
            t!(nav.approvals),
            viewer.may(Right::ApproveRequests),
        ),
        item(
            "/journal",
            "book-open",
            t!(nav.journal),
            viewer.may(Right::ReadJournal),
        ),
        item(
            "/reports",
            "chart-column",
            t!(nav.reports),
            viewer.may(Right::ReadJournal),
        ),
        item(
            "/imports",
            "upload",
            t!(nav.imports),
            viewer.may(Right::Import),
        ),
        item(
            "/admin",
            "settings",
            t!(nav.admin),
            admin::overview::is_offered(viewer),
        ),
    ]
}

fn portal_nav() -> Vec<NavItem> {
    let item = |href, icon, label| NavItem {
        href,
        icon,
        label,
        offered: true,
    };
    vec![
        item("/portal", "layout-dashboard", t!(nav.portal_overview)),
        item("/portal/invoices", "file-text", t!(nav.portal_invoices)),
        item("/portal/credits", "wallet", t!(nav.portal_credits)),
        item("/portal/payments", "banknote", t!(nav.portal_payments)),
    ]
}

#[component]
fn NavList(items: Vec<NavItem>) -> impl IntoView {
    let here = visit().path.clone();
    let links: Vec<_> = items
        .into_iter()
        .filter(|item| item.offered)
        .map(|item| {
            let current = is_current(&here, item.href).then_some("page");
            let count = (item.href == "/approvals").then(waiting_count).flatten();
            view! {
                <li>
                    <a href=item.href aria-current=current>
                        <Icon name=item.icon /> <span>{item.label}</span> {count}
                    </a>
                </li>
            }
        })
        .collect();
    view! { <ul>{links}</ul> }
}

/// How many requests wait for a decision; nothing where none do.
fn waiting_count() -> Option<impl IntoView> {
    let viewer = visit().viewer.clone()?;
    let count = viewer.waiting_requests;
    if count == 0 || !viewer.may(Right::ApproveRequests) {
        return None;
    }
    let count = format::number(count);
    let label = t!(nav.waiting, count = count.clone());
    Some(view! {
        <span class="badge badge-warn">
            <span class="visually-hidden">{label}</span>
            <span aria-hidden="true">{count}</span>
        </span>
    })
}

/// Whether the page at `here` belongs to the part reached at `href`.
fn is_current(here: &str, href: &str) -> bool {
    let start = matches!(href, "/" | "/portal");
    here == href
        || (!start
            && here
                .strip_prefix(href)
                .is_some_and(|rest| rest.starts_with('/')))
}

/// The frame of staff pages: parts of the product at the side, the person at the top.
#[component]
fn StaffFrame() -> impl IntoView {
    let Some(viewer) = visit().viewer.clone() else {
        return view! { <Redirect path=login_path() /> }.into_any();
    };
    if viewer.roles.iter().all(|role| *role == Role::Customer) {
        return view! { <Redirect path="/portal" /> }.into_any();
    }
    let page = match gate::lets_in(&viewer, &visit().path) {
        true => view! { <Outlet /> }.into_any(),
        false => view! { <Failure error=AppError::Forbidden /> }.into_any(),
    };
    view! {
        <a class="skip" href="#content">{t!(ui.skip)}</a>
        <div class="frame">
            <header class="top">
                <details class="top-menu">
                    <summary><Icon name="menu" /> <span>{t!(ui.menu)}</span></summary>
                    <nav class="menu-nav" aria-label=t!(ui.menu)><NavList items=staff_nav(&viewer) /></nav>
                </details>
                <a class="brand" href="/">"Saldo"</a>
                <PersonMenu viewer=viewer.clone() />
            </header>
            <nav class="side" aria-label=t!(ui.main_navigation)><NavList items=staff_nav(&viewer) /></nav>
            <main id="content" class="content">{page}</main>
        </div>
    }
    .into_any()
}

/// The frame of the customer's portal: made for a phone first.
#[component]
fn PortalFrame() -> impl IntoView {
    let Some(viewer) = visit().viewer.clone() else {
        return view! { <Redirect path=login_path() /> }.into_any();
    };
    if !viewer.roles.contains(&Role::Customer) {
        return view! { <Redirect path="/" /> }.into_any();
    }
    if viewer.customer.is_none() {
        return view! { <Redirect path="/" /> }.into_any();
    }
    view! {
        <a class="skip" href="#content">{t!(ui.skip)}</a>
        <div class="frame frame-portal">
            <header class="top">
                <a class="brand" href="/portal">"Saldo"</a>
                <PersonMenu viewer />
            </header>
            <main id="content" class="content"><Outlet /></main>
            <nav class="tabs" aria-label=t!(ui.main_navigation)><NavList items=portal_nav() /></nav>
        </div>
    }
    .into_any()
}

/// The frame of pages that anyone may see: logging in, setting a password, not found.
#[component]
pub fn PlainFrame(children: Children) -> impl IntoView {
    view! {
        <a class="skip" href="#content">{t!(ui.skip)}</a>
        <div class="frame frame-plain">
            <header class="top"><a class="brand" href="/">"Saldo"</a></header>
            <main id="content" class="content">{children()}</main>
            <footer class="foot" aria-label=t!(ui.footer)><LanguageChoice /> <ThemeChoice /></footer>
        </div>
    }
}

/// Who is logged in, how they like their pages, and the way out.
#[component]
fn PersonMenu(viewer: Viewer) -> impl IntoView {
    view! {
        <details class="person">
            <summary><Icon name="circle-user" /> <span>{viewer.name}</span></summary>
            <div class="person-body">
                <p>{t!(ui.signed_in_as, name = viewer.email)}</p>
                <LanguageChoice />
                <ThemeChoice />
                <p><a href="/password">{t!(people.change_password)}</a></p>
                <form method="post" action="/api/fn/log_out">
                    <button type="submit" class="button">{t!(ui.log_out)}</button>
                </form>
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_current_on_all_of_its_pages_and_on_no_other() {
        assert!(is_current("/customers", "/customers"));
        assert!(is_current("/customers/K-1", "/customers"));
        assert!(!is_current("/customersx", "/customers"));
        assert!(is_current("/", "/"));
        assert!(!is_current("/customers", "/"));
        assert!(!is_current("/portal/invoices", "/portal"));
    }
}
