//! The network of an address: what limits are counted by.

use std::net::IpAddr;

/// The network that an address belongs to, as one subscriber commonly has it: IPv4 /24, IPv6 /48. Limits are
/// counted by it, so that nobody escapes them by another address of their own.
///
/// An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`) is an IPv4 address. What is no address at all is
/// one network, `unknown`.
pub fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn neighbours_share_a_network() {
        assert_eq!(network("192.0.2.1"), "192.0.2.0/24");
        assert_eq!(network("192.0.2.1"), network("192.0.2.200"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8:1:2::3"), "2001:db8:1::/48");
        assert_eq!(network("2001:db8:1:2::3"), network("2001:DB8:1:ffff::4"));
        assert_ne!(network("2001:db8:1::3"), network("2001:db8:2::3"));
    }

    #[test]
    fn an_ipv4_address_in_ipv6_is_an_ipv4_address() {
        assert_eq!(network("::ffff:192.0.2.9"), network("192.0.2.1"));
        assert_eq!(network("::ffff:c000:209"), network("192.0.2.1"));
        assert_ne!(network("::ffff:192.0.2.9"), network("::ffff:192.0.3.9"));
    }

    #[test]
    fn what_is_no_address_is_one_network() {
        for wrong in ["", "unknown", "192.0.2.1:80", "192.0.2", "example.com", " 192.0.2.1"] {
            assert_eq!(network(wrong), "unknown", "{wrong:?}");
        }
    }
}
