//! One function per business event: what it debits and what it credits. An accountant can read this file.
//!
//! Each returns a balanced entry; who writes it adds dates, document and actor. Source: domain rules, section 8.

use super::credit::CreditClass;
use super::ids::{CreditGrantId, InvoiceId, ReceivableAccountId};
use super::ledger::{
    EntrySource, JournalEntry, JournalLine, LedgerError, LedgerRole, LineSource, Side, Subject,
};
use super::money::Currency;

/// Where an entry belongs: one receivable account in its currency.
#[derive(Clone, Copy, Debug)]
pub struct Books {
    pub account: ReceivableAccountId,
    pub currency: Currency,
}

/// A slice of money or credit that settles part of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettledSlice {
    pub invoice: InvoiceId,
    pub amount_minor: i64,
}

/// A slice that became or stays credit, with the account that carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditSlice {
    pub grant: CreditGrantId,
    pub class: CreditClass,
    pub amount_minor: i64,
}

/// Net and tax of a document; both negative on a negative invoice.
#[derive(Clone, Copy, Debug)]
pub struct DocumentTotals {
    pub net_minor: i64,
    pub tax_minor: i64,
}

/// An invoice finalised.
/// ```text
/// receivable (total)          revenue (net)
///                             sales tax payable (tax)
/// ```
/// A negative invoice swaps the sides and its receivable line names the grant it gave rise to.
/// An invoice over nothing posts nothing.
pub fn invoice_finalised(
    books: Books,
    subject: Subject,
    totals: DocumentTotals,
) -> Result<Option<JournalEntry>, LedgerError> {
    let total = super::money::sum_minor([totals.net_minor, totals.tax_minor])?;
    let lines = [
        signed(LedgerRole::Receivable, Side::Debit, total, Some(subject)),
        signed(LedgerRole::Revenue, Side::Credit, totals.net_minor, None),
        signed(
            LedgerRole::SalesTaxPayable,
            Side::Credit,
            totals.tax_minor,
            None,
        ),
    ];
    entry_unless_empty(
        EntrySource::Invoice,
        books,
        lines.into_iter().flatten().collect(),
    )
}

/// Where the money of a payment went.
#[derive(Clone, Debug)]
pub struct PaymentSplit {
    pub settled: Vec<SettledSlice>,
    pub surplus: Option<CreditSlice>,
    /// Surplus within tolerance that is kept as fee income.
    pub fee_minor: i64,
}

/// A payment received on `money_account` (bank, cash desk or clearing).
/// ```text
/// bank or cash desk           receivable (each invoice settled)
///                             receivable or prepayments (surplus, by class)
///                             fee income (surplus within tolerance)
/// ```
pub fn payment_received(
    books: Books,
    money_account: LedgerRole,
    split: &PaymentSplit,
) -> Result<JournalEntry, LedgerError> {
    let mut credits: Vec<JournalLine> = split
        .settled
        .iter()
        .map(|slice| {
            line(
                LedgerRole::Receivable,
                Side::Credit,
                slice.amount_minor,
                Some(Subject::Invoice(slice.invoice)),
            )
        })
        .collect();
    if let Some(surplus) = split.surplus {
        credits.push(carrying_line(Side::Credit, surplus));
    }
    credits.extend(signed(
        LedgerRole::FeeIncome,
        Side::Credit,
        split.fee_minor,
        None,
    ));
    let received = super::money::sum_minor(credits.iter().map(|l| l.amount_minor))?;
    let mut lines = vec![line(money_account, Side::Debit, received, None)];
    lines.extend(credits);
    JournalEntry::balanced(EntrySource::Payment, books.account, books.currency, lines)
}

/// A payment reversed: the contra of where its money stands now, after later applications were undone. What of it was
/// paid out again stands in `split.settled` as a new open item, "payment returned", which the customer owes.
pub fn payment_reversed(
    books: Books,
    money_account: LedgerRole,
    split: &PaymentSplit,
) -> Result<JournalEntry, LedgerError> {
    payment_received(books, money_account, split).map(|entry| entry.contra())
}

/// A credit note issued: part of it covers its invoice, the rest becomes the grant it gives.
/// ```text
/// sales returns (net)         receivable (the invoice, as far as it is covered)
/// sales tax payable (tax)     receivable (the grant)
/// ```
/// A note on a fee takes it back from `returns`.
pub fn credit_note_issued(
    books: Books,
    returns: LedgerRole,
    totals: DocumentTotals,
    covered: Option<SettledSlice>,
    kept: Option<CreditSlice>,
) -> Result<JournalEntry, LedgerError> {
    let covered = covered.map(|slice| {
        let subject = Some(Subject::Invoice(slice.invoice));
        line(
            LedgerRole::Receivable,
            Side::Credit,
            slice.amount_minor,
            subject,
        )
    });
    let lines = [
        signed(returns, Side::Debit, totals.net_minor, None),
        signed(
            LedgerRole::SalesTaxPayable,
            Side::Debit,
            totals.tax_minor,
            None,
        ),
        covered,
        kept.map(|slice| carrying_line(Side::Credit, slice)),
    ];
    let lines = lines.into_iter().flatten().collect();
    JournalEntry::balanced(
        EntrySource::CreditNote,
        books.account,
        books.currency,
        lines,
    )
}

/// A fee charged, for example for a returned payment.
/// ```text
/// receivable                  fee income
/// ```
pub fn fee_charged(books: Books, fee: SettledSlice) -> Result<JournalEntry, LedgerError> {
    let subject = Some(Subject::Invoice(fee.invoice));
    let lines = vec![
        line(
            LedgerRole::Receivable,
            Side::Debit,
            fee.amount_minor,
            subject,
        ),
        line(LedgerRole::FeeIncome, Side::Credit, fee.amount_minor, None),
    ];
    JournalEntry::balanced(EntrySource::Invoice, books.account, books.currency, lines)
}

/// Credit applied to an invoice: exactly four lines of the same amount, source ARP.
/// ```text
/// credit balance side  AR   the account that carries the grant
///                      BNK                                      bank (wash)
/// balance due side     AR                                       receivable
///                      BNK  bank (wash)
/// ```
/// Source: the apply-credits rules, section 5.
pub fn credit_applied(
    books: Books,
    credit: CreditSlice,
    invoice: InvoiceId,
) -> Result<JournalEntry, LedgerError> {
    let amount = credit.amount_minor;
    let receivable = line(
        LedgerRole::Receivable,
        Side::Credit,
        amount,
        Some(Subject::Invoice(invoice)),
    );
    let lines = vec![
        from(LineSource::Receivable, carrying_line(Side::Debit, credit)),
        from(LineSource::Bank, wash(Side::Credit, amount)),
        from(LineSource::Receivable, receivable),
        from(LineSource::Bank, wash(Side::Debit, amount)),
    ];
    JournalEntry::balanced(
        EntrySource::Application,
        books.account,
        books.currency,
        lines,
    )
}

/// One application undone: the contra of [`credit_applied`]. Also for a slice that came straight from a payment;
/// there `credit` is the payment's own grant, which takes the slice.
pub fn application_undone(
    books: Books,
    credit: CreditSlice,
    invoice: InvoiceId,
) -> Result<JournalEntry, LedgerError> {
    credit_applied(books, credit, invoice).map(|entry| entry.contra())
}

/// Credit a promotion gives.
/// ```text
/// promotion expense           promotional credit issued
/// ```
pub fn promotion_granted(books: Books, credit: CreditSlice) -> Result<JournalEntry, LedgerError> {
    let amount = credit.amount_minor;
    let lines = vec![
        line(LedgerRole::PromotionExpense, Side::Debit, amount, None),
        carrying_line(Side::Credit, credit),
    ];
    JournalEntry::balanced(EntrySource::Promotion, books.account, books.currency, lines)
}

/// Credit a promotion gave and takes back: the contra of [`promotion_granted`], over what is taken back.
pub fn promotion_revoked(books: Books, credit: CreditSlice) -> Result<JournalEntry, LedgerError> {
    promotion_granted(books, credit).map(|entry| entry.contra())
}

/// Credit lapsed, source EXP.
/// ```text
/// the account that carries it   breakage income (what the customer paid)
///                               promotion or goodwill expense (what was given)
/// ```
/// Source: domain rules, sections 7 and 8.
pub fn credit_lapsed(books: Books, credit: CreditSlice) -> Result<JournalEntry, LedgerError> {
    let amount = credit.amount_minor;
    let lines = vec![
        carrying_line(Side::Debit, credit),
        line(credit.class.lapses_to(), Side::Credit, amount, None),
    ];
    JournalEntry::balanced(EntrySource::Expiry, books.account, books.currency, lines)
}

/// A lapse taken back: the contra of [`credit_lapsed`], to be posted naming the entry it reverses.
pub fn credit_reinstated(books: Books, credit: CreditSlice) -> Result<JournalEntry, LedgerError> {
    credit_lapsed(books, credit).map(|entry| entry.contra())
}

/// Goodwill credit given by staff.
/// ```text
/// goodwill expense            goodwill credit issued
/// ```
pub fn goodwill_granted(books: Books, credit: CreditSlice) -> Result<JournalEntry, LedgerError> {
    let lines = vec![
        line(
            LedgerRole::GoodwillExpense,
            Side::Debit,
            credit.amount_minor,
            None,
        ),
        carrying_line(Side::Credit, credit),
    ];
    JournalEntry::balanced(
        EntrySource::Adjustment,
        books.account,
        books.currency,
        lines,
    )
}

/// A grant corrected downwards (source ADJ), or a tiny credit balance written off (source WOF).
/// ```text
/// the carrying account        breakage income, or the expense it came from
/// ```
pub fn credit_given_up(
    source: EntrySource,
    books: Books,
    credits: &[CreditSlice],
) -> Result<JournalEntry, LedgerError> {
    let mut lines = Vec::with_capacity(credits.len() * 2);
    for credit in credits {
        let released = credit.class.lapses_to();
        lines.push(carrying_line(Side::Debit, *credit));
        lines.push(line(released, Side::Credit, credit.amount_minor, None));
    }
    JournalEntry::balanced(source, books.account, books.currency, lines)
}

/// Credit paid out, and the account its money leaves from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidOut {
    pub credit: CreditSlice,
    pub money_account: LedgerRole,
}

/// A refund paid.
/// ```text
/// the carrying account        bank or cash desk
/// ```
pub fn refund_paid(books: Books, slices: &[PaidOut]) -> Result<JournalEntry, LedgerError> {
    let mut lines = Vec::with_capacity(slices.len() * 2);
    for slice in slices {
        let amount = slice.credit.amount_minor;
        lines.push(carrying_line(Side::Debit, slice.credit));
        lines.push(line(slice.money_account, Side::Credit, amount, None));
    }
    JournalEntry::balanced(EntrySource::Refund, books.account, books.currency, lines)
}

/// Credit moved to another receivable account of the same currency; the entry belongs to the giving account, its
/// credit lines name the receiving one.
/// ```text
/// the carrying account, A     the carrying account, B
/// ```
pub fn credit_transferred(
    books: Books,
    to: ReceivableAccountId,
    slices: &[(CreditSlice, CreditSlice)],
) -> Result<JournalEntry, LedgerError> {
    let mut lines = Vec::with_capacity(slices.len() * 2);
    for (given, received) in slices {
        lines.push(carrying_line(Side::Debit, *given));
        lines.push(JournalLine {
            account: Some(to),
            ..carrying_line(Side::Credit, *received)
        });
    }
    JournalEntry::balanced(EntrySource::Transfer, books.account, books.currency, lines)
}

/// An open item nobody will pay. `tax_minor` of it is relief from sales tax, where the business takes it.
/// ```text
/// bad debt expense            receivable (what was open)
/// sales tax payable (relief)
/// ```
pub fn invoice_written_off(
    books: Books,
    slice: SettledSlice,
    tax_minor: i64,
) -> Result<JournalEntry, LedgerError> {
    let subject = Some(Subject::Invoice(slice.invoice));
    let expense_minor = super::money::sum_minor([slice.amount_minor, -tax_minor])?;
    let lines = [
        signed(LedgerRole::BadDebtExpense, Side::Debit, expense_minor, None),
        signed(LedgerRole::SalesTaxPayable, Side::Debit, tax_minor, None),
        signed(
            LedgerRole::Receivable,
            Side::Credit,
            slice.amount_minor,
            subject,
        ),
    ];
    let lines = lines.into_iter().flatten().collect();
    JournalEntry::balanced(EntrySource::WriteOff, books.account, books.currency, lines)
}

fn carrying_line(side: Side, credit: CreditSlice) -> JournalLine {
    line(
        credit.class.carried_in(),
        side,
        credit.amount_minor,
        Some(Subject::Grant(credit.grant)),
    )
}

fn wash(side: Side, amount_minor: i64) -> JournalLine {
    JournalLine {
        wash: true,
        ..line(LedgerRole::Bank, side, amount_minor, None)
    }
}

fn from(line_source: LineSource, line: JournalLine) -> JournalLine {
    JournalLine {
        line_source: Some(line_source),
        ..line
    }
}

fn line(role: LedgerRole, side: Side, amount_minor: i64, subject: Option<Subject>) -> JournalLine {
    JournalLine {
        role,
        side,
        amount_minor,
        line_source: None,
        wash: false,
        subject,
        account: None,
    }
}

/// A line of a signed amount: negative amounts swap the side, zero gives no line.
fn signed(
    role: LedgerRole,
    side: Side,
    amount_minor: i64,
    subject: Option<Subject>,
) -> Option<JournalLine> {
    match amount_minor.signum() {
        0 => None,
        1 => Some(line(role, side, amount_minor, subject)),
        _ => Some(line(role, side.opposite(), -amount_minor, subject)),
    }
}

fn entry_unless_empty(
    source: EntrySource,
    books: Books,
    lines: Vec<JournalLine>,
) -> Result<Option<JournalEntry>, LedgerError> {
    if lines.is_empty() {
        return Ok(None);
    }
    JournalEntry::balanced(source, books.account, books.currency, lines).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const BOOKS: Books = Books {
        account: ReceivableAccountId(Uuid::from_u128(1)),
        currency: Currency::EUR,
    };
    const INVOICE: InvoiceId = InvoiceId(Uuid::from_u128(2));
    const GRANT: CreditGrantId = CreditGrantId(Uuid::from_u128(3));

    /// `side role amount` per line, as an accountant would jot it down.
    fn jotted(entry: &JournalEntry) -> Vec<String> {
        entry
            .lines()
            .iter()
            .map(|l| {
                let side = if l.side == Side::Debit { "Dr" } else { "Cr" };
                let source = l.line_source.map_or("", LineSource::code);
                format!("{side} {} {} {source}", l.role.code(), l.amount_minor)
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn an_invoice_debits_receivable_and_credits_revenue_and_tax() {
        let totals = DocumentTotals {
            net_minor: 10_000,
            tax_minor: 2_000,
        };
        let entry = invoice_finalised(BOOKS, Subject::Invoice(INVOICE), totals)
            .unwrap()
            .unwrap();
        assert_eq!(
            jotted(&entry),
            [
                "Dr receivable 12000",
                "Cr revenue 10000",
                "Cr sales_tax_payable 2000"
            ]
        );
    }

    #[test]
    fn a_credit_note_covers_its_invoice_and_gives_credit() {
        let totals = DocumentTotals {
            net_minor: 4_167,
            tax_minor: 833,
        };
        let covered = SettledSlice {
            invoice: INVOICE,
            amount_minor: 3_000,
        };
        let kept = CreditSlice {
            grant: GRANT,
            class: CreditClass::CreditNote,
            amount_minor: 2_000,
        };
        let returns = LedgerRole::SalesReturns;
        let entry = credit_note_issued(BOOKS, returns, totals, Some(covered), Some(kept)).unwrap();
        assert_eq!(
            jotted(&entry),
            [
                "Dr sales_returns 4167",
                "Dr sales_tax_payable 833",
                "Cr receivable 3000",
                "Cr receivable 2000"
            ]
        );
        assert!(credit_note_issued(BOOKS, returns, totals, Some(covered), None).is_err());
    }

    #[test]
    fn a_returned_payment_reopens_what_it_paid_and_what_was_paid_out_of_it() {
        let slice = |invoice, amount_minor| SettledSlice {
            invoice: InvoiceId(Uuid::from_u128(invoice)),
            amount_minor,
        };
        let split = PaymentSplit {
            settled: vec![slice(1, 10_000), slice(2, 1_000)],
            surplus: None,
            fee_minor: 0,
        };
        let entry = payment_reversed(BOOKS, LedgerRole::Bank, &split).unwrap();
        assert_eq!(
            jotted(&entry),
            ["Cr bank 11000", "Dr receivable 10000", "Dr receivable 1000"]
        );
        let fee = fee_charged(BOOKS, slice(3, 500)).unwrap();
        assert_eq!(jotted(&fee), ["Dr receivable 500", "Cr fee_income 500"]);
    }

    #[test]
    fn a_negative_invoice_swaps_the_sides() {
        let totals = DocumentTotals {
            net_minor: -500,
            tax_minor: -100,
        };
        let entry = invoice_finalised(BOOKS, Subject::Grant(GRANT), totals)
            .unwrap()
            .unwrap();
        assert_eq!(
            jotted(&entry),
            [
                "Cr receivable 600",
                "Dr revenue 500",
                "Dr sales_tax_payable 100"
            ]
        );
    }

    #[test]
    fn an_invoice_over_nothing_posts_nothing() {
        let totals = DocumentTotals {
            net_minor: 0,
            tax_minor: 0,
        };
        assert_eq!(
            invoice_finalised(BOOKS, Subject::Invoice(INVOICE), totals),
            Ok(None)
        );
    }

    #[test]
    fn an_overpayment_stays_in_receivable_and_a_prepayment_is_a_liability() {
        for (class, carried) in [
            (CreditClass::Overpayment, "receivable"),
            (CreditClass::Prepayment, "customer_prepayments"),
        ] {
            let split = PaymentSplit {
                settled: vec![SettledSlice {
                    invoice: INVOICE,
                    amount_minor: 8_900,
                }],
                surplus: Some(CreditSlice {
                    grant: GRANT,
                    class,
                    amount_minor: 600,
                }),
                fee_minor: 0,
            };
            let entry = payment_received(BOOKS, LedgerRole::Bank, &split).unwrap();
            assert_eq!(
                jotted(&entry),
                [
                    "Dr bank 9500",
                    "Cr receivable 8900",
                    &format!("Cr {carried} 600")
                ]
            );
        }
    }

    #[test]
    fn an_application_has_exactly_four_lines_and_bank_nets_to_zero() {
        let credit = CreditSlice {
            grant: GRANT,
            class: CreditClass::CreditNote,
            amount_minor: 465,
        };
        let entry = credit_applied(BOOKS, credit, INVOICE).unwrap();
        assert_eq!(
            jotted(&entry),
            [
                "Dr receivable 465 AR",
                "Cr bank 465 BNK",
                "Cr receivable 465 AR",
                "Dr bank 465 BNK"
            ]
        );
        assert_eq!(
            jotted(&application_undone(BOOKS, credit, INVOICE).unwrap()),
            [
                "Cr receivable 465 AR",
                "Dr bank 465 BNK",
                "Dr receivable 465 AR",
                "Cr bank 465 BNK"
            ]
        );
    }

    fn credit(class: CreditClass, amount_minor: i64) -> CreditSlice {
        CreditSlice {
            grant: GRANT,
            class,
            amount_minor,
        }
    }

    #[test]
    fn goodwill_is_an_expense_and_given_up_it_comes_back() {
        let goodwill = credit(CreditClass::Goodwill, 2_500);
        let entry = goodwill_granted(BOOKS, goodwill).unwrap();
        assert_eq!(
            jotted(&entry),
            ["Dr goodwill_expense 2500", "Cr goodwill_credit 2500"]
        );
        let own = credit(CreditClass::Overpayment, 3);
        let entry = credit_given_up(EntrySource::Adjustment, BOOKS, &[goodwill, own]).unwrap();
        assert_eq!(
            jotted(&entry),
            [
                "Dr goodwill_credit 2500",
                "Cr goodwill_expense 2500",
                "Dr receivable 3",
                "Cr breakage_income 3"
            ]
        );
    }

    #[test]
    fn a_refund_leaves_from_where_its_money_is() {
        let slices = [
            PaidOut {
                credit: credit(CreditClass::Prepayment, 5_000),
                money_account: LedgerRole::Bank,
            },
            PaidOut {
                credit: credit(CreditClass::Overpayment, 600),
                money_account: LedgerRole::CashDesk,
            },
        ];
        assert_eq!(
            jotted(&refund_paid(BOOKS, &slices).unwrap()),
            [
                "Dr customer_prepayments 5000",
                "Cr bank 5000",
                "Dr receivable 600",
                "Cr cash_desk 600"
            ]
        );
    }

    #[test]
    fn a_transfer_names_both_accounts() {
        let to = ReceivableAccountId(Uuid::from_u128(9));
        let given = credit(CreditClass::Prepayment, 4_000);
        let received = CreditSlice {
            grant: CreditGrantId(Uuid::from_u128(10)),
            ..given
        };
        let entry = credit_transferred(BOOKS, to, &[(given, received)]).unwrap();
        let accounts: Vec<_> = entry.lines().iter().map(|line| line.account).collect();
        assert_eq!(
            (entry.account(), accounts),
            (BOOKS.account, vec![None, Some(to)])
        );
        assert_eq!(
            jotted(&entry),
            [
                "Dr customer_prepayments 4000",
                "Cr customer_prepayments 4000"
            ]
        );
    }

    #[test]
    fn a_write_off_is_bad_debt_and_relief_from_tax() {
        let slice = SettledSlice {
            invoice: INVOICE,
            amount_minor: 6_000,
        };
        let off = invoice_written_off(BOOKS, slice, 0).unwrap();
        assert_eq!(
            jotted(&off),
            ["Dr bad_debt_expense 6000", "Cr receivable 6000"]
        );
        let on = invoice_written_off(BOOKS, slice, 1_000).unwrap();
        assert_eq!(
            jotted(&on),
            [
                "Dr bad_debt_expense 5000",
                "Dr sales_tax_payable 1000",
                "Cr receivable 6000"
            ]
        );
    }

    #[test]
    fn a_promotion_expenses_what_it_gives_and_takes_the_expense_back_when_revoked() {
        let credit = CreditSlice {
            grant: GRANT,
            class: CreditClass::Promotion,
            amount_minor: 2_000,
        };
        assert_eq!(
            jotted(&promotion_granted(BOOKS, credit).unwrap()),
            ["Dr promotion_expense 2000", "Cr promotional_credit 2000"]
        );
        assert_eq!(
            jotted(&promotion_revoked(BOOKS, credit).unwrap()),
            ["Cr promotion_expense 2000", "Dr promotional_credit 2000"]
        );
    }

    #[test]
    fn credit_that_lapses_becomes_income_or_goes_back_to_its_expense() {
        for (class, carried, becomes) in [
            (CreditClass::Overpayment, "receivable", "breakage_income"),
            (CreditClass::CreditNote, "receivable", "breakage_income"),
            (
                CreditClass::Prepayment,
                "customer_prepayments",
                "breakage_income",
            ),
            (
                CreditClass::Promotion,
                "promotional_credit",
                "promotion_expense",
            ),
            (CreditClass::Goodwill, "goodwill_credit", "goodwill_expense"),
        ] {
            let credit = CreditSlice {
                grant: GRANT,
                class,
                amount_minor: 4_000,
            };
            let lapsed = credit_lapsed(BOOKS, credit).unwrap();
            assert_eq!(lapsed.source(), EntrySource::Expiry);
            assert_eq!(
                jotted(&lapsed),
                [format!("Dr {carried} 4000"), format!("Cr {becomes} 4000")]
            );
            let back = credit_reinstated(BOOKS, credit).unwrap();
            assert_eq!(back.source(), EntrySource::Expiry);
            assert_eq!(
                jotted(&back),
                [format!("Cr {carried} 4000"), format!("Dr {becomes} 4000")]
            );
        }
    }

    #[test]
    fn nothing_but_positive_balanced_lines_can_be_posted() {
        let debit = line(LedgerRole::Bank, Side::Debit, 5, None);
        let make =
            |lines| JournalEntry::balanced(EntrySource::Cash, BOOKS.account, BOOKS.currency, lines);
        assert_eq!(make(vec![]), Err(LedgerError::Empty));
        assert_eq!(
            make(vec![debit.clone()]),
            Err(LedgerError::Unbalanced {
                debits: 5,
                credits: 0
            })
        );
        let zero = line(LedgerRole::Bank, Side::Debit, 0, None);
        assert_eq!(make(vec![zero]), Err(LedgerError::AmountNotPositive(0)));
        let nameless = line(LedgerRole::Receivable, Side::Credit, 5, None);
        assert_eq!(
            make(vec![debit, nameless]),
            Err(LedgerError::SubjectMissing(LedgerRole::Receivable))
        );
    }
}
