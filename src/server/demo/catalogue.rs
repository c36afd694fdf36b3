//! What the demo company sells: lines, telephony, hosting, the hardware and the work that go with them.

use super::draw::Draw;
use crate::dto::invoices::NewInvoiceLine;

/// Name and group in English and German, net price in minor units of whatever currency the account has.
pub struct Product {
    name: [&'static str; 2],
    group: [&'static str; 2],
    price_minor: i64,
}

const INTERNET: [&str; 2] = ["Internet", "Internet"];
const TELEPHONY: [&str; 2] = ["Telephony", "Telefonie"];
const HOSTING: [&str; 2] = ["Hosting", "Hosting"];
const HARDWARE: [&str; 2] = ["Hardware", "Geräte"];
const SUPPORT: [&str; 2] = ["Support", "Service"];

const fn product(name: [&'static str; 2], group: [&'static str; 2], price_minor: i64) -> Product {
    Product {
        name,
        group,
        price_minor,
    }
}

pub const BUSINESS_LINES: &[Product] = &[
    product(
        ["Business fibre 250 Mbit/s", "Glasfaser Business 250 Mbit/s"],
        INTERNET,
        7_990,
    ),
    product(
        ["Business fibre 500 Mbit/s", "Glasfaser Business 500 Mbit/s"],
        INTERNET,
        11_990,
    ),
    product(
        ["Business fibre 1 Gbit/s", "Glasfaser Business 1 Gbit/s"],
        INTERNET,
        18_990,
    ),
];
/// Net prices that make 29.90, 39.90 and 49.90 with tax.
pub const HOME_LINES: &[Product] = &[
    product(
        ["Home fibre 50 Mbit/s", "Glasfaser Zuhause 50 Mbit/s"],
        INTERNET,
        2_513,
    ),
    product(
        ["Home fibre 100 Mbit/s", "Glasfaser Zuhause 100 Mbit/s"],
        INTERNET,
        3_353,
    ),
    product(
        ["Home fibre 250 Mbit/s", "Glasfaser Zuhause 250 Mbit/s"],
        INTERNET,
        4_193,
    ),
];
pub const EXTENSION: Product = product(
    [
        "Cloud telephone system, per extension",
        "Cloud-Telefonanlage, je Nebenstelle",
    ],
    TELEPHONY,
    890,
);
pub const CALLS: Product = product(
    [
        "Calls outside the flat rate, minutes",
        "Gespräche außerhalb der Flatrate, Minuten",
    ],
    TELEPHONY,
    9,
);
pub const MOBILE: Product = product(
    ["Mobile prepaid, minutes", "Mobilfunk Prepaid, Minuten"],
    TELEPHONY,
    8,
);
pub const HOSTED: &[Product] = &[
    product(
        ["Managed web hosting", "Webhosting mit Betreuung"],
        HOSTING,
        2_490,
    ),
    product(["Virtual server M", "Virtueller Server M"], HOSTING, 5_900),
    product(["Backup 1 TB", "Datensicherung 1 TB"], HOSTING, 3_900),
];
pub const TELEPHONE: Product = product(
    ["IP telephone DX 410", "IP-Telefon DX 410"],
    HARDWARE,
    12_900,
);
pub const ACCESS_POINT: Product = product(
    ["Wi-Fi access point AP 6", "WLAN-Access-Point AP 6"],
    HARDWARE,
    9_900,
);
pub const DEVICES: &[Product] = &[
    TELEPHONE,
    ACCESS_POINT,
    product(["Router R7", "Router R7"], HARDWARE, 14_900),
    product(
        ["Network switch, 24 ports", "Netzwerk-Switch, 24 Ports"],
        HARDWARE,
        31_900,
    ),
    product(
        ["Battery backup 900 VA", "Notstromversorgung 900 VA"],
        HARDWARE,
        17_900,
    ),
];
pub const WORK: Product = product(
    [
        "Installation on site, hours",
        "Installation vor Ort, Stunden",
    ],
    SUPPORT,
    8_500,
);
pub const HELP: Product = product(
    ["Remote support, hours", "Fernwartung, Stunden"],
    SUPPORT,
    9_500,
);
pub const SOCKET: Product = product(
    [
        "Network cabling, per socket",
        "Netzwerkverkabelung, je Dose",
    ],
    SUPPORT,
    6_500,
);
pub const SURVEY: Product = product(["Network survey", "Netzwerkanalyse"], SUPPORT, 49_000);

pub const OUTAGE: Product = product(
    [
        "Refund, line was down, days",
        "Gutschrift für Ausfall, Tage",
    ],
    INTERNET,
    450,
);

impl Product {
    /// A line of so many; `quantity` is a decimal as people write it.
    pub fn line(&self, quantity: &str, german: bool, tax_rate: &str) -> NewInvoiceLine {
        let language = usize::from(german);
        NewInvoiceLine {
            description: self.name[language].to_owned(),
            service: self.group[language].to_owned(),
            quantity: quantity.to_owned(),
            unit_price: price(self.price_minor),
            discount: String::new(),
            tax_rate: tax_rate.to_owned(),
        }
    }
}

/// `7990` → `79.90`; every currency of the demo company has two decimals.
pub fn price(minor: i64) -> String {
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.abs());
    format!("{sign}{}.{:02}", minor / 100, minor % 100)
}

/// Devices and the work to put them up: an order out of the ordinary.
pub fn order(draw: &mut Draw, german: bool, tax_rate: &str) -> Vec<NewInvoiceLine> {
    let device = draw.one_of(DEVICES);
    let count = draw.weighted(&[(5, "1"), (4, "2"), (2, "4"), (1, "6")]);
    let hours = draw.weighted(&[(3, "1"), (3, "1.5"), (2, "2.5"), (1, "4"), (1, "6.5")]);
    let mut lines = vec![
        device.line(count, german, tax_rate),
        WORK.line(hours, german, tax_rate),
    ];
    if draw.percent(25) {
        let sockets = draw.between(4, 24).to_string();
        lines.push(SOCKET.line(&sockets, german, tax_rate));
    }
    if draw.percent(8) {
        lines.push(SURVEY.line("1", german, tax_rate));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_written_with_two_decimals() {
        assert_eq!(price(7_990), "79.90");
        assert_eq!(price(9), "0.09");
        assert_eq!(price(-153_51), "-153.51");
    }
}
