//! Which addresses a plugin's request may go to, and the name resolution that hands out no others.
//!
//! The check sits in the resolver, between looking up and connecting, so that a name which means one address when it is
//! checked and another when it is dialled gains nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// A name whose addresses are all ones that plugins may not reach.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host} is {address}, an address inside this network; allow the host by its name if that is meant")]
pub(crate) struct PrivateAddress {
    pub(crate) host: String,
    pub(crate) address: IpAddr,
}

/// Looks a name up. Another one in tests.
#[async_trait]
pub(crate) trait Lookup: Send + Sync {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
pub(crate) struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Hands out public addresses only, or all where `allows_private`.
pub(crate) struct GuardedResolver {
    pub(crate) lookup: Arc<dyn Lookup>,
    pub(crate) allows_private: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allows_private) = (Arc::clone(&self.lookup), self.allows_private);
        Box::pin(async move {
            let found = lookup.addresses(name.as_str()).await?;
            let usable = usable(name.as_str(), found, allows_private)?;
            // The port 0 stands for the one in the request.
            let addresses = usable.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// The addresses that may be dialled; an error where there were some and none is left.
fn usable(host: &str, found: Vec<IpAddr>, allows_private: bool) -> Result<Vec<IpAddr>, PrivateAddress> {
    let first = found.first().copied();
    let usable: Vec<IpAddr> =
        found.into_iter().filter(|address| allows_private || is_public(*address)).collect();
    match first {
        Some(address) if usable.is_empty() => Err(PrivateAddress { host: host.to_owned(), address }),
        _ => Ok(usable),
    }
}

/// Whether an address lies in the public internet. Ranges by the IANA special-purpose registries (RFC 6890 and its
/// successors); an IPv6 address that carries an IPv4 one is judged by that.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => embedded_v4(v6).map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_protocol = a == 192 && b == 0 && c == 0;
    let is_benchmark = a == 198 && (b == 18 || b == 19);
    let is_reserved = a == 0 || a >= 240;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || is_shared
        || is_protocol
        || is_benchmark
        || is_reserved)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_unicast = first & 0xe000 == 0x2000;
    let is_documentation = first == 0x2001 && second == 0x0db8;
    // Everything outside 2000::/3 is loopback, unspecified, unique local, link-local, multicast or unassigned.
    is_unicast && !is_documentation
}

/// The IPv4 address inside a 6to4 (2002::/16) or a NAT64 (64:ff9b::/96) address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0x2002, high, low, ..] => Some(from(high, low)),
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("8.8.8.8", true)]
    #[case("1.1.1.1", true)]
    #[case("2606:4700::1111", true)]
    #[case("64:ff9b::808:808", true)]
    #[case("127.0.0.1", false)]
    #[case("127.8.9.1", false)]
    #[case("10.0.0.1", false)]
    #[case("172.16.0.1", false)]
    #[case("172.32.0.1", true)]
    #[case("192.168.1.1", false)]
    #[case("169.254.169.254", false)]
    #[case("100.64.0.1", false)]
    #[case("0.0.0.0", false)]
    #[case("224.0.0.1", false)]
    #[case("255.255.255.255", false)]
    #[case("::1", false)]
    #[case("::", false)]
    #[case("fe80::1", false)]
    #[case("fd00::1", false)]
    #[case("ff02::1", false)]
    #[case("::ffff:127.0.0.1", false)]
    #[case("::ffff:10.0.0.1", false)]
    #[case("2002:7f00:1::", false)]
    #[case("64:ff9b::a9fe:a9fe", false)]
    fn knows_what_is_public(#[case] address: &str, #[case] expected: bool) {
        assert_eq!(is_public(address.parse().unwrap()), expected);
    }

    #[test]
    fn of_mixed_addresses_only_the_public_ones_are_dialled() {
        let found: Vec<IpAddr> = ["10.0.0.1", "8.8.8.8"].map(|text| text.parse().unwrap()).into();
        assert_eq!(usable("h", found.clone(), false), Ok(vec![found[1]]));
        assert_eq!(usable("h", found.clone(), true), Ok(found));
    }
}
