//! A network of the test's own: novice, server and expert on three computers, as far as their
//! programs can tell.
//!
//! ```text
//! novice 25.64.1.2 ── 25.64.1.1 middle 25.64.2.1 ── 25.64.2.2 expert
//!                        25.64.0.1
//! ```
//!
//! The addresses are of the open Internet, where nobody announces them, and are known in these
//! three namespaces only. The server listens on its own loopback, as behind a proxy; bridges lead
//! there from the loopback of the others.

use std::{
    ffi::OsString,
    fs::File,
    io,
    net::{Ipv4Addr, TcpListener},
    os::fd::AsFd as _,
    path::PathBuf,
    process::Command,
    thread::{self, JoinHandle},
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::{io::copy_bidirectional, net::TcpStream, sync::oneshot, task::JoinSet};

use crate::{
    bad_link::{BadLink, Nature},
    process::Process,
    wait::PATIENCE,
};

/// The server's address as seen by both others.
pub const PUBLIC: &str = "25.64.0.1";

/// See the module. There for as long as this is.
pub struct Network {
    /// The novice's computer.
    pub novice: Node,
    /// The server's, and the only way between the others.
    pub middle: Node,
    /// The expert's computer.
    pub expert: Node,
    /// The link to the expert, if it is a bad one: it lasts as long as this.
    #[allow(dead_code, reason = "held for its end")]
    link: Option<BadLink>,
}

/// What the computer in the middle lets through from one side to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Middle {
    /// Everything.
    Routes,
    /// Nothing: both reach the server, and nobody else.
    Separates,
}

/// Whose side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The novice's.
    Novice,
    /// The expert's.
    Expert,
}

impl Side {
    fn number(self) -> u8 {
        match self {
            Self::Novice => 1,
            Self::Expert => 2,
        }
    }
}

impl Network {
    /// Makes one.
    ///
    /// # Panics
    /// If the system does not let us.
    pub async fn new(middle: Middle) -> Self {
        Self::make(middle, None).await
    }

    /// Makes one whose expert is at the end of a link like this.
    ///
    /// # Panics
    /// If the system does not let us.
    pub async fn over(nature: Nature) -> Self {
        Self::make(Middle::Routes, Some(nature)).await
    }

    async fn make(middle: Middle, nature: Option<Nature>) -> Self {
        let mut network = Self {
            link: None,
            novice: Node::new("novice's network").await,
            middle: Node::new("middle of the network").await,
            expert: Node::new("expert's network").await,
        };
        // Rules before that for what is addressed to the middle itself are to count.
        network.middle.does(&format!(
            "ip addr add {PUBLIC}/32 dev lo
             ip rule add pref 100 lookup local
             ip rule del pref 0"
        ));
        if let Some(nature) = nature {
            let ends = [
                (network.middle.door(), "side2"),
                (network.expert.door(), "out"),
            ];
            network.link = Some(BadLink::between(ends, nature));
        }
        for (side, node) in [(1, &network.novice), (2, &network.expert)] {
            if side == 1 || nature.is_none() {
                let to = node.holder.id();
                let cable =
                    format!("ip link add name side{side} type veth peer name out netns {to}");
                network.middle.does(&cable);
            }
            network.middle.does(&format!(
                "ip addr add 25.64.{side}.1/24 dev side{side}
                 ip link set side{side} up"
            ));
            node.does(&format!(
                "ip addr add 25.64.{side}.2/24 dev out
                 ip link set out up
                 ip route add default via 25.64.{side}.1"
            ));
        }
        let routes = u8::from(middle == Middle::Routes);
        network
            .middle
            .does(&format!("echo {routes} > /proc/sys/net/ipv4/ip_forward"));
        network
    }

    /// From now on datagrams from there get lost, as in many offices, and nobody is told.
    pub fn blocks_datagrams_of(&self, side: Side) {
        let number = side.number();
        self.middle.does(&format!(
            "ip rule add pref {number} iif side{number} ipproto udp blackhole"
        ));
    }

    /// From now on nothing is let through from there but TCP to that port, as in the strictest
    /// offices. Other streams are refused, datagrams get lost.
    pub fn lets_through_only(&self, side: Side, port: u16) {
        let cable = format!("side{}", side.number());
        self.middle.does(&format!(
            "nft 'table inet {cable} {{
                chain input {{
                    type filter hook input priority 0;
                    iifname {cable} tcp dport {port} accept
                    iifname {cable} meta l4proto tcp reject with tcp reset
                    iifname {cable} drop
                }}
                chain forward {{
                    type filter hook forward priority 0;
                    iifname {cable} drop
                }}
            }}'"
        ));
    }
}

/// A computer in it.
pub struct Node {
    holder: Process,
}

impl Node {
    pub(crate) async fn new(name: &str) -> Self {
        let mut command = Process::command("unshare");
        let script = "set -e\nip link set lo up\necho ready\nexec cat";
        let holder = Process::start(name, command.args(["--net", "--", "sh", "-c", script]));
        assert!(
            holder.stdout.said(PATIENCE, "ready\n").await,
            "networks are tested in namespaces of the test's own, which this system does not \
             allow: run the tests as root. It says: {}",
            holder.stderr.text()
        );
        Self { holder }
    }

    /// The process that keeps it.
    pub(crate) fn id(&self) -> u32 {
        self.holder.id()
    }

    /// What starts a program there.
    pub(crate) fn starter(&self) -> Vec<OsString> {
        let id = self.holder.id().to_string();
        ["nsenter", "--target", &id, "--net", "--"]
            .map(OsString::from)
            .to_vec()
    }

    /// A program there.
    pub fn command(&self, program: impl Into<PathBuf>) -> Command {
        let starter = self.starter();
        let mut command = Process::command(&starter[0]);
        command.args(&starter[1..]).arg(program.into());
        command
    }

    /// Has a shell there do something.
    ///
    /// # Panics
    /// If that fails.
    pub fn does(&self, script: &str) {
        let mut command = self.command("sh");
        let output = command.args(["-e", "-c", script]).output();
        let output = output.expect("nsenter is installed");
        assert!(output.status.success(), "{script}: {output:?}");
    }

    /// Leads from that port of its loopback to the same one of another's.
    pub fn reaches(&self, other: &Self, port: u16) -> Bridge {
        Bridge::new(Some(self.door()), port, Some(other.door()), port)
    }

    /// Leads from some port here to that one of its loopback.
    pub fn reached_from_here(&self, port: u16) -> Bridge {
        Bridge::new(None, 0, Some(self.door()), port)
    }

    fn door(&self) -> File {
        File::open(format!("/proc/{}/ns/net", self.holder.id())).expect("it is running")
    }
}

/// Leads from one computer's loopback to another's. Dropped, it is gone.
pub struct Bridge {
    /// Where it begins.
    pub port: u16,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bridge {
    fn new(from: Option<File>, port: u16, to: Option<File>, to_port: u16) -> Self {
        let (end, ended) = oneshot::channel();
        let (listening, heard) = std::sync::mpsc::channel();
        // Each end is made in its own network: a thread can go from one to the other.
        let thread = thread::spawn(move || {
            enter(from.as_ref()).expect("its network can be entered");
            let listener =
                TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
            enter(to.as_ref()).expect("its network can be entered");
            listening
                .send(listener.local_addr().expect("it is bound").port())
                .expect("somebody waits");
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be made")
                .block_on(carry(listener, to_port, ended))
                .expect("what arrives can be taken");
        });
        Self {
            port: heard.recv().expect("the bridge stands"),
            end: Some(end),
            thread: Some(thread),
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) fn enter(network: Option<&File>) -> io::Result<()> {
    if let Some(network) = network {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
    }
    Ok(())
}

async fn carry(listener: TcpListener, to: u16, ended: oneshot::Receiver<()>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut running = JoinSet::new();
    let mut ended = std::pin::pin!(ended);
    loop {
        let (mut here, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            Some(_) = running.join_next() => continue,
            _ = &mut ended => return Ok(()),
        };
        running.spawn(async move {
            if let Ok(mut there) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await {
                // Either end may hang up whenever it likes.
                let _ = copy_bidirectional(&mut here, &mut there).await;
            }
        });
    }
}
