//! Secrets that open something: one-time links and API tokens. Only their hash is kept.

use std::fmt::Write;

/// Random bytes in a secret; nobody guesses 256 bits.
const BYTES: usize = 32;

/// A new secret, as hexadecimal text.
pub fn fresh() -> String {
    let bytes: [u8; BYTES] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text takes more text");
        text
    })
}

/// Under which text a secret is kept. Not slow on purpose: secrets are random, unlike passwords.
pub fn hash(secret: &str) -> String {
    blake3::hash(secret.trim().as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_equal_and_none_is_its_hash() {
        let (one, other) = (fresh(), fresh());
        assert_eq!(one.len(), 2 * BYTES);
        assert_ne!(one, other);
        assert_ne!(hash(&one), one);
        assert_eq!(hash(&format!(" {one}\n")), hash(&one));
    }
}
