//! `server`: where the API listens.

use std::net::{Ipv4Addr, SocketAddr};

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::text::text;
use crate::config::tree::Node;

/// Where the API listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Server {
    /// Address and port; port 0 lets the system choose.
    pub(crate) listen: SocketAddr,
}

impl Default for Server {
    fn default() -> Self {
        Server { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)) }
    }
}

/// `listen`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<Server> {
    let mut map = Map::of(context, node);
    let listen_at = map.node("listen").map(|node| node.at);
    let listen = map.get("listen", address).unwrap_or(Server::default().listen);
    map.finish();
    if let Some(at) = listen_at.filter(|_| !listen.ip().is_loopback()) {
        let help = "listen on 127.0.0.1, or put a proxy with a login in front";
        context.warning(
            at,
            "the API asks for no login: whoever reaches this address may silence and resolve",
            help,
        );
    }
    Some(Server { listen })
}

fn address(context: &Context<'_>, node: &Node) -> Option<SocketAddr> {
    let value = text(context, node)?;
    let parsed = value.parse().ok();
    if parsed.is_none() {
        let message = format!("`{value}` is no address to listen on");
        context.problem_with_help(node.at, message, "write an IP address and a port, as in 127.0.0.1:9090");
    }
    parsed
}
