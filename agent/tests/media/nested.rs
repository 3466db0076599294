//! A display that shares memory in the old way only (MIT-SHM 1.1): the one of `X2Go`, nested in
//! another.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use deskhand_agent::media::{
    capture::{CaptureError, Change, FrameSource, x11},
    rect::Rect,
};
use x11rb::{
    connection::Connection as _,
    protocol::{
        shm::ConnectionExt as _,
        xproto::{ConnectionExt as _, CreateGCAux, ImageFormat, Rectangle},
    },
    rust_connection::RustConnection,
};

use super::{MS, XServer};

/// One at a time: what the process shares is looked at as a whole.
static TURN: Mutex<()> = Mutex::new(());
static STARTED: AtomicU32 = AtomicU32::new(0);

struct Nested {
    process: Child,
    display: String,
    _outer: XServer,
    _turn: MutexGuard<'static, ()>,
}

impl Nested {
    fn start() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let outer = XServer::start((1280, 800));
        // It takes no number of its own choice.
        let nth = STARTED.fetch_add(1, Ordering::Relaxed);
        let number = 1000 + std::process::id() % 3000 * 10 + nth;
        let display = format!(":{number}");
        let mut process = Command::new("nxagent")
            .args(["-ac", "-nolisten", "tcp", &display])
            .env("DISPLAY", outer.display())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the nested server is installed");
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let started = lines.any(|line| line.is_ok_and(|line| line.contains("Session started")));
        assert!(started, "the nested server starts");
        // It goes on talking, and must not wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            process,
            display,
            _outer: outer,
            _turn: turn,
        }
    }

    fn connect(&self) -> (RustConnection, u32) {
        let (conn, screen) = RustConnection::connect(Some(&self.display)).unwrap();
        let root = conn.setup().roots[screen].root;
        (conn, root)
    }

    /// Fills a part of the root window.
    fn paint(&self, colour: u32, [x, y, width, height]: [u16; 4]) {
        let (conn, root) = self.connect();
        let gc = conn.generate_id().unwrap();
        let colour = CreateGCAux::new().foreground(colour);
        conn.create_gc(gc, root, &colour).unwrap();
        let (x, y) = (x.cast_signed(), y.cast_signed());
        let area = Rectangle {
            x,
            y,
            width,
            height,
        };
        let filled = conn.poly_fill_rectangle(root, gc, &[area]).unwrap();
        filled.check().unwrap();
    }

    /// The pixels as the server itself sends them.
    fn pixels(&self, rect: Rect) -> Vec<u8> {
        let (conn, root) = self.connect();
        let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height]
            .map(|side| u16::try_from(side).expect("small enough"));
        let (x, y) = (x.cast_signed(), y.cast_signed());
        let format = ImageFormat::Z_PIXMAP;
        let image = conn.get_image(format, root, x, y, width, height, !0);
        image.unwrap().reply().unwrap().data
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Red, green and blue of what the source hands out, without the fourth byte.
fn grabbed(source: &mut dyn FrameSource, rect: Rect) -> Vec<u8> {
    let mut all = Vec::new();
    let rects = [rect];
    let mut sink = |rect: Rect, pixels: deskhand_agent::media::convert::Pixels<'_>| {
        for y in 0..rect.height {
            let row = (y * pixels.stride) as usize;
            all.extend_from_slice(&pixels.bgra[row..row + rect.width as usize * 4]);
        }
        Ok(())
    };
    source.grab(&rects, &mut sink).unwrap();
    colours(&all)
}

fn colours(bgra: &[u8]) -> Vec<u8> {
    bgra.chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < 10_000 * MS, "{what}");
        std::thread::sleep(MS);
    }
}

/// Mode and users of what this process shares in the old way.
fn shared() -> Vec<(String, String)> {
    let table = fs::read_to_string("/proc/sysvipc/shm").unwrap();
    let own = std::process::id().to_string();
    let lines = table.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        (fields[4] == own).then(|| (fields[2].to_owned(), fields[6].to_owned()))
    });
    lines.collect()
}

#[test]
fn a_display_with_old_shared_memory_is_read_exactly_and_by_nobody_else() {
    let nested = Nested::start();
    let (conn, _) = nested.connect();
    let version = conn.shm_query_version().unwrap().reply().unwrap();
    assert!((version.major_version, version.minor_version) < (1, 2));

    assert_eq!(shared(), []);
    let mut source = x11::open(&nested.display).unwrap();
    // Marked to go with its last user, for its owner only, and attached by us and the server.
    assert_eq!(shared(), [("1600".to_owned(), "2".to_owned())]);

    let all = source.view().size().rect();
    for (round, colour) in [0x20_4060, 0x60_2040, 0x40_6020].into_iter().enumerate() {
        let left = u16::try_from(round * 100).unwrap();
        nested.paint(colour, [left, 50, 300, 200]);
        let small = Rect {
            x: u32::from(left) + 290,
            y: 240,
            width: 32,
            height: 16,
        };
        for rect in [all, small] {
            let seen = grabbed(source.as_mut(), rect);
            assert!(seen == colours(&nested.pixels(rect)), "round {round}");
        }
    }
    drop(source);
    // The server lets go when it sees that the connection is closed.
    wait_until("the memory is gone", || shared().is_empty());
}

#[test]
fn a_nested_display_that_is_closed_is_no_old_picture() {
    let mut nested = Nested::start();
    let mut source = x11::open(&nested.display).unwrap();
    source.changes(Instant::now()).unwrap();
    source.damage().unwrap();
    nested.paint(0xff_0000, [10, 10, 200, 200]);
    wait_until("damage is told", || {
        let changes = source.changes(Instant::now()).unwrap();
        changes.contains(&Change::Damaged)
    });
    nested.process.kill().unwrap();
    nested.process.wait().unwrap();
    let rects = [source.view().size().rect()];
    let gone = source.grab(&rects, &mut |_, _| Ok(()));
    assert!(matches!(gone, Err(CaptureError::Gone(_))), "{gone:?}");
}
