//! The files of the browser half, inside the program: wasm, JavaScript, style sheet, icons.
//!
//! `cargo xtask` builds them into `target/site`. A debug build reads them from there on each request.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "target/site"]
#[allow_missing = true]
struct Site;

/// Names under `/pkg` carry a hash of their content, so they never change.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("public, no-cache");

/// Copies made when the site was built, best first, by the name of their encoding and their ending.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// What the site's files are called: `saldo-HASH`. `None` while the browser half has not been built.
pub fn output_name() -> Option<String> {
    let file = Site::get("asset-name.txt")?;
    let name = std::str::from_utf8(&file.data).ok()?.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// The file at this path of a URL, in the best encoding the client takes. `None` when there is no such file.
pub fn find(path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let name = path.trim_start_matches('/');
    if name == "asset-name.txt" || ENCODINGS.iter().any(|(_, ending)| name.ends_with(ending)) {
        return None;
    }
    let original = Site::get(name)?;
    let (encoding, file) =
        encoded(name, headers).map_or((None, original), |(e, file)| (Some(e), file));
    let etag = etag(&file);
    let cache = if name.starts_with("pkg/") {
        FOREVER
    } else {
        ASK_AGAIN
    };
    let unchanged = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|known| *known == etag);
    let body = if unchanged {
        Body::empty()
    } else {
        Body::from(file.data)
    };
    let mut response = Response::new(body);
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let answer = response.headers_mut();
    answer.insert(CONTENT_TYPE, content_type(name));
    answer.insert(CACHE_CONTROL, cache);
    answer.insert(ETAG, etag);
    answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(response)
}

fn encoded(name: &str, headers: &HeaderMap) -> Option<(&'static str, EmbeddedFile)> {
    let accepted = headers.get(ACCEPT_ENCODING)?.to_str().ok()?;
    ENCODINGS
        .into_iter()
        .filter(|(encoding, _)| accepts(accepted, encoding))
        .find_map(|(encoding, ending)| Some((encoding, Site::get(&format!("{name}{ending}"))?)))
}

/// Whether an `Accept-Encoding` header takes this encoding: named, and not with a weight of zero.
fn accepts(header: &str, encoding: &str) -> bool {
    header.split(',').any(|part| {
        let (name, weight) = part.split_once(';').unwrap_or((part, ""));
        let weight = weight.trim().trim_start_matches("q=");
        let refused = !weight.is_empty() && weight.bytes().all(|b| matches!(b, b'0' | b'.'));
        name.trim() == encoding && !refused
    })
}

fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{hex}\"")).expect("hex digits are a header value")
}

fn content_type(name: &str) -> HeaderValue {
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let text = match mime.type_().as_str() {
        "text" => format!("{mime}; charset=utf-8"),
        _ => mime.to_string(),
    };
    HeaderValue::from_str(&text).expect("a media type is a header value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("gzip, deflate, br", "br", true)]
    #[case("gzip;q=0.5, br;q=1.0", "gzip", true)]
    #[case("br;q=0, gzip", "br", false)]
    #[case("br;q=0.0", "br", false)]
    #[case("identity", "gzip", false)]
    #[case("", "br", false)]
    fn an_encoding_is_used_only_where_the_client_takes_it(
        #[case] header: &str,
        #[case] encoding: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(accepts(header, encoding), expected);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        assert!(find("/../Cargo.toml", &HeaderMap::new()).is_none());
        assert!(find("/asset-name.txt", &HeaderMap::new()).is_none());
        assert!(find("/", &HeaderMap::new()).is_none());
    }
}
