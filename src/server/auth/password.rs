//! Passwords: hashed with argon2id on threads of their own, and refused when they are easy to guess.

use crate::dto::error::{AppError, Refusal};
use crate::server::error::unexpected;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;
use tokio::sync::Semaphore;
use zxcvbn::{Score, zxcvbn};

/// Shorter passwords are refused, in characters.
const SHORTEST: usize = 12;
/// Longer passwords are refused, in characters: hashing must not become work for a stranger to give us.
const LONGEST: usize = 200;
/// Passwords are easy to guess below this score of zxcvbn: 10^8 guesses.
const WEAKEST: Score = Score::Three;
/// One computation takes 19 MiB and a core; further ones wait.
const AT_ONCE: usize = 4;

static COMPUTING: Semaphore = Semaphore::const_new(AT_ONCE);

/// What unknown persons' passwords are compared with, so that the answer takes as long as for known ones.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    hash_now("nobody has this password").expect("argon2 hashes with its default parameters")
});

/// A hash in PHC text form: argon2id, 19 MiB, 2 passes, salt of its own.
pub async fn hash(password: &str) -> Result<String, AppError> {
    let password = password.to_owned();
    compute(move || hash_now(&password)).await?
}

/// Whether the password belongs to the hash. Without a hash, takes the time and says no.
pub async fn verify(password: &str, hash: Option<String>) -> Result<bool, AppError> {
    let password = password.to_owned();
    compute(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODYS.clone());
        let parsed = PasswordHash::new(&hash).map_err(|error| unexpected(&error))?;
        let same = password.chars().count() <= LONGEST
            && Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok();
        Ok(known && same)
    })
    .await?
}

/// Refuses a new password that is short or easy to guess, also from what is known of the person.
/// Fields as in the commands that set a password.
pub async fn check_new(password: &str, repeated: &str, person: &[&str]) -> Result<(), AppError> {
    let length = password.chars().count();
    if length == 0 {
        return Err(Refusal::Required.at("password"));
    }
    if length > LONGEST {
        return Err(Refusal::TooLong {
            max: LONGEST as u32,
        }
        .at("password"));
    }
    let (guessed, person) = (
        password.to_owned(),
        person.iter().map(|&text| text.to_owned()),
    );
    let person: Vec<String> = person.collect();
    let score = compute(move || {
        let person: Vec<&str> = person.iter().map(String::as_str).collect();
        zxcvbn(&guessed, &person).score()
    })
    .await?;
    if length < SHORTEST || score < WEAKEST {
        return Err(Refusal::PasswordTooWeak.at("password"));
    }
    if password != repeated {
        return Err(Refusal::PasswordsDiffer.at("repeated"));
    }
    Ok(())
}

async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AppError> {
    let _turn = COMPUTING
        .acquire()
        .await
        .map_err(|error| unexpected(&error))?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| unexpected(&error))
}

fn hash_now(password: &str) -> Result<String, AppError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| unexpected(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", Some(Refusal::Required))]
    #[case("short", Some(Refusal::PasswordTooWeak))]
    #[case("aaaaaaaaaaaaaaaa", Some(Refusal::PasswordTooWeak))]
    #[case("password1234", Some(Refusal::PasswordTooWeak))]
    #[case("ada@example.com1", Some(Refusal::PasswordTooWeak))]
    #[case("correct lamp seven harbour", None)]
    #[case("kq7Rz0pWd2x", Some(Refusal::PasswordTooWeak))]
    #[case("kq7Rz0pWd2xv", None)]
    #[tokio::test]
    async fn passwords_that_are_easy_to_guess_are_refused(
        #[case] password: &str,
        #[case] expected: Option<Refusal>,
    ) {
        let checked = check_new(password, password, &["ada@example.com", "Ada"]).await;
        assert_eq!(
            checked,
            expected.map_or(Ok(()), |refusal| Err(refusal.at("password")))
        );
    }

    #[tokio::test]
    async fn a_password_repeated_differently_is_refused_where_it_is_repeated() {
        let checked = check_new("kq7Rz0pWd2xv", "kq7Rz0pWd2xw", &[]).await;
        assert_eq!(checked, Err(Refusal::PasswordsDiffer.at("repeated")));
    }

    #[tokio::test]
    async fn only_the_password_itself_belongs_to_its_hash() {
        let stored = hash("correct lamp seven harbour").await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(
            verify("correct lamp seven harbour", Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(
            !verify("correct lamp seven harbou", Some(stored))
                .await
                .unwrap()
        );
        assert!(!verify("nobody has this password", None).await.unwrap());
    }
}
