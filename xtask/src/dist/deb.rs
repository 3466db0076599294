//! A package for Debian, Ubuntu and their kin (`deb-control(5)`).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::{
    Packing, VERSION,
    folder::{File, Folder},
    said,
};
use crate::steps::sh;

/// What goes into one package.
pub struct Deb {
    pub name: &'static str,
    pub section: &'static str,
    /// One line.
    pub summary: &'static str,
    /// One paragraph.
    pub description: &'static str,
    /// Packages that the program opens while it runs; those that it is linked with are found out.
    pub needs: Vec<&'static str>,
    /// Where its program is, in `content`.
    pub program: &'static str,
    /// Files that are the administrator's to change.
    pub settings: &'static [&'static str],
    /// What is run before and after.
    pub scripts: Vec<File>,
    pub content: Folder,
}

impl Deb {
    /// Makes the package and says where it is.
    pub fn build(self, packing: &Packing<'_>) -> anyhow::Result<PathBuf> {
        let folder = packing.staging(self.name)?;
        self.content.write(&folder)?;
        let machine = said(Command::new("dpkg").arg("--print-architecture"))?;
        let control = self.control(&machine, &linked(&folder.join(self.program), packing)?);
        let mut about = vec![
            File::new("DEBIAN/control", control.into_bytes()),
            File::new("DEBIAN/md5sums", self.digests(&folder)?.into_bytes()),
        ];
        if !self.settings.is_empty() {
            let list = self.settings.join("\n") + "\n";
            about.push(File::new("DEBIAN/conffiles", list.into_bytes()));
        }
        Folder(about).write(&folder)?;
        let scripts = self.scripts.into_iter().map(File::executable);
        Folder(scripts.collect()).write(&folder.join("DEBIAN"))?;

        let path = packing
            .out
            .join(format!("{}_{VERSION}_{machine}.deb", self.name));
        let compression = if packing.quick { "-Znone" } else { "-Zxz" };
        sh(Command::new("dpkg-deb")
            .env("SOURCE_DATE_EPOCH", packing.time)
            .args(["--root-owner-group", compression, "--build"])
            .arg(&folder)
            .arg(&path))?;
        fs::remove_dir_all(&folder)?;
        Ok(path)
    }

    fn control(&self, machine: &str, linked: &str) -> String {
        let mut needs: Vec<&str> = linked.split(", ").filter(|one| !one.is_empty()).collect();
        let named = |package: &&str| !linked.split([' ', ',']).any(|one| one == *package);
        needs.extend(self.needs.iter().copied().filter(named));
        format!(
            "Package: {}\n\
             Version: {VERSION}\n\
             Architecture: {machine}\n\
             Maintainer: The makers of Deskhand <deskhand@example.invalid>\n\
             Installed-Size: {}\n\
             Depends: {}\n\
             Section: {}\n\
             Priority: optional\n\
             Homepage: https://example.invalid/deskhand\n\
             Description: {}\n {}\n",
            self.name,
            self.content.kib(),
            needs.join(", "),
            self.section,
            self.summary,
            self.description,
        )
    }

    /// Of every file, for `dpkg --verify`.
    fn digests(&self, folder: &Path) -> anyhow::Result<String> {
        let files = self.content.0.iter().map(|file| &file.to);
        let mut sum = Command::new("md5sum");
        Ok(said(sum.current_dir(folder).args(files))? + "\n")
    }
}

/// The packages with what the program is linked with, in the versions that it needs.
fn linked(program: &Path, packing: &Packing<'_>) -> anyhow::Result<String> {
    // The tool insists on the control file of a source package.
    let source = packing.staging("source")?;
    fs::create_dir(source.join("debian"))?;
    fs::write(
        source.join("debian/control"),
        "Source: deskhand\n\nPackage: deskhand\nArchitecture: any\n",
    )?;
    let program = fs::canonicalize(program)?;
    let mut find = Command::new("dpkg-shlibdeps");
    find.current_dir(&source).arg("-O").arg(program);
    let found = said(&mut find).context("cannot tell what the program is linked with")?;
    fs::remove_dir_all(&source)?;
    Ok(found
        .strip_prefix("shlibs:Depends=")
        .unwrap_or_default()
        .to_owned())
}
