//! What is asked for and what the headers of an answer say: its format, and whether its end can be missing.

use ballast_formats::text::{BodyEnd, Format};
use ballast_ports::ScrapeProtocol;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING};
use reqwest::{Response, Version};

use crate::client;

/// What an HTML page is called.
pub(super) const WEB_PAGE: &str =
    "the answer is a web page (HTML), not metrics; check path and port, and whether it asks for a login";

/// The header `Accept`: the formats with falling weights, and last whatever there is, which is told apart by its type.
pub(super) fn accept(protocols: &[ScrapeProtocol]) -> String {
    let kind = |protocol: &ScrapeProtocol| match protocol {
        ScrapeProtocol::OpenMetrics1 => "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8",
        ScrapeProtocol::OpenMetrics0 => "application/openmetrics-text;version=0.0.1",
        ScrapeProtocol::Text1 => "text/plain;version=1.0.0;escaping=allow-utf-8",
        ScrapeProtocol::Text0 => "text/plain;version=0.0.4",
    };
    let weighted = protocols.iter().enumerate();
    let mut parts: Vec<String> = weighted
        .map(|(index, protocol)| format!("{};q=0.{}", kind(protocol), (protocols.len() + 1 - index).min(9)))
        .collect();
    parts.push("*/*;q=0.1".to_owned());
    parts.join(",")
}

/// The format of an answer. Refuses what is surely none before it is read.
pub(super) fn format(headers: &HeaderMap, fallback: ScrapeProtocol) -> Result<Format, String> {
    if client::is_html_type(headers) {
        return Err(WEB_PAGE.to_owned());
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let encoding = text(CONTENT_ENCODING);
    if !matches!(encoding, "" | "identity") {
        return Err(format!("the answer is compressed with {encoding}, which was not asked for"));
    }
    let content_type = text(CONTENT_TYPE);
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind.ends_with("/json") || kind.contains("protobuf") {
        return Err(format!("the answer is {kind}, but text/plain was asked for"));
    }
    match kind.as_str() {
        "text/plain" | "application/openmetrics-text" => Ok(Format::of_content_type(&kind)),
        _ => Ok(match fallback {
            ScrapeProtocol::OpenMetrics1 | ScrapeProtocol::OpenMetrics0 => Format::OpenMetrics,
            ScrapeProtocol::Text1 | ScrapeProtocol::Text0 => Format::Text,
        }),
    }
}

/// HTTP/2, an announced length or chunks make a lost end an error; a bare close does not. (Unpacking takes an announced length
/// away; then a last line without its end is refused although it is whole, which no exporter writes.)
pub(super) fn end(response: &Response) -> BodyEnd {
    let is_framed = response.version() >= Version::HTTP_2
        || response.content_length().is_some()
        || response.headers().contains_key(TRANSFER_ENCODING);
    if is_framed { BodyEnd::Known } else { BodyEnd::Unknown }
}
