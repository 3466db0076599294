//! A desktop's side of the tray.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use zbus::{
    Connection, Proxy, interface,
    names::BusName,
    proxy::SignalStream,
    zvariant::{OwnedValue, Structure, Value},
};

const WATCHER: &str = "org.kde.StatusNotifierWatcher";
const ITEM: &str = "org.kde.StatusNotifierItem";
const MENU: &str = "com.canonical.dbusmenu";

struct Watcher(mpsc::UnboundedSender<String>);

#[interface(name = "org.kde.StatusNotifierWatcher")]
impl Watcher {
    fn register_status_notifier_item(&self, name: String) {
        self.0.send(name).unwrap();
    }

    #[zbus(property)]
    #[allow(clippy::unused_self, reason = "a property of it")]
    fn is_status_notifier_host_registered(&self) -> bool {
        true
    }
}

fn builder(address: Option<&str>) -> zbus::Result<zbus::connection::Builder<'_>> {
    match address {
        Some(address) => zbus::connection::Builder::address(address),
        None => zbus::connection::Builder::session(),
    }
}

/// Shows icons, until it leaves.
pub struct Desktop {
    /// Of its bus; `None`: the session's.
    address: Option<String>,
    bus: Connection,
    items: mpsc::UnboundedReceiver<String>,
}

impl Desktop {
    pub async fn start() -> Self {
        Self::start_on(None).await
    }

    /// On the bus of that address, or on the session's.
    pub async fn start_on(address: Option<&str>) -> Self {
        let (came, items) = mpsc::unbounded_channel();
        // In one go: what is served before the name is there, nobody can miss.
        let bus = builder(address)
            .and_then(|bus| bus.serve_at("/StatusNotifierWatcher", Watcher(came)))
            .and_then(|bus| bus.name(WATCHER))
            .unwrap();
        let bus = bus.build().await.unwrap();
        let address = address.map(str::to_owned);
        Self {
            address,
            bus,
            items,
        }
    }

    /// The next icon.
    pub async fn item(&mut self) -> Item {
        let name = self.items.recv().await.unwrap();
        let bus = builder(self.address.as_deref()).unwrap();
        let bus = bus.build().await.unwrap();
        let proxy = |path, interface| Proxy::new_owned(bus.clone(), name.clone(), path, interface);
        let face = proxy("/StatusNotifierItem", ITEM).await.unwrap();
        let path: zbus::zvariant::OwnedObjectPath = face.get_property("Menu").await.unwrap();
        let menu = Proxy::new_owned(bus.clone(), name.clone(), path, MENU)
            .await
            .unwrap();
        Item {
            name,
            bus,
            face,
            menu,
        }
    }

    pub async fn leave(self) {
        self.bus.close().await.unwrap();
    }
}

/// An icon as the desktop sees it.
pub struct Item {
    name: String,
    bus: Connection,
    face: Proxy<'static>,
    menu: Proxy<'static>,
}

type Pixmap = (i32, i32, Vec<u8>);
/// A menu's entry: number, properties, entries below it.
type Layout = (i32, HashMap<String, OwnedValue>, Vec<OwnedValue>);

impl Item {
    async fn property<T>(&self, name: &str) -> T
    where
        T: TryFrom<OwnedValue>,
        T::Error: std::fmt::Debug,
    {
        let interface = (ITEM, name);
        let properties = "org.freedesktop.DBus.Properties";
        let path = self.face.path().to_owned();
        let reply = self
            .bus
            .call_method(
                Some(self.name.as_str()),
                &path,
                Some(properties),
                "Get",
                &interface,
            )
            .await
            .unwrap();
        let value: OwnedValue = reply.body().deserialize().unwrap();
        value.try_into().unwrap()
    }

    pub async fn title(&self) -> String {
        self.property("Title").await
    }

    pub async fn icon(&self) -> Pixmap {
        let pixmaps: OwnedValue = self.property("IconPixmap").await;
        let all = Vec::<Structure<'_>>::try_from(pixmaps).unwrap();
        all.into_iter().next().unwrap().try_into().unwrap()
    }

    pub async fn tool_tip(&self) -> String {
        let tip: Structure<'_> = self.property("ToolTip").await;
        assert_eq!(tip.fields()[2], Value::from("Deskhand"));
        tip.fields()[3].try_clone().unwrap().try_into().unwrap()
    }

    async fn entries(&self) -> Vec<(i32, String)> {
        let whole = (0, -1, Vec::<&str>::new());
        let (_, root): (u32, Layout) = self.menu.call("GetLayout", &whole).await.unwrap();
        let entry = |below: OwnedValue| {
            let below = Structure::try_from(below).unwrap();
            let (number, mut properties, _): Layout = below.try_into().unwrap();
            (
                number,
                properties.remove("label").unwrap().try_into().unwrap(),
            )
        };
        root.2.into_iter().map(entry).collect()
    }

    pub async fn menu(&self) -> Vec<String> {
        self.entries()
            .await
            .into_iter()
            .map(|(_, label)| label)
            .collect()
    }

    pub async fn click(&self, label: &str) {
        let entries = self.entries().await;
        let (number, _) = entries.iter().find(|(_, own)| own == label).unwrap();
        let click = (number, "clicked", Value::from(0), 0_u32);
        let () = self.menu.call("Event", &click).await.unwrap();
    }

    pub async fn activate(&self) {
        let () = self.face.call("Activate", &(0, 0)).await.unwrap();
    }

    /// Its tool tip changes from now on; the menu has changed by then too.
    pub async fn changes(&self) -> SignalStream<'static> {
        self.face.receive_signal("NewToolTip").await.unwrap()
    }

    /// Returns when nobody has its name any more.
    pub async fn gone(&self) {
        let bus = zbus::fdo::DBusProxy::new(&self.bus).await.unwrap();
        let name = BusName::try_from(self.name.as_str()).unwrap();
        let rule = [(0, self.name.as_str())];
        let mut changed = bus
            .receive_name_owner_changed_with_args(&rule)
            .await
            .unwrap();
        while bus.name_has_owner(name.clone()).await.unwrap() {
            changed.next().await.unwrap();
        }
    }
}
