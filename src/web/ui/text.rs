//! Every text a person sees, in their language, checked at compile time.
//!
//! `locales/LANGUAGE/FILE.toml` becomes `t!(file.key)`. A key missing in one language does not compile, nor
//! does a wrong variable. Used while rendering on the server; islands take finished texts as props, so that
//! no catalogue travels to the browser.

use crate::web::ui::visit::visit;

/// Generated from `locales/`: a key called `new` becomes a function of that name.
#[allow(clippy::new_ret_no_self, clippy::wrong_self_convention)]
pub mod catalogue {
    include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
}

pub use catalogue::i18n::Locale;

/// The reader's text for a key: `t!(customers.list_title)`, `t!(payments.becomes_credit, amount = text)`.
///
/// `&'static str` without variables, `String` with them. A key with `_one` and `_other` takes `count`.
macro_rules! t {
    ($($key_and_variables:tt)+) => {
        leptos_i18n::td_string!($crate::web::ui::text::locale(), $($key_and_variables)+)
    };
}
pub(crate) use t;

/// The reader's language.
pub fn locale() -> Locale {
    visit().locale
}

/// The language tag for `lang` attributes.
pub fn tag(locale: Locale) -> &'static str {
    match locale {
        Locale::en => "en",
        Locale::de => "de",
    }
}

/// The language with this tag, regions ignored: `de-AT` is German.
pub fn from_tag(tag: &str) -> Option<Locale> {
    match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
        "en" => Some(Locale::en),
        "de" => Some(Locale::de),
        _ => None,
    }
}

/// The first language of an `Accept-Language` header that there is, by its weights.
pub fn from_accept_language(header: &str) -> Option<Locale> {
    let mut wanted: Vec<(u16, Locale)> = header
        .split(',')
        .filter_map(|part| {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            Some((thousandths(weight)?, from_tag(tag.trim())?))
        })
        .filter(|(weight, _)| *weight > 0)
        .collect();
    wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wanted.first().map(|(_, locale)| *locale)
}

/// `q=0.8` → 800.
fn thousandths(weight: &str) -> Option<u16> {
    let text = weight.trim().strip_prefix("q=")?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = format!("{fraction:0<3}");
    let thousandths: u16 = fraction.get(..3)?.parse().ok()?;
    whole
        .parse::<u16>()
        .ok()?
        .checked_mul(1000)?
        .checked_add(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("de-DE,de;q=0.9,en;q=0.8", Some(Locale::de))]
    #[case("fr, en;q=0.5, de;q=0.7", Some(Locale::de))]
    #[case("en", Some(Locale::en))]
    #[case("de;q=0, en;q=0.1", Some(Locale::en))]
    #[case("fr,it", None)]
    #[case("", None)]
    #[case("de;q=x", None)]
    fn the_browsers_first_language_that_there_is_wins(
        #[case] header: &str,
        #[case] expected: Option<Locale>,
    ) {
        assert_eq!(from_accept_language(header), expected);
    }
}
