//! The HTTP server: routes by resource, wire types, OpenAPI, and the stream of events.
//!
//! ```text
//! request ─► extract (parse, refuse) ─► route (a few lines) ─► Engine ─► wire (shape) ─► answer
//! ```
//! Nothing here decides or spawns, and the only thing that is remembered is what spares decoders work: a handler reads a request into the domain's types, asks or tells the
//! engine, and shapes the answer. What is refused is refused as `application/problem+json`, except under `/api/v1`, where
//! Prometheus's own shapes are spoken. There is no access control yet: [`serve`] belongs on a loopback address.

mod body;
mod decoders;
mod extract;
mod feed;
mod openapi;
mod problem;
mod router;
mod routes;
mod server;
mod wire;

pub use openapi::openapi;
pub use router::router;
pub use server::{GRACE, ServeError, serve};
