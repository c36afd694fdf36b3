//! Receivable accounts: their settings as they come in, and what their pages show.

use super::balances::AccountBalance;
use super::error::AppError;
use super::form::Reader;
use super::lineage::RequestRef;
use crate::domain::credit::{CreditClass, OrderOfUse, UseReason};
use crate::domain::ids::{
    CreditGrantId, CreditNoteId, CustomerId, InvoiceId, JournalEntryId, PaymentId, PromotionId,
    ReceivableAccountId,
};
use crate::domain::ledger::{EntrySource, coded};
use crate::domain::money::Money;
use crate::domain::payment::SurplusChoice;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

coded! {
    /// What finalising an invoice uses at once of the account's credit.
    AutoApply {
        Off = "off",
        Prepayments = "prepayments",
        All = "all",
    }
}

/// A receivable account to be opened for a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewReceivableAccount {
    /// Customer number.
    pub customer: String,
    /// Empty takes the next free number.
    pub number: String,
    pub currency: String,
    pub name: String,
    pub idempotency_key: String,
}

/// What opening an account did: the answer that a repeated request gets again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedAccount {
    pub account: ReceivableAccountId,
    pub number: String,
}

/// The settings of a receivable account, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountSettings {
    /// Number of the receivable account.
    pub account: String,
    /// The settings the person saw, as `ReadSettings::seen` writes them; empty asks nothing.
    pub seen: String,
    pub name: String,
    /// A code of `AutoApply`; empty means prepayments.
    pub auto_apply: String,
    /// A code of `SurplusChoice`; empty means kept as credit.
    pub surplus_choice: String,
    /// A code of `OrderOfUse`; empty means what lapses first.
    pub order_of_use: String,
    /// `yes`: runs and automatic use leave the account alone.
    pub on_hold: String,
    pub reason: String,
}

/// The settings of a receivable account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadSettings {
    pub name: String,
    pub auto_apply: AutoApply,
    pub surplus_choice: SurplusChoice,
    pub order_of_use: OrderOfUse,
    pub on_hold: bool,
}

impl Default for ReadSettings {
    /// What a new account starts with. Source: domain rules, sections 3 and 4.
    fn default() -> Self {
        Self {
            name: String::new(),
            auto_apply: AutoApply::Prepayments,
            surplus_choice: SurplusChoice::KeepAsCredit,
            order_of_use: OrderOfUse::LapsingFirst,
            on_hold: false,
        }
    }
}

impl AccountSettings {
    pub fn parse(&self) -> Result<ReadSettings, AppError> {
        let defaults = ReadSettings::default();
        let mut reader = Reader::default();
        let name = reader.text("name", &self.name, 100);
        let auto_apply = reader.choice(
            "auto_apply",
            &self.auto_apply,
            AutoApply::from_code,
            Some(defaults.auto_apply),
        );
        let surplus_choice = reader.choice(
            "surplus_choice",
            &self.surplus_choice,
            SurplusChoice::from_code,
            Some(defaults.surplus_choice),
        );
        let order_of_use = reader.choice(
            "order_of_use",
            &self.order_of_use,
            OrderOfUse::from_code,
            Some(defaults.order_of_use),
        );
        let read = (|| {
            Some(ReadSettings {
                name,
                auto_apply: auto_apply?,
                surplus_choice: surplus_choice?,
                order_of_use: order_of_use?,
                on_hold: self.on_hold == "yes",
            })
        })();
        reader.finish(read)
    }
}

impl ReadSettings {
    /// Each setting's field name with its value as text.
    fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("auto_apply", self.auto_apply.code()),
            ("surplus_choice", self.surplus_choice.code()),
            ("order_of_use", self.order_of_use.code()),
            ("on_hold", if self.on_hold { "yes" } else { "no" }),
            ("name", &self.name),
        ]
    }

    /// What a form sends along, so that settings changed meanwhile are noticed.
    pub fn seen(&self) -> String {
        self.fields().map(|(_, value)| value).join("\n")
    }

    /// Names of the settings that are no longer as they were seen.
    pub fn changed_since(&self, seen: &str) -> Vec<String> {
        // Browsers send line breaks of hidden fields as CR LF.
        let seen = seen.replace("\r\n", "\n");
        if seen.is_empty() {
            return Vec::new();
        }
        let mut seen = seen.splitn(5, '\n');
        let changed = self
            .fields()
            .into_iter()
            .filter(|(_, value)| seen.next() != Some(*value));
        changed.map(|(field, _)| field.to_owned()).collect()
    }
}

/// A receivable account with what it owes and holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountOverview {
    pub balance: AccountBalance,
    pub settings: ReadSettings,
    pub opened_on: Option<NaiveDate>,
}

/// An account's page: whose it is, what it owes and holds, and a page of what moved it, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetail {
    pub customer: CustomerId,
    pub customer_number: String,
    pub customer_name: String,
    pub overview: AccountOverview,
    /// The credit that will be used next, in order.
    pub next_uses: Vec<NextUse>,
    /// Usable credits beyond those listed.
    pub more_uses: u32,
    pub ledger: Vec<LedgerRow>,
    /// How many entries there are on all pages.
    pub total: u64,
}

/// A credit in the order in which it will be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextUse {
    pub grant: CreditGrantId,
    pub number: i64,
    pub class: CreditClass,
    pub usable: Money,
    pub effective_on: NaiveDate,
    /// Last usable day; `None` never lapses.
    pub expires_on: Option<NaiveDate>,
    pub priority: i32,
    /// Why it goes before the next; `None` for the last.
    pub reason: Option<UseReason>,
}

/// One journal entry as the customer's balance sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerRow {
    pub entry: JournalEntryId,
    pub entry_number: i64,
    pub source: EntrySource,
    /// It offsets an earlier entry: a void, an unapply, a reversal.
    pub reverses: bool,
    pub effective_on: NaiveDate,
    pub posting_on: NaiveDate,
    pub document: LedgerDocument,
    /// How the net balance changed: positive is owed by the customer. Zero for applications of credit.
    pub change: Money,
    /// What an application moved from credit to an invoice.
    pub applied: Option<Money>,
    /// Net balance after this entry: due − credit.
    pub balance: Money,
}

/// The document a movement belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerDocument {
    Invoice {
        invoice: InvoiceId,
        number: String,
    },
    Payment {
        payment: PaymentId,
        number: i64,
    },
    Promotion {
        promotion: PromotionId,
        code: String,
    },
    CreditNote {
        credit_note: CreditNoteId,
        number: String,
    },
    /// The invoice credit was applied to.
    Application {
        invoice: InvoiceId,
        number: String,
    },
    /// Credit that lapsed, or a lapse taken back.
    Lapse {
        grant: CreditGrantId,
        number: i64,
    },
    /// An adjustment, refund, transfer or write-off.
    Request(RequestRef),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_changed_meanwhile_are_named() {
        let seen = ReadSettings::default().seen();
        let now = ReadSettings {
            on_hold: true,
            name: "Export".to_owned(),
            ..ReadSettings::default()
        };
        assert_eq!(now.changed_since(&seen), ["on_hold", "name"]);
        assert_eq!(
            now.changed_since(&now.seen().replace('\n', "\r\n")),
            [""; 0]
        );
        assert_eq!(now.changed_since(""), [""; 0]);
    }
}
