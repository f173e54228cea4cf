//! The sender against real servers; names are resolved by a table, so that a public name can point inward.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{any, get};
use ballast_types::ExecutionId;
use rstest::rstest;

use super::*;
use crate::test_server::{answer_raw, nobody, serve};

/// Resolves every name to the loopback.
struct Inward;

#[async_trait]
impl Lookup for Inward {
    async fn addresses(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

fn sender(allow_private: &[&str]) -> HttpSender {
    let allow_private = allow_private.iter().map(|host| (*host).to_owned()).collect();
    let config = HttpSenderConfig { allow_private, timeout: Duration::from_millis(400) };
    HttpSender::with_lookup(config, Arc::new(Inward)).unwrap()
}

fn request(method: &str, url: impl Into<String>) -> HttpRequest {
    HttpRequest { method: method.to_owned(), url: url.into(), headers: Vec::new(), body: Vec::new() }
}

async fn send(sender: &HttpSender, request: &HttpRequest) -> Result<HttpResponse, CallError> {
    sender.send(request, &IdempotencyKey::of(&ExecutionId::new("EX-1"), 7)).await
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().unwrap()
}

#[tokio::test]
async fn sends_what_it_is_given_and_returns_what_comes() {
    let echo = |headers: HeaderMap, body: Bytes| async move {
        let of = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let text = format!("{:?} {:?} {body:?}", of("x-own"), of(IDEMPOTENCY_KEY));
        (StatusCode::IM_A_TEAPOT, [("x-answer", "yes")], text)
    };
    let url = serve(Router::new().route("/x", any(echo))).await;
    let sender = sender(&["127.0.0.1"]);
    let mut post = request("POST", format!("{url}/x"));
    post.headers.push(("X-Own".to_owned(), "1".to_owned()));
    post.body = b"hi".to_vec();
    let answer = send(&sender, &post).await.unwrap();
    assert_eq!((answer.status, &*answer.body), (418, &b"Some(\"1\") Some(\"EX-1-7\") b\"hi\""[..]));
    assert!(answer.headers.contains(&("x-answer".to_owned(), "yes".to_owned())));
    let get = send(&sender, &request("GET", format!("{url}/x"))).await.unwrap();
    assert_eq!(get.body, b"None None b\"\"", "a read carries no key");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let visits = Arc::new(AtomicU32::new(0));
    let count = |State(visits): State<Arc<AtomicU32>>| async move {
        visits.fetch_add(1, Ordering::Relaxed);
    };
    let away = || async { (StatusCode::FOUND, [("location", "/secret")]) };
    let router = Router::new().route("/", get(away)).route("/secret", get(count));
    let url = serve(router.with_state(Arc::clone(&visits))).await;
    let answer = send(&sender(&["127.0.0.1"]), &request("GET", url)).await.unwrap();
    assert_eq!((answer.status, visits.load(Ordering::Relaxed)), (302, 0));
}

#[tokio::test]
async fn a_name_that_means_an_address_inside_is_denied_unless_allowed() {
    let url = serve(Router::new().route("/", get(|| async { "inside" }))).await;
    let inward = format!("http://public.example:{}/", port(&url));
    let denied = send(&sender(&[]), &request("GET", &inward)).await.unwrap_err();
    assert_eq!(denied.kind, CallErrorKind::Denied);
    assert!(denied.message.contains("public.example is 127.0.0.1"), "{}", denied.message);
    for allowed in ["public.example".to_owned(), format!("public.example:{}", port(&url))] {
        assert_eq!(send(&sender(&[&allowed]), &request("GET", &inward)).await.unwrap().body, b"inside");
    }
    let other_port = send(&sender(&["public.example:1"]), &request("GET", &inward)).await.unwrap_err();
    assert_eq!(other_port.kind, CallErrorKind::Denied);
}

#[rstest]
#[case("http://127.0.0.1/")]
#[case("http://2130706433/")]
#[case("http://0x7f.1/")]
#[case("http://[::1]/")]
#[case("http://[::ffff:10.0.0.1]/")]
#[case("http://169.254.169.254/latest/meta-data")]
#[tokio::test]
async fn an_address_inside_is_denied_however_it_is_written(#[case] url: &str) {
    let error = send(&sender(&[]), &request("POST", url)).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
}

#[rstest]
#[case("TRACE", "http://a.example/", &[], "use the method `TRACE`")]
#[case("get", "http://a.example/", &[], "use the method `get`")]
#[case("GET", "ftp://a.example/", &[], "use the scheme `ftp`")]
#[case("GET", "/relative", &[], "read the address `/relative`")]
#[case("GET", "http://u:p@a.example/", &[], "use a name or password inside an address")]
#[case("GET", "http://a.example/", &[("Host", "b.example")], "set the header `host`: the host sets it")]
#[case("GET", "http://a.example/", &[("X", "a\r\nY: b")], "set the header `X`: no such")]
#[tokio::test]
async fn nonsense_is_invalid(
    #[case] method: &str,
    #[case] url: &str,
    #[case] headers: &[(&str, &str)],
    #[case] reason: &str,
) {
    let mut request = request(method, url);
    request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let error = send(&sender(&[]), &request).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Invalid);
    assert!(error.message.starts_with(reason), "{}", error.message);
}

#[tokio::test]
async fn requests_and_answers_have_a_size() {
    let large = || async { vec![b'x'; CALL_BYTES_MAX + 1] };
    let url = serve(Router::new().route("/", any(large))).await;
    let sender = sender(&["127.0.0.1"]);
    let mut sent = request("POST", &url);
    sent.body = vec![0; CALL_BYTES_MAX];
    assert_eq!(send(&sender, &sent).await.unwrap_err().kind, CallErrorKind::Invalid);
    assert_eq!(send(&sender, &request("GET", &url)).await.unwrap_err().kind, CallErrorKind::Unavailable);
    assert_eq!(send(&sender, &request("POST", &url)).await.unwrap_err().kind, CallErrorKind::Uncertain);
}

#[rstest]
#[case("GET", CallErrorKind::TimedOut)]
#[case("POST", CallErrorKind::Uncertain)]
#[tokio::test]
async fn no_answer_is_a_time_out_for_a_read_and_uncertain_for_an_effect(
    #[case] method: &str,
    #[case] kind: CallErrorKind,
) {
    let url = serve(Router::new().route("/", any(|| async { std::future::pending::<()>().await }))).await;
    assert_eq!(send(&sender(&["127.0.0.1"]), &request(method, url)).await.unwrap_err().kind, kind);
}

#[rstest]
#[case("GET", CallErrorKind::Unavailable)]
#[case("DELETE", CallErrorKind::Uncertain)]
#[tokio::test]
async fn a_connection_lost_after_sending_is_uncertain_for_an_effect(
    #[case] method: &str,
    #[case] kind: CallErrorKind,
) {
    let url = answer_raw(b"").await;
    assert_eq!(send(&sender(&["127.0.0.1"]), &request(method, url)).await.unwrap_err().kind, kind);
}

#[tokio::test]
async fn an_effect_that_was_not_sent_is_unavailable() {
    let error = send(&sender(&["127.0.0.1"]), &request("POST", nobody().await)).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Unavailable, "{error}");
}
