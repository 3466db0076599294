//! A desktop that knows the programs it is given and no others.

use std::{
    fmt::Write as _,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use deskhand_agent::channel::mail::{self, Letter, MailError, Opened, Way};

pub const LINK: &str = "https://help.example.org/#1.c2VjcmV0.c2VjcmV0.p";
pub const PAGE: &[u8] = b"<!doctype html>\n<title>Invitation</title>\n\xc3\xa9\r\n.\n";
pub const MAILTO: &str = "x-scheme-handler/mailto";
pub const LETTERS: &str = "message/rfc822";

pub struct Desk {
    folder: tempfile::TempDir,
    pub settings: mail::Desk,
}

impl Desk {
    /// Without a bus, and without any program.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "bin",
            "config",
            "data/applications",
            "data/mime",
            "nothing",
            "invitation",
        ] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        fs::write(
            folder.path().join("data/mime/globs"),
            "message/rfc822:*.eml\n",
        )
        .unwrap();
        fs::write(folder.path().join("invitation/From Anna & Co.html"), PAGE).unwrap();
        let at = |name| folder.path().join(name).into_os_string();
        let mut path = at("bin");
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        let variables = [
            ("PATH", path),
            ("HOME", at("nothing")),
            ("XDG_CONFIG_HOME", at("config")),
            ("XDG_CONFIG_DIRS", at("nothing")),
            ("XDG_DATA_HOME", at("data")),
            ("XDG_DATA_DIRS", at("nothing")),
            ("XDG_CURRENT_DESKTOP", "X-Generic".into()),
            ("DISPLAY", ":0".into()),
            ("MAILER", "".into()),
            ("BROWSER", "none".into()),
        ];
        let settings = mail::Desk {
            bus: Some("unix:path=/nobody/is/here".into()),
            variables: variables.map(|(name, value)| (name.into(), value)).into(),
            asker: None,
        };
        Self { folder, settings }
    }

    /// Installs a program that keeps its arguments and then does what `script` says; it opens
    /// what is of these kinds.
    pub fn install(&self, name: &str, kinds: &[&str], script: &str) {
        let record = self.record(name);
        let program = self.folder.path().join("bin").join(name);
        let text = format!(
            "#!/bin/sh\nprintf '%s\\0' \"$@\" > '{0}.part'\nmv '{0}.part' '{0}'\n{script}\n",
            record.display()
        );
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        let entry = format!("[Desktop Entry]\nType=Application\nName={name}\nExec={name} %u\n");
        let entries = self.folder.path().join("data/applications");
        fs::write(entries.join(format!("{name}.desktop")), entry).unwrap();
        let mut defaults = String::from("[Default Applications]\n");
        for kind in kinds {
            writeln!(defaults, "{kind}={name}.desktop").unwrap();
        }
        let list = self.folder.path().join("config/mimeapps.list");
        fs::write(list, defaults).unwrap();
    }

    fn record(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.record"))
    }

    /// What a program was started with, if it was.
    pub fn arguments(&self, name: &str) -> Option<Vec<String>> {
        let record = fs::read_to_string(self.record(name)).ok()?;
        let all = record.strip_suffix('\0').unwrap_or_default();
        Some(all.split('\0').map(Into::into).collect())
    }

    /// A pipe that a program can wait on.
    pub fn pipe(&self) -> PathBuf {
        let path = self.folder.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        path
    }

    /// Without any of xdg-utils.
    pub fn without_xdg_utils(&mut self) {
        let nothing = self.folder.path().join("nothing");
        self.settings
            .variables
            .push(("PATH".into(), nothing.into()));
    }

    pub fn attachment(&self) -> PathBuf {
        self.folder.path().join("invitation/From Anna & Co.html")
    }

    pub fn draft(&self) -> PathBuf {
        self.attachment().with_extension("eml")
    }

    pub fn letter(&self) -> Letter {
        Letter {
            to: Some("maria@example.org".into()),
            subject: "Can you help me?".into(),
            text: format!("Please open\n\n{LINK}\n\nThänk you & \"bye\"; 100%\n"),
            bare: "Please open https://h.example/#1.\n".into(),
            plain: "Please open the file.\n\nThänk you & \"bye\"; 100%\n".into(),
            attachment: self.attachment(),
        }
    }

    pub async fn open(&self, way: Way) -> Result<Opened, MailError> {
        mail::open_at(&self.settings, &self.letter(), way).await
    }
}

/// Without what belongs to this run.
pub fn tidy(text: &str, desk: &Desk) -> String {
    let folder: &Path = desk.folder.path();
    text.replace(&folder.display().to_string(), "TMP")
}
