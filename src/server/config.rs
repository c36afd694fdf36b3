//! The configuration: read once at start, from a TOML file, then the environment, then the command line; what comes
//! later wins. Nothing else reads the environment.
//!
//! ```text
//! saldo.toml       environment          means                                   without it
//! database_url     SALDO_DATABASE_URL   sqlite://FILE or postgres://…           sqlite://saldo.db
//! host             SALDO_HOST           address to listen on                    127.0.0.1
//! port             SALDO_PORT           port to listen on; 0 takes a free one   3000
//! public_url       SALDO_PUBLIC_URL     where people reach the server           what it listens on
//! time_zone        SALDO_TIME_ZONE      business time zone: Europe/Berlin       UTC
//! log_format       SALDO_LOG_FORMAT     text or json                            text
//! log              SALDO_LOG            what is logged: info,saldo=debug        info; commands: warn
//! ```

use chrono_tz::Tz;
use config::{Environment, File, FileFormat};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Read when it is there and no other file is named.
const FILE: &str = "saldo.toml";
/// What names of environment variables begin with.
const PREFIX: &str = "SALDO";

/// Every value as it may be set; what is not set stays `None`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Values {
    database_url: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    public_url: Option<String>,
    time_zone: Option<String>,
    log_format: Option<String>,
    log: Option<String>,
}

const NAMES: [&str; 7] = [
    "database_url",
    "host",
    "port",
    "public_url",
    "time_zone",
    "log_format",
    "log",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// The configuration with everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub database_url: String,
    pub host: IpAddr,
    pub port: u16,
    /// Scheme, host and port, without a slash at the end.
    pub public_url: Option<String>,
    pub time_zone: Tz,
    pub log_format: LogFormat,
    pub log: Option<String>,
}

/// What the command line says, which wins over file and environment.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// A file that must be there.
    pub file: Option<PathBuf>,
    pub database_url: Option<String>,
    pub host: Option<String>,
    pub port: Option<u16>,
}

/// A value that makes no sense, or a file that cannot be read; says which.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Unreadable(#[from] config::ConfigError),
    #[error("{name} is unknown in {file}; there are {}", NAMES.join(", "))]
    UnknownName { name: String, file: String },
    #[error("{name} is {value:?}, but must be {expected}")]
    Unfit {
        name: &'static str,
        value: String,
        expected: &'static str,
    },
}

impl Config {
    /// Where people reach a server that listens on `port`, without a slash at the end.
    pub fn seen_at(&self, port: u16) -> String {
        let host = match self.host {
            IpAddr::V4(any) if any.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(any) if any.is_unspecified() => "[::1]".to_owned(),
            IpAddr::V4(host) => host.to_string(),
            IpAddr::V6(host) => format!("[{host}]"),
        };
        let listening = format!("http://{host}:{port}");
        self.public_url.clone().unwrap_or(listening)
    }

    /// Reads file, environment and command line.
    pub fn read(overrides: &Overrides) -> Result<Self, ConfigError> {
        let environment = Environment::with_prefix(PREFIX).ignore_empty(true);
        Self::read_with(overrides, environment)
    }

    fn read_with(overrides: &Overrides, environment: Environment) -> Result<Self, ConfigError> {
        let mut sources = config::Config::builder();
        let file = overrides.file.as_deref().unwrap_or(Path::new(FILE));
        if overrides.file.is_some() || file.exists() {
            let source = File::from(file).format(FileFormat::Toml);
            refuse_unknown_names(source.clone(), file)?;
            sources = sources.add_source(source);
        }
        let values: Values = sources.add_source(environment).build()?.try_deserialize()?;
        decide(values, overrides)
    }
}

/// A misspelt name in the file would otherwise be passed over in silence.
fn refuse_unknown_names(
    source: File<config::FileSourceFile, FileFormat>,
    file: &Path,
) -> Result<(), ConfigError> {
    use config::Source;
    let names = source.collect()?;
    let unknown = names
        .into_keys()
        .find(|name| !NAMES.contains(&name.as_str()));
    match unknown {
        Some(name) => Err(ConfigError::UnknownName {
            name,
            file: file.display().to_string(),
        }),
        None => Ok(()),
    }
}

fn decide(values: Values, overrides: &Overrides) -> Result<Config, ConfigError> {
    let database_url = overrides.database_url.clone().or(values.database_url);
    let host = overrides.host.clone().or(values.host);
    let host = host.unwrap_or_else(|| "127.0.0.1".to_owned());
    let time_zone = values.time_zone.unwrap_or_else(|| "UTC".to_owned());
    let log_format = values.log_format.unwrap_or_else(|| "text".to_owned());
    Ok(Config {
        database_url: fit_database_url(
            database_url.unwrap_or_else(|| "sqlite://saldo.db".to_owned()),
        )?,
        host: host
            .parse()
            .map_err(|_| unfit("host", &host, "an IP address such as 127.0.0.1 or 0.0.0.0"))?,
        port: overrides.port.or(values.port).unwrap_or(3000),
        public_url: values.public_url.map(fit_public_url).transpose()?,
        time_zone: time_zone.parse().map_err(|_| {
            unfit(
                "time_zone",
                &time_zone,
                "a name of the time zone database such as Europe/Berlin",
            )
        })?,
        log_format: match log_format.as_str() {
            "text" => LogFormat::Text,
            "json" => LogFormat::Json,
            other => return Err(unfit("log_format", other, "text or json")),
        },
        log: values.log,
    })
}

fn fit_database_url(url: String) -> Result<String, ConfigError> {
    let known = ["sqlite:", "postgres:", "postgresql:"];
    if known.iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(url);
    }
    Err(unfit("database_url", &url, "sqlite://FILE or postgres://…"))
}

fn fit_public_url(url: String) -> Result<String, ConfigError> {
    let origin = url.trim_end_matches('/');
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(['/', '?', '#', ' ']) => {
            Ok(origin.to_lowercase())
        }
        _ => Err(unfit(
            "public_url",
            &url,
            "scheme and host such as https://saldo.example",
        )),
    }
}

fn unfit(name: &'static str, value: &str, expected: &'static str) -> ConfigError {
    ConfigError::Unfit {
        name,
        value: value.to_owned(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::fs;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Environment::with_prefix(PREFIX)
            .ignore_empty(true)
            .source(Some(pairs.collect()))
    }

    #[test]
    fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("house.toml");
        let text =
            "database_url = \"sqlite://file.db\"\nport = 4000\ntime_zone = \"Europe/Berlin\"\n";
        fs::write(&file, text).unwrap();
        let overrides = Overrides {
            file: Some(file),
            port: Some(0),
            ..Overrides::default()
        };
        let environment = environment(&[
            ("SALDO_DATABASE_URL", "postgres://host/books"),
            ("SALDO_PORT", "5000"),
            ("SALDO_PUBLIC_URL", "https://Saldo.example/"),
            ("SALDO_SAMPLE_DATA", "/somewhere"),
        ]);
        let config = Config::read_with(&overrides, environment).unwrap();
        assert_eq!(config.database_url, "postgres://host/books");
        assert_eq!(config.port, 0);
        assert_eq!(config.time_zone, chrono_tz::Europe::Berlin);
        assert_eq!(config.public_url.as_deref(), Some("https://saldo.example"));
        assert_eq!(config.host.to_string(), "127.0.0.1");
        assert_eq!(config.log_format, LogFormat::Text);
    }

    #[rstest]
    #[case("SALDO_TIME_ZONE", "Mars/Olympus", "time_zone")]
    #[case("SALDO_DATABASE_URL", "mysql://host", "database_url")]
    #[case("SALDO_PUBLIC_URL", "https://host/path", "public_url")]
    #[case("SALDO_LOG_FORMAT", "xml", "log_format")]
    #[case("SALDO_HOST", "nowhere", "host")]
    #[case("SALDO_PORT", "70000", "port")]
    fn values_that_make_no_sense_are_named(
        #[case] variable: &str,
        #[case] value: &str,
        #[case] name: &str,
    ) {
        let read = Config::read_with(&Overrides::default(), environment(&[(variable, value)]));
        let said = read.unwrap_err().to_string();
        assert!(said.contains(name) || said.contains(value), "{said}");
    }

    #[test]
    fn a_misspelt_name_in_the_file_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("saldo.toml");
        fs::write(&file, "databse_url = \"sqlite://file.db\"\n").unwrap();
        let overrides = Overrides {
            file: Some(file),
            ..Overrides::default()
        };
        let read = Config::read_with(&overrides, environment(&[]));
        assert!(
            matches!(read, Err(ConfigError::UnknownName { name, .. }) if name == "databse_url")
        );
    }
}
