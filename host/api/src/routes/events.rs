//! `/ws/events`: every event as it happens, or from a position in the log on.
//!
//! Each message is one event as JSON. A client that reads slowly is caught up from the log; one that reads nothing at all,
//! or answers no ping, is dropped. Invariant: no event of a wanted type is left out or told twice.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{
    CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code, rejection::WebSocketUpgradeRejection,
};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use ballast_engine::StoreError;
use ballast_types::event::EventRecord;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

use super::Answer;
use crate::extract::Parameters;
use crate::feed::Feed;
use crate::problem::Kind;
use crate::router::Api;
use crate::wire::event::{Event, EventParameters, TypeFilter};
use crate::wire::problem::{Problem, ProblemError};

/// How often a client is pinged; one that answers none of two in a row is dropped.
const PING: Duration = Duration::from_secs(30);
/// How long a client may take to accept a message.
const SEND: Duration = Duration::from_secs(30);
/// Most bytes of a message from a client; what clients send is not looked at.
const CLIENT_BYTES_MAX: usize = 4096;

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/ws/events", get(events))
}

/// Events as they happen (WebSocket). With `from` the stream begins at that position of the log.
#[utoipa::path(get, path = "/ws/events", operation_id = "streamEvents", tag = "events", params(EventParameters), responses(
    (status = 101, description = "A stream of messages, each one Event as JSON"),
    (status = "default", body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn events(
    State(api): State<Api>,
    headers: HeaderMap,
    Parameters(parameters): Parameters<EventParameters>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Answer<Response> {
    same_origin(&headers)?;
    let filter = TypeFilter::try_from(&parameters).map_err(Problem::parameters)?;
    check_position(&api, parameters.from)?;
    let upgrade = upgrade.map_err(|rejection| Problem::new(Kind::Malformed, rejection.body_text()))?;
    let feed = Feed::new(api.engine.clone(), parameters.from);
    let upgrade = upgrade.max_message_size(CLIENT_BYTES_MAX);
    Ok(upgrade.on_upgrade(move |socket| Stream { socket, feed, filter, api, answered: true }.run()))
}

/// A browser sends the page's origin; a page of another origin must not read along.
fn same_origin(headers: &HeaderMap) -> Answer<()> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).map(|host| host.as_bytes()).unwrap_or_default();
    let of_origin = origin.as_bytes().splitn(3, |byte| *byte == b'/').nth(2);
    if of_origin == Some(host) {
        return Ok(());
    }
    Err(Problem::new(Kind::ForeignOrigin, "the page that asks is of another origin than this host"))
}

/// A position that the log has not reached is one of another log.
fn check_position(api: &Api, from: Option<u64>) -> Answer<()> {
    let last = api.engine.last_sequence().0;
    match from {
        Some(from) if from > last + 1 => {
            let message = format!("{from} lies beyond the log, whose last position is {last}");
            Err(Problem::parameters(vec![ProblemError::field("from", message)]))
        }
        _ => Ok(()),
    }
}

/// One client's stream.
struct Stream {
    socket: WebSocket,
    feed: Feed,
    filter: TypeFilter,
    api: Api,
    /// Whether anything came since the last ping.
    answered: bool,
}

/// Why a stream ends.
enum End {
    /// The client is gone; there is nobody to tell.
    Gone,
    /// The host ends it.
    Close(u16, &'static str),
}

/// What a stream reacts to.
enum Happened {
    /// The host or its server ends.
    Closing,
    /// It is time for a ping.
    PingDue,
    /// The client said something, or nothing more.
    Heard(Option<Result<Message, axum::Error>>),
    /// An event, an end of events, or a failure of the log.
    Event(Result<Option<Arc<EventRecord>>, StoreError>),
}

impl Stream {
    async fn run(mut self) {
        let end = self.events().await;
        if let End::Close(code, reason) = end {
            let frame = CloseFrame { code, reason: reason.into() };
            // A client that does not accept it learns of the end by the connection's.
            let _ = timeout(SEND, self.socket.send(Message::Close(Some(frame)))).await;
        }
    }

    async fn events(&mut self) -> End {
        let mut pings = interval_at(Instant::now() + PING, PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (engine, mut closing) = (self.api.engine.clone(), self.api.closing.clone());
        let mut stopped = std::pin::pin!(engine.stopped());
        loop {
            let happened = tokio::select! {
                () = &mut stopped => Happened::Closing,
                // An error means that nobody closes but the engine.
                Ok(()) = closed(&mut closing) => Happened::Closing,
                _ = pings.tick() => Happened::PingDue,
                message = self.socket.recv() => Happened::Heard(message),
                event = self.feed.next() => Happened::Event(event),
            };
            if let Err(end) = self.react(happened).await {
                return end;
            }
        }
    }

    async fn react(&mut self, happened: Happened) -> Result<(), End> {
        match happened {
            Happened::Closing | Happened::Event(Ok(None)) => {
                Err(End::Close(close_code::AWAY, "the host stops"))
            }
            Happened::PingDue => self.ping().await,
            Happened::Heard(message) => self.heard(message),
            Happened::Event(Ok(Some(record))) if self.filter.wants(&record.event) => {
                self.tell(&Event::from(&*record)).await
            }
            Happened::Event(Ok(Some(_))) => Ok(()),
            Happened::Event(Err(error)) => {
                tracing::error!(%error, "a stream of events ends: the log cannot be read");
                Err(End::Close(close_code::ERROR, "the log cannot be read"))
            }
        }
    }

    async fn tell(&mut self, event: &Event) -> Result<(), End> {
        match serde_json::to_string(event) {
            Ok(text) => self.send(Message::Text(text.into())).await,
            Err(error) => {
                tracing::error!(%error, "an event cannot be written as JSON");
                Err(End::Close(close_code::ERROR, "an event cannot be written"))
            }
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if !std::mem::take(&mut self.answered) {
            return Err(End::Gone);
        }
        self.send(Message::Ping(Default::default())).await
    }

    fn heard(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        match message {
            // The answer to a close is sent by the library itself.
            None | Some(Err(_) | Ok(Message::Close(_))) => Err(End::Gone),
            Some(Ok(_)) => {
                self.answered = true;
                Ok(())
            }
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(SEND, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Gone),
        }
    }
}

async fn closed(closing: &mut watch::Receiver<bool>) -> Result<(), watch::error::RecvError> {
    closing.wait_for(|closing| *closing).await.map(|_| ())
}
