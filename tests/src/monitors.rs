//! Monitors of a desktop: made, removed and resized as `xrandr` does it.

use x11rb::{
    connection::Connection as _,
    protocol::{
        randr::{ConnectionExt as _, ModeInfo, MonitorInfo, Rotation},
        xproto::ConnectionExt as _,
    },
    rust_connection::RustConnection,
};

use crate::desktop::Desktop;

impl Desktop {
    /// Makes a monitor: left, top, width and height. The primary one takes the place of what the
    /// server made by itself.
    pub fn set_monitor(&self, name: &str, area: [u16; 4], primary: bool) {
        let x = self.connect();
        let root = x.setup().roots[0].root;
        let resources = x.randr_get_screen_resources(root).unwrap().reply().unwrap();
        let [left, top, width, height] = area;
        let monitor = MonitorInfo {
            name: atom(&x, name),
            primary,
            automatic: false,
            x: left.try_into().unwrap(),
            y: top.try_into().unwrap(),
            width,
            height,
            width_in_millimeters: 300,
            height_in_millimeters: 200,
            outputs: if primary { resources.outputs } else { vec![] },
        };
        x.randr_set_monitor(root, monitor).unwrap().check().unwrap();
    }

    /// Unplugs it.
    pub fn delete_monitor(&self, name: &str) {
        let x = self.connect();
        let root = x.setup().roots[0].root;
        let name = atom(&x, name);
        x.randr_delete_monitor(root, name).unwrap().check().unwrap();
    }

    /// Gives the screen another size. Only Xvnc takes any.
    pub fn resize(&self, (width, height): (u16, u16)) {
        let x = self.connect();
        let root = x.setup().roots[0].root;
        let name = format!("{width}x{height} of a test");
        let mode = ModeInfo {
            width,
            height,
            name_len: u16::try_from(name.len()).unwrap(),
            ..ModeInfo::default()
        };
        let created = x.randr_create_mode(root, mode, name.as_bytes()).unwrap();
        let mode = created.reply().unwrap().mode;
        let resources = x.randr_get_screen_resources(root).unwrap().reply().unwrap();
        let (output, crtc) = (resources.outputs[0], resources.crtcs[0]);
        let added = x.randr_add_output_mode(output, mode).unwrap();
        added.check().unwrap();
        let set = |mode, outputs: &[u32]| {
            let rotation = Rotation::ROTATE0;
            let set = x.randr_set_crtc_config(crtc, 0, 0, 0, 0, mode, rotation, outputs);
            set.unwrap().reply().unwrap();
        };
        set(0, &[]);
        let sized = x.randr_set_screen_size(root, width, height, 300, 200);
        sized.unwrap().check().unwrap();
        set(mode, &[output]);
    }

    /// Where the pointer is.
    pub fn pointer(&self) -> (u16, u16) {
        let x = self.connect();
        let root = x.setup().roots[0].root;
        let found = x.query_pointer(root).unwrap().reply().unwrap();
        (
            found.root_x.try_into().unwrap(),
            found.root_y.try_into().unwrap(),
        )
    }
}

fn atom(x: &RustConnection, name: &str) -> u32 {
    let atom = x.intern_atom(false, name.as_bytes()).unwrap();
    atom.reply().unwrap().atom
}
