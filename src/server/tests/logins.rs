//! Sessions and logins as a browser meets them, through the whole server.

use super::browser::Browser;
use super::people::PASSWORD;
use super::support::{Engine, House};
use crate::domain::ids::UserId;
use crate::dto::people::{NewPortalUser, NewStaff, PersonChoice, RoleChange};
use crate::server::services::users;
use axum::http::StatusCode;
use rstest::rstest;

const SESSION: &str = "saldo";
const OTHER_PASSWORD: &str = "violet anchor eleven tables";

/// A member of staff who can log in as `nora@example.com`.
async fn nora(house: &House, roles: &[&str]) -> UserId {
    let command = NewStaff {
        email: "nora@example.com".to_owned(),
        name: "Nora Newcomer".to_owned(),
        roles: roles.iter().map(|&role| role.to_owned()).collect(),
    };
    let added = users::add_staff(&house.system(), command, PASSWORD).await;
    added.expect("Nora can be added")
}

async fn logged_in(house: &House) -> Browser {
    let mut browser = Browser::at(&house.system());
    let answer = browser.log_in("nora@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    browser
}

/// Whether the browser sees staff pages.
async fn is_in(browser: &mut Browser) -> bool {
    let answer = browser.get("/").await;
    match answer.status {
        StatusCode::OK => true,
        StatusCode::FOUND => {
            assert_eq!(answer.location(), "/login?next=%2F");
            false
        }
        other => panic!("{other}: {}", answer.body),
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_person_logs_in_comes_to_where_they_wanted_and_logs_out(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = Browser::at(&house.system());
    let sent = browser.get("/password?a=b").await;
    assert_eq!(sent.location(), "/login?next=%2Fpassword%3Fa%3Db");
    let page = browser.get(sent.location()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.shows("name=\"login[next]\" value=\"/password?a=b\""),
        "{}",
        page.body
    );
    let fields = [
        ("login[email]", " Nora@Example.com"),
        ("login[password]", PASSWORD),
        ("login[next]", "/password?a=b"),
    ];
    let answer = browser.submit("/login", "log_in", &fields).await;
    assert_eq!(answer.location(), "/password?a=b");
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    assert!(is_in(&mut browser).await);
    assert_eq!(browser.get("/login").await.location(), "/");

    let answer = browser.submit("/", "log_out", &[]).await;
    assert_eq!(answer.location(), "/login?done=logged_out");
    assert_eq!(browser.cookie(SESSION), None);
    assert!(!is_in(&mut browser).await);
    let left = house
        .texts("SELECT id_hash AS text FROM sessions", vec![])
        .await;
    assert!(left.is_empty(), "the session is gone, not only the cookie");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_refused_login_keeps_the_address_and_never_the_password(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = Browser::at(&house.system());
    let wrong = browser.log_in("nora@example.com", OTHER_PASSWORD).await;
    let unknown = browser.log_in("nobody@example.com", OTHER_PASSWORD).await;
    for (answer, email) in [
        (&wrong, "nora@example.com"),
        (&unknown, "nobody@example.com"),
    ] {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            answer.shows("E-mail address and password do not match"),
            "{}",
            answer.body
        );
        assert!(answer.shows(&format!("value=\"{email}\"")));
        assert!(!answer.shows(OTHER_PASSWORD));
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_session_id_is_new_at_every_login_and_only_its_hash_is_stored(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = Browser::at(&house.system());
    browser.plant_cookie(SESSION, "AAAAAAAAAAAAAAAAAAAAAA");
    browser.log_in("nora@example.com", PASSWORD).await;
    let first = browser.cookie(SESSION).unwrap().to_owned();
    assert_ne!(first, "AAAAAAAAAAAAAAAAAAAAAA");
    let mut stolen = browser.another();
    stolen.plant_cookie(SESSION, &first);
    browser.log_in("nora@example.com", PASSWORD).await;
    assert_ne!(browser.cookie(SESSION), Some(first.as_str()));
    assert!(is_in(&mut browser).await);
    assert!(
        !is_in(&mut stolen).await,
        "the id from before the login is worth nothing"
    );
    let stored = house
        .texts("SELECT id_hash || contents AS text FROM sessions", vec![])
        .await;
    assert_eq!(stored.len(), 1);
    assert!(
        !stored[0].contains(browser.cookie(SESSION).unwrap()),
        "{stored:?}"
    );
    assert!(
        !stored[0].contains("nora@example.com"),
        "who the person is now is not kept: {stored:?}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_session_ends_when_idle_and_when_old(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = logged_in(&house).await;
    let now = house.system().clock.now();
    house
        .run("UPDATE sessions SET expires_at = $1", vec![now.into()])
        .await;
    assert!(!is_in(&mut browser).await, "idle for too long");

    let mut browser = logged_in(&house).await;
    let seconds_ago = |seconds: i64| (now.timestamp() - seconds).to_string();
    let age = async |hours: i64| {
        let stored = house
            .texts("SELECT contents AS text FROM sessions WHERE user_id IS NOT NULL ORDER BY expires_at", vec![])
            .await;
        let contents = stored.last().unwrap();
        let mut contents: serde_json::Value = serde_json::from_str(contents).unwrap();
        let began_at = seconds_ago(hours * 3600).parse::<i64>().unwrap();
        contents["login"]["began_at"] = began_at.into();
        let values = vec![contents.to_string().into()];
        house.run("UPDATE sessions SET contents = $1", values).await;
    };
    age(11).await;
    assert!(is_in(&mut browser).await);
    age(12).await;
    assert!(!is_in(&mut browser).await, "used all the time, but too old");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_used_session_lives_on_and_is_noted_now_and_then(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = logged_in(&house).await;
    let fresh = browser.get("/").await;
    assert!(
        !fresh.headers.contains_key("set-cookie"),
        "not every page is a write"
    );
    let stored = house
        .texts("SELECT contents AS text FROM sessions", vec![])
        .await
        .remove(0);
    let mut contents: serde_json::Value = serde_json::from_str(&stored).unwrap();
    let seen_at = contents["login"]["seen_at"].as_i64().unwrap() - 301;
    contents["login"]["seen_at"] = seen_at.into();
    let soon = house.system().clock.now() + chrono::Duration::minutes(1);
    house
        .run(
            "UPDATE sessions SET contents = $1, expires_at = $2",
            vec![contents.to_string().into(), soon.into()],
        )
        .await;
    let later = browser.get("/").await;
    assert!(later.headers.contains_key("set-cookie"));
    let lives_on = house
        .run(
            "DELETE FROM sessions WHERE expires_at <= $1",
            vec![(soon + chrono::Duration::hours(1)).into()],
        )
        .await;
    assert_eq!(lives_on, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn disabling_and_another_password_end_sessions_everywhere(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let user = nora(&house, &["support"]).await;
    let mut here = logged_in(&house).await;
    let mut there = logged_in(&house).await;
    let change = [
        ("change[current]", PASSWORD),
        ("change[password]", OTHER_PASSWORD),
        ("change[repeated]", OTHER_PASSWORD),
    ];
    let answer = here.submit("/password", "change_password", &change).await;
    assert_eq!(answer.location(), "/?done=password_set", "{}", answer.body);
    assert!(
        is_in(&mut here).await,
        "where the password was changed one stays"
    );
    assert!(!is_in(&mut there).await);
    let choice = PersonChoice {
        user: user.to_string(),
    };
    users::disable(&house.admin(), choice).await.unwrap();
    assert!(!is_in(&mut here).await);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn other_roles_count_from_the_next_request_on(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let user = nora(&house, &["support"]).await;
    let mut browser = logged_in(&house).await;
    assert!(!browser.get("/").await.shows("href=\"/admin\""));
    let change = RoleChange {
        user: user.to_string(),
        roles: vec!["admin".to_owned()],
    };
    users::change_roles(&house.admin(), change).await.unwrap();
    assert!(browser.get("/").await.shows("href=\"/admin\""));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn guessing_has_to_wait_and_other_accounts_do_not(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = Browser::at(&house.system());
    for _ in 0..6 {
        let refused = browser.log_in("nora@example.com", "a guess").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let right_too_soon = browser.log_in("NORA@example.com", PASSWORD).await;
    assert_eq!(right_too_soon.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        right_too_soon.shows("Too many attempts"),
        "{}",
        right_too_soon.body
    );
    let other = browser.log_in("other@example.com", "a guess").await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn customers_and_staff_are_sent_to_their_own_pages(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    house.account("C-1", "EUR").await;
    let command = NewPortalUser {
        customer: "C-1".to_owned(),
        email: "chris@example.com".to_owned(),
        name: "Chris".to_owned(),
    };
    users::add_customer(&house.system(), command, PASSWORD)
        .await
        .unwrap();
    let mut staff = logged_in(&house).await;
    assert_eq!(staff.get("/portal").await.location(), "/");
    let mut customer = staff.another();
    customer.log_in("chris@example.com", PASSWORD).await;
    assert_eq!(customer.get("/").await.location(), "/portal");
    assert_eq!(customer.get("/portal").await.status, StatusCode::OK);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_empty_house_is_set_up_by_its_link_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let link = users::first_admin_link(&house.system())
        .await
        .unwrap()
        .unwrap();
    let token = link.path.trim_start_matches("/setup/").to_owned();
    let mut browser = Browser::at(&house.system());
    assert_eq!(browser.get(&link.path).await.status, StatusCode::OK);
    let fields = |repeated: &'static str| {
        [
            ("admin[token]", token.clone()),
            ("admin[name]", "Ada".to_owned()),
            ("admin[email]", "ada@example.com".to_owned()),
            ("admin[password]", PASSWORD.to_owned()),
            ("admin[repeated]", repeated.to_owned()),
        ]
    };
    let differing = fields("something else");
    let differing: Vec<(&str, &str)> = differing.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let refused = browser
        .submit(&link.path, "name_first_admin", &differing)
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.shows("The two passwords differ") && refused.shows("value=\"ada@example.com\"")
    );
    let equal = fields(PASSWORD);
    let equal: Vec<(&str, &str)> = equal.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let done = browser.submit(&link.path, "name_first_admin", &equal).await;
    assert_eq!(done.location(), "/?done=password_set", "{}", done.body);
    assert!(browser.get("/").await.shows("href=\"/admin\""));
    let mut other = browser.another();
    let late = other.get(&link.path).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.shows("no longer valid"));
    let again = other.submit(&link.path, "name_first_admin", &equal).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_invitation_greets_by_name_and_logs_in(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let command = NewStaff {
        email: "nora@example.com".to_owned(),
        name: "Nora <Newcomer>".to_owned(),
        roles: vec!["support".to_owned()],
    };
    let link = users::invite_staff(&house.admin(), command).await.unwrap();
    let token = link.path.trim_start_matches("/invitation/");
    let mut browser = Browser::at(&house.system());
    let page = browser.get(&link.path).await;
    assert!(
        page.shows("Welcome, Nora &lt;Newcomer&gt;"),
        "{}",
        page.body
    );
    let fields = [
        ("acceptance[token]", token),
        ("acceptance[password]", PASSWORD),
        ("acceptance[repeated]", PASSWORD),
    ];
    let done = browser
        .submit(&link.path, "accept_invitation", &fields)
        .await;
    assert_eq!(done.location(), "/?done=password_set", "{}", done.body);
    assert!(is_in(&mut browser).await);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn nothing_is_changed_from_another_site(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = logged_in(&house).await;
    for path in ["/api/fn/log_out", "/preferences"] {
        let forged = browser
            .post_from_elsewhere(path, &[("theme", "dark")])
            .await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(is_in(&mut browser).await);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_login_leads_to_no_other_site(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    for next in [
        "//elsewhere.test",
        "https://elsewhere.test/",
        "/\\elsewhere.test",
        "javascript:x",
    ] {
        let mut browser = Browser::at(&house.system());
        let fields = [
            ("login[email]", "nora@example.com"),
            ("login[password]", PASSWORD),
            ("login[next]", next),
        ];
        let answer = browser.submit("/login", "log_in", &fields).await;
        assert_eq!(answer.location(), "/", "{next}");
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_language_a_person_chose_follows_them_to_other_browsers(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = logged_in(&house).await;
    browser
        .post("/preferences", &[("language", "de"), ("page", "/")])
        .await;
    let mut elsewhere = logged_in(&house).await;
    assert!(elsewhere.get("/password").await.shows("lang=\"de\""));
    elsewhere.submit("/", "log_out", &[]).await;
    assert!(
        elsewhere.get("/login").await.shows("lang=\"en\""),
        "the browser asks for English"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn every_answer_carries_its_protection(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let mut browser = Browser::at(&house.system());
    for path in ["/login", "/healthz", "/readyz", "/nothing-here"] {
        let answer = browser.get(path).await;
        for name in [
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "x-request-id",
        ] {
            assert!(answer.headers.contains_key(name), "{path} has no {name}");
        }
    }
    assert_eq!(browser.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(
        browser.get("/nothing-here").await.status,
        StatusCode::NOT_FOUND
    );
    let page = browser.get("/login").await;
    let policy = page.headers["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    let nonce = policy
        .split("'nonce-")
        .nth(1)
        .and_then(|rest| rest.split('\'').next());
    let nonce = nonce.unwrap_or_else(|| panic!("no nonce in {policy}"));
    assert!(page.shows(&format!("nonce=\"{nonce}\"")));
    let other = browser.get("/login").await;
    assert_ne!(
        other.headers["content-security-policy"],
        page.headers["content-security-policy"]
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn without_its_database_the_server_says_so_and_loses_nobody(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    nora(&house, &["support"]).await;
    let mut browser = logged_in(&house).await;
    house.system().db.read.close_by_ref().await.unwrap();
    let page = browser.get("/").await;
    assert_eq!(
        page.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{}",
        page.body
    );
    assert!(page.shows("database cannot be reached"));
    assert_eq!(
        browser.get("/readyz").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert!(
        browser.cookie(SESSION).is_some(),
        "the session is there when the database is back"
    );
}
