//! The answer to an export: empty where everything was taken, else a partial success that says what was not and why.

use prost::Message;

use super::Encoding;
use crate::Refusals;

/// `ExportMetricsServiceResponse`.
#[derive(Clone, PartialEq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected_data_points: i64,
    #[prost(string, tag = "2")]
    error_message: String,
}

/// The body of the answer in the encoding of the request. `not_stored` are points that were translated and then refused by
/// the store, with the reason.
pub fn response(encoding: Encoding, refused: &Refusals, not_stored: Option<(usize, &str)>) -> Vec<u8> {
    let count = refused.total() + not_stored.map_or(0, |(count, _)| count);
    let counts = refused.counts().iter().map(|(reason, count)| format!("{} {count}", reason.as_str()));
    let stored = not_stored.map(|(_, reason)| reason.to_owned());
    let problems = refused.problems().iter().cloned();
    let message = counts.chain(stored).chain(problems).collect::<Vec<_>>().join("; ");
    match encoding {
        Encoding::Json if count == 0 => b"{}".to_vec(),
        Encoding::Json => {
            let partial =
                serde_json::json!({"rejectedDataPoints": count.to_string(), "errorMessage": message});
            serde_json::json!({ "partialSuccess": partial }).to_string().into_bytes()
        }
        Encoding::Protobuf => {
            let rejected_data_points = i64::try_from(count).unwrap_or(i64::MAX);
            let partial = PartialSuccess { rejected_data_points, error_message: message };
            Response { partial_success: (count > 0).then_some(partial) }.encode_to_vec()
        }
    }
}
