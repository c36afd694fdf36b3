//! From the bytes of a file to text: UTF-8, UTF-16 with its mark, else Windows-1252 with a notice.

use crate::dto::imports::TextEncoding;
use encoding_rs::{Encoding, WINDOWS_1252};

/// A file as text, its lines ended by a line feed alone, so that lines are counted as editors count them.
pub struct FileText {
    pub text: String,
    pub encoding: TextEncoding,
}

/// The text of a file. `None` where the bytes are no text: a spreadsheet or a picture.
///
/// Every sequence of bytes is Windows-1252, so bytes that text does not contain decide.
pub fn decode(bytes: &[u8]) -> Option<FileText> {
    let file = as_written(bytes)?;
    Some(FileText {
        text: file.text.replace("\r\n", "\n").replace('\r', "\n"),
        ..file
    })
}

fn as_written(bytes: &[u8]) -> Option<FileText> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let (text, broken) = encoding.decode_without_bom_handling(&bytes[mark..]);
        let known = if encoding == encoding_rs::UTF_8 {
            TextEncoding::Utf8
        } else {
            TextEncoding::Utf16
        };
        return (!broken).then(|| FileText {
            text: text.into_owned(),
            encoding: known,
        });
    }
    if bytes.contains(&0) {
        return None;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(FileText {
            text: text.to_owned(),
            encoding: TextEncoding::Utf8,
        });
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    Some(FileText {
        text: text.into_owned(),
        encoding: TextEncoding::Windows1252,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"M\xc3\xbcller", TextEncoding::Utf8)]
    #[case(b"\xef\xbb\xbfM\xc3\xbcller", TextEncoding::Utf8)]
    #[case(b"\xff\xfeM\0\xfc\0l\0l\0e\0r\0", TextEncoding::Utf16)]
    #[case(b"M\xfcller", TextEncoding::Windows1252)]
    fn names_survive_whatever_wrote_them(#[case] bytes: &[u8], #[case] encoding: TextEncoding) {
        let file = decode(bytes).expect("it is text");
        assert_eq!((file.text.as_str(), file.encoding), ("Müller", encoding));
    }

    #[test]
    fn a_spreadsheet_is_not_text() {
        assert!(decode(b"PK\x03\x04\x00\x00").is_none());
    }
}
