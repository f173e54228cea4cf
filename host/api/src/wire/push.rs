//! The labels of a group of pushed metrics, as its address writes them.

use axum::http::StatusCode;
use ballast_types::Labels;
use ballast_types::labels::METRIC_NAME;

use crate::body::Refused;

/// What a label's name ends in when its value is in base64url.
const BASE64: &str = "@base64";
/// Most bytes of an address.
const PATH_BYTES_MAX: usize = 8 << 10;

/// The labels of `job/NAME/label/value/..`.
pub(crate) fn group_of(path: &str) -> Result<Labels, Refused> {
    let bad =
        |reason: &str| Refused::new(StatusCode::BAD_REQUEST, format!("read the group `{path}`: {reason}"));
    if path.len() > PATH_BYTES_MAX {
        return Err(Refused::new(StatusCode::BAD_REQUEST, "the address of the group is too long"));
    }
    let parts: Vec<&str> = path.trim_end_matches('/').split('/').collect();
    let mut pairs = Vec::new();
    for pair in parts.chunks(2) {
        let [name, value] = pair else { return Err(bad("a label has no value")) };
        let (name, value) = match name.strip_suffix(BASE64) {
            Some(name) => (name, unpack(value).ok_or_else(|| bad("a value is not base64url of UTF-8"))?),
            None => (*name, (*value).to_owned()),
        };
        if !is_name(name) {
            return Err(bad(&format!("`{name}` is no label name")));
        }
        pairs.push((name.to_owned(), value));
    }
    match pairs.first() {
        Some((name, value)) if name == "job" && !value.is_empty() => Ok(Labels::from_pairs(pairs)),
        _ => Err(bad("it must begin with a job that has a name")),
    }
}

/// A label's name in the old alphabet; `__name__` and its like are not to be set.
fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    first && name != METRIC_NAME && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Base64 in the alphabet of addresses or the usual one, padded or not; a lone `=` is the empty text.
fn unpack(text: &str) -> Option<String> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        held = (held << 6) | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("job/backup", r#"{job="backup"}"#)]
    #[case("job/backup/instance/db-1/", r#"{instance="db-1", job="backup"}"#)]
    #[case("job/backup/path@base64/L3Zhci90bXA", r#"{job="backup", path="/var/tmp"}"#)]
    #[case("job/backup/path@base64/L3Zhci90bXA=", r#"{job="backup", path="/var/tmp"}"#)]
    #[case("job/backup/nothing@base64/=", r#"{job="backup"}"#)]
    #[case("job@base64/w7w", r#"{job="ü"}"#)]
    fn groups_are_read(#[case] path: &str, #[case] labels: &str) {
        assert_eq!(group_of(path).unwrap().to_string(), labels);
    }

    #[rstest]
    #[case("job")]
    #[case("job/")]
    #[case("instance/x")]
    #[case("job/a/instance")]
    #[case("job/a/9/x")]
    #[case("job/a/__name__/x")]
    #[case("job/a/b@base64/%%")]
    #[case("job/a/b@base64/_w")]
    fn what_names_no_group_is_refused(#[case] path: &str) {
        assert_eq!(group_of(path).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
