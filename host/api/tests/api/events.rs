//! The stream of events over a real connection: resuming, filtering, falling behind, closing.

use std::time::Duration;

use ballast_engine::Command;
use ballast_engine::core::NewIncident;
use ballast_types::IncidentId;
use ballast_types::incident::Severity;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::host::Host;
use crate::serving::Served;

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(host: &Host, title: &str) {
    let (title, by) = (title.to_owned(), "ann".to_owned());
    let new = NewIncident { title, severity: Severity::Sev3, service: None, by };
    host.engine.command(Command::Open(new)).await.unwrap();
}

async fn connect(served: &Served, query: &str) -> Client {
    connect_async(format!("ws://{}/ws/events{query}", served.address)).await.unwrap().0
}

async fn refused(served: &Served, query: &str) -> (u16, Value) {
    match connect_async(format!("ws://{}/ws/events{query}", served.address)).await {
        Err(Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            (response.status().as_u16(), serde_json::from_slice(body).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

async fn message(client: &mut Client) -> Message {
    let next = tokio::time::timeout(Duration::from_secs(20), client.next()).await;
    next.expect("no message comes").unwrap().unwrap()
}

async fn event(client: &mut Client) -> Value {
    serde_json::from_str(message(client).await.to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn a_client_hears_what_happens_from_now_on() {
    let served = Served::start(Host::with(Default::default()).await).await;
    let mut client = connect(&served, "?types=incident.*").await;
    served.host.clock.advance(250);
    open(&served.host, "Checkout is slow").await;
    let told = event(&mut client).await;
    assert_eq!((&told["type"], &told["data"]), (&json!("incident.opened"), &json!({ "id": "INC-1" })));
    assert_eq!(told["at"], "2025-01-31T12:00:00.250Z");
}

#[tokio::test]
async fn a_client_that_comes_back_hears_each_event_once_and_in_order() {
    let served = Served::start(Host::with(Default::default()).await).await;
    for title in ["one", "two", "three"] {
        open(&served.host, title).await;
    }
    let mut first = connect(&served, "?from=1").await;
    let mut heard = vec![event(&mut first).await, event(&mut first).await];
    first.close(None).await.unwrap();

    open(&served.host, "four, while nobody listened").await;
    let next = heard.last().unwrap()["sequence"].as_u64().unwrap() + 1;
    let mut second = connect(&served, &format!("?from={next}")).await;
    open(&served.host, "five, live").await;
    let last = served.host.engine.last_sequence().0;
    while heard.last().unwrap()["sequence"].as_u64() < Some(last) {
        heard.push(event(&mut second).await);
    }
    let sequences: Vec<u64> = heard.iter().map(|event| event["sequence"].as_u64().unwrap()).collect();
    assert_eq!(sequences, (1..=last).collect::<Vec<_>>());
    assert_eq!(heard[0]["type"], "host.started");
    assert_eq!(heard.iter().filter(|event| event["type"] == "incident.opened").count(), 5);
}

#[tokio::test]
async fn a_client_that_falls_behind_the_bus_is_caught_up_from_the_log() {
    // More bytes than the sockets' buffers hold, and behind them more events than the bus holds.
    const INCIDENTS: usize = 7500;
    let served = Served::start(Host::with(Default::default()).await).await;
    let mut client = connect(&served, "?types=incident.*").await;
    let first = served.host.engine.last_sequence().0 + 1;
    let text = "x".repeat(4000);
    for number in 1..=INCIDENTS {
        open(&served.host, "slow").await;
        let (incident, by) = (IncidentId::new(format!("INC-{number}")), "ann".to_owned());
        served.host.engine.command(Command::Note { incident, by, text: text.clone() }).await.unwrap();
    }
    let last = served.host.engine.last_sequence().0;
    let mut heard = Vec::new();
    while heard.last() != Some(&last) {
        heard.push(event(&mut client).await["sequence"].as_u64().unwrap());
    }
    assert_eq!(heard, (first..=last).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_streamed_is_refused_before_the_stream_begins() {
    let served = Served::start(Host::with(Default::default()).await).await;
    let last = served.host.engine.last_sequence().0;
    let (status, problem) = refused(&served, &format!("?from={}", last + 2)).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("from")));
    let (status, problem) = refused(&served, "?types=incident.*,lert.changed").await;
    assert_eq!(
        (status, &problem["errors"][0]["message"]),
        (400, &json!("`lert.changed` is no type of event"))
    );
    assert_eq!(refused(&served, "?form=1").await.0, 400);
    served.host.get("/ws/events").await.problem(400, "malformed");
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_read_along() {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let served = Served::start(Host::with(Default::default()).await).await;
    let attempt = async |origin: String| {
        let mut request = format!("ws://{}/ws/events", served.address).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        connect_async(request).await
    };
    for origin in
        ["https://evil.example".to_owned(), "null".to_owned(), format!("http://{}.evil", served.address)]
    {
        assert!(matches!(attempt(origin).await, Err(Error::Http(response)) if response.status() == 403));
    }
    assert!(attempt(format!("http://{}", served.address)).await.is_ok());
}

#[tokio::test]
async fn pings_are_answered_and_chatter_is_ignored() {
    let served = Served::start(Host::with(Default::default()).await).await;
    let mut client = connect(&served, "?types=incident.opened").await;
    client.send(Message::text("hello")).await.unwrap();
    client.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(message(&mut client).await, Message::Pong("are you there".into()));
    open(&served.host, "still told").await;
    assert_eq!(event(&mut client).await["type"], "incident.opened");
}

#[tokio::test]
async fn streams_are_closed_when_the_server_or_the_engine_ends() {
    let served = Served::start(Host::with(Default::default()).await).await;
    let mut client = connect(&served, "").await;
    served.stop().await.unwrap();
    assert_going_away(message(&mut client).await);

    let served = Served::start(Host::with(Default::default()).await).await;
    let mut client = connect(&served, "").await;
    served.host.engine.stop().await;
    assert_going_away(message(&mut client).await);
}

fn assert_going_away(message: Message) {
    match message {
        Message::Close(Some(frame)) => assert_eq!(u16::from(frame.code), 1001),
        other => panic!("{other:?}"),
    }
}
