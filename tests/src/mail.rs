//! A desktop with a mail program that keeps what it was handed and sends nothing.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
};

use crate::{
    home::Home,
    wait::{self, PATIENCE},
};

/// How it is called.
const NAME: &str = "letters";

/// Installs the mail program in a home, for everything that is started there from now on.
pub fn install(home: &mut Home) {
    let at = |name: &str| home.path().join(name);
    let (bin, config, applications) = (at("bin"), at("config"), at("data/applications"));
    for folder in [&bin, &config, &applications, &at("nothing")] {
        fs::create_dir_all(folder).unwrap();
    }
    let script = format!(
        "#!/bin/sh\nprintf '%s\\0' \"$@\" > '{0}.part'\nmv '{0}.part' '{0}'\n",
        record(home).display()
    );
    fs::write(bin.join(NAME), script).unwrap();
    fs::set_permissions(bin.join(NAME), Permissions::from_mode(0o755)).unwrap();
    let entry = format!("[Desktop Entry]\nType=Application\nName={NAME}\nExec={NAME} %u\n");
    fs::write(applications.join(format!("{NAME}.desktop")), entry).unwrap();
    let defaults = format!("[Default Applications]\nx-scheme-handler/mailto={NAME}.desktop\n");
    fs::write(config.join("mimeapps.list"), defaults).unwrap();

    let mut path = bin.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    for (name, value) in [
        ("PATH", path),
        ("XDG_CONFIG_HOME", config.into()),
        ("XDG_CONFIG_DIRS", at("nothing").into()),
        ("XDG_DATA_HOME", at("data").into()),
        ("XDG_DATA_DIRS", at("nothing").into()),
        ("XDG_CURRENT_DESKTOP", "X-Generic".into()),
        ("BROWSER", "none".into()),
        ("MAILER", "".into()),
    ] {
        home.set(name, value);
    }
}

/// Waits until the mail program was started, and gives the one address that it was handed.
pub async fn handed(home: &Home) -> String {
    let record = record(home);
    let arguments = wait::until("start of the mail program", PATIENCE, async || {
        fs::read_to_string(&record).ok()
    });
    let arguments = arguments.await;
    let mut arguments = arguments.split_terminator('\0');
    let address = arguments.next().expect("it was handed an address");
    assert_eq!(arguments.next(), None, "and nothing else");
    address.into()
}

fn record(home: &Home) -> PathBuf {
    home.path().join("handed")
}
