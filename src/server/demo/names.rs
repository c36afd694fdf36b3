//! Believable names and addresses. Nobody is meant: domains end in `.example`, telephone numbers are those that
//! regulators keep for fiction.

use super::draw::Draw;

/// Where a customer is; decides language, currency and tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Country {
    Germany,
    Austria,
    Switzerland,
    Britain,
    UnitedStates,
}

impl Country {
    pub fn code(self) -> &'static str {
        match self {
            Self::Germany => "DE",
            Self::Austria => "AT",
            Self::Switzerland => "CH",
            Self::Britain => "GB",
            Self::UnitedStates => "US",
        }
    }

    pub fn currency(self) -> &'static str {
        match self {
            Self::Germany | Self::Austria => "EUR",
            Self::Switzerland => "CHF",
            Self::Britain => "GBP",
            Self::UnitedStates => "USD",
        }
    }

    pub fn speaks_german(self) -> bool {
        !matches!(self, Self::Britain | Self::UnitedStates)
    }

    /// In per cent: sales abroad carry no tax of the demo company's country.
    pub fn tax_rate(self) -> &'static str {
        match self {
            Self::Germany => "19",
            _ => "0",
        }
    }
}

pub struct Address {
    pub street: String,
    pub postal_code: &'static str,
    pub city: &'static str,
}

pub fn address(draw: &mut Draw, country: Country) -> Address {
    let cities: &[(&'static str, &'static str)] = match country {
        Country::Germany => GERMAN_CITIES,
        Country::Austria => &[
            ("1070", "Wien"),
            ("4020", "Linz"),
            ("5020", "Salzburg"),
            ("8010", "Graz"),
        ],
        Country::Switzerland => &[
            ("3011", "Bern"),
            ("4051", "Basel"),
            ("8005", "Zürich"),
            ("9000", "St. Gallen"),
        ],
        Country::Britain => BRITISH_CITIES,
        Country::UnitedStates => AMERICAN_CITIES,
    };
    let (postal_code, city) = *draw.one_of(cities);
    let number = draw.between(1, 140);
    let street = if country.speaks_german() {
        let addition = if draw.percent(15) { "a" } else { "" };
        format!("{} {number}{addition}", draw.one_of(GERMAN_STREETS))
    } else {
        format!("{number} {}", draw.one_of(ENGLISH_STREETS))
    };
    Address {
        street,
        postal_code,
        city,
    }
}

/// Empty where no numbers are kept for fiction.
pub fn phone(draw: &mut Draw, country: Country) -> String {
    match country {
        Country::Austria | Country::Switzerland => String::new(),
        Country::Britain => format!("+44 20 7946 0{}", draw.digits(3)),
        Country::UnitedStates => format!("+1 207 555 01{}", draw.digits(2)),
        _ if draw.percent(40) => format!("+49 171 39200{}", draw.digits(2)),
        _ => format!("+49 40 66969{}", draw.digits(3)),
    }
}

/// First name and surname.
pub fn person(draw: &mut Draw, german: bool) -> (&'static str, &'static str) {
    match german {
        true => (
            *draw.one_of(GERMAN_FIRST_NAMES),
            *draw.one_of(GERMAN_SURNAMES),
        ),
        false => (
            *draw.one_of(ENGLISH_FIRST_NAMES),
            *draw.one_of(ENGLISH_SURNAMES),
        ),
    }
}

pub fn company(draw: &mut Draw, country: Country) -> String {
    match country {
        Country::Germany => german_company(draw),
        Country::Austria | Country::Switzerland => alpine_company(draw),
        Country::Britain | Country::UnitedStates => english_company(draw, country),
    }
}

fn alpine_company(draw: &mut Draw) -> String {
    let form = draw.weighted(&[(4, "GmbH"), (1, "AG")]);
    let names = if draw.percent(50) {
        ALPINE_SURNAMES
    } else {
        ALPINE_PLACES
    };
    let (name, trade) = (draw.one_of(names), draw.one_of(ALPINE_TRADES));
    format!("{name} {trade} {form}")
}

fn german_company(draw: &mut Draw) -> String {
    let surname = *draw.one_of(GERMAN_SURNAMES);
    let place = *draw.one_of(GERMAN_PLACES);
    match draw.between(0, 9) {
        0 => {
            let partner = *draw.one_of(GERMAN_SURNAMES);
            let trade = *draw.one_of(&[
                "Steuerberatung",
                "Rechtsanwälte",
                "Architekten",
                "Ingenieure",
            ]);
            format!("{surname} & {partner} {trade}")
        }
        1 => format!("Praxis Dr. {surname}"),
        2 => {
            let house = *draw.one_of(&[
                "Hotel",
                "Pension",
                "Restaurant",
                "Café",
                "Apotheke",
                "Buchhandlung",
            ]);
            let sign = *draw.one_of(&[
                "Alte Post",
                "Strandblick",
                "Am Markt",
                "Zur Linde",
                "Hafenkante",
                "Goldener Anker",
                "Nordlicht",
                "Am Leuchtturm",
                "Kornspeicher",
                "Seestern",
                "Alte Mühle",
                "Am Stadtpark",
            ]);
            format!("{house} {sign}")
        }
        3..=5 => {
            let trade = *draw.one_of(GERMAN_CRAFTS);
            let form = draw.weighted(&[(3, ""), (4, " GmbH"), (1, " e. K.")]);
            format!("{trade} {surname}{form}")
        }
        _ => {
            let trade = *draw.one_of(GERMAN_TRADES);
            let form = draw.weighted(&[(6, "GmbH"), (2, "GmbH & Co. KG"), (1, "AG"), (1, "eG")]);
            format!("{place} {trade} {form}")
        }
    }
}

fn english_company(draw: &mut Draw, country: Country) -> String {
    let surname = *draw.one_of(ENGLISH_SURNAMES);
    let place = *draw.one_of(ENGLISH_PLACES);
    let trade = *draw.one_of(ENGLISH_TRADES);
    let form = match country {
        Country::Britain => draw.weighted(&[(7, "Ltd"), (1, "LLP"), (1, "plc")]),
        _ => draw.weighted(&[(5, "LLC"), (4, "Inc.")]),
    };
    match draw.between(0, 4) {
        0 => format!("{surname} & Sons {trade} {form}"),
        1 => format!("{surname} & {} {form}", draw.one_of(ENGLISH_SURNAMES)),
        2 => format!("{surname} {trade} {form}"),
        _ => format!("{place} {trade} {form}"),
    }
}

/// A name as it stands in an address of the internet: `Bäckerei Köhler GmbH` → `baeckerei-koehler-gmbh`.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'ß' => slug.push_str("ss"),
            'é' => slug.push('e'),
            'ı' => slug.push('i'),
            letter if letter.is_ascii_alphanumeric() => slug.push(letter),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

const GERMAN_FIRST_NAMES: &[&str] = &[
    "Anke",
    "Antje",
    "Beate",
    "Birte",
    "Britta",
    "Carsten",
    "Christian",
    "Claas",
    "Dörte",
    "Elif",
    "Elke",
    "Emre",
    "Florian",
    "Frauke",
    "Gesa",
    "Hanna",
    "Hauke",
    "Heike",
    "Henning",
    "Ines",
    "Inga",
    "Jan",
    "Jannis",
    "Jens",
    "Jonas",
    "Jörg",
    "Julia",
    "Karin",
    "Katrin",
    "Klaus",
    "Lars",
    "Lena",
    "Lukas",
    "Maike",
    "Malte",
    "Marlene",
    "Martin",
    "Mehmet",
    "Merle",
    "Michael",
    "Monika",
    "Nele",
    "Nils",
    "Ole",
    "Petra",
    "Ralf",
    "Sabine",
    "Silke",
    "Sönke",
    "Stefan",
    "Susanne",
    "Svenja",
    "Thies",
    "Tim",
    "Torben",
    "Ulrike",
    "Uwe",
    "Wiebke",
    "Yusuf",
    "Zeynep",
];

const GERMAN_SURNAMES: &[&str] = &[
    "Albers",
    "Arndt",
    "Behrens",
    "Bock",
    "Brandt",
    "Brinkmann",
    "Carstens",
    "Christiansen",
    "Claussen",
    "Detlefsen",
    "Dreyer",
    "Ehlers",
    "Feddersen",
    "Friedrichs",
    "Gerdes",
    "Hansen",
    "Harms",
    "Hinrichs",
    "Holm",
    "Jacobsen",
    "Jensen",
    "Johannsen",
    "Kaya",
    "Köhler",
    "Kowalski",
    "Krüger",
    "Kruse",
    "Lorenzen",
    "Lüders",
    "Martensen",
    "Matthiesen",
    "Meinert",
    "Möller",
    "Nissen",
    "Ohlsen",
    "Oldenburg",
    "Paulsen",
    "Petersen",
    "Prüß",
    "Rathje",
    "Reimers",
    "Rickert",
    "Schlüter",
    "Schmidt",
    "Schröder",
    "Sievers",
    "Sommer",
    "Steffen",
    "Struck",
    "Thomsen",
    "Thode",
    "Timm",
    "Vogt",
    "Voß",
    "Wagner",
    "Westphal",
    "Wichmann",
    "Wulff",
    "Yılmaz",
    "Zimmermann",
];

const GERMAN_CRAFTS: &[&str] = &[
    "Autohaus",
    "Bäckerei",
    "Blumen",
    "Dachdeckerei",
    "Druckerei",
    "Elektro",
    "Fahrschule",
    "Fliesen",
    "Gartenbau",
    "Goldschmiede",
    "Haustechnik",
    "Malerbetrieb",
    "Metallbau",
    "Optik",
    "Reisebüro",
    "Sanitär",
    "Schlosserei",
    "Spedition",
    "Tischlerei",
    "Yachtservice",
    "Zimmerei",
];

const GERMAN_PLACES: &[&str] = &[
    "Alster",
    "Angelner",
    "Dithmarscher",
    "Eider",
    "Elbmarsch",
    "Flensburger",
    "Förde",
    "Geest",
    "Hanse",
    "Holstein",
    "Husumer",
    "Kieler",
    "Lübecker",
    "Nordfriesische",
    "Nordsee",
    "Ostsee",
    "Probsteier",
    "Schlei",
    "Trave",
    "Westküste",
];

const GERMAN_TRADES: &[&str] = &[
    "Baustoffe",
    "Biomarkt",
    "Bootswerft",
    "Fischkontor",
    "Getränkehandel",
    "Immobilien",
    "Kaffeerösterei",
    "Kühlhaus",
    "Landtechnik",
    "Logistik",
    "Medizintechnik",
    "Molkerei",
    "Naturkost",
    "Personalservice",
    "Pflegedienst",
    "Seehandel",
    "Solartechnik",
    "Textilpflege",
    "Tourismus",
    "Verlag",
    "Werbetechnik",
    "Windkraft",
];

const ALPINE_SURNAMES: &[&str] = &[
    "Aigner", "Brunner", "Egger", "Frei", "Gruber", "Huber", "Keller", "Lechner", "Moser",
    "Pichler", "Steiner", "Wyss",
];

const ALPINE_PLACES: &[&str] = &[
    "Aare", "Alpen", "Bodensee", "Enns", "Inntal", "Jura", "Mozart", "Rhein", "Säntis", "Traun",
];

const ALPINE_TRADES: &[&str] = &[
    "Bergbahnen",
    "Holzbau",
    "Käserei",
    "Messtechnik",
    "Papier",
    "Sport",
    "Touristik",
    "Uhren",
];

const GERMAN_STREETS: &[&str] = &[
    "Ahornweg",
    "Am Hafen",
    "Am Kanal",
    "Bahnhofstraße",
    "Bergstraße",
    "Birkenallee",
    "Dorfstraße",
    "Eckernförder Straße",
    "Fährstraße",
    "Feldstraße",
    "Gartenstraße",
    "Goethestraße",
    "Hafenstraße",
    "Hauptstraße",
    "Holstenstraße",
    "Kirchweg",
    "Lindenstraße",
    "Lübecker Straße",
    "Marktstraße",
    "Möwenweg",
    "Mühlenweg",
    "Norderstraße",
    "Parkallee",
    "Rathausplatz",
    "Ringstraße",
    "Schillerstraße",
    "Schulstraße",
    "Strandweg",
    "Süderstraße",
    "Werftstraße",
];

const GERMAN_CITIES: &[(&str, &str)] = &[
    ("18055", "Rostock"),
    ("20457", "Hamburg"),
    ("21337", "Lüneburg"),
    ("22765", "Hamburg"),
    ("23552", "Lübeck"),
    ("23730", "Neustadt in Holstein"),
    ("23966", "Wismar"),
    ("24103", "Kiel"),
    ("24143", "Kiel"),
    ("24340", "Eckernförde"),
    ("24376", "Kappeln"),
    ("24534", "Neumünster"),
    ("24768", "Rendsburg"),
    ("24837", "Schleswig"),
    ("24937", "Flensburg"),
    ("25524", "Itzehoe"),
    ("25746", "Heide"),
    ("25813", "Husum"),
    ("25899", "Niebüll"),
    ("27568", "Bremerhaven"),
    ("28195", "Bremen"),
    ("30159", "Hannover"),
];

const ENGLISH_FIRST_NAMES: &[&str] = &[
    "Aisha",
    "Alice",
    "Amelia",
    "Andrew",
    "Beth",
    "Callum",
    "Charlotte",
    "Daniel",
    "David",
    "Eleanor",
    "Ethan",
    "Fiona",
    "Gareth",
    "Grace",
    "Hannah",
    "Harry",
    "Imogen",
    "Isaac",
    "James",
    "Joanna",
    "Laura",
    "Leon",
    "Marcus",
    "Megan",
    "Nathan",
    "Olivia",
    "Oscar",
    "Priya",
    "Rachel",
    "Rohan",
    "Rosie",
    "Samuel",
    "Sophie",
    "Stephen",
    "Thomas",
    "Zoe",
];

const ENGLISH_SURNAMES: &[&str] = &[
    "Abbott",
    "Ainsworth",
    "Barlow",
    "Bennett",
    "Carver",
    "Chambers",
    "Coleman",
    "Dalton",
    "Ellery",
    "Fairfax",
    "Fletcher",
    "Garland",
    "Hartley",
    "Hawkins",
    "Holloway",
    "Ingram",
    "Kendall",
    "Lockwood",
    "Marlow",
    "Mercer",
    "Norton",
    "Okafor",
    "Parrish",
    "Patel",
    "Pemberton",
    "Quinn",
    "Radcliffe",
    "Sawyer",
    "Sheldon",
    "Sinclair",
    "Thornton",
    "Underwood",
    "Wainwright",
    "Whitaker",
    "Winslow",
    "Yates",
];

const ENGLISH_PLACES: &[&str] = &[
    "Ashdown",
    "Bramley",
    "Brookside",
    "Castle",
    "Copperfield",
    "Eastgate",
    "Fairview",
    "Harbour",
    "Highfield",
    "Kingsway",
    "Lakeside",
    "Meadow",
    "Northbridge",
    "Oakwood",
    "Pinewood",
    "Riverside",
    "Silverdale",
    "Westbrook",
];

const ENGLISH_TRADES: &[&str] = &[
    "Accountants",
    "Architects",
    "Brewing",
    "Catering",
    "Ceramics",
    "Cycles",
    "Dental",
    "Engineering",
    "Foods",
    "Furniture",
    "Gallery",
    "Instruments",
    "Joinery",
    "Landscapes",
    "Logistics",
    "Marine",
    "Optics",
    "Outfitters",
    "Pharmacy",
    "Printing",
    "Publishing",
    "Tea Merchants",
    "Textiles",
    "Veterinary",
];

const ENGLISH_STREETS: &[&str] = &[
    "Abbey Road",
    "Bridge Street",
    "Canal Walk",
    "Castle Street",
    "Chapel Lane",
    "Church Street",
    "Dock Road",
    "Elm Grove",
    "George Street",
    "Harbour View",
    "High Street",
    "Hill Rise",
    "King Street",
    "Market Place",
    "Mill Lane",
    "Orchard Close",
    "Park Avenue",
    "Quay Street",
    "Station Road",
    "Victoria Terrace",
    "Water Lane",
    "York Road",
];

const BRITISH_CITIES: &[(&str, &str)] = &[
    ("BS1 4DJ", "Bristol"),
    ("CF10 1EP", "Cardiff"),
    ("EH1 1YZ", "Edinburgh"),
    ("EX1 1HS", "Exeter"),
    ("LS1 4AP", "Leeds"),
    ("M1 2JQ", "Manchester"),
    ("NR2 1TF", "Norwich"),
    ("SE1 9SG", "London"),
    ("YO1 7HH", "York"),
];

const AMERICAN_CITIES: &[(&str, &str)] = &[
    ("01960", "Peabody, MA"),
    ("03801", "Portsmouth, NH"),
    ("04101", "Portland, ME"),
    ("05401", "Burlington, VT"),
    ("06511", "New Haven, CT"),
    ("12866", "Saratoga Springs, NY"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_addresses_of_the_internet() {
        assert_eq!(
            slug("Bäckerei Köhler GmbH & Co. KG"),
            "baeckerei-koehler-gmbh-co-kg"
        );
        assert_eq!(slug("Café Am Markt"), "cafe-am-markt");
        assert_eq!(slug("Prüß e. K."), "pruess-e-k");
    }
}
