//! `cargo xtask dist`: what administrators and novices install, in target/dist.

mod deb;
mod folder;
mod notices;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

use self::{
    deb::Deb,
    folder::{File, Folder},
};
use crate::{
    build,
    packages::{self, Set},
    steps::{Steps, sh},
};

/// The novice's program, as cargo calls it.
const AGENT: &str = "deskhand-agent";
/// The version of everything here.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What to pack, and where to.
#[derive(clap::Args)]
pub struct Options {
    /// Pack the programs in this folder as they are, instead of building them for release.
    #[arg(long, value_name = "FOLDER")]
    programs: Option<PathBuf>,
    /// Where to; without it: dist in cargo's folder.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Compress nothing: for trials.
    #[arg(long)]
    quick: bool,
}

/// Makes a package of each program, and what the server's page /get may offer.
///
/// # Errors
/// If a build fails, or this is no Debian or Ubuntu.
pub fn run(steps: &mut Steps, root: &Path, options: &Options) -> anyhow::Result<()> {
    packages::ensure(steps, &[Set::Dist])?;
    let programs = if let Some(folder) = &options.programs {
        folder.clone()
    } else {
        build::release(steps, root)?;
        build::target_dir(root).join("release")
    };
    let out = match &options.out {
        Some(folder) => folder.clone(),
        None => build::target_dir(root).join("dist"),
    };
    fs::create_dir_all(&out)?;
    let time = time(root)?;
    let packing = Packing {
        root,
        programs: &programs,
        out: &out,
        time: &time,
        quick: options.quick,
    };
    let mut made = Vec::new();
    for deb in [packing.server()?, packing.agent()?] {
        let name = format!("Packing {}", deb.name);
        made.push(steps.step(&name, || deb.build(&packing))?);
    }
    made.push(steps.step("Packing the agent for everybody else", || packing.archive())?);
    let list = steps.step("Adding them up", || packing.sums(&made))?;
    eprintln!("\nReady, in {}:\n{list}", out.display());
    Ok(())
}

/// When the source was last changed, in seconds: whoever packs it again gets the same packages.
fn time(root: &Path) -> anyhow::Result<String> {
    if let Some(set) = std::env::var_os("SOURCE_DATE_EPOCH") {
        return set.into_string().map_err(|_| {
            anyhow::anyhow!("SOURCE_DATE_EPOCH has to be a number of seconds since 1970")
        });
    }
    let mut git = Command::new("git");
    git.current_dir(root)
        .args(["log", "--max-count=1", "--format=%ct"]);
    said(&mut git).context("without git, please set SOURCE_DATE_EPOCH")
}

/// What a program prints, without the line feed at its end.
fn said(command: &mut Command) -> anyhow::Result<String> {
    let shown = crate::steps::show(command);
    let out = command
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    if !out.status.success() {
        let error = String::from_utf8_lossy(&out.stderr).into_owned();
        bail!("`{shown}` failed: {error}");
    }
    Ok(String::from_utf8(out.stdout)?.trim_end().to_owned())
}

/// What is packed, from where and where to.
struct Packing<'a> {
    root: &'a Path,
    programs: &'a Path,
    out: &'a Path,
    time: &'a str,
    quick: bool,
}

impl Packing<'_> {
    /// A file of ours at this place, as it is.
    fn file(&self, from: &str, to: &'static str) -> anyhow::Result<File> {
        File::copy(&self.root.join(from), to)
    }

    fn program(&self, name: &str, to: &'static str) -> anyhow::Result<File> {
        File::program(&self.programs.join(name), to)
    }

    /// Under which terms, as Debian wants to be told.
    fn copyright(&self, to: &'static str) -> anyhow::Result<File> {
        let mit = fs::read_to_string(self.root.join("LICENSE-MIT"))?;
        let text = format!(
            "Deskhand is licensed under either of these, at your choice:\n\
             - Apache License 2.0, which Debian keeps in /usr/share/common-licenses/Apache-2.0\n\
             - the MIT licence:\n\n{mit}"
        );
        Ok(File::new(to, text.into_bytes()))
    }

    /// Whose work is in it besides ours.
    fn others(&self, package: &str, to: &'static str) -> anyhow::Result<File> {
        let mut text = notices::of(self.root, package)?;
        if package == AGENT {
            let font = fs::read_to_string(self.root.join("agent/assets/fonts/OFL.txt"))?;
            text = format!("{text}\n{}\nThe font Inter:\n\n{font}\n", "-".repeat(72));
        }
        Ok(File::new(to, text.into_bytes()))
    }

    fn server(&self) -> anyhow::Result<Deb> {
        let scripts = ["postinst", "prerm", "postrm"];
        let script = |name| self.file(&format!("packaging/server/{name}"), name);
        Ok(Deb {
            name: "deskhand-server",
            section: "net",
            summary: "introduces people who need help on their screen to those who give it",
            description: "A small server for remote assistance. It introduces a novice's computer \
                          to an expert's browser, and serves the expert's page. It learns no \
                          password, and can read nothing of what the two say to each other.",
            needs: Vec::new(),
            program: "usr/bin/deskhand-server",
            settings: &["/etc/default/deskhand-server"],
            scripts: scripts.into_iter().map(script).collect::<Result<_, _>>()?,
            content: Folder(vec![
                self.program("deskhand-server", "usr/bin/deskhand-server")?,
                self.file(
                    "packaging/server/deskhand-server.service",
                    "usr/lib/systemd/system/deskhand-server.service",
                )?,
                self.file(
                    "packaging/server/deskhand-server.default",
                    "etc/default/deskhand-server",
                )?,
                self.file(
                    "packaging/proxy/nginx.conf",
                    "usr/share/doc/deskhand-server/examples/nginx.conf",
                )?,
                self.file(
                    "packaging/proxy/Caddyfile",
                    "usr/share/doc/deskhand-server/examples/Caddyfile",
                )?,
                self.file(
                    "docs/server.toml",
                    "usr/share/doc/deskhand-server/examples/server.toml",
                )?,
                self.copyright("usr/share/doc/deskhand-server/copyright")?,
                self.others(
                    "deskhand-signaling",
                    "usr/share/doc/deskhand-server/third-party.txt",
                )?,
            ]),
        })
    }

    fn agent(&self) -> anyhow::Result<Deb> {
        let date = format!("--date=@{}", self.time);
        let date = said(Command::new("date").args(["--utc", "--iso-8601", &date]))?;
        let about = fs::read_to_string(self.root.join("packaging/agent/deskhand.metainfo.xml"))?
            .replace("@VERSION@", VERSION)
            .replace("@DATE@", &date);
        Ok(Deb {
            name: "deskhand",
            section: "net",
            summary: "let somebody you trust help you on your own screen",
            description: "Shows your desktop to somebody you invite, and lends them mouse and \
                          keyboard when you say so. Your helper needs a web browser and nothing \
                          else. You are asked before each step, and one key ends it.",
            needs: packages::of_the_window(),
            program: "usr/bin/deskhand",
            settings: &[],
            scripts: Vec::new(),
            content: Folder(vec![
                self.program("deskhand", "usr/bin/deskhand")?,
                self.file(
                    "packaging/agent/deskhand.desktop",
                    "usr/share/applications/deskhand.desktop",
                )?,
                self.file(
                    "static/icon.svg",
                    "usr/share/icons/hicolor/scalable/apps/deskhand.svg",
                )?,
                File::new(
                    "usr/share/metainfo/invalid.example.deskhand.metainfo.xml",
                    about.into_bytes(),
                ),
                self.file(
                    "docs/policy.toml",
                    "usr/share/doc/deskhand/examples/policy.toml",
                )?,
                self.copyright("usr/share/doc/deskhand/copyright")?,
                self.others(AGENT, "usr/share/doc/deskhand/third-party.txt")?,
            ]),
        })
    }

    /// The agent in a folder of its own, for people without administrator rights: beside it is
    /// room for the file that names the server.
    fn archive(&self) -> anyhow::Result<PathBuf> {
        let content = Folder(vec![
            self.program("deskhand", "Deskhand/deskhand")?,
            self.copyright("Deskhand/LICENCE.txt")?,
            self.others(AGENT, "Deskhand/THIRD-PARTY.txt")?,
        ]);
        let folder = self.staging("archive")?;
        content.write(&folder)?;
        let machine = std::env::consts::ARCH;
        let name = format!("deskhand-{VERSION}-linux-{machine}.tar.gz");
        let archive = self.out.join(name);
        let level = if self.quick { "-1" } else { "-9" };
        sh(Command::new("tar")
            .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"])
            .arg(format!("--mtime=@{}", self.time))
            .arg(format!("--use-compress-program=gzip -n {level}"))
            .arg("--create")
            .arg("--file")
            .arg(&archive)
            .arg("--directory")
            .arg(&folder)
            .arg("Deskhand"))?;
        fs::remove_dir_all(&folder)?;
        Ok(archive)
    }

    /// Writes down the digest of each, and gives the list.
    fn sums(&self, made: &[PathBuf]) -> anyhow::Result<String> {
        let names = made.iter().filter_map(|path| path.file_name());
        let mut sum = Command::new("sha256sum");
        let list = said(sum.current_dir(self.out).args(names))?;
        fs::write(self.out.join("SHA256SUMS"), format!("{list}\n"))?;
        Ok(list)
    }

    /// An empty folder of that name.
    fn staging(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.out.join(format!(".{name}"));
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        Ok(folder)
    }
}
