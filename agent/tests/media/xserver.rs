//! Real X servers without a screen, each on a display number of its own choice.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use x11rb::{
    connection::Connection,
    protocol::{
        randr::{ConnectionExt as _, MonitorInfo},
        xproto::ConnectionExt as _,
    },
    rust_connection::RustConnection,
};

pub struct XServer {
    process: Child,
    number: String,
}

impl XServer {
    /// Xvfb of 24 bits.
    pub fn start((width, height): (u16, u16)) -> Self {
        Self::start_with(&["-screen", "0", &format!("{width}x{height}x24")])
    }

    pub fn start_with(options: &[&str]) -> Self {
        Self::spawn(Command::new("Xvfb").args(options))
    }

    /// Xvnc, which takes any size by `RandR`.
    pub fn start_resizable((width, height): (u16, u16)) -> Self {
        Self::spawn(Command::new("Xvnc").args([
            "-geometry",
            &format!("{width}x{height}"),
            "-depth",
            "24",
            "-SecurityTypes",
            "None",
            "-rfbport",
            "-1",
        ]))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut process = command
            .args(["-displayfd", "1", "-nolisten", "tcp", "-noreset"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the X server is installed");
        // The number comes once clients can connect.
        let mut number = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut number)
            .expect("the X server starts");
        Self {
            process,
            number: number.trim().into(),
        }
    }

    pub fn display(&self) -> String {
        format!(":{}", self.number)
    }

    pub fn connect(&self) -> (RustConnection, u32) {
        let (conn, screen) = RustConnection::connect(Some(&self.display())).unwrap();
        let root = conn.setup().roots[screen].root;
        (conn, root)
    }

    /// As `xrandr --output … --mode …` with a new mode.
    pub fn resize(&self, width: u16, height: u16) {
        use x11rb::protocol::randr::ModeInfo;
        let (conn, root) = self.connect();
        let name = format!("{width}x{height}-test");
        let mode = ModeInfo {
            width,
            height,
            name_len: u16::try_from(name.len()).unwrap(),
            ..ModeInfo::default()
        };
        let mode = conn
            .randr_create_mode(root, mode, name.as_bytes())
            .unwrap()
            .reply()
            .unwrap()
            .mode;
        let resources = conn
            .randr_get_screen_resources(root)
            .unwrap()
            .reply()
            .unwrap();
        let (output, crtc) = (resources.outputs[0], resources.crtcs[0]);
        conn.randr_add_output_mode(output, mode)
            .unwrap()
            .check()
            .unwrap();
        let rotation = x11rb::protocol::randr::Rotation::ROTATE0;
        let set = |mode, outputs: &[u32]| {
            conn.randr_set_crtc_config(crtc, 0, 0, 0, 0, mode, rotation, outputs)
                .unwrap()
                .reply()
                .unwrap();
        };
        set(0, &[]);
        conn.randr_set_screen_size(root, width, height, 300, 200)
            .unwrap()
            .check()
            .unwrap();
        set(mode, &[output]);
    }

    /// As `xrandr --setmonitor`: left, top, width and height. The first one takes the place of
    /// the server's own.
    pub fn set_monitor(&self, name: &str, area: [u16; 4], primary: bool) {
        let (conn, root) = self.connect();
        let resources = conn.randr_get_screen_resources(root).unwrap();
        let outputs = resources.reply().unwrap().outputs;
        let [x, y, width, height] = area;
        let monitor = MonitorInfo {
            name: atom(&conn, name),
            primary,
            automatic: false,
            x: x.try_into().unwrap(),
            y: y.try_into().unwrap(),
            width,
            height,
            width_in_millimeters: 300,
            height_in_millimeters: 200,
            outputs: if primary { outputs } else { vec![] },
        };
        let set = conn.randr_set_monitor(root, monitor).unwrap();
        set.check().unwrap();
    }

    /// As `xrandr --delmonitor`.
    pub fn delete_monitor(&self, name: &str) {
        let (conn, root) = self.connect();
        let name = atom(&conn, name);
        let deleted = conn.randr_delete_monitor(root, name).unwrap();
        deleted.check().unwrap();
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn atom(conn: &RustConnection, name: &str) -> u32 {
    let atom = conn.intern_atom(false, name.as_bytes()).unwrap();
    atom.reply().unwrap().atom
}

impl Drop for XServer {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
