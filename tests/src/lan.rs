//! One small network: novice, server and expert at a switch, and nothing else anywhere. There is no
//! router, so no way leads out of it, and nobody to ask for names.

use crate::network::Node;

/// See the module. There for as long as this is.
pub struct Lan {
    /// The novice's computer.
    pub novice: Node,
    /// The server's.
    pub server: Node,
    /// The expert's.
    pub expert: Node,
    /// Where the server is, in the first of the network's kinds of addresses.
    pub address: String,
}

/// What the computers there are called by, up to the last number, and how long that beginning is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    start: &'static str,
    prefix: u8,
}

/// Handed out by somebody.
pub const PRIVATE: Kind = Kind {
    start: "192.168.77.",
    prefix: 24,
};
/// Of each computer's own choice.
pub const SELF_MADE: Kind = Kind {
    start: "169.254.77.",
    prefix: 16,
};
/// Of IP version 6, and of this network alone.
pub const UNIQUE_LOCAL: Kind = Kind {
    start: "fd00:77::",
    prefix: 64,
};

impl Lan {
    /// One where all have an address of each of these kinds.
    ///
    /// # Panics
    /// If the system does not let us.
    pub async fn new(kinds: &[Kind]) -> Self {
        let lan = Self {
            novice: Node::new("novice's computer").await,
            server: Node::new("server's computer").await,
            expert: Node::new("expert's computer").await,
            address: match kinds[0].start {
                start if start.contains(':') => format!("[{start}1]"),
                start => format!("{start}1"),
            },
        };
        lan.server
            .does("ip link add name switch type bridge\nip link set switch up");
        call(&lan.server, "switch", 1, kinds);
        for (number, node) in [(2, &lan.novice), (3, &lan.expert)] {
            lan.server.does(&format!(
                "ip link add name plug{number} type veth peer name out netns {}
                 ip link set plug{number} master switch up",
                node.id()
            ));
            node.does("ip link set out up");
            call(node, "out", number, kinds);
        }
        lan
    }
}

/// Nobody else is there to have the same address, so none waits to find out.
fn call(node: &Node, interface: &str, number: u8, kinds: &[Kind]) {
    for Kind { start, prefix } in kinds {
        let flags = if start.contains(':') { "nodad" } else { "" };
        node.does(&format!(
            "ip addr add {start}{number}/{prefix} dev {interface} {flags}"
        ));
    }
}

/// Takes answers, and the questions for names that everybody in a network hears; nothing else, as
/// desktops do that are set up with care.
const WALL: &str = "table inet wall {
    chain input {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ct state established,related accept
        ip daddr 224.0.0.251 udp dport 5353 accept
    }
}";

impl Node {
    /// From now on nothing comes in that was not asked for.
    pub fn lets_nobody_in(&self) {
        self.does(&format!("nft '{WALL}'"));
    }

    /// From now on it sends what is for elsewhere there, though nobody may pass it on.
    pub fn has_a_router(&self, address: &str) {
        self.does(&format!("ip route add default via {address}"));
    }
}
