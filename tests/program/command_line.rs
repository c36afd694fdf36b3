//! Commands as a person types them: what they print, what `--json` answers, and how the program ends.

use crate::database::Engine;
use crate::support::{House, Ran, count};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

/// Two customers: on AR-1 20.00 of credit meet 89.00 and 50.00, on AR-2 60.00 meet 40.00.
const INVOICES: &str = "\
number,account,customer,customer_name,currency,issued_on,due_on,net,tax,total
B-1,AR-1,C-1,Anna Ltd,EUR,2026-03-01,2026-03-31,89.00,0.00,89.00
B-2,AR-1,C-1,Anna Ltd,EUR,2026-03-05,2026-04-04,50.00,0.00,50.00
G-1,AR-1,C-1,Anna Ltd,EUR,2026-03-06,2026-03-06,-20.00,0.00,-20.00
B-3,AR-2,C-2,Bert GmbH,EUR,2026-03-01,2026-03-31,40.00,0.00,40.00
G-2,AR-2,C-2,Bert GmbH,EUR,2026-03-07,2026-03-07,-60.00,0.00,-60.00
";

impl House {
    /// Two customers' invoices are in the books.
    fn with_invoices(self) -> Self {
        self.write("invoices.csv", INVOICES);
        let import = [
            "import",
            "invoices",
            "invoices.csv",
            "--mapping",
            "invoices",
        ];
        self.run(&import).ended(0);
        self
    }

    fn json(&self, arguments: &[&str], status: i32) -> Value {
        let mut command = self.command(arguments);
        command.arg("--json");
        Ran::of(command).ended(status).json()
    }
}

async fn sqlite() -> House {
    let house = House::open(Engine::Sqlite).await;
    house.expect("SQLite is always at hand")
}

fn euro(amount: &str) -> Value {
    json!([{ "amount": amount, "currency": "EUR" }])
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_is_applied_once_and_a_run_can_be_undone(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let house = house.with_invoices();
    let apply = ["apply-credits", "--effective-date", "2026-04-30"];

    let dry = house.run(&[&apply[..], &["--dry-run"]].concat()).ended(0);
    for shown in [
        "Anna Ltd",
        "Bert GmbH",
        "B-1",
        "B-3",
        "20.00",
        "40.00",
        "60.00",
    ] {
        assert!(dry.out.contains(shown), "{shown} is missing: {}", dry.out);
    }
    assert!(!dry.out.contains("B-2"), "{}", dry.out);
    let dry = house.json(&[&apply[..], &["--dry-run"]].concat(), 0);
    assert_eq!(
        (
            &dry["applications"],
            &dry["totals"],
            &dry["accounts"][0]["pairs"][0]["invoice_number"]
        ),
        (&json!(2), &euro("60.00"), &json!("B-1"))
    );
    let ctx = house.ctx().await;
    let applied = "SELECT COUNT(*) AS count FROM applications WHERE unapplied_on IS NULL";
    assert_eq!(count(&ctx, applied).await, 0);

    let one = house.json(&[&apply[..], &["--customer", "C-2"]].concat(), 0);
    assert_eq!(
        (&one["applications"], &one["totals"]),
        (&json!(1), &euro("40.00"))
    );
    let rest = house.run(&apply).ended(0);
    for shown in [
        "AR-1",
        "Anna Ltd",
        "€20.00",
        "€119.00",
        "1 grants used",
        "journal entries",
    ] {
        assert!(rest.out.contains(shown), "{shown} is missing: {}", rest.out);
    }
    assert_eq!(count(&ctx, applied).await, 2);
    let again = house.run(&apply).ended(0);
    assert!(again.out.contains("nothing to apply"), "{}", again.out);
    house.run(&["verify"]).ended(0);

    let run = one["number"].to_string();
    let undone = house.json(&["apply-credits", "--undo", &run], 0);
    assert_eq!(undone["state"], "undone");
    assert_eq!(count(&ctx, applied).await, 1);
    let twice = house.run(&["apply-credits", "--undo", &run]).ended(0);
    assert!(twice.out.contains("undone"), "{}", twice.out);
    house.run(&["verify"]).ended(0);
    let unknown = house.json(&["apply-credits", "--undo", "4711"], 1);
    assert_eq!(unknown["error"]["message"], "there is no run 4711");
    house
        .run(&["apply-credits", "--customer", "nobody"])
        .ended(1);
}

#[tokio::test]
async fn a_key_says_which_run_is_meant() {
    let house = sqlite().await.with_invoices();
    let keyed = [
        "apply-credits",
        "--effective-date",
        "2026-04-30",
        "--key",
        "april",
    ];
    let first = house.json(&keyed, 0);
    assert_eq!(first["applications"], 2);
    assert_eq!(house.json(&keyed, 0), first);
    let other_day = [
        "apply-credits",
        "--effective-date",
        "2026-05-31",
        "--key",
        "april",
    ];
    let refused = house.json(&other_day, 1);
    assert_eq!(refused["error"]["code"], "key_conflict");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_damaged_database_is_found_and_the_row_is_named(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let house = house.with_invoices();
    assert_eq!(house.json(&["verify"], 0)["clean"], true);
    let ctx = house.ctx().await;
    let damage = "UPDATE invoices SET open_minor = open_minor - 1 WHERE number = 'B-2'";
    let write = &ctx.db.write;
    write
        .execute_unprepared(damage)
        .await
        .expect("the database lets us");

    let found = house.json(&["verify"], 1);
    assert_eq!(found["clean"], false);
    let findings = found["findings"].as_array().expect("a list");
    let finding = findings.iter().find(|finding| finding["kind"] == "invoice");
    let finding = finding.expect("the invoice is named");
    assert_eq!(finding["name"], "B-2");
    let id = finding["id"].as_str().expect("an id is text");
    assert_eq!(id.len(), 36);
    let told = house.run(&["verify"]).ended(1);
    assert!(told.out.contains(id), "{}", told.out);
}

#[tokio::test]
async fn people_are_added_with_a_link_or_a_password() {
    let house = sqlite().await.with_invoices();
    let invited = house.json(
        &[
            "user",
            "add",
            "ada@example.com",
            "--role",
            "admin",
            "--role",
            "accountant",
        ],
        0,
    );
    let link = invited["link"].as_str().expect("a link");
    assert!(link.starts_with("http://127.0.0.1:3000/"), "{link}");
    let again = house.json(&["user", "add", "ada@example.com", "--role", "admin"], 1);
    assert!(again["error"]["refusals"][0]["code"].is_string(), "{again}");

    let add = [
        "user",
        "add",
        "carl@example.com",
        "--role",
        "cashier",
        "--password",
    ];
    Ran::typed(house.command(&add), "a long enough pass phrase 7\n").ended(0);
    let short = [
        "user",
        "add",
        "sue@example.com",
        "--role",
        "support",
        "--password",
    ];
    Ran::typed(house.command(&short), "short\n").ended(1);

    house.json(&["user", "add", "anna@example.com", "--customer", "C-1"], 0);
    house
        .run(&["user", "add", "x@example.com", "--role", "king"])
        .ended(2);
    house.run(&["user", "add", "x@example.com"]).ended(2);
    house
        .run(&[
            "user",
            "add",
            "x@example.com",
            "--role",
            "admin",
            "--customer",
            "C-1",
        ])
        .ended(2);
    let ctx = house.ctx().await;
    let people = "SELECT COUNT(*) AS count FROM users";
    assert_eq!(count(&ctx, people).await, 3);

    let token = house.json(&["token", "add", "--role", "accountant"], 0);
    assert!(
        token["secret"]
            .as_str()
            .is_some_and(|secret| secret.len() > 20)
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_file_is_tried_imported_and_known_again(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    house.write("invoices.csv", INVOICES);
    let import = [
        "import",
        "invoices",
        "invoices.csv",
        "--mapping",
        "invoices",
    ];
    let ctx = house.ctx().await;
    let tried = house.json(&[&import[..], &["--dry-run"]].concat(), 0);
    assert_eq!(tried["summary"]["documents"], 5);
    let invoices = "SELECT COUNT(*) AS count FROM invoices";
    assert_eq!(count(&ctx, invoices).await, 0);
    assert_eq!(house.json(&import, 0)["state"], "posted");
    assert_eq!(count(&ctx, invoices).await, 5);
    let again = house.run(&import).ended(0);
    assert!(again.out.contains("in the books already"), "{}", again.out);
    assert_eq!(count(&ctx, invoices).await, 5);

    let bad = format!(
        "{INVOICES}B-4,AR-1,C-1,Anna Ltd,EUR,2026-03-09,2026-04-09,12.345,0.00,12.345\nB-5,AR-1,C-1,Anna Ltd,EUR,2026-03-09,2026-04-09,7.00,0.00,7.00\n"
    );
    house.write("invoices.csv", &bad);
    let kept_out = house.run(&import).ended(1);
    assert!(kept_out.out.contains("line 7"), "{}", kept_out.out);
    assert_eq!(count(&ctx, invoices).await, 5);
    let findings = house.json(&import, 1);
    assert_eq!(findings["findings"][0]["line"], 7);
    assert_eq!(findings["findings"][0]["refused"], true);
    house.run(&[&import[..], &["--dry-run"]].concat()).ended(1);
    house
        .run(&[&import[..], &["--good-lines-only"]].concat())
        .ended(0);
    assert_eq!(count(&ctx, invoices).await, 6);

    house.write(
        "payments.csv",
        "key,account,amount,received_on,invoice,applied\nP-1,AR-1,95.00,2026-03-20,B-1,89.00\n",
    );
    let paid = house.json(
        &[
            "import",
            "payments",
            "payments.csv",
            "--mapping",
            "payments",
        ],
        0,
    );
    assert_eq!(paid["summary"]["payments"][0]["count"], 1);
    house.run(&["verify"]).ended(0);
    house
        .run(&[
            "import",
            "invoices",
            "payments.csv",
            "--mapping",
            "payments",
        ])
        .ended(2);
    house
        .run(&["import", "invoices", "invoices.csv", "--mapping", "nosuch"])
        .ended(2);
    house
        .run(&["import", "invoices", "nowhere.csv", "--mapping", "invoices"])
        .ended(3);
}

#[tokio::test]
async fn reports_answer_as_of_a_day() {
    let house = sqlite().await.with_invoices();
    let aging = house.json(&["report", "aging", "--as-of", "2026-04-30"], 0);
    let total = &aging["totals"][0];
    assert_eq!(total["customers"], 2);
    assert_eq!(total["amounts"]["open"]["amount"], "179.00");
    assert_eq!(total["amounts"]["receivable"]["amount"], "99.00");
    let before = house
        .run(&["report", "aging", "--as-of", "2026-02-28"])
        .ended(0);
    assert!(before.out.contains("nothing is open"), "{}", before.out);
    let printed = house
        .run(&["report", "aging", "--as-of", "2026-04-30"])
        .ended(0);
    for shown in ["Anna Ltd", "Bert GmbH", "179.00", "TOTAL", "2 customers"] {
        assert!(
            printed.out.contains(shown),
            "{shown} is missing: {}",
            printed.out
        );
    }
    let balance = house.json(&["report", "trial-balance", "--as-of", "2026-04-30"], 0);
    let euro = &balance["currencies"][0];
    assert_eq!(euro["debits"], euro["credits"]);
    assert_eq!(euro["debits"]["amount"], "99.00");
    let printed = house.run(&["report", "trial-balance", "--as-of", "2026-04-30"]);
    assert!(printed.ended(0).out.contains("99.00"));
    house
        .run(&["report", "aging", "--as-of", "30.04.2026"])
        .ended(2);
    house
        .run(&["report", "trial-balance", "--as-of", "2026-02-30"])
        .ended(2);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_demo_company_is_made_once_and_only_in_an_empty_database(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let demo = ["demo", "--customers", "10", "--test-clock", "2026-06-15"];
    let weak = house.json(&[&demo[..], &["--password", "demo"]].concat(), 1);
    assert_eq!(
        weak["error"]["refusals"][0]["code"], "password_too_weak",
        "{weak}"
    );
    let made = house.json(&demo, 0);
    assert_eq!(made["made"], true);
    assert_eq!(made["company"]["today"], "2026-06-15");
    let logins = made["company"]["logins"].as_array().expect("a list");
    let emails: Vec<&str> = logins
        .iter()
        .filter_map(|login| login["email"].as_str())
        .collect();
    assert_eq!(
        emails,
        ["admin", "accountant", "cashier", "support", "customer"]
            .map(|role| format!("{role}@demo.test"))
    );
    assert_eq!(logins[4]["customer"], "C-00001");
    let password = made["password"].as_str().expect("a password");
    assert_eq!(password.len(), 19, "{password}");
    house.run(&["verify"]).ended(0);

    let refused = house.json(&demo, 1);
    assert_eq!(refused["error"]["code"], "database_not_empty");
    let once = [&demo[..], &["--once"]].concat();
    let kept = house.json(&once, 0);
    assert_eq!(kept["made"], false);
    let told = house.run(&once).ended(0);
    assert!(told.out.contains("there already"), "{}", told.out);
    assert!(told.out.contains("customer@demo.test"), "{}", told.out);

    let Some(other) = House::open(engine).await else {
        return;
    };
    let other = other.with_invoices();
    other.run(&once).ended(1);
    other.run(&["demo", "--customers", "9"]).ended(2);
}

#[tokio::test]
async fn the_database_is_named_by_argument_environment_or_file() {
    let house = sqlite().await;
    let there = |name: &str| {
        house.write(name, "").exists() && std::fs::remove_file(house.write(name, "")).is_ok()
    };
    assert!(there("probe"));
    let file = |name: &str| house.write("probe", "").with_file_name(name);
    let migrate = ["migrate", "--json"];

    let mut flag = house.bare(&migrate);
    flag.args(["--database-url", "sqlite://flag.db"]);
    assert_eq!(Ran::of(flag).ended(0).json(), json!({ "migrated": true }));
    assert!(file("flag.db").exists());

    let mut environment = house.bare(&migrate);
    environment.env("SALDO_DATABASE_URL", "sqlite://environment.db");
    Ran::of(environment).ended(0);
    assert!(file("environment.db").exists());

    house.write("saldo.toml", "database_url = \"sqlite://file.db\"\n");
    Ran::of(house.bare(&migrate)).ended(0);
    assert!(file("file.db").exists());
    house.write("other.toml", "database_url = \"sqlite://other.db\"\n");
    Ran::of(house.bare(&["migrate", "--config", "other.toml"])).ended(0);
    assert!(file("other.db").exists());
    assert!(!file("saldo.db").exists());

    house.write("saldo.toml", "databse_url = \"sqlite://file.db\"\n");
    let misspelt = Ran::of(house.bare(&migrate)).ended(2);
    assert_eq!(misspelt.json()["error"]["code"], "usage");
    Ran::of(house.bare(&["migrate", "--config", "nowhere.toml"])).ended(2);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn credit_past_its_last_day_lapses_once(#[case] engine: Engine) {
    let Some(house) = House::open(engine).await else {
        return;
    };
    let house = house.with_invoices();
    let payments = "key,account,amount,received_on,prepayment,expires_on\n\
        P-1,AR-1,25.00,2026-03-05,yes,2026-03-31\n\
        P-2,AR-1,5.00,2026-03-05,yes,2199-12-31\n";
    house.write("payments.csv", payments);
    let import = [
        "import",
        "payments",
        "payments.csv",
        "--mapping",
        "payments",
    ];
    house.run(&import).ended(0);

    let before = ["expire-credits", "--through", "2026-03-31"];
    let before = house.run(&before).ended(0);
    assert!(before.out.contains("Nothing to lapse"), "{}", before.out);
    let lapsed = house.json(&["expire-credits", "--through", "2026-04-01"], 0);
    assert_eq!(
        (&lapsed["grants"], &lapsed["totals"]),
        (&json!(1), &euro("25.00"))
    );
    assert_eq!(house.json(&["expire-credits"], 0)["grants"], 0);
    let ahead = house.json(&["expire-credits", "--through", "2199-01-01"], 1);
    assert_eq!(ahead["error"]["code"], "date_too_late");
    house.run(&["verify"]).ended(0);
}

#[rstest]
#[case(&["migrate"])]
#[case(&["verify"])]
#[case(&["apply-credits"])]
#[case(&["expire-credits"])]
#[case(&["report", "aging"])]
#[case(&["user", "add", "ada@example.com", "--role", "admin"])]
#[tokio::test]
async fn a_database_that_cannot_be_opened_ends_with_status_3(#[case] arguments: &[&str]) {
    let house = sqlite().await;
    let no_database = house.write("notes.db", &"This is no database. ".repeat(100));
    could_not_run(&house, arguments, "sqlite:///nowhere/at/all/saldo.db");
    let url = format!("sqlite://{}", no_database.display());
    could_not_run(&house, arguments, &url);
}

#[tokio::test]
async fn a_server_that_does_not_answer_ends_with_status_3() {
    let house = sqlite().await;
    could_not_run(&house, &["verify"], "postgres://nobody@127.0.0.1:1/saldo");
}

#[track_caller]
fn could_not_run(house: &House, arguments: &[&str], url: &str) {
    let mut command = house.bare(arguments);
    command.args(["--database-url", url, "--json"]);
    let ran = Ran::of(command).ended(3);
    assert_eq!(ran.json()["error"]["code"], "could_not_run", "{url}");
}

#[rstest]
#[case(&["verify", "--nonsense"])]
#[case(&["nonsense"])]
#[case(&["apply-credits", "--effective-date", "31.12.2010"])]
#[case(&["expire-credits", "--through", "31.12.2010"])]
#[case(&["apply-credits", "--undo", "1", "--key", "k"])]
#[case(&["import", "invoices"])]
#[case(&["report"])]
#[case(&["migrate", "--database-url", "mysql://host/books"])]
#[tokio::test]
async fn wrong_usage_ends_with_status_2_and_says_so(#[case] arguments: &[&str]) {
    let house = sqlite().await;
    let ran = Ran::of(house.bare(arguments)).ended(2);
    assert_eq!(ran.out, "");
    assert!(!ran.err.is_empty());
    let mut with_json = house.bare(arguments);
    with_json.arg("--json");
    let ran = Ran::of(with_json).ended(2);
    assert_eq!(ran.json()["error"]["code"], "usage");
}

#[rstest]
#[case(&[], &["serve", "migrate", "demo", "user", "token", "import", "apply-credits", "report", "verify", "--database-url", "--json", "Exit status"])]
#[case(&["serve"], &["--host", "--port", "--test-clock"])]
#[case(&["migrate"], &["--database-url"])]
#[case(&["demo"], &["--seed", "--customers", "--test-clock", "--password", "--once"])]
#[case(&["user", "add"], &["EMAIL", "--role", "--customer", "--name", "--password"])]
#[case(&["token", "add"], &["--role", "--customer", "--name"])]
#[case(&["import", "invoices"], &["FILE", "--mapping", "--dry-run", "--good-lines-only", "--round"])]
#[case(&["import", "payments"], &["FILE", "--mapping", "--dry-run", "--good-lines-only", "--round"])]
#[case(&["apply-credits"], &["--effective-date", "--dry-run", "--customer", "--tag", "--key", "--undo", "--reason"])]
#[case(&["report", "aging"], &["--as-of", "--currency", "--search"])]
#[case(&["report", "trial-balance"], &["--as-of"])]
#[case(&["verify"], &["--json"])]
#[tokio::test]
async fn help_names_what_a_command_takes(#[case] command: &[&str], #[case] words: &[&str]) {
    let house = sqlite().await;
    let help = Ran::of(house.bare(&[command, &["--help"]].concat())).ended(0);
    for word in words {
        assert!(help.out.contains(word), "{word} is missing: {}", help.out);
    }
}
